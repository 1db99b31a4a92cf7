"""百企评百岗 (MISSION row 26): what enterprises are asked, how they answer, and what may be shown of it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain.days import read_day_planned

ANSWERS = ("很满意", "满意", "一般", "不满意", "很不满意")
"""The five answers, the best first: it gives five points."""

NO_DEALINGS = 0
"""The answer of who never had to do with a post (没打过交道): it counts for nothing."""

FEWEST = 5
"""With fewer voters nothing of a post is shown, not even to the office: one could guess who said what."""

MOST_POSTS = 120
"""百岗, and some more."""

_ALIKE = {"非常满意": "很满意", "非常不满意": "很不满意", "没打过": "没打过交道"}
_TALK = re.compile(r"[\s。.!！，,、~～]|觉得|感觉|我们?|都|的|了")
_POINTS = frozenset("12345")
_NAMES = re.compile(r"[、，,;；\n]+")
_LONGEST_NAME = 60


class State(StrEnum):
    """What becomes of a ballot."""

    OPEN = "进行中"
    CLOSED = "已结束"


@dataclass(frozen=True, slots=True)
class Ballot:
    """A ballot; it says nothing of anybody's answer."""

    id: int
    title: str
    state: State
    closes_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether votes are still taken."""
        return self.state is State.OPEN


@dataclass(frozen=True, slots=True)
class Result:
    """What a post got: how many voted, and their points together."""

    name: str
    voters: int
    points: int

    @property
    def is_shown(self) -> bool:
        """Whether so many voted that nobody can be made out among them."""
        return self.voters >= FEWEST

    @property
    def average(self) -> str:
        """The points of one voter, on the average: 4.3."""
        tenths = (self.points * 20 + self.voters) // (self.voters * 2)
        return f"{tenths // 10}.{tenths % 10}"


@dataclass(frozen=True, slots=True)
class Call:
    """What the office wants voted on, and the last day."""

    title: str
    posts: tuple[str, ...]
    last: date


def read_call(text: str, today: date) -> Call | None:
    """Read 「2026年四季度：登记窗口、办税厅 到12月20日」; None if a part is missing."""
    title, _, rest = text.replace(":", "：").partition("：")
    said = read_day_planned(rest, today)
    names = (name.strip(" 。…") for name in _NAMES.split(re.sub(r"截[止至]?$", "", said.rest)))
    posts = tuple(dict.fromkeys(name for name in names if name))
    if not title.strip() or said.day is None or not posts:
        return None
    if len(posts) > MOST_POSTS or any(len(name) > _LONGEST_NAME for name in (*posts, title)):
        return None
    return Call(title.strip(), posts, said.day)


def read_score(text: str) -> int | None:
    """Return the points of an answer: 「非常满意」, 「5」, 「5分」, 「没打过交道」; None if it is none.

    A number is points, not the place of a button: nobody means the worst by five.
    """
    plain = _TALK.sub("", text).removesuffix("分")
    if plain in _POINTS:
        return int(plain)
    plain = _ALIKE.get(plain, plain)
    if plain in ANSWERS:
        return len(ANSWERS) - ANSWERS.index(plain)
    return NO_DEALINGS if plain == "没打过交道" else None


def next_post(posts: Sequence[int], left: Collection[int], person_id: int) -> int | None:
    """Return what somebody is asked next; not all begin with the same post, as many soon stop."""
    start = person_id % len(posts) if posts else 0
    return next((each for each in (*posts[start:], *posts[:start]) if each in left), None)

"""What stands in the AI bot's socket as the process dies is lost, and nobody is told it was taken (A1-A5).

WeCom pushes a message over the long connection once and never again. So nothing here holds a week against
another: whoever got no answer says it again, and then it has happened once.
"""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.clock import VirtualClock
from tests.at_length import AT_LENGTH
from tests.faults import county, sweep, town
from tests.faults.county import Step, userid
from tests.faults.places import _ENCLOSED, _words
from tests.faults.program import FILE
from tests.faults.sweep import AGAIN, Stage
from tests.wecom.socket import WeComSocket

pytestmark = pytest.mark.slow

DEATHS = 12 if AT_LENGTH else 1
"""How many at each kind of step."""
KINDS = {"statement": 150, "commit": 30, "committed": 30, "send": 8, "sent": 8}
"""Within how many of its kind a death comes."""
REPORT, TROUBLE = "主体封顶，形象进度12%", "问题 用地指标未批"
TAKEN = "已记"
OWED = "SELECT key FROM outbox WHERE state IN ('claimed', 'waiting') AND platform <> ''"


class SocketPlace:
    """The AI bot's side of WeCom; what was pushed over a connection that ended will never be answered."""

    name = "wecom"

    def __init__(self, api: WeComSocket, file: Path) -> None:
        self.api = api
        self._file = file
        self._said: dict[str, int] = {}
        """What was pushed, and over which connection."""

    @property
    def settings(self) -> dict[str, object]:
        api = self.api
        return {"wecom": {"bot": {"bot_id": api.bot_id, "secret": api.secret, "ws_url": api.url}}}

    @property
    def is_quiet(self) -> bool:
        open_now = self.api.connections if self.api.subscribed else 0
        waiting = [msgid for msgid, connection in self._said.items() if connection == open_now]
        taken = "\n".join(row["key"] for row in town.rows(self._file, "SELECT key FROM inbox"))
        return all(msgid in taken for msgid in waiting)

    @property
    def accepted(self) -> Counter[tuple[str, str]]:
        return Counter((each.chat, _words(each)) for each in self.api.sent)

    @property
    def confirmed(self) -> list[str]:
        return []

    async def says(self, who: str, text: str) -> None:
        await self.api.until(lambda: self.api.subscribed, 60)
        connection = self.api.connections
        self._said[await self.api.says(userid(who), text)] = connection


def points() -> Iterator[str]:
    chance = random.Random(6)
    for kind, most in KINDS.items():
        for _ in range(DEATHS):
            yield f"{kind}:kill@{chance.randint(1, most)}"


@pytest.mark.parametrize("point", list(points()))
async def test_who_gets_no_answer_says_it_again_and_it_happens_once(tmp_path: Path, point: str) -> None:
    database = await sweep.prepared(tmp_path, "wecom")
    sweep.copied(database, tmp_path / "dies")
    file = tmp_path / "dies" / FILE
    clock = VirtualClock(county.START)
    async with WeComSocket(clock=clock) as api:
        place = SocketPlace(api, file)
        stage = Stage(tmp_path / "dies", place, clock, [point])  # type: ignore[arg-type]
        async with stage.on():
            for who, text in (("chen", "今日"), ("liu", REPORT), ("wang", TROUBLE)):
                await say(stage, place, who, text)
            told = Counter(chat for chat, words in place.accepted.elements() if TAKEN in words)
            done = {userid("liu"): len(reports(file)), userid("wang"): len(troubles(file))}
            for who, text in (("liu", REPORT), ("wang", TROUBLE)):
                if not done[userid(who)]:
                    assert not told[userid(who)], f"{who} was told that it was taken"
                    await say(stage, place, who, text)
            if not api.shown(userid("chen")):
                await say(stage, place, "chen", "今日")

        assert (len(reports(file)), len(troubles(file))) == (1, 1)
        assert [row["key"] for row in town.rows(file, OWED)] == []
        assert all(api.shown(userid(who)) for who in ("chen", "liu", "wang")), "somebody has no answer"
        doubts = sum(row["doubts"] for row in town.rows(file, "SELECT doubts FROM outbox"))
        for (chat, words), times in place.accepted.items():
            assert times == 1 or words.startswith((AGAIN, _ENCLOSED)), (chat, words)
        assert doubts or not any(AGAIN in words for _, words in place.accepted), "a mark without a doubt"


async def say(stage: Stage, place: SocketPlace, who: str, text: str) -> None:
    """Let somebody say something once the bot is connected, and wait until all is done and sent."""
    while not place.api.subscribed:
        # Who died of something that nobody asked for begins anew.
        await stage.beat()
    await place.says(who, text)
    await stage.take(Step(stage.now))


def reports(file: Path) -> list[object]:
    return town.rows(file, "SELECT id FROM reports WHERE text LIKE '主体封顶%'")


def troubles(file: Path) -> list[object]:
    return town.rows(file, "SELECT id FROM problems")

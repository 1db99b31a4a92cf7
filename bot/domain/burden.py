"""What the bot costs those it asks (MISSION feature 6), and settings that drift into formalism."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from bot.domain.cadence import DEFAULT, Cadence
from bot.domain.projects import ProjectClass

TO_READ, TO_TAP, TO_WRITE = 10, 20, 60
"""Seconds: to read a message, to answer by a tap, to write a line."""

STILL = 10
"""Times that a project is asked about in a period and nothing has changed, before it is said so."""

MOST_A_DAY = 5
"""Messages of a working day that are enough for anybody."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one person had to do with the bot in some days."""

    messages: int = 0
    questions: int = 0
    reminders: int = 0
    asked_back: int = 0
    taps: int = 0
    lines: int = 0

    @property
    def minutes(self) -> int:
        """Estimated: 10 seconds to read a message, 20 a tap, 60 a line; a half goes up."""
        seconds = self.messages * TO_READ + self.taps * TO_TAP + self.lines * TO_WRITE
        return (seconds + 30) // 60


MEASURES = ("messages", "questions", "reminders", "asked_back", "taps", "lines", "minutes")


def median(values: Sequence[int]) -> int:
    """Return the middle one; between two the larger, so that a burden is never made small."""
    return sorted(values)[len(values) // 2] if values else 0


@dataclass(frozen=True, slots=True)
class Finding:
    """A setting that drifts into formalism: its kind, how much of it there is, and the setting."""

    kind: str
    number: int
    setting: str


def findings(
    *,
    still: Mapping[ProjectClass, int],
    many: Mapping[ProjectClass, int],
    cadence: Mapping[ProjectClass, Cadence],
    ask_at: time,
    office_from: time,
    twice_reminded: int,
    daily: int,
) -> Iterator[Finding]:
    """Yield what should be looked at.

    ``still`` counts the projects of each class that were asked about `STILL` times while nothing changed,
    ``many`` all of them, ``twice_reminded`` the days on which somebody was reminded more than once;
    ``daily`` is the median of messages that a liaison got in a working day.
    """
    for kind in ProjectClass:
        often = cadence.get(kind, DEFAULT[kind])
        if often is Cadence.WORKDAY and still.get(kind):
            yield Finding("still", still[kind], f'prompts.cadence "{kind}" = "{often}"')
    for kind in (ProjectClass.RESERVE, ProjectClass.SEEKING):
        often = cadence.get(kind, DEFAULT[kind])
        if often is Cadence.WORKDAY:
            yield Finding("reserve", many.get(kind, 0), f'prompts.cadence "{kind}" = "{often}"')
    if ask_at < office_from:
        early = (office_from.hour - ask_at.hour) * 60 + office_from.minute - ask_at.minute
        yield Finding("early", early, f'prompts.ask_at = "{ask_at:%H:%M}"')
    if twice_reminded:
        yield Finding("reminded", twice_reminded, "prompts.remind_at")
    if daily > MOST_A_DAY:
        yield Finding("many", daily, "prompts.cadence")

"""The part of config.toml that is a timetable: which papers are drafted when, of what, for whom."""

from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.credentials import Section
from bot.domain.people import Role
from bot.domain.reception import EIGHTH
from bot.domain.rhythm import Rhythm, Shift, When
from bot.domain.scope import Scope
from bot.domain.timetable import ALWAYS, GROUPS, PRESETS
from bot.lengths import Length, Time

_READERS = (GROUPS, *(str(role) for role in Role))
_LONG_AGO = date(2000, 1, 1)


def _when(value: object) -> object:
    """Read the days of a rhythm, so that a wrong one is said with its cure."""
    if isinstance(value, str):
        When.parse(value)
    return value


def _when_if_any(value: object) -> object:
    """Read the days of a rhythm, or that there are none."""
    return _when(value) if value else value


def _scope(value: object) -> object:
    """Read a scope such as 全县 or 属地:大桥镇."""
    if isinstance(value, str):
        return str(Scope.parse(value))
    return value


class Line(Section):
    """One line of the timetable."""

    paper: str = Field(min_length=1)
    when: Annotated[str, BeforeValidator(_when)]
    at: Time = time(16, 0)
    scope: Annotated[str, BeforeValidator(_scope)] = "全县"
    to: tuple[str, ...] = (GROUPS,)
    hold: Length = timedelta(0)
    since: date | None = Field(None, alias="from")
    until: date | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if unknown := next((each for each in self.to if each not in _READERS), None):
            raise ValueError(f"to: {unknown!r} is nobody; choose out of {'、'.join(_READERS)}")
        if not self.to:
            raise ValueError(f"to: a paper for nobody; choose out of {'、'.join(_READERS)}")
        first = self.since or _LONG_AGO
        if next(self.rhythm(Shift.AFTER).days(first - timedelta(days=1)), None) is None:
            raise ValueError(f"{self.when} never comes between from and until; move one of them")
        return self

    def rhythm(self, shift: Shift) -> Rhythm:
        """Return the line as the handlers see it."""
        return Rhythm(
            paper=self.paper,
            when=When.parse(self.when),
            at=self.at,
            scope=self.scope,
            to=self.to,
            shift=shift,
            hold=self.hold,
            since=self.since,
            until=self.until,
        )


class RhythmSettings(Section):
    """The timetable: presets that counties are known by, and lines of one's own."""

    presets: tuple[Literal["五每", "半月", "周月季", "述职"], ...] = ("五每",)
    shift: Shift = Shift.AFTER
    papers: tuple[Line, ...] = ()
    # 企业家接待日; empty where a county has none.
    reception: Annotated[str, BeforeValidator(_when_if_any)] = EIGHTH.words
    # A folder of forms (材料样式) of the county's own; they add to those that come with the bot.
    forms: Path | None = None

    def reception_day(self) -> When | None:
        """Return on which days the heads receive enterprises, if they do."""
        return When.parse(self.reception) if self.reception else None

    @model_validator(mode="after")
    def _no_line_twice(self) -> Self:
        keys = [line.rhythm(self.shift).key for line in self.papers]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise ValueError(f"papers: {twice.replace(':', ' ')} stands there twice; remove one")
        return self

    def timetable(self) -> tuple[Rhythm, ...]:
        """Return every line; one of the county's own replaces those of presets for its paper and scope."""
        own = [line.rhythm(self.shift) for line in self.papers]
        replaced = {(line.paper, line.scope) for line in own}
        chosen = [*ALWAYS, *(line for name in self.presets for line in PRESETS[name])]
        kept = {
            (line.paper, line.scope, line.when.words): line.with_shift(self.shift)
            for line in chosen
            if (line.paper, line.scope) not in replaced
        }
        return (*kept.values(), *own)

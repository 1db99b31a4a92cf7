"""A county's days, played by everybody while the checker looks over the press's shoulder."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path

from bot.demo.everybody import Everybody
from bot.demo.story import Story, told
from bot.demo.town import SETTINGS, START
from bot.domain.folded import Folded
from bot.domain.ranking import Weights
from bot.domain.rhythm import Occasion, Rhythm
from bot.errors import PaperError
from bot.timetable import RhythmSettings
from handlers.watch import Press
from tests.year import days
from tests.year.checker import Checker
from tests.year.rows import opened

PRESETS = ("五每", "半月", "周月季", "述职")

ASKED_FOR = frozenset({"清单", "试算", "变更登记", "政策兑现"})
"""Papers that no timetable makes."""


@dataclass
class Played:
    """What is left when the days are over."""

    checker: Checker
    end: datetime
    failures: list[str]
    story: Story


class _Overlooked:
    """A press, and a checker that counts the same at the same moment."""

    def __init__(self, press: Press, checker: Checker) -> None:
        self._checker = checker
        self.digest, self.missive, self.personal = press.digest, press.missive, press.personal
        self.print, self.print_for = press.print, press.print_for
        self._draft = press.draft

    async def draft(
        self, rhythms: Sequence[Rhythm], occasion: Occasion, now: datetime, weights: Weights = ()
    ) -> list[Folded | PaperError]:
        """Draft papers, and let the checker count them as well."""
        papers = await self._draft(rhythms, occasion, now, weights)
        for rhythm, paper in zip(rhythms, papers, strict=True):
            if rhythm.paper not in ASKED_FOR:
                self._checker.look(rhythm.paper, occasion.first, occasion.last, now)
            elif isinstance(paper, Folded):
                by_item = {str(item): int(weight) for item, weight in weights}
                self._checker.look_at(opened(paper.content), now, by_item)
        return papers


class _Ears(logging.Handler):
    """Hears what goes wrong."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of the log."""
        self.heard.append(record.getMessage())


@asynccontextmanager
async def played(folder: Path, length: int) -> AsyncIterator[Played]:
    """Play so many days of the sample county by every preset, papers that have tables to check them by."""
    settings = SETTINGS.model_copy(update={"rhythm": RhythmSettings(presets=PRESETS)})
    ears = _Ears()
    logging.getLogger().addHandler(ears)
    try:
        async with told(folder, Everybody, settings) as story:
            watch = story.town.bot.watch
            checker = Checker(folder / "demo.db", START.astimezone(days.CST))
            story.town.bot.watch = replace(watch, press=_Overlooked(watch.press, checker))
            cast = story.town.cast
            # Many answer in the evening, when the papers of the day are drafted already.
            cast.answers_at = (time(9, 30), time(15, 0), time(19, 30), time(19, 30))
            await story.play(length, lambda: None)
            end = story.town.clock.now().astimezone(days.CST)
            yield Played(checker, end + timedelta(0), ears.heard, story)
            checker.raw.close()
    finally:
        logging.getLogger().removeHandler(ears)

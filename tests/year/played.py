"""A county's days, played by everybody while the checker looks over the press's shoulder."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.demo.everybody import Everybody
from bot.demo.story import Story, told
from bot.demo.town import SETTINGS, START
from bot.domain.document import Document
from bot.domain.ranking import Weights
from bot.domain.rhythm import Occasion, Rhythm
from bot.timetable import RhythmSettings
from handlers.watch import Press
from tests.year import days
from tests.year.checker import Checker

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
        self.digest, self.missive, self.print = press.digest, press.missive, press.print
        self._draft = press.draft

    async def draft(
        self, rhythm: Rhythm, occasion: Occasion, now: datetime, weights: Weights = ()
    ) -> Document:
        """Draft a paper, and let the checker count it as well."""
        document = await self._draft(rhythm, occasion, now, weights)
        if rhythm.paper in ASKED_FOR:
            by_item = {str(item): int(weight) for item, weight in weights}
            self._checker.look_at(json.loads(json.dumps(document.as_json())), now, by_item)
        else:
            self._checker.look(rhythm.paper, occasion.first, occasion.last, now)
        return document


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
            await story.play(length, lambda: None)
            end = story.town.clock.now().astimezone(days.CST)
            yield Played(checker, end + timedelta(0), ears.heard, story)
            checker.raw.close()
    finally:
        logging.getLogger().removeHandler(ears)

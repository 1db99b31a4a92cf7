"""What the bot is given as its press: papers, missives and digests, made in the workshop."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.chat import Paper
from bot.config import Settings
from bot.domain.folded import Folded
from bot.domain.missives import Sheet
from bot.domain.ranking import Weights
from bot.domain.rhythm import Occasion, Rhythm
from bot.domain.week import Week
from bot.errors import PaperError, TemplateError
from bot.papers.drafting import DraftOrder, PrintOrder, drafts, printed, printed_for
from bot.papers.missive import make_missive
from bot.papers.personal import PersonalOrder, make_personal
from bot.papers.press import DigestOrder, make_digest
from bot.papers.workshop import Workshop
from handlers.watch import DigestPapers, MissivePapers, Printed

_KEPT = 8
"""Papers as they were printed lately: most go out as they were looked over, and need not be made again."""


class WorkshopPress:
    """Has digests, papers and missives made in the workshop."""

    def __init__(self, settings: Settings, workshop: Workshop) -> None:
        self._settings = settings
        self._workshop = workshop
        self._lately: deque[tuple[bytes, Printed]] = deque(maxlen=_KEPT)

    async def digest(self, scope: str, week: Week, now: datetime, *, late: bool) -> DigestPapers:
        """Return the digest of a week for a scope."""
        return DigestPapers(
            *await self._workshop.make(make_digest, order(self._settings, scope, week, now, late=late))
        )

    async def missive(self, sheet: Sheet) -> MissivePapers:
        """Return a missive on paper; raise TemplateError where the office's template does not fit."""
        made = await self._workshop.make(make_missive, sheet, self._settings.letters.templates)
        if isinstance(made[0], str):
            raise TemplateError(*made)
        return MissivePapers(*made)

    async def personal(self, person_id: int, now: datetime) -> Paper:
        """Return a workbook with all that is kept of a person."""
        return await self._workshop.make(make_personal, personal_order(self._settings, person_id, now))

    async def draft(
        self, rhythms: Sequence[Rhythm], occasion: Occasion, now: datetime, weights: Weights = ()
    ) -> list[Folded | PaperError]:
        """Return the papers that lines of the timetable ask for, as the database has them now."""
        orders = [draft_order(self._settings, rhythm, occasion, now) for rhythm in rhythms]
        return await self._workshop.make(drafts, [replace(each, weights=weights) for each in orders])

    async def print(self, content: bytes) -> Printed:
        """Return a paper as it is handed over, its amendments marked."""
        for known, made in self._lately:
            if known == content:
                return made
        made = Printed(*await self._workshop.make(printed, self._print_order(content)))
        self._lately.append((content, made))
        return made

    async def print_for(self, reader: int, content: bytes) -> Printed | None:
        """Return what of a paper concerns one reader, as it is handed over; None if nothing does."""
        made = await self._workshop.make(printed_for, self._print_order(content), reader)
        return Printed(*made) if made else None

    def _print_order(self, content: bytes) -> PrintOrder:
        return PrintOrder(content, self._settings.language, self._settings.texts)


def order(settings: Settings, scope: str, week: Week, now: datetime, *, late: bool = False) -> DigestOrder:
    """Return what the workshop must know to make a digest."""
    return DigestOrder(
        url=settings.database.url,
        schema=settings.database.schema_,
        county=settings.of_county(),
        language=settings.language,
        rewordings=settings.texts,
        scope=scope,
        week=week,
        now=now,
        late=late,
    )


def personal_order(settings: Settings, person_id: int, now: datetime) -> PersonalOrder:
    """Return what the workshop must know to write down what is kept of a person."""
    return PersonalOrder(
        url=settings.database.url,
        schema=settings.database.schema_,
        county=settings.of_county(),
        language=settings.language,
        rewordings=settings.texts,
        person_id=person_id,
        now=now,
    )


def draft_order(settings: Settings, rhythm: Rhythm, occasion: Occasion, now: datetime) -> DraftOrder:
    """Return what the workshop must know to draft a paper."""
    return DraftOrder(
        url=settings.database.url,
        schema=settings.database.schema_,
        county=settings.of_county(),
        language=settings.language,
        rewordings=settings.texts,
        forms=settings.rhythm.forms,
        paper=rhythm.paper,
        scope=rhythm.scope,
        first=occasion.first,
        last=occasion.last,
        until=rhythm.until,
        now=now,
    )

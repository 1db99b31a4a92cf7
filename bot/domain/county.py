"""A county's settings as the handlers see them: plain values, whatever file they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from bot.domain.cadence import DEFAULT as CADENCE
from bot.domain.cadence import Cadence
from bot.domain.calendar import Calendar
from bot.domain.deadlines import Deadlines
from bot.domain.missives import MissiveRules
from bot.domain.people import Language
from bot.domain.projects import ProjectClass
from bot.domain.ranking import Scorecard
from bot.domain.reception import EIGHTH
from bot.domain.retention import Retention
from bot.domain.rhythm import Rhythm, When
from bot.domain.timetable import DEFAULT

CATEGORY_NAMES = (
    "用地", "征拆", "规划", "审批", "资金", "用水", "用电", "用工", "环保", "配套", "治安", "其他",
)  # fmt: skip
"""The default problem categories, in the order in which people choose from them."""


@dataclass(frozen=True)
class County:
    """How one county works: its name, its calendar, its hours, its words.

    ``climbs`` tells whether what is late goes up to the heads by itself, ``step`` is the working time
    from one rung of the ladder to the next. To the platforms of ``by_reference`` go numbers only.
    """

    name: str
    calendar: Calendar
    language: Language = Language.CHINESE
    categories: tuple[str, ...] = CATEGORY_NAMES
    ask_at: time = time(9, 0)
    remind_at: time = time(15, 0)
    close_at: time = time(18, 0)
    cadence: Mapping[ProjectClass, Cadence] = field(default_factory=lambda: CADENCE)
    deadlines: Deadlines = field(default_factory=Deadlines)
    digest_weekday: int = 0
    digest_at: time = time(8, 30)
    rhythms: tuple[Rhythm, ...] = DEFAULT
    missives: MissiveRules = field(default_factory=MissiveRules)
    ranking: Scorecard = field(default_factory=Scorecard)
    reception: When | None = EIGHTH
    climbs: bool = False
    step: timedelta = timedelta(hours=4)
    by_reference: frozenset[str] = frozenset()
    retention: Retention = field(default_factory=Retention)

"""函: the letters of the office – what calls for one, and what becomes of it (MISSION rows 20, 21)."""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.calendar import year_permille
from bot.domain.projects import Project, ProjectClass, Stage, is_paced


class MissiveKind(StrEnum):
    """What sort of letter it is; the values are what people read."""

    REMINDER = "提醒函"
    ASSIGNMENT = "交办函"
    SUPERVISION = "督办函"
    ORDER = "调度令"
    HINT = "工作提示"
    CIRCULAR = "督查通报"
    TASK = "任务交办单"

    @property
    def short(self) -> str:
        """The word in its number: 交办, as in 〔2026〕交办3号."""
        return _SHORT[self]

    @property
    def wants_reply(self) -> bool:
        """Whether its addressee is to answer by a day."""
        return self is not MissiveKind.CIRCULAR

    @property
    def opens_problem(self) -> bool:
        """Whether the ladder watches over what it is about."""
        return self in {MissiveKind.ASSIGNMENT, MissiveKind.SUPERVISION}


_SHORT = {
    MissiveKind.REMINDER: "提醒",
    MissiveKind.ASSIGNMENT: "交办",
    MissiveKind.SUPERVISION: "督办",
    MissiveKind.ORDER: "调度",
    MissiveKind.HINT: "提示",
    MissiveKind.CIRCULAR: "通报",
    MissiveKind.TASK: "任务",
}

PAUSE = timedelta(days=60)
"""For how long after a 督办函 no other on its project is drafted."""

THREE = (MissiveKind.REMINDER, MissiveKind.ASSIGNMENT, MissiveKind.SUPERVISION)
"""三函: those that are drafted by themselves."""


class Matter(StrEnum):
    """What a drafted letter is about; the values are what people read."""

    START = "开工"
    PRODUCTION = "投产"
    PROGRESS = "进度"


class MissiveState(StrEnum):
    """Where a letter stands; the values are what people read."""

    DRAFT = "待签发"
    APPROVED = "签发中"
    """The office has released it; the next beat prints, numbers and sends it, all at once."""
    SENT = "已发"
    REPLIED = "已回复"
    CLOSED = "已办结"
    DECLINED = "不发"
    WITHDRAWN = "已撤回"


NUMBERED = (MissiveState.SENT, MissiveState.REPLIED, MissiveState.CLOSED)
"""The states of a letter that has gone out."""


@dataclass(frozen=True, slots=True)
class MissiveRules:
    """When the three letters are drafted, and by when a letter is answered (config ``[letters]``).

    ``remind_before`` are calendar months, ``behind`` are thousandths of the year's plan that may be
    missing against the share of the year gone by, looked at from ``behind_after`` on; ``reply_within``
    are working days.
    """

    drafts: tuple[MissiveKind, ...] = THREE
    remind_before: int = 1
    overdue_after: timedelta = timedelta(days=15)
    behind: int = 200
    behind_after: timedelta = timedelta(days=90)
    reply_within: int = 5


@dataclass(frozen=True, slots=True)
class Call:
    """A letter that a project calls for; ``slot`` names it once, with the date that it hangs on."""

    kind: MissiveKind
    matter: Matter
    slot: str


@dataclass(frozen=True, slots=True)
class Missive:
    """One letter. Its number comes with its release: before that, ``year`` and ``sequence`` are None.

    ``decider`` is who released or declined it, ``reply`` everything its addressee has answered.
    """

    id: int
    slot: str
    kind: MissiveKind
    matter: str
    year: int | None
    sequence: int | None
    project_id: int | None
    project: str
    unit_id: int | None
    unit: str
    subject: str
    text: str
    state: MissiveState
    version: int
    drafted_at: datetime
    decided_by: int | None = None
    decider: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    reply_due: date | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    receiver: str = ""
    replied_at: datetime | None = None
    replied_by: int | None = None
    replier: str = ""
    reply: str = ""
    reminded_at: datetime | None = None
    closed_at: datetime | None = None
    problem_id: int | None = None

    @property
    def number(self) -> str:
        """The number as it is printed: 〔2026〕交办3号; empty before its release."""
        return numbered(self.kind, self.year, self.sequence) if self.year and self.sequence else ""

    @property
    def call(self) -> str:
        """How one speaks of it, and types it: 交办3号."""
        return f"{self.kind.short}{self.sequence}号" if self.sequence else f"{self.kind}"

    @property
    def is_drafted_by_itself(self) -> bool:
        """Whether its project called for it, rather than somebody of the office."""
        return bool(self.matter)

    @property
    def is_out(self) -> bool:
        """Whether it has gone out."""
        return self.state in NUMBERED

    @property
    def awaits_reply(self) -> bool:
        """Whether its addressee may answer."""
        return self.kind.wants_reply and self.state in {MissiveState.SENT, MissiveState.REPLIED}

    def is_overdue(self, today: date) -> bool:
        """Tell whether no reply has come by its day."""
        return self.state is MissiveState.SENT and self.reply_due is not None and today > self.reply_due


@dataclass(frozen=True, slots=True)
class Sheet:
    """A missive as it is printed, field by field; paragraphs of ``text`` are its lines."""

    kind: str
    number: str
    title: str
    addressee: str
    text: str
    office: str
    day: str

    def fields(self) -> dict[str, str]:
        """Return what each field of a Word template stands for."""
        values = (self.number, self.title, self.addressee, self.text, self.office, self.day)
        return dict(zip(FIELDS, values, strict=True))


FIELDS = ("文号", "标题", "主送", "正文", "落款", "日期")
"""The fields of a Word template, each written {{文号}}; all of them are needed, there are no others."""


def numbered(kind: MissiveKind, year: int, sequence: int) -> str:
    """Return a number as it is printed."""
    return f"〔{year}〕{kind.short}{sequence}号"


# --- what calls for one -----------------------------------------------------------------


def calls(project: Project, today: date, rules: MissiveRules) -> Iterator[Call]:
    """Yield the letters that a project calls for on a day, whether or not they are drafted already.

    ``project.cumulative`` is this year's. What is finished calls for nothing more. Whether it has started,
    or is finished, its stage and class tell where no actual date is recorded: these are often left empty.
    """
    if is_finished(project):
        return
    start, completion = project.planned_start, project.planned_completion
    if start is not None and not is_started(project):
        if rules.remind_before and months_before(start, rules.remind_before) <= today < start:
            yield from _call(MissiveKind.REMINDER, Matter.START, project, start, rules)
        if today >= start + rules.overdue_after:
            yield from _call(MissiveKind.ASSIGNMENT, Matter.START, project, start, rules)
    if completion is not None and today >= completion + rules.overdue_after:
        yield from _call(MissiveKind.ASSIGNMENT, Matter.PRODUCTION, project, completion, rules)
    if is_behind(project, today, rules):
        quarter = f"{today.year}Q{(today.month + 2) // 3}"
        yield from _call(MissiveKind.SUPERVISION, Matter.PROGRESS, project, quarter, rules)


def _call(
    kind: MissiveKind, matter: Matter, project: Project, on: date | str, rules: MissiveRules
) -> Iterator[Call]:
    if kind in rules.drafts:
        yield Call(kind, matter, f"{kind}:{project.id}:{matter}:{on}")


_STAGES = list(Stage)


def is_started(project: Project) -> bool:
    """Tell whether work has begun: recorded, or of the stage 落地开工 or a later one.

    The class 在建 alone says nothing: it also stands where the roster's cell is empty, and before a planned
    start to come.
    """
    has_begun = _STAGES.index(project.stage) >= _STAGES.index(Stage.STARTED)
    return project.actual_start is not None or has_begun or is_finished(project)


def is_finished(project: Project) -> bool:
    """Tell whether a project is completed: recorded, of the class 建成, or of the stage 竣工投产."""
    is_built = project.kind is ProjectClass.BUILT or project.stage is Stage.PRODUCTION
    return project.actual_completion is not None or is_built


def standing(slots: Iterable[str]) -> set[str]:
    """Return what slots are about: a draft on progress outlives the quarter in its slot, not the year."""
    return {slot.partition("Q")[0] for slot in slots}


def months_before(day: date, months: int) -> date:
    """Return the same day some calendar months before; 31 March has its day at the end of February."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def is_behind(project: Project, today: date, rules: MissiveRules) -> bool:
    """Tell whether a project under way has done too little of the year's plan for the time of the year."""
    done = project.plan_permille
    if done is None or not is_paced(project.kind, project.planned_start, project.actual_start, today):
        return False
    gone = (today - date(today.year, 1, 1)).days + 1
    return timedelta(days=gone) >= rules.behind_after and year_permille(today) - done >= rules.behind


def why_gone(missive: Missive, project: Project, today: date) -> str:
    """Return the key of why a draft is called for no more: done, moved, passed, new_year or caught_up."""
    planned = project.planned_start
    if is_finished(project) or (missive.matter == Matter.START and is_started(project)):
        return "done"
    if missive.matter == Matter.PROGRESS:
        if f":{today.year}Q" not in missive.slot:
            return "new_year"
        is_under_way = is_paced(project.kind, planned, project.actual_start, today)
        return "caught_up" if is_under_way and project.planned else "moved"
    on = planned if missive.matter == Matter.START else project.planned_completion
    is_passed = missive.kind is MissiveKind.REMINDER and on is not None and today >= on
    return "passed" if is_passed and missive.slot.endswith(str(on)) else "moved"


# --- how people name one ----------------------------------------------------------------

_NAMED = re.compile(
    rf"[〔\[【（(]?\s*(?P<year>20\d\d)?\s*[〕\]】）)]?\s*(?P<short>{'|'.join(_SHORT.values())})"
    r"[函令单]?\s*第?\s*(?P<sequence>\d{1,5})\s*号?[\s，,：:。]*(?P<rest>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Named:
    """A letter that a text begins with, and the words after it; ``year`` is None where none was typed."""

    kind: MissiveKind
    year: int | None
    sequence: int
    rest: str


def read_number(text: str) -> Named | None:
    """Return the letter that a text names first: 交办3号, 〔2026〕交办3号; None if it names none."""
    found = _NAMED.match(text.strip())
    if found is None:
        return None
    kind = next(kind for kind, short in _SHORT.items() if short == found["short"])
    year = int(found["year"]) if found["year"] else None
    return Named(kind, year, int(found["sequence"]), found["rest"].strip())


def read_kind(word: str) -> MissiveKind | None:
    """Return the kind that a word names, whole or short: 交办函, 交办."""
    return next((kind for kind in MissiveKind if word in {kind, kind.short}), None)

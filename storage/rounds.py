"""The daily round: who is to be asked, who was, and what the office set."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.cadence import Due
from bot.domain.people import Duty
from bot.domain.problems import OPEN
from storage.dialects import insert_once
from storage.leaves import Leaves
from storage.people import CAN_BE_WRITTEN_TO
from storage.prepared import Prepared
from storage.tables import (
    asking_pauses,
    assignments,
    contacts,
    milestones,
    people,
    problems,
    projects,
    prompts,
    rounds,
)

_PROMPT = Prepared(
    select(prompts).where(prompts.c.person_id == bindparam("of"), prompts.c.day == bindparam("today"))
)
_ROUND = select(rounds).where(rounds.c.day == bindparam("of"))
_LAST_HELD = select(func.max(rounds.c.day)).where(
    rounds.c.day < bindparam("before"), rounds.c.state != "missed"
)
_FIRST_UNCLOSED = select(func.min(rounds.c.day)).where(rounds.c.state.in_(("asking", "asked")))
_A_PILOT = select(people.c.id).where(people.c.pilot).limit(1)
_ANSWERED = Prepared(
    update(prompts)
    .where(
        prompts.c.person_id == bindparam("of"),
        prompts.c.day == bindparam("today"),
        prompts.c.answered_at.is_(None),
    )
    .values(answered_at=bindparam("now"))
)


def _paused(whom: str) -> Select[tuple[str]]:
    return select(asking_pauses.c.name).where(
        asking_pauses.c.whom == whom, asking_pauses.c.until > bindparam("today")
    )


def _is_in_no_paused_unit(of: ColumnElement[int | None]) -> ColumnElement[bool]:
    return or_(of.is_(None), cast(of, String).not_in(_paused("unit")))


def _may_be_asked() -> tuple[ColumnElement[bool], ...]:
    """Return what must hold of a liaison to be asked today: on duty, not paused, nor their unit."""
    return (
        people.c.active,
        cast(people.c.id, String).not_in(_paused("person")),
        _is_in_no_paused_unit(people.c.unit_id),
    )


def _may_be_written_to(reader: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """Return what must hold of who reads the question, liaison or substitute: in reach, not paused."""
    return (
        select(contacts.c.id).where(contacts.c.person_id == reader, CAN_BE_WRITTEN_TO).exists(),
        cast(reader, String).not_in(_paused("person")),
    )


def _asks() -> ColumnElement[bool]:
    """Return what must hold of a project to be asked about, as `Due.asks` has it."""
    near: tuple[Any, Any] = bindparam("near_from"), bindparam("near_until")
    # Not correlated: read once for a query, whatever the number of projects.
    undone = select(milestones.c.project_id).where(
        milestones.c.done.is_(None), milestones.c.planned.between(*near)
    )
    unsettled = select(problems.c.project_id).where(
        problems.c.state.in_([str(state) for state in OPEN]), problems.c.nature == "问题"
    )
    return or_(
        projects.c.kind.in_(bindparam("kinds", expanding=True)),
        and_(projects.c.actual_start.is_(None), projects.c.planned_start.between(*near)),
        and_(projects.c.actual_completion.is_(None), projects.c.planned_completion.between(*near)),
        projects.c.id.in_(undone),
        projects.c.id.in_(unsettled),
    )


def _what(*, pilots_only: bool) -> Select[Any]:
    """Return the question which liaisons are to be asked today about what, whoever reads it."""
    today: ColumnElement[date] = bindparam("today")
    return (
        select(assignments.c.person_id, assignments.c.project_id)
        .join(projects, projects.c.id == assignments.c.project_id)
        .join(people, people.c.id == assignments.c.person_id)
        .where(
            assignments.c.duty == str(Duty.LIAISON),
            assignments.c.since <= today,
            or_(assignments.c.until.is_(None), assignments.c.until > today),
            or_(projects.c.quiet_until.is_(None), projects.c.quiet_until <= today),
            _asks(),
            *_may_be_asked(),
            _is_in_no_paused_unit(projects.c.unit_id),
            *([people.c.pilot] if pilots_only else []),
        )
    )


def _who(on_leave: Mapping[int, int], *, pilots_only: bool) -> Select[Any]:
    """Return the question who is to be asked today and was not; for who is on leave, their substitute."""
    liaison = assignments.c.person_id
    reader: ColumnElement[int] = case(dict(on_leave), value=liaison, else_=liaison) if on_leave else liaison
    asked = select(prompts.c.day).where(prompts.c.person_id == reader, prompts.c.day == bindparam("today"))
    return (
        _what(pilots_only=pilots_only)
        .with_only_columns(reader)
        .where(~asked.exists(), *_may_be_written_to(reader))
        .distinct()
        .order_by(reader)
    )


_WHO = {pilots_only: _who({}, pilots_only=pilots_only) for pilots_only in (False, True)}
_DUE_OF = {
    pilots_only: Prepared(
        _what(pilots_only=pilots_only).where(
            assignments.c.person_id.in_(bindparam("liaisons", expanding=True))
        ),
        "kinds",
        "liaisons",
    )
    for pilots_only in (False, True)
}
_ASK = {
    "sqlite": Prepared(sqlite.insert(prompts).on_conflict_do_nothing().returning(prompts.c.person_id)),
    "postgresql": Prepared(
        postgresql.insert(prompts).on_conflict_do_nothing().returning(prompts.c.person_id)
    ),
}
_COUNTY_PAUSE = _paused("county")
_UNREMINDED = (
    select(prompts)
    .join(people, people.c.id == prompts.c.person_id)
    .where(
        prompts.c.day == bindparam("today"),
        prompts.c.asked_at < bindparam("asked_before"),
        prompts.c.answered_at.is_(None),
        prompts.c.reminded_at.is_(None),
        *_may_be_asked(),
        *_may_be_written_to(people.c.id),
    )
    .order_by(prompts.c.person_id)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a day's round asks about, of everybody or of the pilots only."""

    due: Due
    pilots_only: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """One day's questions: asking, asked, closed, or missed because the system was down."""

    day: date
    state: str
    reminded: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """What one person was asked on a day."""

    person_id: int
    projects: tuple[int, ...]
    answered: bool


class Rounds:
    """Who is to be asked, and who was."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, day: date) -> Round | None:
        """Return a day's round."""
        row = self._connection.execute(_ROUND, {"of": day}).first()
        return Round(row.day, row.state, row.reminded_at is not None) if row else None

    def last_day(self) -> date | None:
        """Return the day of the last round, None before the first."""
        return self._connection.execute(select(func.max(rounds.c.day))).scalar()

    def last_held(self, before: date) -> date | None:
        """Return the last day before another on which questions were asked, None before the first."""
        return self._connection.execute(_LAST_HELD, {"before": before}).scalar()

    def first_unclosed(self) -> date | None:
        """Return the day of the earliest round that was begun and not closed."""
        return self._connection.execute(_FIRST_UNCLOSED).scalar()

    def open(self, day: date, state: str, now: datetime) -> bool:
        """Begin a day's round; False if it has begun."""
        return insert_once(self._connection, rounds, {"day": day, "state": state, "asked_at": now})

    def mark(self, day: date, **values: Any) -> None:
        """Note what happened to a round: its state, when it was reminded or closed."""
        self._connection.execute(update(rounds).where(rounds.c.day == day).values(**values))

    def unasked(self, day: date, asking: Asking) -> list[int]:
        """Return who must still be asked on a day, in the order of the roster.

        Left out: who cannot be reached, and whatever the office paused.
        """
        if self._is_county_paused(day):
            return []
        on_leave = Leaves(self._connection).everybody(day)
        pilots_only = asking.pilots_only
        who = _who(on_leave, pilots_only=pilots_only) if on_leave else _WHO[pilots_only]
        return list(self._connection.execute(who, _given(day, asking.due)).scalars())

    def due_of(self, among: Collection[int], day: date, asking: Asking) -> dict[int, list[int]]:
        """Return about which projects people are to be asked on a day, in the order of the roster.

        Instead of who is on leave, their substitute is asked, after their own projects. Left out: projects
        that rest.
        """
        on_leave = Leaves(self._connection).everybody(day)
        liaisons = {*among, *(away for away, acting in on_leave.items() if acting in among)}
        rows = _DUE_OF[asking.pilots_only].all(self._connection, liaisons=liaisons, **_given(day, asking.due))
        read = ((on_leave.get(row.person_id, row.person_id), row.person_id, row.project_id) for row in rows)
        found: dict[int, dict[int, None]] = {}
        for reader, _, project_id in sorted(read, key=lambda each: (each[0], each[0] != each[1], each[2])):
            if reader in among:
                found.setdefault(reader, {})[project_id] = None
        return {reader: list(theirs) for reader, theirs in found.items()}

    def ask(self, asked: Mapping[int, Sequence[int]], day: date, now: datetime) -> set[int]:
        """Note who is asked about which projects; Return those who had not been asked that day."""
        rows = [
            {"person_id": person_id, "day": day, "projects": list(project_ids), "asked_at": now}
            for person_id, project_ids in asked.items()
        ]
        if not rows:
            return set()
        new = _ASK[self._connection.dialect.name].all_each(self._connection, rows)
        return {row.person_id for row in new}

    def prompt(self, person_id: int, day: date) -> Prompt | None:
        """Return what somebody was asked on a day."""
        row = _PROMPT.first(self._connection, of=person_id, today=day)
        return _prompt(row) if row else None

    def asked(self, day: date) -> list[Prompt]:
        """Return everybody who was asked on a day."""
        rows = self._connection.execute(
            select(prompts).where(prompts.c.day == day).order_by(prompts.c.person_id)
        )
        return [_prompt(row) for row in rows]

    def count(self, day: date) -> int:
        """Return how many were asked on a day."""
        asked = select(func.count()).where(prompts.c.day == day)
        return self._connection.execute(asked).scalar_one()

    def unreminded(self, day: date, asked_before: datetime, most: int) -> list[Prompt]:
        """Return who was asked before a moment, and neither answered nor was reminded since."""
        if self._is_county_paused(day):
            return []
        given = {"today": day, "asked_before": asked_before, "most": most}
        return [_prompt(row) for row in self._connection.execute(_UNREMINDED, given)]

    def remind(self, person_id: int, day: date, now: datetime) -> bool:
        """Note a reminder; False if there was one or an answer came."""
        return (
            self._connection.execute(
                update(prompts)
                .where(
                    prompts.c.person_id == person_id,
                    prompts.c.day == day,
                    prompts.c.reminded_at.is_(None),
                    prompts.c.answered_at.is_(None),
                )
                .values(reminded_at=now)
            ).rowcount
            == 1
        )

    def answered(self, person_id: int, day: date, now: datetime) -> None:
        """Note that everything asked of somebody on a day is answered."""
        _ANSWERED.run(self._connection, of=person_id, today=day, now=now)

    def _is_county_paused(self, day: date) -> bool:
        return self._connection.execute(_COUNTY_PAUSE, {"today": day}).first() is not None

    # --- what the office sets -----------------------------------------------------------

    def pause(self, whom: str, name: str, until: date, by_id: int, now: datetime) -> None:
        """Ask nobody in the county, a unit or one person before a day."""
        self.resume(whom, name)
        row = {"whom": whom, "name": name, "until": until, "by_id": by_id, "since": now}
        self._connection.execute(asking_pauses.insert(), row)

    def resume(self, whom: str, name: str) -> bool:
        """Ask again; False if nothing was paused."""
        statement = asking_pauses.delete().where(asking_pauses.c.whom == whom, asking_pauses.c.name == name)
        return self._connection.execute(statement).rowcount > 0

    def has_pilots(self) -> bool:
        """Tell whether only the people of a pilot list are asked yet."""
        return self._connection.execute(_A_PILOT).first() is not None

    def set_pilots(self, person_ids: Iterable[int]) -> None:
        """Ask only these people; with nobody given, everybody."""
        self._connection.execute(update(people).where(people.c.pilot).values(pilot=False))
        self._connection.execute(update(people).where(people.c.id.in_(list(person_ids))).values(pilot=True))


def _given(day: date, due: Due) -> dict[str, Any]:
    return {
        "today": day,
        "kinds": [str(kind) for kind in due.kinds],
        "near_from": due.near_from,
        "near_until": due.near_until,
    }


def _prompt(row: Row[Any]) -> Prompt:
    return Prompt(row.person_id, tuple(row.projects), row.answered_at is not None)

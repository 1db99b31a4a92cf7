"""The register of missives: drafted once for each slot, numbered without gaps, answered and closed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)

from bot.domain.missives import Missive, MissiveKind, MissiveState
from bot.domain.projects import Project, ProjectClass, Stage
from storage import dialects
from storage.projects import Projects
from storage.tables import missives, people, projects, units

_A_CHUNK = 500
_WAITING = (str(MissiveState.DRAFT), str(MissiveState.APPROVED))
_decider, _receiver, _replier = (people.alias(name) for name in ("decider", "receiver", "replier"))
MISSIVE: Select[Any] = (
    select(
        missives,
        projects.c.name.label("project"),
        units.c.name.label("unit"),
        _decider.c.name.label("decider"),
        _receiver.c.name.label("receiver"),
        _replier.c.name.label("replier"),
    )
    .outerjoin(projects, projects.c.id == missives.c.project_id)
    .outerjoin(units, units.c.id == missives.c.unit_id)
    .outerjoin(_decider, _decider.c.id == missives.c.decided_by)
    .outerjoin(_receiver, _receiver.c.id == missives.c.received_by)
    .outerjoin(_replier, _replier.c.id == missives.c.replied_by)
)
_IN_STATE = MISSIVE.where(missives.c.state.in_(bindparam("states", expanding=True))).order_by(missives.c.id)


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter before anybody has looked over it."""

    slot: str
    kind: MissiveKind
    subject: str
    text: str
    matter: str = ""
    project_id: int | None = None
    unit_id: int | None = None
    reply_due: date | None = None


class Missives:
    """A letter is released once, answered once, closed once: of two who try, one wins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, missive_id: int) -> Missive | None:
        """Return a letter."""
        return next(self._missives(missives.c.id == missive_id), None)

    def numbered(self, kind: MissiveKind, sequence: int) -> list[Missive]:
        """Return the letters with a number, the latest year first."""
        found = self._missives(missives.c.kind == str(kind), missives.c.sequence == sequence)
        return sorted(found, key=lambda each: each.year or 0, reverse=True)

    def in_state(self, *states: MissiveState) -> list[Missive]:
        """Return the letters that stand somewhere, the oldest first."""
        rows = self._connection.execute(_IN_STATE, {"states": [str(state) for state in states]})
        return [missive_of(row) for row in rows]

    def drafted_since(self, moment: datetime) -> list[Missive]:
        """Return what was drafted by itself since a moment and still waits."""
        is_new = and_(missives.c.state == str(MissiveState.DRAFT), missives.c.drafted_at >= moment)
        return list(self._missives(is_new, missives.c.matter != ""))

    def withdrawn_since(self, moment: datetime) -> list[Missive]:
        """Return the drafts that have been withdrawn since a moment."""
        return list(
            self._missives(missives.c.state == str(MissiveState.WITHDRAWN), missives.c.closed_at >= moment)
        )

    def overdue(self, today: date) -> list[Missive]:
        """Return the letters whose reply has not come by its day, the longest overdue first."""
        found = self._missives(missives.c.state == str(MissiveState.SENT), missives.c.reply_due < today)
        return sorted(found, key=lambda each: (each.reply_due, each.id))

    def due_by(self, day: date) -> list[Missive]:
        """Return the letters that are to be answered by a day and are not."""
        return list(self._missives(missives.c.state == str(MissiveState.SENT), missives.c.reply_due <= day))

    def _missives(self, *conditions: ColumnElement[bool]) -> Iterator[Missive]:
        rows = self._connection.execute(MISSIVE.where(*conditions).order_by(missives.c.id))
        return map(missive_of, rows)

    # --- what calls for one -------------------------------------------------------------

    def watched(self, today: date) -> Iterator[Project]:
        """Yield the projects that may call for a letter, with what was invested this year."""
        dated = or_(
            and_(projects.c.planned_start.is_not(None), projects.c.actual_start.is_(None)),
            projects.c.planned_completion < today,
            projects.c.planned > 0,
        )
        # One project that cannot be read keeps no other waiting for its letter.
        is_readable = and_(projects.c.stage.in_(list(Stage)), projects.c.kind.in_(list(ProjectClass)))
        return self._projects(today, projects.c.actual_completion.is_(None), dated, is_readable)

    def project(self, project_id: int, today: date) -> Project:
        """Return a project, with what was invested this year."""
        return next(self._projects(today, projects.c.id == project_id))

    def _projects(self, today: date, *conditions: ColumnElement[bool]) -> Iterator[Project]:
        asked = select(projects.c.id, projects.c.start_on).where(*conditions).order_by(projects.c.id)
        begun = {row.id: row.start_on for row in self._connection.execute(asked)}
        every = list(begun)
        for start in range(0, len(every), _A_CHUNK):
            for each in Projects(self._connection).many(every[start : start + _A_CHUNK]):
                # Where nobody has said anything this year yet, what stands there is last year's.
                is_of_this_year = (each.last_day or begun[each.id]).year == today.year
                yield each if is_of_this_year else replace(each, cumulative=0)

    def taken(self, slots: Collection[str]) -> set[str]:
        """Return those of the slots that have their letter; one that was withdrawn may come back."""
        wanted, found = list(slots), set[str]()
        for start in range(0, len(wanted), _A_CHUNK):
            statement = select(missives.c.slot).where(
                missives.c.slot.in_(wanted[start : start + _A_CHUNK]),
                missives.c.state != str(MissiveState.WITHDRAWN),
            )
            found.update(self._connection.execute(statement).scalars())
        return found

    def supervised(self, since: datetime) -> set[int]:
        """Return the projects whose 督办函 waits, or was drafted, decided or sent since a moment."""
        last = func.coalesce(missives.c.sent_at, missives.c.decided_at, missives.c.drafted_at)
        rows = self._connection.execute(
            select(missives.c.project_id).where(
                missives.c.kind == str(MissiveKind.SUPERVISION),
                missives.c.project_id.is_not(None),
                missives.c.state != str(MissiveState.WITHDRAWN),
                or_(missives.c.state.in_(_WAITING), last >= since),
            )
        )
        return set(rows.scalars())

    def unit_of(self, project_id: int) -> int | None:
        """Return the unit that answers for a project."""
        return self._connection.execute(
            select(projects.c.unit_id).where(projects.c.id == project_id)
        ).scalar()

    # --- a draft ------------------------------------------------------------------------

    def draft(self, draft: Draft, now: datetime) -> Missive | None:
        """Draft a letter; None if its slot has one. One that was withdrawn is drafted anew."""
        values = {
            "kind": str(draft.kind),
            "matter": draft.matter,
            "project_id": draft.project_id,
            "unit_id": draft.unit_id,
            "subject": draft.subject,
            "text": draft.text,
            "state": str(MissiveState.DRAFT),
            "drafted_at": now,
            "reply_due": draft.reply_due,
        }
        if not dialects.insert_once(self._connection, missives, {"slot": draft.slot, **values}):
            revived = self._connection.execute(
                update(missives)
                .where(missives.c.slot == draft.slot, missives.c.state == str(MissiveState.WITHDRAWN))
                .values(
                    **values,
                    version=missives.c.version + 1,
                    reason="",
                    closed_at=None,
                    decided_by=None,
                    decided_at=None,
                )
            )
            if revived.rowcount != 1:
                return None
        return next(self._missives(missives.c.slot == draft.slot))

    def reword(self, missive: Missive, text: str) -> bool:
        """Give a draft new words; False if it is a draft no more, or has got others meanwhile."""
        return self._change(missive, MissiveState.DRAFT, text=text, version=missive.version + 1)

    def approve(self, missive: Missive, by_id: int, now: datetime) -> bool:
        """Let a draft go out as it was read; False if somebody else was quicker."""
        return self._change(
            missive,
            MissiveState.DRAFT,
            state=str(MissiveState.APPROVED),
            decided_by=by_id,
            decided_at=now,
        )

    def decline(self, missive: Missive, by_id: int, reason: str, now: datetime) -> bool:
        """Let a draft never go out; False if somebody else was quicker."""
        return self._change(
            missive,
            MissiveState.DRAFT,
            state=str(MissiveState.DECLINED),
            decided_by=by_id,
            decided_at=now,
            closed_at=now,
            reason=reason,
        )

    def withdraw(self, missive: Missive, why: str, now: datetime) -> bool:
        """Take a draft back that is called for no more; False if it has gone out or was taken back."""
        return self._change(
            missive, missive.state, state=str(MissiveState.WITHDRAWN), reason=why, closed_at=now
        )

    def put_back(self, missive: Missive) -> bool:
        """Make a released letter a draft again, for it could not be printed."""
        return self._change(
            missive,
            MissiveState.APPROVED,
            state=str(MissiveState.DRAFT),
            decided_by=None,
            decided_at=None,
        )

    # --- a letter that is out -----------------------------------------------------------

    def next_sequence(self, kind: MissiveKind, year: int) -> int:
        """Return the number that the next letter of a kind gets in a year."""
        last = select(func.max(missives.c.sequence)).where(
            missives.c.kind == str(kind), missives.c.year == year
        )
        return (self._connection.execute(last).scalar() or 0) + 1

    def send(
        self,
        missive: Missive,
        number: tuple[int, int],
        now: datetime,
        *,
        unit_id: int | None,
        reply_due: date | None,
    ) -> bool:
        """Give a released letter its number as it goes out; False if that is not the next one."""
        dialects.alone(self._connection, f"missive numbers {missive.kind}")
        year, sequence = number
        if self.next_sequence(missive.kind, year) != sequence:
            return False
        return self._change(
            missive,
            MissiveState.APPROVED,
            state=str(MissiveState.SENT),
            year=year,
            sequence=sequence,
            unit_id=unit_id,
            reply_due=reply_due,
            sent_at=now,
        )

    def link(self, missive_id: int, problem_id: int) -> None:
        """Note which problem watches over what a letter is about."""
        self._connection.execute(
            update(missives).where(missives.c.id == missive_id).values(problem_id=problem_id)
        )

    def receive(self, missive: Missive, by_id: int, now: datetime) -> None:
        """Note who was the first to sign for a letter."""
        self._connection.execute(
            update(missives)
            .where(missives.c.id == missive.id, missives.c.received_at.is_(None))
            .values(received_at=now, received_by=by_id)
        )

    def answer(self, missive: Missive, words: str, by_id: int, now: datetime) -> bool:
        """Keep a reply, after those there are; False if the letter takes none any more."""
        return self._change(
            missive,
            missive.state,
            state=str(MissiveState.REPLIED),
            reply=f"{missive.reply}\n{words}".strip(),
            replied_at=now,
            replied_by=by_id,
        )

    def give_back(self, missive: Missive, reply_due: date) -> bool:
        """Ask for another reply by a new day; False if somebody else was quicker."""
        return self._change(
            missive,
            MissiveState.REPLIED,
            state=str(MissiveState.SENT),
            reply_due=reply_due,
            replied_at=None,
            reminded_at=None,
        )

    def close(self, missive: Missive, now: datetime) -> bool:
        """Close a letter; False if it is closed already."""
        return self._change(missive, missive.state, state=str(MissiveState.CLOSED), closed_at=now)

    def remind(self, missive: Missive, now: datetime) -> bool:
        """Note that a letter's addressee is reminded."""
        return self._change(missive, MissiveState.SENT, reminded_at=now)

    def matter_of(self, project_id: int, matter: str) -> list[int]:
        """Return the problems that letters on a matter of a project have opened, the latest first."""
        return list(
            self._connection.execute(
                select(missives.c.problem_id)
                .where(
                    missives.c.project_id == project_id,
                    missives.c.matter == matter,
                    missives.c.problem_id.is_not(None),
                )
                .order_by(missives.c.id.desc())
            ).scalars()
        )

    def _change(self, missive: Missive, was: MissiveState, **values: Any) -> bool:
        return (
            self._connection.execute(
                update(missives)
                .where(
                    missives.c.id == missive.id,
                    missives.c.state == str(was),
                    missives.c.version == missive.version,
                )
                .values(**values)
            ).rowcount
            == 1
        )


def subject(missive_id: int) -> str:
    """Return the name under which the receipts and the cards of a letter are found."""
    return f"missive:{missive_id}"


def missive_of(row: Row[Any]) -> Missive:
    """Return a letter from its row."""
    return Missive(
        id=row.id,
        slot=row.slot,
        kind=MissiveKind(row.kind),
        matter=row.matter,
        year=row.year,
        sequence=row.sequence,
        project_id=row.project_id,
        project=row.project or "",
        unit_id=row.unit_id,
        unit=row.unit or "",
        subject=row.subject,
        text=row.text,
        state=MissiveState(row.state),
        version=row.version,
        drafted_at=row.drafted_at,
        decided_by=row.decided_by,
        decider=row.decider or "",
        decided_at=row.decided_at,
        reason=row.reason,
        reply_due=row.reply_due,
        sent_at=row.sent_at,
        received_at=row.received_at,
        receiver=row.receiver or "",
        replied_at=row.replied_at,
        replied_by=row.replied_by,
        replier=row.replier or "",
        reply=row.reply,
        reminded_at=row.reminded_at,
        closed_at=row.closed_at,
        problem_id=row.problem_id,
    )

"""Common problems: what is found together, what the office decided, and who follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.domain.commons import NEWCOMERS, PROJECTS, Common, CommonState, Follower
from bot.domain.problems import OPEN
from storage import dialects
from storage.problem_rows import NO_TASK
from storage.tables import commons, people, problems, projects

_OPEN = [str(state) for state in OPEN]
_decider = people.alias("decider")
_COMMON: Select[Any] = (
    select(commons, people.c.name.label("holder"), _decider.c.name.label("decider"))
    .join(people, people.c.id == commons.c.holder_id)
    .outerjoin(_decider, _decider.c.id == commons.c.decided_by)
)
_FOLLOWER: Select[Any] = (
    select(
        problems.c.id,
        problems.c.number,
        problems.c.project_id,
        projects.c.name.label("project"),
        problems.c.text,
        problems.c.state,
    )
    .join(projects, projects.c.id == problems.c.project_id)
    .order_by(problems.c.id)
)
_loose = and_(
    NO_TASK,
    problems.c.state.in_(_OPEN),
    problems.c.opened_at > bindparam("since"),
    problems.c.common_id.is_(None),
)


def _worth_offering(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the groups worth one item that wait for no answer.

    First the groups, by the index of open problems; only then, for each of the few, what was said of it.
    """
    groups = (
        select(problems.c.category, problems.c.holder_id)
        .where(_loose, *conditions)
        .group_by(problems.c.holder_id, problems.c.category)
        .having(func.count(problems.c.project_id.distinct()) >= PROJECTS)
        .subquery("groups")
    )
    last = commons.alias("last")
    newest = (
        select(func.max(commons.c.id))
        .where(commons.c.holder_id == groups.c.holder_id, commons.c.category == groups.c.category)
        .correlate(groups)
        .scalar_subquery()
    )
    newcomers = (
        select(func.count())
        .where(
            _loose,
            problems.c.holder_id == groups.c.holder_id,
            problems.c.category == groups.c.category,
            problems.c.held_since > last.c.decided_at,
        )
        .correlate(groups, last)
        .scalar_subquery()
    )
    return (
        select(groups)
        .select_from(groups.outerjoin(last, last.c.id == newest))
        .where(
            or_(
                last.c.id.is_(None),
                last.c.state == str(CommonState.CLOSED),
                and_(last.c.state == str(CommonState.DECLINED), newcomers >= NEWCOMERS),
            )
        )
        .order_by(groups.c.holder_id, groups.c.category)
    )


_TO_OFFER = _worth_offering()
_STILL_TO_OFFER = _worth_offering(
    problems.c.holder_id == bindparam("holder"), problems.c.category == bindparam("of_category")
)
# Wrapped, or SQLite would begin with all that are open, by their index, and not with the few that are tied.
_is_open = func.coalesce(problems.c.state, "").in_(_OPEN)
_IS_MERGED = commons.c.state == str(CommonState.MERGED)
_JOINING = (
    select(problems.c.id.label("problem_id"), commons.c.id.label("common_id"))
    .select_from(commons)
    .join(
        problems,
        and_(problems.c.holder_id == commons.c.holder_id, problems.c.category == commons.c.category),
    )
    .where(
        _IS_MERGED,
        NO_TASK,
        _is_open,
        problems.c.common_id.is_(None),
        problems.c.held_since > commons.c.decided_at,
    )
)
_LEAVING = (
    select(problems.c.id.label("problem_id"), commons.c.id.label("common_id"))
    .join(commons, commons.c.id == problems.c.common_id)
    .where(
        problems.c.common_id.is_not(None),
        _is_open,
        or_(
            ~_IS_MERGED,
            problems.c.holder_id != commons.c.holder_id,
            problems.c.category != commons.c.category,
        ),
    )
)
_OVER = (
    select(commons.c.id)
    .where(
        _IS_MERGED,
        ~select(problems.c.id)
        .where(problems.c.common_id == commons.c.id, problems.c.state.in_(_OPEN))
        .exists(),
    )
    .order_by(commons.c.id)
)


@dataclass(frozen=True, slots=True)
class Tie:
    """A problem that joins a common problem, or leaves it."""

    problem_id: int
    common_id: int


class Commons:
    """An offer is answered once: of two answers, one wins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, common_id: int) -> Common | None:
        """Return a common problem."""
        row = self._connection.execute(_COMMON.where(commons.c.id == common_id)).first()
        return _common(row) if row else None

    def followers(self, common_id: int) -> list[Follower]:
        """Return the problems that follow it, or did when they were closed; the oldest first."""
        return self._followers(problems.c.common_id == common_id)

    def loose(self, category: str, holder_id: int, since: datetime) -> list[Follower]:
        """Return the open problems of a category with a holder that follow nothing yet."""
        statement = _FOLLOWER.where(
            _loose, problems.c.category == category, problems.c.holder_id == holder_id
        )
        return [_follower(row) for row in self._connection.execute(statement, {"since": since})]

    def _followers(self, *conditions: Any) -> list[Follower]:
        return [_follower(row) for row in self._connection.execute(_FOLLOWER.where(*conditions))]

    # --- what time brings ---------------------------------------------------------------

    def to_offer(self, since: datetime) -> list[tuple[str, int]]:
        """Return the categories and holders that are worth one item and wait for no answer."""
        rows = self._connection.execute(_TO_OFFER, {"since": since})
        return [(row.category, row.holder_id) for row in rows]

    def joining(self) -> list[Tie]:
        """Return the problems that have come to somebody since theirs were made one item."""
        return self._ties(_JOINING)

    def leaving(self) -> list[Tie]:
        """Return the followers that somebody else holds by now, or that became something else."""
        return self._ties(_LEAVING)

    def _ties(self, statement: Select[Any]) -> list[Tie]:
        # Sorted here: to spare itself the sorting, SQLite would look through all problems in their order.
        rows = sorted(self._connection.execute(statement))
        return [Tie(row.problem_id, row.common_id) for row in rows]

    def over(self) -> list[int]:
        """Return the common problems of which nothing is open any more."""
        return list(self._connection.execute(_OVER).scalars())

    # --- changes ------------------------------------------------------------------------

    def offer(self, category: str, holder_id: int, since: datetime, now: datetime) -> Common | None:
        """Offer one item; None if somebody else has offered it meanwhile."""
        dialects.alone(self._connection, "commons")
        still = {"since": since, "holder": holder_id, "of_category": category}
        if self._connection.execute(_STILL_TO_OFFER, still).first() is None:
            return None
        row = {"category": category, "holder_id": holder_id, "state": str(CommonState.OFFERED), "at": now}
        key: Any = self._connection.execute(insert(commons), row).inserted_primary_key
        return self.get(key[0])

    def decide(self, common: Common, state: CommonState, by_id: int, now: datetime) -> bool:
        """Keep the office's answer; False if there was one."""
        return self._change(
            common.id, CommonState.OFFERED, state=str(state), decided_by=by_id, decided_at=now
        )

    def close(self, common_id: int) -> bool:
        """Close it; False if it was closed already."""
        return self._change(common_id, CommonState.MERGED, state=str(CommonState.CLOSED))

    def join(self, common_id: int, problem_ids: Iterable[int]) -> None:
        """Let problems follow it."""
        self._tie(common_id, problem_ids)

    def leave(self, problem_ids: Iterable[int]) -> None:
        """Let problems follow nothing."""
        self._tie(None, problem_ids)

    def succeed(self, from_id: int, to_id: int) -> list[int]:
        """Put a successor in the holder's place: what was made one item stays one. Return which."""
        live = (str(CommonState.OFFERED), str(CommonState.MERGED))
        mine = select(commons.c.id).where(commons.c.holder_id == from_id, commons.c.state.in_(live))
        found = list(self._connection.execute(mine.order_by(commons.c.id)).scalars())
        self._connection.execute(update(commons).where(commons.c.id.in_(found)).values(holder_id=to_id))
        return found

    def _change(self, common_id: int, was: CommonState, **values: Any) -> bool:
        statement = update(commons).where(commons.c.id == common_id, commons.c.state == str(was))
        return self._connection.execute(statement.values(**values)).rowcount == 1

    def _tie(self, common_id: int | None, problem_ids: Iterable[int]) -> None:
        self._connection.execute(
            update(problems).where(problems.c.id.in_(list(problem_ids))).values(common_id=common_id)
        )


def _common(row: Row[Any]) -> Common:
    return Common(
        id=row.id,
        category=row.category,
        holder_id=row.holder_id,
        holder=row.holder,
        state=CommonState(row.state),
        at=row.at,
        decided_by=row.decider or "",
        decided_at=row.decided_at,
    )


def _follower(row: Row[Any]) -> Follower:
    return Follower(
        id=row.id,
        number=row.number,
        project_id=row.project_id,
        project=row.project,
        text=row.text,
        state=row.state,
        is_open=row.state in _OPEN,
    )

"""Who might be given a prize (季考评), with the numbers; the office decides, never the machine."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from bot.domain.document import Kind
from bot.domain.people import UnitKind
from bot.domain.problems import State
from bot.domain.stages import Step
from storage.dataset import Figure, Line, Question
from storage.dates import taken
from storage.figures import IS_PROBLEM, project_lines, within
from storage.scoping import projects_in
from storage.tables import people, problems, projects, units

FEWEST = 5
"""A department that solved fewer problems in the time is compared with nobody."""

_LAND = "征拆"

CANDIDATE = (
    # start 开工奖, push 推进奖, finish 竣工奖, service 服务奖, land 征拆奖.
    Figure("award", Kind.WORD, 10, words="award."),
    Figure("number", Kind.WORD, 11),
    Figure("name", Kind.PROSE, 26),
    Figure("place", Kind.WORD, 10),
    Figure("unit", Kind.PROSE, 18),
    Figure("lead_leader", Kind.WORD, 10),
    Figure("total", Kind.MONEY, 14),
    Figure("planned", Kind.MONEY, 14),
    Figure("cumulative", Kind.MONEY, 14),
    Figure("invested", Kind.MONEY, 14),
    Figure("plan_share", Kind.SHARE, 10, of=("cumulative", "planned")),
    Figure("difference", Kind.POINTS, 10),
    Figure("permille", Kind.SHARE, 10),
    Figure("planned_start", Kind.DAY, 12),
    Figure("actual_start", Kind.DAY, 12),
    Figure("start_late", Kind.COUNT, 10),
    Figure("planned_completion", Kind.DAY, 12),
    Figure("actual_completion", Kind.DAY, 12),
    Figure("completion_late", Kind.COUNT, 10),
    Figure("solved", Kind.COUNT, 10),
    Figure("on_time", Kind.COUNT, 10),
    Figure("on_time_share", Kind.SHARE, 10, of=("on_time", "solved")),
)


def candidate_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield the candidates of each prize, the strongest numbers first."""
    every = project_lines(connection, question)
    started = _among(every, taken(connection, question, Step.START))
    finished = _among(every, taken(connection, question, Step.COMPLETION))
    ahead = [line for line in every if _number(line["difference"]) >= 0 and _number(line["invested"]) > 0]
    yield from _of("start", sorted(started, key=lambda line: _number(line["start_late"])))
    yield from _of("push", sorted(ahead, key=lambda line: -_number(line["difference"])))
    yield from _of("finish", sorted(finished, key=lambda line: _number(line["completion_late"])))
    yield from _of("service", _departments(connection, question))
    yield from _of("land", _places(connection, question))


def _among(lines: list[Line], ids: set[int]) -> list[Line]:
    return [line for line in lines if line["id"] in ids]


def _of(award: str, lines: list[Line]) -> Iterator[Line]:
    for line in lines:
        shown = {figure.key: line.get(figure.key) for figure in CANDIDATE}
        yield {**shown, "award": award, "key": line["key"], "source": line["source"]}


def _number(value: object) -> int:
    """Return a figure as a number; what has none is beaten by all."""
    return value if isinstance(value, int) else -(10**9)


def _departments(connection: Connection, question: Question) -> list[Line]:
    """Return the departments that solved enough, by the share that they solved in time."""
    rows = connection.execute(
        _solved(question, units.c.name.label("name"))
        .join(people, people.c.id == problems.c.holder_id)
        .join(units, units.c.id == people.c.unit_id)
        .where(units.c.kind == str(UnitKind.DEPARTMENT))
        .group_by(units.c.name)
        .having(func.count() >= FEWEST)
    )
    return sorted((_counted(row) for row in rows), key=_best)


def _places(connection: Connection, question: Question) -> list[Line]:
    """Return the townships where 征拆 was solved, by how much of it."""
    rows = connection.execute(
        _solved(question, projects.c.place.label("name"))
        .join(projects, projects.c.id == problems.c.project_id)
        .where(problems.c.category == _LAND, projects.c.place != "")
        .group_by(projects.c.place)
    )
    return sorted((_counted(row) for row in rows), key=lambda line: (-_number(line["solved"]), *_best(line)))


def _solved(question: Question, name: Any) -> Any:
    """Return the beginning of a query that counts what was closed in these days, and what of it in time."""
    in_time = func.coalesce(problems.c.solved_at, problems.c.closed_at) <= problems.c.solve_due
    return select(
        name, func.count().label("solved"), func.sum(case((in_time, 1), else_=0)).label("on_time")
    ).where(
        IS_PROBLEM,
        problems.c.state == str(State.CLOSED),
        and_(within(problems.c.closed_at, question)),
        problems.c.project_id.in_(projects_in(question.scope, question.today)),
    )


def _counted(row: Any) -> Line:
    solved, on_time = int(row.solved), int(row.on_time)
    return {
        "key": row.name,
        "source": "",
        "name": row.name,
        "solved": solved,
        "on_time": on_time,
        "on_time_share": on_time * 1000 // solved,
    }


def _best(line: Line) -> tuple[int, int, str]:
    return -_number(line["on_time_share"]), -_number(line["solved"]), str(line["name"])

"""Projects or places by outcome (MISSION feature 12): their points, each with the numbers it comes from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from bot.domain.blanks import Value
from bot.domain.document import Kind
from bot.domain.projects import ProjectClass, Stage
from bot.domain.ranking import SIZES, Item, Standing, points, rank, size_of, size_of_place
from bot.domain.summary import cut
from storage.dataset import Figure, Line, Question
from storage.figures import IS_PROBLEM, project_lines
from storage.scoping import projects_in
from storage.tables import milestones, problems, projects

_POINTS = tuple((f"points_{item}", item) for item in Item)
_SCORES = tuple(Figure(key, Kind.SCORE, 10) for key, _ in _POINTS)
# Who answers for a project is no part of its ranking.
_WHO = (
    Figure("number", Kind.WORD, 11),
    Figure("name", Kind.PROSE, 26),
    Figure("place", Kind.WORD, 10),
    Figure("unit", Kind.PROSE, 16),
    Figure("group", Kind.PROSE, 20),
    Figure("class", Kind.WORD, 8),
    Figure("stage", Kind.WORD, 10),
    Figure("size", Kind.WORD, 12),
)
RANKING = (
    Figure("rank", Kind.COUNT, 8),
    Figure("score", Kind.SCORE, 10),
    Figure("among", Kind.COUNT, 10),
    *_WHO,
    *_SCORES,
    Figure("total", Kind.MONEY, 14),
    Figure("planned", Kind.MONEY, 14),
    Figure("cumulative", Kind.MONEY, 14),
    Figure("plan_share", Kind.SHARE, 10, of=("cumulative", "planned")),
    Figure("time_share", Kind.SHARE, 10),
    Figure("invested", Kind.MONEY, 14),
    Figure("period_plan", Kind.MONEY, 14),
    Figure("advanced", Kind.POINTS, 10),
    Figure("period_advance", Kind.POINTS, 10),
    Figure("judged", Kind.COUNT, 8),
    Figure("judged_in_time", Kind.COUNT, 8),
    Figure("fallen_due", Kind.COUNT, 8),
    Figure("met", Kind.COUNT, 8),
)
TRIAL = (
    *_WHO,
    Figure("among", Kind.COUNT, 10),
    Figure("score", Kind.SCORE, 10),
    Figure("rank", Kind.COUNT, 8),
    Figure("score_then", Kind.SCORE, 10),
    Figure("rank_then", Kind.COUNT, 8),
    Figure("places", Kind.COUNT, 8),
    Figure("moves", Kind.MARK, 8),
    # 「纯碱项目 3→1」
    Figure("move", Kind.PROSE, 26),
)

_SHOWN = (*(figure.key for figure in RANKING), "key", "source")
_CLASSES: dict[Value, int] = {str(each): at for at, each in enumerate(ProjectClass)}
_STAGES: dict[Value, int] = {str(each): at for at, each in enumerate(Stage)}
_RAW = ("total", "planned", "cumulative", "invested", "period_plan", "advanced", "period_advance", *(
    "judged", "judged_in_time", "fallen_due", "met"))  # fmt: skip


def ranking_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield what is ranked, group by group, the best first; what has no rank comes after."""
    entries = _entries(connection, question)
    for entry, standing in _in_order(entries, rank(_judged(entries), question.scorecard)):
        yield {**entry.line, **_standing(standing)}


def trial_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield where each stands by the county's weights and would stand by others, the furthest moved first."""
    entries = _entries(connection, question)
    judged = _judged(entries)
    now, then = (rank(judged, each) for each in (question.county.ranking, question.scorecard))
    lines: list[tuple[int, Line]] = []
    for entry, was, would in zip(entries, now, then, strict=True):
        # Whether a group is large enough may hang on the weights: there is more to judge by some.
        if was.rank is None or would.rank is None:
            continue
        places = was.rank - would.rank
        shown = {figure.key: entry.line.get(figure.key) for figure in TRIAL}
        line = {**shown, **_standing(was), "key": entry.line["key"], "source": entry.line["source"]} | {
            "score_then": would.score,
            "rank_then": would.rank,
            "places": places,
            "moves": int(places != 0),
            "move": f"{cut(str(entry.line['name']), 8)} {was.rank}→{would.rank}",
        }
        lines.append((-abs(places), line))
    yield from (line for _, line in sorted(lines, key=lambda each: each[0]))


@dataclass
class _Entry:
    """What is ranked: its line, the group it is compared in, and its points."""

    line: dict[str, Value]
    order: tuple[Any, ...]
    points: Mapping[Item, int | None] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return str(self.line["group"])


def _judged(entries: Sequence[_Entry]) -> list[tuple[str, Mapping[Item, int | None]]]:
    return [(entry.group, entry.points) for entry in entries]


def _standing(standing: Standing) -> dict[str, Value]:
    return {"rank": standing.rank, "score": standing.score, "among": standing.among}


def _in_order(entries: list[_Entry], standings: list[Standing]) -> list[tuple[_Entry, Standing]]:
    def place(each: tuple[_Entry, Standing]) -> tuple[Any, ...]:
        entry, standing = each
        no_rank, no_score = standing.rank is None, standing.score is None
        return no_rank, entry.order, no_score, -(standing.score or 0), str(entry.line["key"])

    return sorted(zip(entries, standings, strict=True), key=place)


# --- the numbers ------------------------------------------------------------------------


def _entries(connection: Connection, question: Question) -> list[_Entry]:
    return question.once(connection, _of_places if question.by == "place" else _of_projects)


def _of_places(connection: Connection, question: Question) -> list[_Entry]:
    return [_scored(entry, question) for entry in _places(question.once(connection, _numbers))]


def _of_projects(connection: Connection, question: Question) -> list[_Entry]:
    return [
        _of_project(line) if _is_over(line, question) else _scored(_of_project(line), question)
        for line in question.once(connection, _numbers)
    ]


def _is_over(line: Line, question: Question) -> bool:
    """Tell whether a project was complete before these days: there was nothing to be won."""
    done = line["actual_completion"]
    return str(done) < question.first.isoformat() if done else line["class"] == str(ProjectClass.BUILT)


def _numbers(connection: Connection, question: Question) -> list[Line]:
    """Return every project with what it is judged by."""
    solved, reached = _solved(connection, question), _reached(connection, question)
    found: list[Line] = []
    for line in project_lines(connection, question):
        judged, judged_in_time = solved.get(line["id"], (0, 0))
        fallen_due, met = reached.get(line["id"], (0, 0))
        found.append(
            {
                **line,
                "invested": line["invested_this_year"],
                "period_plan": _period_plan(line, question),
                "period_advance": _period_advance(line, question),
                "judged": judged,
                "judged_in_time": judged_in_time,
                "fallen_due": fallen_due,
                "met": met,
            }
        )
    return found


def _of_project(line: Line) -> _Entry:
    size = size_of(_number(line["total"]))
    shown = {key: line.get(key) for key in _SHOWN}
    shown["group"] = f"{line['class']}·{line['stage']}·{size}"
    shown["size"] = size
    return _Entry(shown, (_CLASSES[line["class"]], _STAGES[line["stage"]], SIZES.index(size)))


def _places(lines: Iterable[Line]) -> Iterator[_Entry]:
    """Yield each place with the sums of its projects."""
    places: dict[str, list[Line]] = {}
    for line in lines:
        if line["place"]:
            places.setdefault(str(line["place"]), []).append(line)
    for name, theirs in places.items():
        size = size_of_place(len(theirs))
        sums: dict[str, Value] = {key: sum(_number(each[key]) for each in theirs) for key in _RAW}
        # Points of progress that nobody had to gain are not gained for the place either.
        sums["advanced"] = sum(
            _number(each["advanced"]) for each in theirs if each["period_advance"] is not None
        )
        named: dict[str, Value] = {"name": name, "place": name, "group": size, "size": size}
        shown = {figure.key: None for figure in RANKING} | dict.fromkeys(
            ("number", "unit", "class", "stage"), ""
        )
        yield _Entry({**shown, **sums, **named, "key": name, "source": ""}, (SIZES.index(size),))


def _scored(entry: _Entry, question: Question) -> _Entry:
    number = {key: _number(entry.line[key]) for key in _RAW}
    time = max(1, question.year_share)
    entry.points = {
        Item.PLAN: points(number["cumulative"] * 1000, number["planned"] * time),
        Item.INVESTMENT: points(number["invested"], number["period_plan"]),
        Item.PROGRESS: points(number["advanced"], number["period_advance"]),
        Item.PROBLEMS: points(number["judged_in_time"], number["judged"]),
        Item.MILESTONES: points(number["met"], number["fallen_due"]),
    }
    planned, cumulative = number["planned"], number["cumulative"]
    for key, item in _POINTS:
        entry.line[key] = entry.points[item]
    entry.line["plan_share"] = cumulative * 1000 // planned if planned else None
    entry.line["time_share"] = question.year_share
    return entry


def _period_plan(line: Line, question: Question) -> int | None:
    """Return these days' part of the year's plan, at most what was left of it."""
    planned = _number(line["planned"])
    days = (question.until - max(question.first, question.until.replace(month=1, day=1))).days + 1
    whole = (question.until.replace(month=12, day=31) - question.until.replace(month=1, day=1)).days + 1
    left = planned - (_number(line["cumulative"]) - _number(line["invested_this_year"]))
    return max(0, min(left, planned * days // whole)) if planned and days > 0 else None


def _period_advance(line: Line, question: Question) -> int | None:
    """Return by how much the progress had to come on at the planned pace, at most what was left."""
    if not (line["planned_start"] and line["planned_completion"]):
        return None
    start, end = (date.fromisoformat(str(line[key])) for key in ("planned_start", "planned_completion"))
    first, left = max(question.first, start), 1000 - (_number(line["permille"]) - _number(line["advanced"]))
    days, term = (question.until - first).days + 1, (end - start).days + 1
    if days <= 0 or term <= 0 or left <= 0:
        return None
    return min(left, 1000 * days // term) or None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _solved(connection: Connection, question: Question) -> dict[Value, tuple[int, int]]:
    """Return, by project, how many problems came to be judged in these days, and how many were in time.

    Each is judged once: on the day it was solved if that was in time, else on the day it was due.
    """
    in_time = and_(problems.c.solved_at.is_not(None), problems.c.solved_at <= problems.c.solve_due)
    judged_at = case((in_time, problems.c.solved_at), else_=problems.c.solve_due)
    rows = connection.execute(
        select(problems.c.project_id, func.count(), func.sum(case((in_time, 1), else_=0)))
        .where(
            IS_PROBLEM,
            problems.c.paused_at.is_(None),
            problems.c.project_id.in_(projects_in(question.scope, question.today)),
            judged_at >= question.begins,
            judged_at < min(question.ends, question.now),
        )
        .group_by(problems.c.project_id)
    )
    return {project_id: (many, int(timely)) for project_id, many, timely in rows}


def _reached(connection: Connection, question: Question) -> dict[Value, tuple[int, int]]:
    """Return, by project, how many milestones came to be judged in these days, and how many were met.

    A planned start and a planned completion are milestones; each is judged once, as problems are.
    """
    wanted = projects_in(question.scope, question.today)
    found: dict[Value, tuple[int, int]] = {}
    for project_id, planned, done in (
        (milestones.c.project_id, milestones.c.planned, milestones.c.done),
        (projects.c.id, projects.c.planned_start, projects.c.actual_start),
        (projects.c.id, projects.c.planned_completion, projects.c.actual_completion),
    ):
        in_time = and_(done.is_not(None), done <= planned)
        judged_on = case((in_time, done), else_=planned)
        query = select(project_id, func.count(), func.sum(case((in_time, 1), else_=0))).where(
            project_id.in_(wanted),
            judged_on.between(question.first, question.until),
            # On its very day nothing is late yet.
            or_(in_time, planned < question.today),
        )
        for key, judged, reached in connection.execute(query.group_by(project_id)):
            many, met = found.get(key, (0, 0))
            found[key] = many + judged, met + int(reached)
    return found

"""Ranks and banners, reckoned anew by the rule that stands below every ranking for a clerk to recompute.

Each item is worth 0 to 100 points, kept in tenths; what has nothing to judge is left out and the others
share its weight. Compared are those of one class, stage and size; fewer than three have no rank.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from tests.year.figures import Look
from tests.year.rows import Lines, opened

WEIGHTS = {"plan": 30, "investment": 30, "progress": 20, "problems": 10, "milestones": 10}
FEWEST = 3

_CLASSES = ("在建", "建成", "洽谈", "新上", "储备", "争取")
_STAGES = ("策划包装", "招商预审", "谈判签约", "规划选址", "落地开工", "履约评估", "竣工投产")
_YI = 1_000_000
_SIZES = ((_YI, "1亿以下"), (5 * _YI, "1-5亿"), (10 * _YI, "5-10亿"), (10**15, "10亿以上"))
_MANY = ((5, "5个项目以下"), (10, "5-9个项目"), (10**9, "10个项目以上"))
_SUMMED = (
    *("total", "planned", "cumulative", "invested", "period_plan", "period_advance"),
    *("judged", "judged_in_time", "fallen_due", "met"),
)
_SOLVED_IN_TIME = "q.solved_at IS NOT NULL AND q.solved_at <= q.solve_due"


def projects(look: Look, weights: Mapping[str, int] = WEIGHTS) -> Lines:
    """Return every project where it stands, the groups in their order and the best of each first."""
    lines = _numbers(look)
    for line in lines.values():
        size = _first_above(line["total"], _SIZES)
        order = (_CLASSES.index(line["class"]), _STAGES.index(line["stage"]), _SIZES.index(size))
        line |= {"size": size[1], "group": f"{line['class']}·{line['stage']}·{size[1]}", "order": order}
        done = line["actual_completion"]
        was_complete = done < look.first.isoformat() if done else line["class"] == "建成"
        _judge(line, look, weights, is_judged=not was_complete)
    return _ranked(lines)


def places(look: Look) -> Lines:
    """Return every place by the sums of its projects, compared with places of about as many."""
    theirs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in _numbers(look).values():
        if line["place"]:
            theirs[line["place"]].append(line)
    lines: Lines = {}
    for name, those in theirs.items():
        size = _first_above(len(those), _MANY)
        line = {key: sum(each[key] or 0 for each in those) for key in _SUMMED}
        # What nobody had to gain is no gain of the place.
        line["advanced"] = sum(each["advanced"] for each in those if each["period_advance"])
        line |= {"name": name, "group": size[1], "order": (_MANY.index(size),), "source": ""}
        _judge(line, look, WEIGHTS, is_judged=True)
        lines[name] = line
    return _ranked(lines)


def banners(look: Look, lines: Lines) -> Lines:
    """Return the first of each group, with the banners that released papers have given before."""
    earlier = [_given(opened(row["content"])) for row in look.rows(
        "SELECT content FROM bulletins WHERE form = '流动红旗' AND state = '已发' AND last < :first"
        " ORDER BY last DESC"
    )]  # fmt: skip
    found: Lines = {}
    for key, line in lines.items():
        if line["rank"] != 1:
            continue
        had = [any(name == line["name"] for _, _, name in paper) for paper in earlier]
        told = [(day, name) for paper in earlier for day, group, name in paper if group == line["group"]]
        by_day: dict[str, list[str]] = defaultdict(list)
        for day, name in told:
            by_day[day].append(name)
        before = earlier[0] if earlier else []
        found[key] = {
            **line,
            "in_a_row": 1 + [*had, False].index(False),
            "held": 1 + sum(had),
            "holder_before": "、".join(name for _, group, name in before if group == line["group"]),
            "history": "；".join(f"{day} {'、'.join(names)}" for day, names in [*by_day.items()][:4]),
        }
    return found


def trial(look: Look, weights: Mapping[str, int]) -> Lines:
    """Return how ranks would be by other weights, for all that have one by both."""
    was, would = projects(look), projects(look, weights)
    found: Lines = {}
    for key, line in was.items():
        now, then = line["rank"], would[key]["rank"]
        if now and then:
            # As much of a name as a list in a sentence shows.
            name = line["name"] if len(line["name"]) <= 8 else f"{line['name'][:7]}…"
            found[key] = {
                **{each: line[each] for each in ("group", "number", "name", "place", "rank", "score")},
                "rank_then": then,
                "score_then": would[key]["score"],
                "places": now - then,
                "moves": int(now != then),
                "move": f"{name} {now}→{then}",
                "source": line["source"],
            }
    return found


# --- the numbers ------------------------------------------------------------------------


def _numbers(look: Look) -> Lines:
    """Return every project with what it is judged by."""
    lines = look.projects()
    solved, reached = _solved(look), _reached(look)
    for number, line in lines.items():
        many, timely = solved.get(number, (0, 0))
        due, met = reached.get(number, (0, 0))
        line |= {"judged": many, "judged_in_time": timely, "fallen_due": due, "met": met}
        line["invested"] = line["invested_this_year"]
        line |= {"period_plan": _period_plan(line, look), "period_advance": _period_advance(line, look)}
    return lines


def _period_plan(line: dict[str, Any], look: Look) -> int | None:
    """Return the part of the year's plan that falls on these days, at most what was left of it."""
    if not line["planned"]:
        return None
    year = look.until.year
    days = (look.until - max(look.first, date(year, 1, 1))).days + 1
    of_year = (date(year, 12, 31) - date(year - 1, 12, 31)).days
    left = line["planned"] - line["cumulative"] + line["invested"]
    return max(0, min(left, floor(Fraction(line["planned"] * days, of_year))))


def _period_advance(line: dict[str, Any], look: Look) -> int | None:
    """Return by how much the visible progress had to come on, evenly from start to completion as planned."""
    if line["planned_start"] is None or line["planned_completion"] is None:
        return None
    start, end = (date.fromisoformat(line[f"planned_{each}"]) for each in ("start", "completion"))
    days, term = (look.until - max(look.first, start)).days + 1, (end - start).days + 1
    left = 1000 - line["permille"] + line["advanced"]
    if days < 1 or term < 1 or left < 1:
        return None
    return min(left, floor(Fraction(1000 * days, term))) or None


def _solved(look: Look) -> dict[str, tuple[int, int]]:
    """Return by project the problems solved in time or fallen due in these days, and how many in time."""
    rows = look.rows(
        "SELECT number, COUNT(*) AS many, SUM(timely) AS timely FROM ("
        " SELECT p.number, 1 AS timely, q.solved_at AS at FROM problems q"
        "  JOIN projects p ON p.id = q.project_id"
        f"  WHERE {_SOLVED_IN_TIME} AND q.nature = '问题' AND q.state <> '已撤销' AND q.paused_at IS NULL"
        " UNION ALL SELECT p.number, 0, q.solve_due FROM problems q JOIN projects p ON p.id = q.project_id"
        f"  WHERE q.solve_due IS NOT NULL AND NOT ({_SOLVED_IN_TIME})"
        "  AND q.nature = '问题' AND q.state <> '已撤销' AND q.paused_at IS NULL"
        ") WHERE at >= :begins AND at < :ends AND at < :now GROUP BY number"
    )
    return {row["number"]: (row["many"], row["timely"]) for row in rows}


def _reached(look: Look) -> dict[str, tuple[int, int]]:
    """Return by project the milestones, starts and completions judged in these days, and those in time."""
    dated = (
        "SELECT p.number, m.planned, m.done FROM milestones m JOIN projects p ON p.id = m.project_id"
        " UNION ALL SELECT number, planned_start, actual_start FROM projects"
        " UNION ALL SELECT number, planned_completion, actual_completion FROM projects"
    )
    found: dict[str, tuple[int, int]] = {}
    for row in look.rows(f"SELECT * FROM ({dated}) WHERE planned IS NOT NULL"):
        in_time = row["done"] is not None and row["done"] <= row["planned"]
        day = row["done"] if in_time else row["planned"]
        is_judged = look.first.isoformat() <= day <= look.until.isoformat()
        # On its very day nothing is late yet.
        if is_judged and (in_time or day < look.today.isoformat()):
            due, met = found.get(row["number"], (0, 0))
            found[row["number"]] = due + 1, met + in_time
    return found


# --- points and ranks -------------------------------------------------------------------


def _judge(line: dict[str, Any], look: Look, weights: Mapping[str, int], *, is_judged: bool) -> None:
    """Put the points of each item and the score into a line; a half goes up, as people round."""
    parts = {
        "plan": (line["cumulative"] * 1000, line["planned"] * max(1, look.year_share)),
        "investment": (line["invested"], line["period_plan"] or 0),
        "progress": (line["advanced"], line["period_advance"] or 0),
        "problems": (line["judged_in_time"], line["judged"]),
        "milestones": (line["met"], line["fallen_due"]),
    }
    points = {
        item: max(0, min(1000, floor(Fraction(1000 * part, whole) + Fraction(1, 2))))
        for item, (part, whole) in parts.items()
        if is_judged and whole > 0
    }
    shared = sum(weights[item] for item in points if item in weights)
    total = sum(points[item] * weights[item] for item in points if item in weights)
    line |= {f"points_{item}": points.get(item) for item in parts}
    line["score"] = floor(Fraction(total, shared) + Fraction(1, 2)) if shared else None


def _ranked(lines: Lines) -> Lines:
    """Return the lines in their order with their ranks: equal scores share one, and the next is left out."""
    scores: dict[str, list[int]] = defaultdict(list)
    for line in lines.values():
        if line["score"] is not None:
            scores[line["group"]].append(line["score"])
    for line in lines.values():
        those = scores[line["group"]]
        line["among"] = len(those)
        has_rank = line["score"] is not None and len(those) >= FEWEST
        line["rank"] = 1 + sum(each > line["score"] for each in those) if has_rank else None
    return dict(
        sorted(
            lines.items(),
            key=lambda each: (
                each[1]["rank"] is None,
                each[1]["order"],
                each[1]["score"] is None,
                -(each[1]["score"] or 0),
                each[0],
            ),
        )
    )


def _first_above(value: int, sizes: tuple[tuple[int, str], ...]) -> tuple[int, str]:
    return next(size for size in sizes if value < size[0])


def _given(paper: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the day, the group and the name of each banner of a paper as it was released."""
    found = []
    for table in paper["tables"]:
        keys = [each["key"] for each in table["headings"]]
        if "held" in keys:
            at, of = keys.index("name"), keys.index("group")
            found += [(paper["last"], row["values"][of], row["values"][at]) for row in table["rows"]]
    return found

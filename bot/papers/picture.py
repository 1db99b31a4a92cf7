"""The weekly digest as a picture that a phone shows whole."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.deadlines import Light
from bot.domain.digest import Digest
from bot.domain.lines import Pace, ProblemLine, ProjectLine
from bot.domain.summary import (
    Say,
    cut,
    lateness_words,
    light_word,
    money,
    percent,
    points,
    scope_words,
    week_words,
)

if TYPE_CHECKING:
    import typst

_ROWS = 12
_LATE_ROWS = 6
_CATEGORIES = 8
_NAME = 60
"""More of a name than any line can show; the template cuts at the line's end."""

_PIXELS_PER_INCH = 216
"""360 points become 1080 pixels."""


def digest_picture(digest: Digest, say: Say) -> bytes:
    """Return the digest as a PNG, 1080 pixels wide; the same digest gives the same bytes."""
    words = json.dumps(_words(digest, say), ensure_ascii=False)
    picture = _compiler().compile(format="png", ppi=_PIXELS_PER_INCH, sys_inputs={"digest": words})
    if not isinstance(picture, bytes):
        raise TypeError(type(picture))
    return picture


@cache
def _compiler() -> "typst.Compiler":
    """Load typst and the two fonts once for each process: they are the costly part."""
    import typst  # noqa: PLC0415 -- 80 MB that only a picture needs
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415

    template = Path(__file__).with_name("digest.typ")
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[sans_path().parent]
    )
    return typst.Compiler(template, font_paths=fonts, ignore_system_fonts=True)


def _words(digest: Digest, say: Say) -> dict[str, object]:
    """Everything the template shows, as strings that are ready to be drawn."""
    return {
        "county": cut(digest.county, _NAME),
        "title": say("picture.title", scope=scope_words(digest.scope, say)),
        "late": say("picture.late") if digest.late else "",
        "week": week_words(digest, say),
        "time": digest.year_permille,
        "invested": _invested(digest, say),
        "moved": _moved(digest, say),
        "year": _year(digest, say),
        "counts": _counts(digest, say),
        "projects": _projects(digest, say),
        "problems": _problems(digest, say),
        "footer": say("picture.footer", made_at=_moment(digest.made_at, digest)),
    }


def _invested(digest: Digest, say: Say) -> dict[str, object]:
    return {
        "label": say("picture.invested"),
        "figure": _figure(money(digest.invested, say)),
        "note": say("picture.invested_in", count=sum(line.invested > 0 for line in digest.projects)),
    }


def _moved(digest: Digest, say: Say) -> dict[str, object]:
    still = len(digest.standing_still)
    return {
        "label": say("picture.moved"),
        "figure": (str(len(digest.moved)), f"/ {len(digest.projects)}"),
        "note": say("picture.standing_still", count=still) if still else say("picture.none_standing_still"),
    }


def _year(digest: Digest, say: Say) -> dict[str, object]:
    done = digest.plan_permille
    before = sum(line.cumulative_before for line in digest.projects)
    return {
        "label": say("picture.year"),
        "figure": _figure(money(digest.cumulative, say)),
        "note": say("picture.no_plan")
        if done is None
        else say("picture.plan", amount=money(digest.planned, say)),
        "time": ""
        if done is None
        else say("picture.share", share=percent(done), time=percent(digest.year_permille)),
        "bar": None if done is None else {"done": done, "before": before * 1000 // digest.planned},
    }


def _figure(words: str) -> tuple[str, str]:
    """Split「1.24 亿元」into the number, drawn large, and its unit."""
    number, _, unit = words.partition(" ")
    return number, unit


def _counts(digest: Digest, say: Say) -> dict[str, object]:
    solved = digest.solved_permille
    overdue = len(digest.overdue)
    return {
        "label": say("picture.problems"),
        "note": "" if solved is None else say("picture.solved", share=percent(solved)),
        "figures": [
            (say("picture.opened"), str(len(digest.opened)), False),
            (say("picture.closed"), str(len(digest.closed)), False),
            (say("picture.open"), str(len(digest.open)), False),
            (say("picture.overdue"), str(overdue), overdue > 0),
        ],
    }


def _projects(digest: Digest, say: Say) -> dict[str, object]:
    lines = digest.by_movement
    rest = len(lines) - _ROWS
    return {
        "title": say("picture.projects"),
        "before": say("picture.key_before"),
        "now": say("picture.key_now"),
        "time": say("picture.key_time"),
        "none": say("digest.no_projects"),
        "rows": [_project(line, digest, say) for line in lines[:_ROWS]],
        "rest": say("picture.more_projects", count=rest) if rest > 0 else "",
    }


def _project(line: ProjectLine, digest: Digest, say: Say) -> dict[str, object]:
    moved = line.has_moved(digest.week)
    pace = line.pace(digest.year_permille)
    if line.invested:
        week = say("picture.week", amount=money(line.invested, say))
    else:
        week = say("picture.week_progress") if moved else say("picture.week_nothing")
    words = percent(line.permille)
    if line.advanced:
        words += f" {points(line.advanced)}"
    done = line.plan_permille
    return {
        "name": cut(line.name, _NAME),
        "week": week,
        "moved": moved,
        "pace": pace,
        "plan": say("picture.no_plan") if done is None else say(_PACE[pace], share=percent(done)),
        "visible": say("picture.visible", permille=words),
        # Who cannot be behind is not held against the time of the year.
        "bar": None
        if done is None or pace is None
        else {"done": done, "before": line.cumulative_before * 1000 // line.planned},
    }


_PACE = {
    None: "picture.unpaced",
    Pace.ON_TIME: "picture.pace_on_time",
    Pace.CLOSE: "picture.pace_close",
    Pace.BEHIND: "picture.pace_behind",
}


def _problems(digest: Digest, say: Say) -> dict[str, object]:
    late = digest.overdue
    counts = digest.by_category
    shown = [{"name": cut(name, 12), "count": count} for name, count in counts[:_CATEGORIES]]
    if further := sum(count for _, count in counts[_CATEGORIES:]):
        shown[-1] = {"name": say("picture.further"), "count": further + counts[_CATEGORIES - 1][1]}
    return {
        "title": say("picture.open_problems"),
        "none": "" if counts else say("picture.no_open_problems"),
        "categories": shown,
        "lights": [
            (
                light.name.lower(),
                say("picture.light", word=light_word(light, say), count=digest.shining(light)),
            )
            for light in Light
        ]
        if counts
        else [],
        "overdue": say("picture.overdue_title", count=len(late)),
        "late": [_late(line, digest, say) for line in late[:_LATE_ROWS]],
        "rest": say("picture.more_overdue", count=len(late) - _LATE_ROWS) if len(late) > _LATE_ROWS else "",
    }


def _late(line: ProblemLine, digest: Digest, say: Say) -> dict[str, object]:
    return {
        "number": cut(line.number, 12),
        "project": cut(line.project, _NAME),
        "category": cut(line.category, 12),
        "days": lateness_words(line, digest, say),
    }


def _moment(moment: datetime, digest: Digest) -> str:
    return f"{moment.astimezone(digest.zone):%Y-%m-%d %H:%M}"

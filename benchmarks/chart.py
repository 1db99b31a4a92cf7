"""Draws what was measured side by side: benchmarks/chart.svg."""

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.results import Results, middle
from benchmarks.sides import US


def drawn(results: Results) -> bytes | None:
    """Return the bars as an SVG; None where no sides were compared."""
    groups = _groups(results)
    if not groups:
        return None
    import typst  # noqa: PLC0415 -- 80 MB that only a picture needs
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[sans_path().parent]
    )
    compiler = typst.Compiler(
        Path(__file__).with_name("chart.typ"), font_paths=fonts, ignore_system_fonts=True
    )
    picture = compiler.compile(format="svg", sys_inputs={"groups": json.dumps(groups, ensure_ascii=False)})
    return picture if isinstance(picture, bytes) else None


def _groups(results: Results) -> list[dict[str, object]]:
    found = []
    if results.turn:
        turns = {name: middle(runs, lambda run: run.rate) for name, runs in results.turn.turns.items()}
        found.append(_group("Durable turns a second", turns))
    if results.fanout:
        free = {
            name: middle(runs, lambda run: run.rate) for (_, name), runs in results.fanout.unlimited.items()
        }
        found.append(_group("Messages a second to a server without limits", free))
    if results.postgresql:
        finished: dict[str, float] = {}
        for (name, _), rate in results.postgresql.finished.items():
            finished[name] = max(rate, finished.get(name, 0))
        found.append(_group("Letters or jobs claimed and finished a second, PostgreSQL", finished))
    return found


def _group(title: str, rates: Mapping[str, float]) -> dict[str, object]:
    most = max(rates.values())
    bars = [
        {"name": name, "number": f"{rate:,.0f}", "share": rate / most, "ours": name == US}
        for name, rate in rates.items()
    ]
    return {"title": title, "bars": bars}

"""What the last `make faults` came to: it keeps a report of its own, and the page quotes it."""

from dataclasses import dataclass

from benchmarks.markdown import prose, table
from benchmarks.sides import ROOT

_REPORT = ROOT / "tests" / "faults" / "REPORT.md"

_NO_FIGURES = ("when (UTC)", "commit", "load")


@dataclass(frozen=True, slots=True)
class Kept:
    """The last row of one table: what was done, when, and what it came to."""

    what: str
    when: str
    figures: dict[str, str]


def kept(report: str) -> list[Kept]:
    """Return the last row of each table of the report."""
    found = []
    for part in report.split("\n## ")[1:]:
        title, *lines = part.splitlines()
        head, _, *rows = [_cells(line) for line in lines if line.startswith("|")]
        last = dict(zip(head, rows[-1], strict=True))
        figures = {name: value for name, value in last.items() if name not in _NO_FIGURES}
        found.append(Kept(title, last[_NO_FIGURES[0]], figures))
    return found


def section() -> list[str]:
    """Return the part of the page about it."""
    rows = kept(_REPORT.read_text(encoding="utf-8"))
    lines = [
        [each.what, each.when, ", ".join(f"{name} {value}" for name, value in each.figures.items())]
        for each in rows
    ]
    return [
        "## 12 What the faults came to",
        prose(
            "Of the last `make faults`; a figure in brackets is the most that is allowed. Every run is in",
            "[its report](../tests/faults/REPORT.md).",
        ),
        table(["", "when (UTC)", ""], lines),
    ]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]

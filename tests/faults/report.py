"""Adds what a run of faults counted to the report that is kept, and prints it.

``python -m tests.faults.report TALLY``, which `make faults` does at its end.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

REPORT = Path(__file__).with_name("REPORT.md")

Found = list[dict[str, Any]]
Columns = dict[str, Callable[[Found], str]]

_HEAD = """# What the faults came to

Appended by each `make faults` (`tests/faults/report.py`): a row is a run. Numbers are those of the machine
and its load in that hour; lost and doubled are true on any. “Doubled” are copies that no doubt explains; a
letter is in doubt when nobody knows whether it arrived – the process died, or the answer did – and is then
sent once more, marked.
"""


def _sum(name: str) -> Callable[[Found], str]:
    return lambda found: f"{sum(each[name] for each in found):,}"


def _most(name: str, form: str = "{:.2f}") -> Callable[[Found], str]:
    """Return the worst of what was measured, the targets being the most that is allowed."""
    return lambda found: form.format(max(each[name] for each in found))


def _copies(found: Found) -> str:
    doubts = sum(each["doubts"] for each in found)
    return f"{sum(each['again'] for each in found) / doubts:.2f}" if doubts else "–"


def _ready(found: Found) -> list[float]:
    return sorted(wait for each in found for wait in each["ready"])


def _p99(values: Sequence[float]) -> float:
    return values[min(len(values) - 1, int(len(values) * 0.99))]


def _longest(name: str) -> Callable[[Found], str]:
    return lambda found: f"{max(wait for each in found for wait in each.get(name, (0,))):.1f}"


TABLES: dict[str, tuple[str, Columns]] = {
    "kills": (
        "Killed at random in a burst of 500 updates, amid 429s and answers that never came",
        {
            "kills": _sum("kills"),
            "confirmed": _sum("confirmed"),
            "lost": _sum("lost"),
            "doubled": _sum("undoubted"),
            "in doubt": _sum("doubts"),
            "copies per doubt": _copies,
            "given up": _sum("given_up"),
            "429s": _sum("limited"),
            "calls in a wait": _sum("too_early"),
            "ready s (median)": lambda found: f"{median(_ready(found)):.2f}",
            "ready s (p99; 5)": lambda found: f"{_p99(_ready(found)):.2f}",
        },
    ),
    "sweep": (
        "Dead at every step of a week, and in pairs",
        {
            "platforms": lambda found: ", ".join(sorted({each["place"] for each in found})),
            "runs": lambda found: f"{len(found):,}",
            "deaths": _sum("deaths"),
            "in doubt": _sum("doubts"),
            "otherwise than without": lambda found: f"{sum(each['differences'] > 0 for each in found):,}",
        },
    ),
    "power": (
        "The power cut beside calls to the disk",
        {
            "cuts": _sum("cuts"),
            "confirmed and lost": _sum("lost"),
            "sent and forgotten": _sum("forgotten"),
            "damaged or refused": _sum("damaged"),
        },
    ),
    "figures": (
        "A running process: how soon, under what",
        {
            "problem → leader s (p99; 10)": _most("leader"),
            "lateness s (p99; 15)": _most("late"),
            "poisoned delays s (1)": _most("poisoned"),
        },
    ),
    "processes": (
        "Several processes: one takes over from another",
        {
            "gone, taken over s (30)": _longest("taken"),
            "gone, answered s": _longest("answered"),
            "stopped, taken over s": _longest("handed"),
        },
    ),
    "load": (
        "200 updates a second for three minutes, with five years behind them",
        {
            "reports": _sum("reports"),
            "updates/s": _most("rate", "{:.0f}"),
            "ack ms (p99; 200)": _most("ack", "{:.0f}"),
            "memory grew % (5)": _most("grown", "{:.1f}"),
            "processor ms an update": _most("cpu", "{:.1f}"),
        },
    ),
}
"""What is kept of each kind of finding: a heading, and what its columns are made of."""


def main(tally: Path) -> None:
    """Add a run to the report."""
    found: dict[str, Found] = defaultdict(list)
    if tally.exists():
        for line in tally.read_text(encoding="utf-8").splitlines():
            each = json.loads(line)
            found[each.pop("what")].append(each)
    kept = _kept(REPORT.read_text(encoding="utf-8") if REPORT.exists() else "")
    for kind, (_, columns) in TABLES.items():
        if found[kind]:
            row = [*_this_run(), *(column(found[kind]) for column in columns.values())]
            kept[kind].append(row)
            print(f"{TABLES[kind][0]}:")  # noqa: T201 -- what the command is for
            for name, value in zip(columns, row[3:], strict=True):
                print(f"  {name}: {value}")  # noqa: T201
    REPORT.write_text(_written(kept), encoding="utf-8")


def _this_run() -> list[str]:
    git = ("git", "log", "-1", "--format=%h")
    commit = (
        os.environ.get("FAULTS_COMMIT")
        or subprocess.run(  # noqa: S603 -- our own command
            git, capture_output=True, text=True, check=False, cwd=REPORT.parent
        ).stdout.strip()
    )
    return [f"{datetime.now(UTC):%Y-%m-%d %H:%M}", commit, f"{os.getloadavg()[2]:.1f}"]


def _kept(text: str) -> dict[str, list[list[str]]]:
    """Return the rows of an older report, by their tables."""
    kept: dict[str, list[list[str]]] = {kind: [] for kind in TABLES}
    kinds = {heading: kind for kind, (heading, _) in TABLES.items()}
    kind = ""
    for line in text.splitlines():
        if line.startswith("## "):
            kind = kinds.get(line.removeprefix("## "), "")
        elif kind and line.startswith("| 2"):
            kept[kind].append([cell.strip() for cell in line.strip("|").split("|")])
    return kept


def _written(kept: dict[str, list[list[str]]]) -> str:
    parts = [_HEAD, _summed(kept["kills"])]
    for kind, (heading, columns) in TABLES.items():
        names = ["when (UTC)", "commit", "load", *columns]
        lines = [_line(names), _line(["---"] * len(names)), *(_line(row) for row in kept[kind])]
        parts.append("\n".join([f"## {heading}", "", *lines, ""]))
    return "\n".join(parts)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _summed(rows: list[list[str]]) -> str:
    names = ["", "", "", *TABLES["kills"][1]]

    def total(name: str) -> int:
        return sum(int(row[names.index(name)].replace(",", "")) for row in rows)

    return (
        f"**So far:** {total('kills'):,} random kills; of {total('confirmed'):,} confirmed updates "
        f"{total('lost'):,} lost; {total('doubled'):,} messages doubled without a doubt; "
        f"{total('calls in a wait'):,} calls inside the wait of {total('429s'):,} 429s.\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

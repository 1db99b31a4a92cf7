"""Each row of the security checklist and of the fault catalogue has tests that prove it, and they exist."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CHECKLIST = "security/checklist.toml"
FAULTS = {"A": 9, "B": 12, "C": 9, "D": 7, "E": 5, "F": 10, "G": 6, "H": 3}
INVARIANTS = 22
NUMBERS: dict[str, list[Any]] = {
    CHECKLIST: list(range(1, 33)),
    "faults/catalogue.toml": [
        f"{letter}{number}"
        for letter, last in (FAULTS | {"I": INVARIANTS}).items()
        for number in range(1, last + 1)
    ],
}
_BY_NAME = re.compile(r"test_row_(\d+)_")


@cache
def rows(table: str) -> list[dict[str, Any]]:
    """Return the rows of a table."""
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "tests" / table).read_text(encoding="utf-8"))["row"]
    return found


@cache
def names_in(file: Path) -> frozenset[str]:
    """Return the names of the tests of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    made = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in made if node.name.startswith("test_"))


def by_name() -> Iterator[tuple[int, str]]:
    """Yield the tests that say in their name which row of the checklist they prove."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in names_in(file):
            if found := _BY_NAME.match(name):
                yield int(found[1]), f"{file.relative_to(ROOT)}::{name}"


@pytest.mark.parametrize("table", NUMBERS)
def test_a_table_has_every_row_once(table: str) -> None:
    assert [row["number"] for row in rows(table)] == NUMBERS[table]


@pytest.mark.parametrize(
    "row",
    [row for table in NUMBERS for row in rows(table)],
    ids=lambda row: f"{row['number']} {row['threat']}",
)
def test_a_row_is_proven_by_tests_that_exist(row: dict[str, Any]) -> None:
    missing = []
    for proof in row["proven_by"]:
        file, _, name = proof.partition("::")
        if not (ROOT / file).is_file() or name not in names_in(ROOT / file):
            missing.append(proof)

    assert row["proven_by"] or row["later"]
    assert row["then"]
    assert missing == []


def test_who_names_a_row_names_one_that_is_there() -> None:
    assert {number for number, _ in by_name()} <= {row["number"] for row in rows(CHECKLIST)}

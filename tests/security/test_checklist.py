"""Each row of the security checklist has tests that prove it, and they exist."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROWS: list[dict[str, Any]] = tomllib.loads(
    (ROOT / "tests" / "security" / "checklist.toml").read_text(encoding="utf-8")
)["row"]
_BY_NAME = re.compile(r"test_row_(\d+)_")


@cache
def names_in(file: Path) -> frozenset[str]:
    """Return the names of the tests of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    made = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in made if node.name.startswith("test_"))


def by_name() -> Iterator[tuple[int, str]]:
    """Yield the tests that say in their name which row they prove."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in names_in(file):
            if found := _BY_NAME.match(name):
                yield int(found[1]), f"{file.relative_to(ROOT)}::{name}"


def test_the_table_has_every_row_once() -> None:
    assert [row["number"] for row in ROWS] == list(range(1, 33))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['number']} {row['threat']}")
def test_a_row_is_proven_by_tests_that_exist(row: dict[str, Any]) -> None:
    missing = []
    for proof in row["proven_by"]:
        file, _, name = proof.partition("::")
        if not (ROOT / file).is_file() or name not in names_in(ROOT / file):
            missing.append(proof)

    assert row["proven_by"]
    assert row["then"]
    assert missing == []


def test_who_names_a_row_names_one_that_is_there() -> None:
    assert {number for number, _ in by_name()} <= {row["number"] for row in ROWS}

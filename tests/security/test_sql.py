"""No SQL is put together from words: what people type is always bound (SECURITY row 16)."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import Database

ROOT = Path(__file__).parents[2]
RAW = {"text", "literal_column", "exec_driver_sql", "execute", "executemany", "executescript"}
"""What takes SQL as words."""
OURS = {
    ("storage/dialects.py", "f'PRAGMA {pragma}'"),  # out of the lines above it
    ("storage/migrate.py", "f'CREATE SCHEMA IF NOT EXISTS {schema}'"),  # a name, see below
}
_CONSTANT = re.compile(r"_?[A-Z][A-Z_]*")


def put_together(node: ast.expr) -> bool:
    """Tell whether words are put together from anything but constants of the module."""
    if isinstance(node, ast.JoinedStr):
        blanks = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        return not all(isinstance(each, ast.Name) and _CONSTANT.fullmatch(each.id) for each in blanks)
    if isinstance(node, ast.BinOp):
        return any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in ast.walk(node))
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in {"format", "join"} and isinstance(node.func.value, ast.Constant)


def raw_sql() -> Iterator[tuple[str, str]]:
    """Yield each place where SQL is given as words that were put together."""
    for part in ("bot", "handlers", "storage"):
        for path in sorted((ROOT / part).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if name in RAW and put_together(node.args[0]) and "migrations" not in path.parts:
                    yield str(path.relative_to(ROOT)), ast.unparse(node.args[0])


def test_no_sql_is_put_together_from_words() -> None:
    assert set(raw_sql()) == OURS


def test_ruff_forbids_it_too_and_nothing_of_ours_is_excepted() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    excepted = {place for place, rules in lint["per-file-ignores"].items() if "S608" in rules}
    marked = {
        str(path.relative_to(ROOT))
        for part in ("bot", "handlers", "storage")
        for path in (ROOT / part).rglob("*.py")
        if "noqa: S608" in path.read_text(encoding="utf-8")
    }

    assert lint["select"] == ["ALL"]
    assert "S608" not in lint["ignore"]
    assert (excepted, marked) == ({"tests/year/*.py"}, set())


@pytest.mark.parametrize("schema", ["x; DROP SCHEMA public", 'a"b', "a b", "a'b", "A" * 64])
def test_the_name_of_a_schema_is_a_name(schema: str) -> None:
    with pytest.raises(ValueError, match="schema"):
        Database(url="postgresql+psycopg://h/d", schema=schema)


@pytest.mark.parametrize("schema", ["", "qinghe", "青禾县", "_2"])
def test_a_county_may_be_a_schema(schema: str) -> None:
    assert Database(schema=schema).schema_ == schema

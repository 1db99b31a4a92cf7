"""Every key of config.toml, out of the schema: wrong in each way it is refused with a cure (FAULTS E1)."""

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, SecretStr

from bot.commands.ending import foreseen
from bot.config import Settings, load
from bot.errors import ConfigurationError

UNUSABLE = 78


@dataclass(frozen=True)
class Key:
    """One key of the file: in which table, its name, and what it holds."""

    table: tuple[str, ...]
    name: str
    kind: Any

    @property
    def path(self) -> str:
        return ".".join((*self.table, self.name))

    def written(self, value: str) -> str:
        """Return a configuration in which this key has a value."""
        if not self.table:
            county = "" if self.name == "county" else 'county = "甲县"\n'
            return f"{county}{self.name} = {value}\n"
        return f'county = "甲县"\n[{".".join(self.table)}]\n{self.name} = {value}\n'


def parts(kind: Any) -> list[Any]:
    """Return what a type may be, without what pydantic is told beside it and without None."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return parts(typing.get_args(kind)[0])
    if origin in {typing.Union, types.UnionType}:
        return [part for each in typing.get_args(kind) for part in parts(each) if each is not type(None)]
    return [kind]


def keys(model: type[BaseModel] = Settings, table: tuple[str, ...] = ()) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        called = field.alias or name
        for kind in parts(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from keys(kind, (*table, called))
            else:
                yield Key(table, called, kind)


def tables(model: type[BaseModel] = Settings, table: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield table
    for name, field in model.model_fields.items():
        for kind in parts(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from tables(kind, (*table, field.alias or name))


KEYS = list(keys())
TABLES = list(tables())
OUT_OF_RANGE: dict[Any, str] = {
    time: '"25:61"',
    timedelta: '"999d"',
    int: "-1",
    date: '"2026-13-40"',
    Literal: '"nonsense"',
    Enum: '"nonsense"',
}
"""What no key of a kind may be."""


def out_of_range(key: Key) -> str:
    """Return a value of the right kind that the key may not have; empty for words."""
    kind = Literal if typing.get_origin(key.kind) is Literal else key.kind
    if isinstance(kind, type) and issubclass(kind, Enum):
        kind = Enum
    return OUT_OF_RANGE.get(kind, "") if isinstance(kind, typing.Hashable) else ""


def refused(folder: Path, text: str) -> list[str]:
    """Return the faults for which a configuration is refused, by the exit code of an unusable one."""
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    ending = foreseen(caught.value)
    assert ending is not None
    words, code = ending
    assert code == UNUSABLE
    assert str(file) in words
    return caught.value.faults


def test_the_schema_has_the_keys_it_is_known_for() -> None:
    found = {key.path for key in KEYS}

    assert {"county", "telegram.token", "wecom.bot.secret", "deadlines.accept", "prompts.ask_at"} <= found
    assert len(found) > 50


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
@pytest.mark.parametrize("wrong", ["{ zz = { yy = 1 } }", "[[[1]]]", "1979-05-27T07:32:00Z"])
def test_a_value_of_a_wrong_type_is_refused(tmp_path: Path, key: Key, wrong: str) -> None:
    faults = refused(tmp_path, key.written(wrong))

    assert all(each.startswith(key.path) for each in faults), faults
    assert all(len(each) > len(key.path) + 2 for each in faults), faults


@pytest.mark.parametrize(
    ("key", "wrong"),
    [pytest.param(key, wrong, id=key.path) for key in KEYS if (wrong := out_of_range(key))],
)
def test_a_value_out_of_range_is_refused(tmp_path: Path, key: Key, wrong: str) -> None:
    assert any(each.startswith(key.path) for each in refused(tmp_path, key.written(wrong)))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: ".".join(table) or "the file")
def test_a_key_nobody_knows_is_refused_and_the_nearest_named(tmp_path: Path, table: tuple[str, ...]) -> None:
    (fault,) = refused(tmp_path, Key(table, "zzqq", str).written("1"))

    assert fault.startswith(f"{'.'.join((*table, 'zzqq'))}: unknown key")


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_a_slip_in_a_key_is_told_with_the_right_one(tmp_path: Path, key: Key) -> None:
    slip = Key(key.table, f"{key.name}q", key.kind)
    faults = refused(tmp_path, slip.written("1"))

    assert any(each.startswith(f"{slip.path}: unknown key") for each in faults)


@pytest.mark.parametrize("key", [key for key in KEYS if key.kind is SecretStr], ids=lambda key: key.path)
def test_no_secret_of_a_wrong_type_is_shown(tmp_path: Path, key: Key) -> None:
    assert "kept-to-itself" not in "\n".join(refused(tmp_path, key.written('["kept-to-itself"]')))


def test_without_the_name_of_the_county_nothing_starts(tmp_path: Path) -> None:
    assert refused(tmp_path, "") == ['county: is missing; write county = "…"']

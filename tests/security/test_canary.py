"""The canary of the suite sings: what holds the secret is found wherever it was written (SECURITY row 21)."""

import logging
import zipfile
from pathlib import Path

import pytest

from bot.logs import Redactor
from tests import canary
from tests.command import TOKEN


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the canary noted, kept out of the verdict on the run."""
    noted: list[str] = []
    monkeypatch.setattr(canary, "_FOUND", noted)
    return noted


def broken() -> None:
    raise ValueError(f"broken while holding {canary.MARK}")


def test_a_secret_in_a_log_is_heard_at_every_level_and_in_tracebacks(found: list[str]) -> None:
    log = logging.getLogger("bot.somewhere")

    log.debug("calling %s", canary.MARK)
    try:
        broken()
    except ValueError:
        log.info("broken", exc_info=True)
    log.warning("all is well")

    assert [each.split()[:2] for each in found] == [["bot.somewhere", "DEBUG"], ["bot.somewhere", "INFO"]]


def test_what_was_blotted_out_is_not_heard(found: list[str]) -> None:
    record = logging.LogRecord("bot", logging.INFO, "", 1, "calling %s", (canary.MARK,), None)
    Redactor([canary.MARK]).filter(record)

    canary._EARS.emit(record)

    assert found == []


def test_a_secret_in_a_file_is_found_also_packed_and_across_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "_CHUNK", 16)
    monkeypatch.setattr(canary, "MARK", "not this one")
    (tmp_path / "liaison.db").write_bytes(b"\0" * 10 + canary.MARK.encode() + b"\0" * 100)
    (tmp_path / "clean.db").write_bytes(b"\0" * 1_000)
    (tmp_path / "config.toml").write_text(canary.MARK, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "ledger.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", f"<t>{canary.MARK}</t>")

    assert {path.name for path in canary.files_with(tmp_path)} == {"liaison.db", "ledger.xlsx"}


def test_the_secret_is_in_the_keys_that_the_suite_works_with() -> None:
    assert canary.MARK in TOKEN

"""A secret that stands in every loopback server's keys, and is looked for wherever the suite left words.

Every record of every logger, down to DEBUG and with its traceback; and when the run ends, every file the
tests wrote: databases, exports, papers, what commands printed. One find, and the run fails (SECURITY row
21, FAULTS F10). Loaded by `tests/conftest.py`.
"""

import logging
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MARK = "kanarienvogel"

_MAY_HOLD = ("config.toml", "token.txt", "secret.txt", ".env", "plan.pickle")
"""Files in which an operator keeps secrets, and what the sweep's loopback servers remember."""
_OF_OTHERS = ("aiosqlite", "aiohttp.access", "websockets", "asyncio", "hypothesis")
"""What the loopback servers log is theirs; of statements the rows are searched."""
_NOT_LOOKED_INTO = frozenset({".pyc", ".so", ".png", ".sock", ".lock"})
_ARCHIVES = frozenset({".xlsx", ".docx", ".zip"})
_LARGEST = 64 * 1024 * 1024
_CHUNK = 1 << 20
_FOUND: list[str] = []


class Ears(logging.Handler):
    """Hears every record, and notes those that hold the secret."""

    def emit(self, record: logging.LogRecord) -> None:
        """Look through a record and the traceback that comes with it."""
        try:
            words = record.getMessage()
        except (TypeError, ValueError):
            words = f"{record.msg} {record.args}"
        if record.exc_info:
            words += logging.Formatter().formatException(record.exc_info)
        if MARK in words or MARK in (record.exc_text or ""):
            where = os.environ.get("PYTEST_CURRENT_TEST", "")
            _FOUND.append(f"{record.name} {record.levelname} in {where}: {words[:300]}")


_EARS = Ears(logging.DEBUG)


def listen() -> None:
    """Hear everything from here on, whatever a test did to the loggers."""
    root = logging.getLogger()
    if _EARS not in root.handlers:
        root.addHandler(_EARS)
    root.setLevel(logging.DEBUG)
    for name in _OF_OTHERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def files_with(folder: Path) -> Iterator[Path]:
    """Yield each file below a folder that holds the secret, also packed into a workbook."""
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where, name)
            if path.name not in _MAY_HOLD and path.suffix not in _NOT_LOOKED_INTO and _holds(path):
                yield path


def _holds(path: Path) -> bool:
    try:
        if path.suffix in _ARCHIVES and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(MARK.encode() in archive.read(each) for each in archive.namelist())
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return False
        with path.open("rb") as file:
            rest = b""
            while chunk := file.read(_CHUNK):
                if MARK.encode() in rest + chunk:
                    return True
                rest = chunk[-len(MARK) :]
    except (OSError, zipfile.BadZipFile):
        # A test took it away, or made it unreadable.
        return False
    return False


def pytest_runtest_logstart() -> None:
    """Listen before each test, outside what pytest does to levels: one before may have set logging up."""
    listen()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look through what was written; a find fails the run, also in the process that gathers them all."""
    factory = getattr(session.config, "_tmp_path_factory", None)
    base = getattr(factory, "_basetemp", None)
    output = getattr(session.config, "workeroutput", None)
    if base is not None and output is None:
        # The folders of the workers lie in that of the process that gathers them.
        _FOUND.extend(str(path) for path in files_with(base))
    if _FOUND:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if output is not None:
            output["canary"] = "\n".join(_FOUND)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take over what a worker found."""
    found = getattr(node, "workeroutput", {}).get("canary", "")
    _FOUND.extend(found.splitlines())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where a secret was found."""
    if _FOUND:
        terminalreporter.section("a secret got out")
        for each in _FOUND:
            terminalreporter.line(each)

"""Which lines and branches the tests ran, in all workers together; too few, and the run fails.

Slipcover marks the bytecode of the packages measured and of nothing else. Below Python 3.12
coverage.py must trace every line of every library, which doubled what the tests cost.
"""

import json
from typing import Any

import pytest
import slipcover
from slipcover.importer import ImportManager, wrap_spec_from_file_location
from slipcover.slipcover import merge_coverage, print_coverage

_SOURCE = ["bot/domain", "handlers", "storage"]
_AT_LEAST = 95
_WHOLLY = ("access.py", "bot/domain/rights.py")
"""How files end of which every line and branch is to be run: who may do what."""

_UNCOUNTED = ["if TYPE_CHECKING:", "@overload", r"class .*\(Protocol\)"]

_slip = slipcover.Slipcover(branch=True, source=_SOURCE, exclude_also=_UNCOUNTED)
# Here and not in a hook: before conftest.py imports what is measured. Alembic loads its steps by their files.
_files = slipcover.FileMatcher(sources=_SOURCE)
ImportManager(_slip, _files).__enter__()
wrap_spec_from_file_location(_slip, _files)
_measured: list[dict[str, Any]] = []


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    if "measured" in node.workeroutput:
        _measured.append(json.loads(node.workeroutput["measured"]))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    own = _slip.get_coverage()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["measured"] = json.dumps(own)
        return
    for each in _measured:
        merge_coverage(own, each)
    _measured[:] = [own]
    if session.exitstatus == pytest.ExitCode.OK and (_percent() < _AT_LEAST or _lacking()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("what no test ran")
    print_coverage(_measured[0], outfile=terminalreporter, missing_width=60, skip_covered=True)
    terminalreporter.line(f"{_percent():.2f} % of lines and branches were run; {_AT_LEAST} % are asked for")
    if lacking := _lacking():
        terminalreporter.line(f"100 % are asked for of {', '.join(lacking)}")


def _lacking() -> list[str]:
    """Return the files that were to be run wholly, and were not."""
    files = _measured[0]["files"].items()
    return [
        name for name, found in files if name.endswith(_WHOLLY) and found["summary"]["percent_covered"] < 100
    ]


def _percent() -> float:
    return float(_measured[0]["summary"]["percent_covered"])

"""A mistake is put into a running program, and the tests that come by it are run: in a copy of the process.

Whatever takes long is done once, before the copies are made: imports, collection, the databases that tests
copy. A copy dies with its mistake, so nothing has to be taken back.
"""

import ast
import gc
import importlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.changes import Mutant, names_of, variables

OURS = ("bot", "handlers", "storage")
_SECONDS_MORE = 5
"""Processor time that the tests of a mutant may take beyond three times what they took."""
_IDLE = 5
"""Seconds in which a copy neither works nor waits for the processor before it is taken to hang."""


@dataclass
class Subject:
    """A file under trial: what is written there, and the module and the functions it has become."""

    file: str
    tree: ast.Module = field(init=False)
    module: ModuleType = field(init=False)
    path: str = field(init=False)
    functions: dict[tuple[str, int], list[FunctionType]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tree = ast.parse(Path(self.file).read_text("utf-8"))
        self.module = importlib.import_module(self.file.removesuffix(".py").replace("/", "."))
        self.path = str(self.module.__file__)
        for each in gc.get_objects():
            # What is mutated lives in its function's code, however that function was wrapped.
            if isinstance(each, FunctionType) and each.__code__.co_filename == self.path:
                code = each.__code__
                self.functions.setdefault((code.co_qualname, code.co_firstlineno), []).append(each)

    def lines_for(self, mutant: Mutant) -> set[int]:
        """Return the lines of which a test must have run one to see a mutant."""
        names = self._dependent_on(mutant.home)
        if not names:
            return set(mutant.lines)
        functions = [
            node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        # What no function here uses is there for others.
        users = [node for node in functions if names.intersection(_names_in(node))] or functions
        return {each.lineno for node in users for each in ast.walk(node) if isinstance(each, ast.stmt)}

    def _dependent_on(self, home: str) -> set[str]:
        """Return a variable of the module and those made from it; nothing for a function."""
        found: set[str] = set()
        for node in variables(self.tree):
            if home in names_of(node) or found.intersection(_names_in(node)):
                found.update(names_of(node))
        return found

    def take(self, mutant: Mutant) -> None:
        """Put a mistake into the running module; there is no way back."""
        mutant.make()
        if self._dependent_on(mutant.home):
            before = dict(vars(self.module))
            made = ast.fix_missing_locations(ast.Module(list(variables(self.tree)), []))
            exec(compile(made, self.path, "exec"), vars(self.module))  # noqa: S102 -- our own file
            self._pass_on(before)
        else:
            whole = compile(ast.fix_missing_locations(self.tree), self.path, "exec")
            for code in _codes(whole):
                for function in self.functions.get((code.co_qualname, code.co_firstlineno), ()):
                    function.__code__ = code
        for module in _of_ours():
            for each in vars(module).values():
                with suppress(AttributeError, TypeError):
                    each.cache_clear()

    def _pass_on(self, before: dict[str, object]) -> None:
        """Give the new variables to whoever had imported the old ones under their names."""
        now = vars(self.module)
        new = {name: (old, now[name]) for name, old in before.items() if now[name] is not old}
        for module in _of_ours():
            for name, (old, value) in new.items():
                if vars(module).get(name) is old:
                    setattr(module, name, value)


def _of_ours() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.split(".")[0] in OURS]


def _names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def seen_by(
    session: pytest.Session,
    items: Sequence[pytest.Item],
    seconds: float,
    subject: Subject,
    mutant: Mutant | None,
) -> str:
    """Return the test that sees a mutant, "time" if it takes too long; nothing if it lives.

    Without a mutant, the tests are run as they are.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _in_copy(session, items, seconds, subject, mutant, writing)
    os.close(writing)
    # Read before waiting: nobody else holds the other end, so it ends with the copy.
    said = b"".join(iter(lambda: os.read(reading, 4_096), b"")).decode()
    _, status = os.waitpid(pid, 0)
    os.close(reading)
    if os.WIFSIGNALED(status):
        return "time"
    return said or ("?" if os.waitstatus_to_exitcode(status) else "")


def _end_when_idle() -> None:
    """End a copy that waits for what will never come."""
    before = 0.0
    while True:
        time.sleep(_IDLE)
        # How long it has waited for the processor: a busy machine is no reason to end anything.
        delayed = int(Path("/proc/self/schedstat").read_text("ascii").split()[1]) / 1e9
        spent = time.process_time() + delayed
        if spent - before < _IDLE / 20:
            os.kill(os.getpid(), signal.SIGKILL)
        before = spent


def _in_copy(
    session: pytest.Session,
    items: Sequence[pytest.Item],
    seconds: float,
    subject: Subject,
    mutant: Mutant | None,
    told: int,
) -> None:
    code = 1
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        used = time.process_time()
        limit = int(used + 3 * seconds + _SECONDS_MORE) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        threading.Thread(target=_end_when_idle, daemon=True).start()
        if mutant is not None:
            subject.take(mutant)
        session._setupstate.teardown_exact(items[0])
        for item, following in zip(items, [*items[1:], None], strict=True):
            reports = runtestprotocol(item, log=False, nextitem=following)
            if any(report.failed for report in reports):
                os.write(told, item.nodeid.encode())
                break
        code = 0
    finally:
        os._exit(code)

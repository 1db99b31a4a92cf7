"""Every kind of entry in the trail, read off the calls that write one."""

import ast
from collections.abc import Iterator
from pathlib import Path

from bot.domain.commons import CommonState
from bot.domain.custody import ENDINGS

ROOT = Path(__file__).parents[1]

WRITERS = {".record": 1, "_record": 2, "self._record": 0, "audit.add": 2, "missive_ties.record": 2}
"""Which argument is the kind, by how the call ends."""
OTHERS = {"recording.record", "progress.record"}
"""What is called the same and writes a report."""
BUILT = {
    "f'common.{state}'": [f"common.{state}" for state in CommonState],
    "f'handover.{side}'": ["handover.given", "handover.taken"],
    "f'missive.{action}'": [],
    "f'problem.{ended}'": [f"problem.{ended}" for ended in ENDINGS],
    "f'reception.{step.name}'": [f"reception.{name}" for name in ("invited", "listed", "received", "asked")],
}
"""What a kind that is put together may become."""
PASSED_ON = {"action"}
"""What a writer calls the kind that it hands to another."""


def kinds() -> set[str]:
    """Return every kind of entry that the code may write."""
    return {
        kind
        for part in ("bot", "handlers", "storage")
        for path in (ROOT / part).rglob("*.py")
        for kind in _kinds(ast.parse(path.read_text(encoding="utf-8")))
    }


def _kinds(tree: ast.Module) -> Iterator[str]:
    constants = dict(_constants(tree))
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        whole = ast.unparse(call.func)
        names = [name for name in WRITERS if whole.endswith(name)]
        if names and whole not in OTHERS and len(call.args) > (place := WRITERS[max(names, key=len)]):
            prefix = "missive." if whole == "missive_ties.record" else ""
            yield from (prefix + kind for kind in _read(call.args[place], constants))
        yield from (
            kind for each in call.keywords if each.arg == "action" for kind in _read(each.value, constants)
        )


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            assert isinstance(node.targets[0], ast.Tuple)
            yield from zip(map(ast.unparse, node.targets[0].elts), node.value.elts, strict=True)


def _read(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(kind)):
            yield kind
        case ast.IfExp():
            yield from _read(node.body, constants)
            yield from _read(node.orelse, constants)
        case ast.Name(id=name) if name in constants:
            yield from _read(constants[name], constants)
        case ast.Subscript(value=ast.Name(id=name)) if isinstance(of := constants[name], ast.Dict):
            for each in of.values:
                yield from _read(each, constants)
        case ast.Name(id=name) if name in PASSED_ON:
            pass
        case _:
            yield from BUILT[ast.unparse(node)]

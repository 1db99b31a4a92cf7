"""The small mistakes that can be made in a file: each changes its syntax tree, and can be taken back."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Undo = Callable[[], None]

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_TWINS = {"min": "max", "max": "min", "any": "all", "all": "any", "and_": "or_", "or_": "and_"}
_PARTED = {"where", "and_", "or_", "order_by", "values"}
"""Calls each of whose parts counts for itself: without one, a query finds or changes too much."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake: in which function or module variable, on which lines, what is written instead."""

    home: str
    line: int
    lines: range
    what: str
    make: Callable[[], Undo]


def mutants_of(tree: ast.Module) -> list[Mutant]:
    """Return every mistake in functions and in the variables of a module, in the order of its lines."""
    return [mutant for home, node in _homes(tree.body, "") for mutant in _in(node, home)]


def variables(tree: ast.Module) -> list[ast.Assign | ast.AnnAssign]:
    """Return the assignments of a module."""
    return [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]


def names_of(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """Return the names that an assignment gives."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _homes(body: list[ast.stmt], within: str) -> Iterator[tuple[str, ast.stmt]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{within}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from _homes(node.body, f"{within}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign) and not within and names_of(node) != ["log"]:
            yield names_of(node)[0], node


def _in(node: ast.stmt, home: str) -> Iterator[Mutant]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for each in node.body:
            yield from _statement(each, home, node.body)
    else:
        yield from _expressions(node, home, range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _statement(node: ast.stmt, home: str, body: list[ast.stmt]) -> Iterator[Mutant]:
    """Yield the mistakes in a statement, then those in the statements under it."""
    if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) or _is_told(node):
        return
    parts = list(_parts(node))
    last = parts[0][0].lineno - 1 if parts else node.end_lineno or node.lineno
    lines = range(node.lineno, max(node.lineno, last) + 1)
    for what, make in _in_statement(node, body):
        yield Mutant(home, node.lineno, lines, what, make)
    for name, value in ast.iter_fields(node):
        if name not in _BODIES:
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, ast.AST):
                    yield from _expressions(each, home, lines)
    for part in parts:
        for each in part:
            yield from _statement(each, home, part)


_BODIES = ("body", "orelse", "finalbody", "handlers", "cases", "annotation")


def _parts(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks under a statement."""
    for field in ("body", "orelse", "finalbody"):
        if part := getattr(node, field, None):
            yield part
    for each in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield each.body


def _in_statement(node: ast.stmt, body: list[ast.stmt]) -> Iterator[tuple[str, Callable[[], Undo]]]:
    match node:
        case ast.Expr() | ast.AugAssign():
            yield "left out", _replaced(body, node, ast.Pass())
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield "return None", _set(node, "value", ast.Constant(None))
        case ast.Break():
            yield "continue", _replaced(body, node, ast.Continue())
        case ast.Continue():
            yield "break", _replaced(body, node, ast.Break())
        case ast.If(test=test) | ast.While(test=test) if not isinstance(test, ast.Compare | ast.UnaryOp):
            yield "not (…)", _negated(node, "test")


def _expressions(root: ast.AST, home: str, lines: range) -> Iterator[Mutant]:
    if _is_told(root):
        return
    for what, make in _mistakes(root):
        yield Mutant(home, getattr(root, "lineno", lines.start), lines, what, make)
    for name, value in ast.iter_fields(root):
        if name in {"annotation", "ctx", "returns"}:
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST):
                yield from _expressions(each, home, lines)


def _mistakes(node: ast.AST) -> Iterator[tuple[str, Callable[[], Undo]]]:
    match node:
        case ast.Constant(value=value):
            yield from _constants(node, value)
        case ast.IfExp():
            yield "if not (…)", _negated(node, "test")
        case ast.Call():
            yield from _calls(node)
        case ast.comprehension():
            for place in range(len(node.ifs)):
                yield "without its if", _dropped(node.ifs, place)
        case _:
            yield from _signs(node)


def _signs(node: ast.AST) -> Iterator[tuple[str, Callable[[], Undo]]]:
    match node:
        case ast.Compare():
            for place, each in enumerate(node.ops):
                if other := _COMPARED.get(type(each)):
                    yield f"{type(each).__name__} → {other.__name__}", _put(node.ops, place, other())
        case ast.BoolOp(op=op):
            other_op = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield f"{type(op).__name__} → {type(other_op).__name__}", _set(node, "op", other_op)
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in _COUNTED:
            other_operator = _COUNTED[type(op)]
            yield f"{type(op).__name__} → {other_operator.__name__}", _set(node, "op", other_operator())
        case ast.UnaryOp(op=ast.Not() | ast.Invert() | ast.USub() as sign, operand=operand):
            # Twice `not` says what its operand says; so does every sign said twice.
            yield f"no {type(sign).__name__}", _set(node, "operand", ast.UnaryOp(type(sign)(), operand))


def _constants(node: ast.Constant, value: object) -> Iterator[tuple[str, Callable[[], Undo]]]:
    if isinstance(value, bool):
        yield f"{value} → {not value}", _set(node, "value", not value)
    elif isinstance(value, int | float):
        yield f"{value} → {value + 1}", _set(node, "value", value + 1)
    elif isinstance(value, str):
        yield f"{value!r} → another text", _set(node, "value", f"{value}XX")


def _calls(node: ast.Call) -> Iterator[tuple[str, Callable[[], Undo]]]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if isinstance(node.func, ast.Name) and name in _TWINS:
        yield f"{name} → {_TWINS[name]}", _set(node.func, "id", _TWINS[name])
    if name in _PARTED:
        for place in range(len(node.args)):
            yield f"{name} without its part {place + 1}", _dropped(node.args, place)
        if len(node.keywords) > 1:
            for place, each in enumerate(node.keywords):
                yield f"{name} without {each.arg}", _dropped(node.keywords, place)


def _is_told(node: ast.AST) -> bool:
    """Tell whether it is there for whoever reads a log or a traceback: what it says is nobody's promise."""
    if isinstance(node, ast.Expr):
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return isinstance(node.func.value, ast.Name) and node.func.value.id == "log"
    return isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _set(node: ast.AST, field: str, value: object) -> Callable[[], Undo]:
    def make() -> Undo:
        before = getattr(node, field)
        setattr(node, field, value)
        return lambda: setattr(node, field, before)

    return make


def _negated(node: ast.AST, field: str) -> Callable[[], Undo]:
    return _set(node, field, ast.UnaryOp(ast.Not(), getattr(node, field)))


def _put(items: list[Any], place: int, item: Any) -> Callable[[], Undo]:
    def make() -> Undo:
        before = items[place]
        items[place] = item

        def undo() -> None:
            items[place] = before

        return undo

    return make


def _dropped(items: list[Any], place: int) -> Callable[[], Undo]:
    def make() -> Undo:
        before = items.pop(place)
        return lambda: items.insert(place, before)

    return make


def _replaced(body: list[ast.stmt], node: ast.stmt, by: ast.stmt) -> Callable[[], Undo]:
    return _put(body, body.index(node), by)

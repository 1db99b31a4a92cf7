"""How PostgreSQL takes many values at once: as arrays, so that a statement is the same for any number."""

import re
from collections.abc import Mapping
from copy import copy
from typing import Any, cast

from sqlalchemy import BindParameter, ClauseElement, Insert, all_, any_, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.types import TypeEngine

_WRITTEN_AS_TEXT = re.compile(r"(?<=\))s(?=::[A-Z ]+\[\])")


def among(statement: ClauseElement, lists: tuple[str, ...]) -> ClauseElement:
    """Return a statement that takes each of its lists as one array."""

    def replace(element: Any, **_: object) -> Any:
        is_list = isinstance(element, BinaryExpression) and isinstance(element.right, BindParameter)
        if not is_list or element.right.key not in lists:
            return None
        left, values = element.left, _array(element.right.key, element.left.type)
        return left == any_(values) if element.operator is operators.in_op else left != all_(values)

    found: Any = visitors.replacement_traverse(statement, {}, replace)
    return cast("ClauseElement", found)


def rows_of(statement: Insert, types: Mapping[str, TypeEngine[Any]]) -> Insert:
    """Return an INSERT of as many rows as each array of values is long, in their order."""
    columns = [column(name, kind) for name, kind in types.items()]
    arrays = [_array(name, kind) for name, kind in types.items()]
    given = func.unnest(*arrays).table_valued(*columns, with_ordinality="place").render_derived()

    def replace(element: Any, **_: object) -> Any:
        return given.c[element.key] if isinstance(element, BindParameter) and element.key in types else None

    table: Any = statement.table
    values = {name: given.c[name] for name in types if name in table.c}
    for name, value in (statement._values or {}).items():  # noqa: SLF001 -- nothing public tells them
        values[str(getattr(name, "key", name))] = visitors.replacement_traverse(value, {}, replace)
    bare = copy(statement)
    bare._values = None  # noqa: SLF001 -- or it would not take others
    return bare.from_select(list(values), select(*values.values()).order_by(given.c.place))


def binary(sql: str) -> str:
    """Return a statement whose arrays psycopg hands over as bytes; as text it looks for quotes in each."""
    return _WRITTEN_AS_TEXT.sub("b", sql)


def _array(name: str, kind: TypeEngine[Any]) -> BindParameter[Any]:
    # Of one dimension, for what is stored as JSON may be a list itself.
    return bindparam(name, type_=ARRAY(kind, dimensions=1))

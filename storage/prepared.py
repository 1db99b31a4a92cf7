"""Statements that are made into SQL once, and from then on handed straight to the driver.

What nearly every message asks goes this way, because SQLAlchemy takes four times as long to run such a
statement as SQLite to answer it. All else is asked through SQLAlchemy itself.

Where many values are given, SQLite is asked in one of a few forms, a place for each of them, and PostgreSQL
gets an array (``storage.arrays``).
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, methodcaller
from typing import Any, cast

from sqlalchemy import ClauseElement, Connection, Insert
from sqlalchemy.exc import DBAPIError, NoResultFound
from sqlalchemy.sql.compiler import SQLCompiler

from storage import arrays

Converting = Callable[[Any], Any]

_ROWS, _ROW, _COUNT = methodcaller("fetchall"), methodcaller("fetchone"), attrgetter("rowcount")


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement as one kind of database reads it, on SQLite with lists of one length each.

    ``order`` is that of the driver's parameters, if it numbers them. Of these ``fixed`` are always the same,
    ``asked`` are single values, ``lists`` several each, all with what they are written down by. ``reading``
    says by what a column is read.
    """

    sql: str
    order: tuple[str, ...] | None
    fixed: Mapping[str, Any]
    asked: tuple[tuple[str, Converting | None], ...]
    lists: tuple[tuple[str, tuple[str, ...], Converting | None], ...]
    reading: tuple[tuple[int, Converting], ...]
    row: Converting

    def parameters(self, given: Mapping[str, Any]) -> Any:
        """Return values as the driver takes them."""
        taken = {**self.fixed}
        for name, convert in self.asked:
            value = given[name]
            taken[name] = value if convert is None else convert(value)
        for name, places, convert in self.lists:
            # A place too many holds the last value again: in a list it says nothing new.
            values = [*given[name]] if convert is None else [convert(value) for value in given[name]]
            values += values[-1:] * (len(places) - len(values))
            taken.update(zip(places, values, strict=True))
        return taken if self.order is None else tuple([taken[name] for name in self.order])

    def read(self, found: Sequence[Any]) -> Any:
        """Return a row with its columns' names."""
        if not self.reading:
            return self.row(found)
        values = [*found]
        for place, convert in self.reading:
            values[place] = convert(values[place])
        return self.row(values)


class Prepared:
    """A statement, and the forms it was given so far; ``lists`` are the names of values that are lists."""

    def __init__(self, statement: Any, *lists: str) -> None:
        self._statement: Any = statement
        self._lists = lists
        self._forms: dict[object, _Form] = {}

    def all(self, connection: Connection, **given: Any) -> list[Any]:
        """Return every row."""
        form = self._form(connection, given)
        return [form.read(row) for row in _run(connection, form.sql, form.parameters(given), _ROWS)]

    def first(self, connection: Connection, **given: Any) -> Any:
        """Return the first row, None if there is none."""
        form = self._form(connection, given)
        found = _run(connection, form.sql, form.parameters(given), _ROW)
        return None if found is None else form.read(found)

    def one(self, connection: Connection, **given: Any) -> Any:
        """Return the one row that there must be."""
        row = self.first(connection, **given)
        if row is None:
            raise NoResultFound("no row was found where there must be one")
        return row

    def scalar(self, connection: Connection, **given: Any) -> Any:
        """Return the first column of the first row, None if there is none."""
        row = self.first(connection, **given)
        return None if row is None else row[0]

    def run(self, connection: Connection, **given: Any) -> int:
        """Return how many rows were changed."""
        form = self._form(connection, given)
        return int(_run(connection, form.sql, form.parameters(given), _COUNT))

    def run_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Do the same with several sets of values, none of which is a list."""
        if len(rows) == 1:
            self.run(connection, **rows[0])
        elif self._takes_rows(connection):
            self._with_rows(connection, rows, _COUNT)
        else:
            form = self._form(connection, rows[0])
            _run(connection, form.sql, [form.parameters(each) for each in rows], _COUNT, many=True)

    def all_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Do the same with several sets of values, none of which is a list; Return what comes back."""
        if self._takes_rows(connection):
            return [self._forms["rows"].read(row) for row in self._with_rows(connection, rows, _ROWS)]
        # SQLAlchemy puts many rows into one statement: faster here than one after the other.
        return list(connection.execute(self._statement, list(rows)))

    def _takes_rows(self, connection: Connection) -> bool:
        return connection.dialect.name == "postgresql" and isinstance(self._statement, Insert)

    def _with_rows(self, connection: Connection, rows: Sequence[Mapping[str, Any]], take: Converting) -> Any:
        given = {name: [row[name] for row in rows] for name in rows[0]}
        form = self._forms.get("rows")
        if form is None:
            form = self._forms["rows"] = _formed_of_rows(connection, self._statement, given)
        return _run(connection, form.sql, form.parameters(given), take)

    def _form(self, connection: Connection, given: Mapping[str, Any]) -> _Form:
        kind = connection.dialect.name
        lists = () if kind == "postgresql" else self._lists
        sizes = [_rounded(len(given[name])) for name in lists]
        form = self._forms.get((kind, *sizes))
        if form is None:
            sample = {name: [None] * size for name, size in zip(lists, sizes, strict=True)}
            statement = (
                self._statement if lists == self._lists else arrays.among(self._statement, self._lists)
            )
            form = self._forms[kind, *sizes] = _formed(connection, statement, given, sample)
        return form


def _rounded(size: int) -> int:
    """Return the next power of two, so that a statement gets few forms."""
    return 1 << (size - 1).bit_length() if size else 0


def _formed(
    connection: Connection, statement: ClauseElement, given: Mapping[str, Any], sample: Mapping[str, Any]
) -> _Form:
    dialect = connection.dialect
    columns = list(given) if isinstance(statement, Insert) else None
    compiled = cast("SQLCompiler", statement.compile(dialect=dialect, column_keys=columns))

    def writing(name: str) -> Converting | None:
        return compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)

    wanted = {name for name, bind in compiled.binds.items() if bind.required}
    if not wanted <= given.keys() <= compiled.binds.keys():
        raise TypeError(f"{sorted(wanted)} are asked for, given are {sorted(given)}")
    state = compiled.construct_expanded_state({**dict.fromkeys(given), **sample})
    fixed: dict[str, Any] = {}
    for name, bind in compiled.binds.items():
        if name not in given:
            convert, value = writing(name), bind.effective_value
            places = state.parameter_expansion.get(name)
            values: Sequence[Any] = [value] if places is None or value is None else value
            written = values if convert is None else [convert(each) for each in values]
            fixed.update(zip(places or [name], written, strict=True))
    asked = tuple((name, writing(name)) for name in given if name not in sample)
    found = list(getattr(statement, "exported_columns", ()))
    reading = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in found]
    return _Form(
        sql=arrays.binary(state.statement) if dialect.name == "postgresql" else state.statement,
        order=None if state.positiontup is None else tuple(state.positiontup),
        fixed=fixed,
        asked=asked,
        lists=tuple((name, tuple(state.parameter_expansion[name]), writing(name)) for name in sample),
        reading=tuple((place, convert) for place, convert in enumerate(reading) if convert is not None),
        row=_row([column.key for column in found]),
    )


def _formed_of_rows(connection: Connection, statement: Any, given: Mapping[str, Any]) -> _Form:
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(given))
    types = {name: compiled.binds[name].type for name in given}
    return _formed(connection, arrays.rows_of(statement, types), given, {})


def _row(names: Sequence[str]) -> Converting:
    named: Any = namedtuple  # noqa: PYI024 -- the names are not known before
    make: Converting = named("Row", names, rename=True)._make
    return make


def _run(connection: Connection, sql: str, parameters: Any, take: Converting, *, many: bool = False) -> Any:
    """Return what is taken of a cursor after a statement was run.

    As with SQLAlchemy, who listens to the connection hears of it, and errors are SQLAlchemy's.
    """
    driver: Any = connection.connection
    cursor = driver.cursor()
    try:
        if connection._has_events or connection.engine._has_events:  # noqa: SLF001 -- as SQLAlchemy looks
            for listen in connection.dispatch.before_cursor_execute:
                listen(connection, cursor, sql, parameters, None, many)
        if many:
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters)
        found = take(cursor)
    except connection.dialect.loaded_dbapi.Error as error:
        if connection.dialect.is_disconnect(error, driver, cursor):
            connection.invalidate(error)
        raise _told(connection, sql, parameters, error) from error
    except Exception:
        raise
    except BaseException as error:
        # Called off in the middle: what the driver is at, nobody knows.
        connection.invalidate(error)
        raise
    cursor.close()
    return found


def _told(connection: Connection, sql: str, parameters: Any, error: Exception) -> BaseException:
    dialect = connection.dialect
    told = DBAPIError.instance(
        sql,
        parameters,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=connection.invalidated,
        dialect=dialect,
    )
    return cast("BaseException", told)

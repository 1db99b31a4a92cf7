"""A paper before it is printed: one value from which chat text, workbook and A4 page are made.

It is kept as JSON with the draft, so that what is released is what was looked over. Money is in
hundredths of 万元, shares are in thousandths, days are ISO strings. What a sentence counts is
counted in the tables as they stand, so that no sentence contradicts an amendment.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from bot.domain.blanks import Blank, Value


class Kind(StrEnum):
    """How a column's values are written and shown."""

    WORD = "word"
    PROSE = "prose"
    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    POINTS = "points"
    """A difference of two shares, with its sign."""
    SCORE = "score"
    """Points of a hundred, in tenths."""
    DAY = "day"
    MARK = "mark"
    """A tick, where it is 1."""
    LIGHT = "light"
    """How a clock stands: green, yellow, red."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: the key of its figure, its title, how it is shown, and whether it is summed below.

    Below a share stands the sum of its first column ``of`` by that of its second.
    """

    key: str
    title: str
    kind: Kind
    width: int = 12
    summed: bool = False
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line; ``key`` names it for an amendment (a project's number), ``source`` says whose word it is.

    ``amended`` holds, for each figure that the office put right, what it was. ``about`` are the ids
    of those whom it concerns, where each reader of a paper gets their own lines only.
    """

    key: str
    values: tuple[Value, ...]
    source: str = ""
    amended: Mapping[str, Value] = field(default_factory=dict)
    about: tuple[int, ...] = ()

    def amend(self, at: int, figure: str, value: Value) -> Self:
        """Return the row with a figure put right, marked with what it was at first."""
        was = self.amended.get(figure, self.values[at])
        return replace(self.put(at, value), amended={**self.amended, figure: was})

    def put(self, at: int, value: Value) -> Self:
        """Return the row with another value in a place, unmarked: nobody put it right, it follows."""
        return replace(self, values=(*self.values[:at], value, *self.values[at + 1 :]))

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "key": self.key,
            "values": self.values,
            "source": self.source,
            "amended": self.amended,
            "about": self.about,
        }


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a paper; a rank or a group is a column like any other."""

    name: str
    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]
    note: str = ""

    def place(self, key: str) -> int | None:
        """Return where the figure with a key stands in a row; None if it is not in this table."""
        return next((at for at, heading in enumerate(self.headings) if heading.key == key), None)

    def lines(self) -> Iterator[dict[str, Value]]:
        """Yield each row by the keys of its figures."""
        keys = [heading.key for heading in self.headings]
        for row in self.rows:
            yield dict(zip(keys, row.values, strict=True))

    def has(self, row_key: str, figure: str) -> bool:
        """Tell whether a figure of a row stands here."""
        return self.place(figure) is not None and any(row.key == row_key for row in self.rows)

    def amended(self, row_key: str, figure: str, value: Value) -> Self:
        """Return the table with a figure of a row put right, if it stands here."""
        at = self.place(figure)
        if at is None:
            return self
        rows = (row.amend(at, figure, value) if row.key == row_key else row for row in self.rows)
        return replace(self, rows=tuple(rows))

    def following(self, row_key: str, figure: str, value: Value) -> Self:
        """Return the table with a share of a row as it follows from what was put right."""
        at = self.place(figure)
        if at is None:
            return self
        return replace(
            self, rows=tuple(row.put(at, value) if row.key == row_key else row for row in self.rows)
        )

    def shares(self, row_key: str, figure: str) -> Iterator[tuple[str, Value]]:
        """Yield the shares that are reckoned from a figure of a row, as its row makes them."""
        for row, line in zip(self.rows, self.lines(), strict=True):
            for heading in self.headings if row.key == row_key else ():
                if figure in heading.of:
                    part, whole = (line[each] for each in heading.of)
                    if isinstance(part, int) and isinstance(whole, int) and whole:
                        yield heading.key, part * 1000 // whole
                    else:
                        yield heading.key, None

    def total(self, key: str) -> int:
        """Return the sum of a column, over what stands there now."""
        at = self.place(key)
        if at is None:
            return 0
        return sum(value for row in self.rows if isinstance(value := row.values[at], int))

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        # Rows are written out: `asdict` takes eight times as long, and they are thousands.
        return asdict(replace(self, rows=())) | {"rows": [row.as_json() for row in self.rows]}


@dataclass(frozen=True, slots=True)
class Document:
    """A paper: its title, what of which days, the sentences for a chat, its tables, its notes.

    The blanks of ``lead`` are filled when it is printed: with ``given`` words, or with what ``blanks``
    count in the tables. ``known_through`` is the last report it knew: the next paper begins after it.
    """

    form: str
    title: str
    period: str
    county: str
    scope: str
    first: str
    last: str
    made_at: str
    lead: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    blanks: tuple[Blank, ...] = ()
    personal: bool = False
    known_through: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether no table has a line: then there is nothing to say."""
        return not any(table.rows for table in self.tables)

    @property
    def lines(self) -> int:
        """How many lines its tables have."""
        return sum(len(table.rows) for table in self.tables)

    def of(self, person_id: int) -> Self:
        """Return what of the paper concerns one person: all of it, unless it is a personal one."""
        if not self.personal:
            return self
        tables = tuple(
            replace(table, rows=tuple(row for row in table.rows if person_id in row.about))
            for table in self.tables
        )
        return replace(self, tables=tables)

    @property
    def amendments(self) -> int:
        """How many figures were put right; one that stands in two tables is one."""
        return len({(row.key, each) for table in self.tables for row in table.rows for each in row.amended})

    def amended(self, row_key: str, figure: str, value: Value) -> Self | None:
        """Return the paper with one figure put right wherever it stands; None if it has no such figure.

        Shares that are reckoned from it follow, in every table; they are no amendments of their own.
        """
        if not any(table.has(row_key, figure) for table in self.tables):
            return None
        tables = tuple(table.amended(row_key, figure, value) for table in self.tables)
        for key, share in dict(pair for table in tables for pair in table.shares(row_key, figure)).items():
            tables = tuple(table.following(row_key, key, share) for table in tables)
        return replace(self, tables=tables)

    def parts(self, row_key: str, figure: str) -> tuple[str, ...]:
        """Return the titles of what a figure of a row is reckoned from; nothing if it stands for itself."""
        for table in self.tables:
            at = table.place(figure)
            if at is not None and table.headings[at].of and table.has(row_key, figure):
                titles = {heading.key: heading.title for heading in table.headings}
                return tuple(titles[each] for each in table.headings[at].of)
        return ()

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(replace(self, tables=())) | {"tables": [table.as_json() for table in self.tables]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return it from how it was kept."""
        tables = tuple(_table(each) for each in kept["tables"])
        return cls(
            **{
                **kept,
                "lead": tuple(kept["lead"]),
                "notes": tuple(kept["notes"]),
                "tables": tables,
                "blanks": tuple(Blank.from_json(each) for each in kept["blanks"]),
            }
        )


def _table(kept: Mapping[str, Any]) -> Table:
    headings = tuple(
        Heading(**{**each, "kind": Kind(each["kind"]), "of": tuple(each["of"])}) for each in kept["headings"]
    )
    return Table(kept["name"], headings, tuple(_rows(kept["rows"])), kept["note"])


def _rows(kept: Sequence[Mapping[str, Any]]) -> list[Row]:
    return [
        Row(each["key"], tuple(each["values"]), each["source"], each["amended"], tuple(each["about"]))
        for each in kept
    ]

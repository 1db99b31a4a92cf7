"""Forms (材料样式): which tables and sentences a paper has, read from TOML and found fault with early.

A form names datasets and their figures, never how they are counted; a new paper is a new file. The
built-in forms lie in `forms/`; a county's own folder adds to them or replaces one by its name.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from bot.domain.blanks import Blank, Condition, How
from bot.domain.people import Language
from bot.errors import ConfigurationError
from storage.dataset import Dataset
from storage.datasets import DATASETS

Words = Mapping[Language, str]

GIVEN = ("county", "scope", "period", "time", "until", "days_left")
"""The blanks that every sentence may have: the county, its part, the days, the share of the year gone by,
the last day of a campaign and how many are left."""

_SHIPPED = Path(__file__).with_name("forms")
_NOTHING: Words = dict.fromkeys(Language, "")
_FORM = {"personal": False, "title": True, "lead": False, "blanks": False, "tables": True, "notes": False}
_TABLE = {
    "name": True,
    "dataset": False,
    "columns": True,
    "titles": False,
    "where": False,
    "sort": False,
    "limit": False,
    "sums": False,
    "note": False,
}
"""The keys of a form and of a table, and which of them must be there."""


@dataclass(frozen=True, slots=True)
class TableForm:
    """One table: what of a dataset it shows, in which order, what is summed below; ``limit`` 0 is all."""

    name: Words
    dataset: str
    columns: tuple[str, ...]
    titles: Mapping[str, Words]
    where: tuple[Condition, ...]
    sort: tuple[str, ...]
    limit: int
    sums: frozenset[str]
    note: Words


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a paper."""

    name: str
    title: Words
    lead: tuple[Words, ...]
    blanks: tuple[Blank, ...]
    tables: tuple[TableForm, ...]
    notes: tuple[Words, ...]
    personal: bool = False
    """Whether each reader but the office gets their own lines only."""


def forms(own: Path | None = None) -> dict[str, Form]:
    """Return every form by its name; raise ConfigurationError with every fault of a county's own."""
    found = dict(_shipped())
    if own is None:
        return found
    if not own.is_dir():
        raise ConfigurationError(
            str(own), ["rhythm.forms: there is no such folder; make it, or remove the key"]
        )
    fresh, faults = _read(own)
    if faults:
        raise ConfigurationError(str(own), faults)
    return found | fresh


def unformed(own: Path | None, papers: Iterable[str]) -> list[str]:
    """Return a fault for each paper of a timetable that has no form; raise as `forms` does."""
    found = forms(own)
    cure = f"take one of {'、'.join(found)}, or put one into the folder rhythm.forms"
    return [f"rhythm.papers: there is no form {paper}; {cure}" for paper in papers if paper not in found]


@cache
def _shipped() -> Mapping[str, Form]:
    found, faults = _read(_SHIPPED)
    if faults:
        raise ConfigurationError(str(_SHIPPED), faults)
    return found


def _read(folder: Path) -> tuple[dict[str, Form], list[str]]:
    found, faults = {}, []
    for file in sorted(folder.glob("*.toml")):
        reader = _Reader(file.name)
        if form := reader.read(file):
            found[form.name] = form
        faults += reader.faults
    return found, faults


class _Reader:
    """Reads one file, and keeps everything that is wrong with it."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.faults: list[str] = []

    def read(self, file: Path) -> Form | None:
        """Return the form; None if it cannot be used."""
        try:
            tree = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            self._fault("", f"cannot be read: {error}")
            return None
        except tomllib.TOMLDecodeError as error:
            self._fault("", f"is not TOML: {error}")
            return None
        if not self._has_keys("", tree, _FORM):
            return None
        tables = self._mapping("tables", tree["tables"])
        read = {key: self._table(f"tables.{key}", key, each) for key, each in tables.items()}
        blanks = tuple(self._blanks(self._mapping("blanks", tree.get("blanks", {})), read))
        known = (*GIVEN, *tree.get("blanks", {}))
        title = self._words("title", tree["title"], GIVEN)
        lead = self._sentences("lead", tree.get("lead", []), known)
        notes = self._sentences("notes", tree.get("notes", []), ())
        personal = tree.get("personal", False)
        if not isinstance(personal, bool):
            self._fault("personal", f"{personal!r} is neither true nor false")
        if self.faults:
            return None
        return Form(
            file.stem,
            title,
            lead,
            blanks,
            tuple(each for each in read.values() if each is not None),
            notes,
            personal,
        )

    # --- the parts ----------------------------------------------------------------------

    def _table(self, place: str, key: str, tree: Any) -> TableForm | None:
        if not self._has_keys(place, tree, _TABLE):
            return None
        name = tree.get("dataset", key)
        dataset = DATASETS.get(name)
        if dataset is None:
            self._fault(f"{place}.dataset", f"there is no dataset {name!r}{_near(name, DATASETS)}")
            return None
        columns = self._figures(f"{place}.columns", tree["columns"], dataset)
        sort = tuple(str(each) for each in self._list(f"{place}.sort", tree.get("sort", [])))
        self._figures(f"{place}.sort", [each.removeprefix("-") for each in sort], dataset)
        limit = tree.get("limit", 0)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            self._fault(f"{place}.limit", f"{limit!r} is no number of lines; write one such as 20")
        if dataset.of_people and (sort or limit):
            self._fault(place, f"{name} is about persons, who are not ranked; remove sort and limit")
        sums = self._figures(f"{place}.sums", tree.get("sums", []), dataset)
        for each in sums:
            if each not in columns:
                self._fault(f"{place}.sums", f"{each!r} is no column of this table; add it to columns")
        titles = self._mapping(f"{place}.titles", tree.get("titles", {}))
        self._figures(f"{place}.titles", list(titles), dataset)
        return TableForm(
            name=self._words(f"{place}.name", tree["name"], ()),
            dataset=name,
            columns=tuple(columns),
            titles={each: self._words(f"{place}.titles.{each}", titles[each], ()) for each in titles},
            where=self._where(
                f"{place}.where", tree.get("where", {}), [f.key for f in dataset.figures], name
            ),
            sort=sort,
            limit=limit,
            sums=frozenset(sums),
            note=self._words(f"{place}.note", tree["note"], ()) if "note" in tree else _NOTHING,
        )

    def _blanks(self, tree: Mapping[str, Any], tables: Mapping[str, TableForm | None]) -> Iterable[Blank]:
        for name, each in tree.items():
            place = f"blanks.{name}"
            how = [way for way in How if way in self._mapping(place, each)]
            if len(how) != 1:
                choices = ", ".join(How)
                self._fault(place, f"says not how it is filled; write one of {choices}")
                continue
            if blank := self._blank(place, name, how[0], each, tables):
                yield blank

    def _blank(
        self, place: str, name: str, how: How, tree: Mapping[str, Any], tables: Mapping[str, TableForm | None]
    ) -> Blank | None:
        named = tree[how] if isinstance(tree[how], list) else [tree[how]]
        parts = [str(each).partition(".") for each in named]
        many = {How.COUNT: (1, False), How.SHARE: (2, True)}.get(how, (1, True))
        if (len(parts), all(figure for _, _, figure in parts)) != many or len(
            {at for at, _, _ in parts}
        ) != 1:
            self._fault(f"{place}.{how}", f"write {_EXAMPLES[how]}")
            return None
        key = parts[0][0]
        table = tables.get(key)
        if table is None:
            if key not in tables:
                self._fault(f"{place}.{how}", f"there is no table {key!r}{_near(key, tables)}")
            return None
        figures = tuple(figure for _, _, figure in parts if figure)
        for figure in figures:
            if figure not in table.columns:
                self._fault(f"{place}.{how}", _unseen(figure, key))
        return Blank(
            name=name,
            table=list(tables).index(key),
            how=how,
            figures=figures,
            where=self._where(f"{place}.where", tree.get("where", {}), table.columns, key),
            show=tree.get("show", 3),
        )

    def _where(self, place: str, tree: Any, known: Iterable[str], of: str) -> tuple[Condition, ...]:
        conditions = []
        for figure, wanted in self._mapping(place, tree).items():
            if figure not in known:
                self._fault(place, f"there is no column {figure!r} in {of}{_near(figure, known)}")
                continue
            try:
                conditions.append(Condition.parse(figure, wanted))
            except ValueError:
                self._fault(
                    f"{place}.{figure}", f'write a value, a list of values, true, or ">0"; not {wanted!r}'
                )
        return tuple(conditions)

    def _figures(self, place: str, keys: Any, dataset: Dataset) -> list[str]:
        known = [figure.key for figure in dataset.figures]
        found = [str(each) for each in self._list(place, keys)]
        for key in found:
            if key not in known:
                self._fault(place, f"there is no column {key!r}{_near(key, known)}")
        if len(set(found)) < len(found):
            self._fault(place, "names a column twice")
        return [key for key in found if key in known]

    # --- words --------------------------------------------------------------------------

    def _sentences(self, place: str, tree: Any, known: Iterable[str]) -> tuple[Words, ...]:
        return tuple(
            self._words(f"{place}.{number}", each, known)
            for number, each in enumerate(self._list(place, tree), 1)
        )

    def _words(self, place: str, tree: Any, known: Iterable[str]) -> Words:
        """Return words in every language; a county's own may be in its own only."""
        words = dict.fromkeys(Language, tree) if isinstance(tree, str) else tree
        missing = [
            str(each) for each in Language if not isinstance(self._mapping(place, words).get(each), str)
        ]
        if missing:
            self._fault(
                place, f"is missing in {', '.join(missing)}; write one text, or one for each language"
            )
            return _NOTHING
        for text in dict.fromkeys(words.values()):
            self._look_at_blanks(place, str(text), known)
        return {each: words[each] for each in Language}

    def _look_at_blanks(self, place: str, text: str, known: Iterable[str]) -> None:
        try:
            blanks = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
        except ValueError as error:
            self._fault(place, f"{error}; write {{{{ and }}}} for braces that are meant")
            return
        for name in blanks:
            if name not in known:
                self._fault(place, f"there is no blank {{{name}}}{_near(name, known)}")

    # --- shapes -------------------------------------------------------------------------

    def _has_keys(self, place: str, tree: Any, keys: Mapping[str, bool]) -> bool:
        given = self._mapping(place, tree)
        before = len(self.faults)
        dotted = f"{place}." if place else ""
        for key in given.keys() - keys.keys():
            self._fault(f"{dotted}{key}", f"unknown key{_near(key, keys)}")
        for key, needed in keys.items():
            if needed and key not in given:
                self._fault(f"{dotted}{key}", "is missing")
        return len(self.faults) == before

    def _mapping(self, place: str, tree: Any) -> Mapping[str, Any]:
        if isinstance(tree, dict):
            return tree
        self._fault(place, f"must be a table, not {tree!r}")
        return {}

    def _list(self, place: str, tree: Any) -> list[Any]:
        if isinstance(tree, list):
            return tree
        self._fault(place, f"must be a list, not {tree!r}")
        return []

    def _fault(self, place: str, words: str) -> None:
        self.faults.append(": ".join(each for each in (self._file, place, words) if each))


_EXAMPLES = {
    How.COUNT: 'count = "projects"',
    How.SUM: 'sum = "projects.invested"',
    How.SHARE: 'share = ["projects.cumulative", "projects.planned"], both of one table',
    How.LIST: 'list = "projects.name"',
}


def _unseen(figure: str, table: str) -> str:
    return f"{figure!r} is no column of tables.{table}; a sentence counts only what the table shows"


def _near(word: str, known: Iterable[str]) -> str:
    """Return the cure for a name that is unknown: the nearest one, or all there are."""
    names = list(known)
    near = difflib.get_close_matches(word, names, 1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names) or 'none here'}"

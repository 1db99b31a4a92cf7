"""Holds a county's papers and letters against the raw rows, believing nothing that was counted before.

``look`` counts a paper's figures at the moment of its draft; ``differences`` compares everything at the end.
A paper, a table or a column that is not counted here is a difference too.

Not counted twice: whether a clock is yellow or green, which is reckoned in office hours; the order of
problems, decisions and deadlines; papers of a part of the county; when 督办函 are called for; digests.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.year import days
from tests.year.figures import Raw
from tests.year.letters import Letters
from tests.year.rows import Seen, moment
from tests.year.tables import TABLES, Made, trial

Slot = tuple[str, str, str]
"""A paper, and its first and last day."""


class Checker:
    """One county's database, looked at from outside while it runs and when it is over."""

    def __init__(self, file: Path, begin: datetime) -> None:
        self.raw = Raw(file)
        self.begin = begin
        self.letters = Letters(self.raw, begin)
        self.made: dict[Slot, Made] = {}
        self.known: dict[tuple[str, date], Seen] = {}
        """What was seen when a paper was drafted, by the paper and its last day."""
        self.asked_for: list[str] = []
        self.figures = 0
        self.seen: set[tuple[str, int, str]] = set()
        """The columns, by paper and table, in which something stood."""

    def look(self, paper: str, first: date, last: date, now: datetime) -> None:
        """Count the figures of a paper that is being drafted, after what the one before it has counted."""
        if paper in TABLES:
            before = self.known.get((paper, first - timedelta(days=1)))
            self.made[paper, first.isoformat(), last.isoformat()] = TABLES[paper](
                self.raw.at(first, last, now, before)
            )
            self.known[paper, last] = self.raw.see(last, now)

    def look_at(self, document: dict[str, Any], now: datetime, weights: Mapping[str, int]) -> None:
        """Hold a paper that somebody asked for, and that nobody keeps, against what is counted now."""
        first, last = (date.fromisoformat(document[each]) for each in ("first", "last"))
        look = self.raw.at(first, last, now)
        made = trial(look, weights) if weights else TABLES[document["form"]](look)
        self.asked_for += self._tables(f"{document['form']} {now}", document, made, {})

    def differences(self, end: datetime) -> list[str]:
        """Return a sentence for everything that is not as it should be."""
        return [
            *self._timetable(end),
            *(each for row in self.bulletins() for each in self._figures(row)),
            *(each for row in self.bulletins() for each in self._posting(row)),
            *self.asked_for,
            *self.letters.numbers(),
            *self.letters.receipts(),
            *self.letters.triggers(end),
            *self.letters.withdrawals(end),
        ]

    def bulletins(self) -> list[Any]:
        return self.raw.rows("SELECT * FROM bulletins ORDER BY id")

    # --- each paper once, on its day ------------------------------------------------------

    def _timetable(self, end: datetime) -> Iterator[str]:
        found = Counter(_slot(row) for row in self.bulletins())
        yield from (f"{slot}: made {many} times" for slot, many in found.items() if many > 1)
        wanted = {
            (paper, first.isoformat(), last.isoformat()): drafted
            for paper, first, last, drafted in days.due(self.begin, end)
        }
        yield from (f"{slot}: never made" for slot in wanted.keys() - found.keys())
        for row in self.bulletins():
            slot = _slot(row)
            if slot not in wanted:
                yield f"{slot}: made, and nothing asks for it"
                continue
            drafted = wanted[slot]
            if (at := moment(row["drafted_at"])) != drafted:
                yield f"{slot}: drafted {at:%Y-%m-%d %H:%M}, not {drafted:%Y-%m-%d %H:%M}"
            if not days.works(at.date()):
                yield f"{slot}: drafted on a day off"

    # --- every figure ---------------------------------------------------------------------

    def _figures(self, row: Any) -> Iterator[str]:
        made = self.made.get(_slot(row))
        if made is None:
            yield f"{_slot(row)}: a paper that nobody counts again"
        else:
            content = json.loads(row["content"])
            yield from self._tables(str(_slot(row)), content, made, self._amended(row["id"]))

    def _tables(
        self, slot: str, document: dict[str, Any], made: Made, amended: dict[Any, Any]
    ) -> Iterator[str]:
        if len(made) != len(document["tables"]):
            yield f"{slot}: has {len(document['tables'])} tables, of which {len(made)} are counted"
            return
        for at, (table, (lines, in_order)) in enumerate(zip(document["tables"], made, strict=True)):
            name = f"{slot} {table['name']}"
            keys = [each["key"] for each in table["rows"]]
            if (sorted(keys) != sorted(lines)) or (in_order and keys != list(lines)):
                missing, more = lines.keys() - set(keys), set(keys) - lines.keys()
                yield f"{name}: without lines {missing or ''}, with {more or ''}, or out of order"
                continue
            for each in table["rows"]:
                line = lines[each["key"]]
                yield from self._line(name, each, table["headings"], line, amended)
                if document["personal"] and each["about"] != line.get("about", []):
                    yield f"{name} {each['key']}: goes to {each['about']}, not to {line.get('about')}"
                self.seen |= {
                    (document["form"], at, heading["key"])
                    for heading, value in zip(table["headings"], each["values"], strict=True)
                    if value not in (None, "")
                }

    def _line(
        self, name: str, row: Any, headings: list[Any], line: dict[str, Any], amended: dict[Any, Any]
    ) -> Iterator[str]:
        name = f"{name} {row['key']}"
        if row["source"] != line["source"]:
            yield f"{name}: on the word of {row['source']}, not {line['source']}"
        shown = dict(zip((each["key"] for each in headings), row["values"], strict=True))
        for heading in headings:
            figure = heading["key"]
            self.figures += 1
            if figure not in line:
                yield f"{name} {figure}: a column that nobody counts again"
            elif figure in row["amended"] or (row["key"], figure) in amended:
                was = row["amended"].get(figure, "never")
                said = amended.get((row["key"], figure), "nothing")
                if (was, shown[figure]) != (line[figure], said):
                    yield (
                        f"{name} {figure}: {shown[figure]}, before it {was}; "
                        f"the office said {said}, and {line[figure]} was counted"
                    )
            elif _plain(figure, shown[figure]) != (wanted := _following(heading, shown, row, line[figure])):
                yield f"{name} {figure}: {shown[figure]!r}, not {wanted!r}"

    def _amended(self, bulletin_id: int) -> dict[tuple[str, str], Any]:
        rows = self.raw.rows("SELECT * FROM amendments WHERE bulletin_id = :of ORDER BY id", of=bulletin_id)
        # SQLite keeps a number in a column of JSON as a number.
        return {
            (row["line"], row["figure"]): json.loads(row["value"])
            if isinstance(row["value"], str)
            else row["value"]
            for row in rows
        }

    # --- nothing before its release -------------------------------------------------------

    def _posting(self, row: Any) -> Iterator[str]:
        slot = _slot(row)
        handed = self.raw.rows(
            "SELECT MIN(made_at) AS first FROM outbox"
            " WHERE key LIKE :posted OR key LIKE :group OR key LIKE :own",
            posted=f"bulletin:{row['id']}:posted%",
            group=f"bulletin:{row['id']}:group%",
            own=f"bulletin:{row['id']}:own%",
        )[0]["first"]
        if row["state"] != "已发":
            if handed or row["posted_at"]:
                yield f"{slot}: {row['state']}, and yet it went out"
            return
        if row["posted_at"] is None:
            yield from [] if row["post_at"] else [f"{slot}: released, and never to be posted"]
            return
        earliest = moment(row["decided_at"]) + timedelta(seconds=row["hold"])
        if json.loads(row["audience"]) == ["指挥部办公室"]:
            earliest = moment(row["drafted_at"])
        if moment(row["posted_at"]) < earliest or (handed and moment(handed) < earliest):
            yield f"{slot}: posted {row['posted_at']}, before its release"
        for each in self.raw.rows("SELECT * FROM objections WHERE bulletin_id = :of", of=row["id"]):
            if not each["answer"] or each["answered_at"] > row["posted_at"]:
                yield f"{slot}: posted over the objection {each['text']}"


def _following(heading: Any, shown: dict[str, Any], row: Any, counted: Any) -> Any:
    """Return a figure as it was counted; a share as it follows where what it is reckoned from was amended."""
    if not set(heading["of"]) & row["amended"].keys():
        return counted
    part, whole = (shown[each] for each in heading["of"])
    return part * 1000 // whole if whole else None


def _slot(row: Any) -> Slot:
    return row["form"], row["first"], row["last"]


def _plain(figure: str, value: Any) -> Any:
    """Return a light as red or not: the yellow are reckoned in office hours, which nobody counts twice."""
    return "not red" if figure == "light" and value in {"green", "yellow"} else value

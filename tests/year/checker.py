"""Holds a county's papers and letters against the raw rows, believing nothing that was counted before.

``look`` counts a paper's figures at the moment of its draft; ``differences`` compares everything at the end.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.year import days
from tests.year.figures import Raw
from tests.year.rows import CST, UTC_TEXT
from tests.year.tables import TABLES, Made

_DAY = timedelta(days=1)


class Checker:
    """One county's database, looked at from outside while it runs and when it is over."""

    def __init__(self, file: Path, begin: datetime, papers: set[str]) -> None:
        self.raw = Raw(file)
        self.begin = begin
        self.papers = papers
        self.made: dict[tuple[str, str], Made] = {}
        self.figures = 0

    def look(self, paper: str, first: date, last: date, now: datetime) -> None:
        """Count the figures of a paper that is being drafted."""
        self.made[paper, last.isoformat()] = TABLES[paper](self.raw.at(first, last, now))

    def differences(self, end: datetime) -> list[str]:
        """Return a sentence for everything that is not as it should be."""
        return [
            *self._timetable(end),
            *(each for row in self.bulletins() for each in self._figures(row)),
            *(each for row in self.bulletins() for each in self._posting(row)),
            *self.numbers(),
            *self.receipts(),
            *self._triggers(end),
        ]

    def bulletins(self) -> list[Any]:
        return self.raw.rows("SELECT * FROM bulletins ORDER BY id")

    # --- each paper once, on its day ------------------------------------------------------

    def _timetable(self, end: datetime) -> Iterator[str]:
        found = Counter((row["form"], row["last"]) for row in self.bulletins())
        yield from (f"{slot}: made {many} times" for slot, many in found.items() if many > 1)
        wanted = {
            (paper, last.isoformat()): (first, drafted)
            for paper in self.papers
            for first, last, drafted in days.due(paper, self.begin, end)
        }
        yield from (f"{slot}: never made" for slot in wanted.keys() - found.keys())
        for row in self.bulletins():
            slot = (row["form"], row["last"])
            if slot not in wanted:
                yield f"{slot}: made, and nothing asks for it"
                continue
            first, drafted = wanted[slot]
            if row["first"] != first.isoformat():
                yield f"{slot}: begins on {row['first']}, not on {first}"
            if (at := moment(row["drafted_at"])) != drafted:
                yield f"{slot}: drafted {at:%Y-%m-%d %H:%M}, not {drafted:%Y-%m-%d %H:%M}"
            if not days.works(at.date()):
                yield f"{slot}: drafted on a day off"

    # --- every figure ---------------------------------------------------------------------

    def _figures(self, row: Any) -> Iterator[str]:
        slot = (row["form"], row["last"])
        tables = json.loads(row["content"])["tables"]
        made = self.made.get(slot)
        if made is None or len(made) != len(tables):
            yield f"{slot}: has {len(tables)} tables, of which nobody has looked at {len(made or ())}"
            return
        amended = self._amended(row["id"])
        for table, (lines, in_order) in zip(tables, made, strict=True):
            name = f"{slot} {table['name']}"
            keys = [each["key"] for each in table["rows"]]
            if (sorted(keys) != sorted(lines)) or (in_order and keys != list(lines)):
                missing, more = lines.keys() - set(keys), set(keys) - lines.keys()
                yield f"{name}: without lines {missing or ''}, with {more or ''}, or out of order"
                continue
            headings = [each["key"] for each in table["headings"]]
            for each in table["rows"]:
                yield from self._line(name, each, headings, lines[each["key"]], amended)

    def _line(
        self, name: str, row: Any, headings: list[str], line: dict[str, Any], amended: dict[Any, Any]
    ) -> Iterator[str]:
        if row["source"] != line["source"]:
            yield f"{name} {row['key']}: on the word of {row['source']}, not {line['source']}"
        for figure, value in zip(headings, row["values"], strict=True):
            self.figures += 1
            if figure in row["amended"]:
                if (at_first := row["amended"][figure]) != line[figure]:
                    yield f"{name} {row['key']} {figure}: was {at_first}, not {line[figure]}"
                if amended.get((row["key"], figure), value) != value:
                    yield f"{name} {row['key']} {figure}: {value} is not what the office said"
                if (row["key"], figure) not in amended:
                    yield f"{name} {row['key']} {figure}: amended by nobody"
            elif _plain(figure, value) != line[figure]:
                yield f"{name} {row['key']} {figure}: {value!r}, not {line[figure]!r}"

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
        slot = (row["form"], row["last"])
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

    # --- letters --------------------------------------------------------------------------

    def _letters(self) -> list[Any]:
        return self.raw.rows("SELECT * FROM missives ORDER BY id")

    def numbers(self) -> Iterator[str]:
        sent: dict[tuple[str, int], list[tuple[int, str]]] = defaultdict(list)
        for row in self._letters():
            is_out = row["state"] in {"已发", "已回复", "已办结"}
            if is_out is not (row["sequence"] is not None):
                yield f"letter {row['id']} is {row['state']} and has the number {row['sequence']}"
            if row["sequence"] is not None:
                sent[row["kind"], row["year"]].append((row["sequence"], row["sent_at"]))
                if moment(row["sent_at"]).year != row["year"]:
                    yield f"letter {row['id']}: of {row['year']}, sent {row['sent_at']}"
        for (kind, year), numbers in sent.items():
            in_time = [number for number, _ in sorted(numbers, key=lambda each: (each[1], each[0]))]
            if in_time != list(range(1, len(numbers) + 1)):
                yield f"{kind} of {year}: numbered {in_time}"

    def receipts(self) -> Iterator[str]:
        given = {
            row["subject"]: row
            for row in self.raw.rows(
                "SELECT subject, COUNT(received_at) AS received FROM receipts GROUP BY 1"
            )
        }
        for row in self._letters():
            receipt = given.get(f"missive:{row['id']}")
            if row["sequence"] is None:
                if receipt:
                    yield f"letter {row['id']}: handed over and never sent"
            elif receipt is None:
                yield f"letter {row['id']}: handed to nobody"
            elif row["state"] != "已发" and not receipt["received"] and row["replied_at"]:
                yield f"letter {row['id']}: replied to, and received by nobody"
            if row["sequence"] is not None and row["reply_due"]:
                yield from self._reply_day(row)

    def _reply_day(self, row: Any) -> Iterator[str]:
        day = moment(row["sent_at"]).date()
        if row["reply_due"] <= day.isoformat():
            yield f"letter {row['id']}: sent {day}, to be answered {row['reply_due']}"
        if row["matter"] and not self.raw.rows(
            "SELECT 1 FROM audit WHERE subject = :of AND action = 'missive.returned'",
            of=f"missive:{row['id']}",
        ):
            for _ in range(5):
                day = days.next_worked(day + _DAY)
            if row["reply_due"] != day.isoformat():
                yield f"letter {row['id']}: to be answered {row['reply_due']}, not {day}"

    def _triggers(self, end: datetime) -> Iterator[str]:
        """Yield the letters of starts that were drafted on another day than theirs, or were not drafted."""
        drafted = {row["slot"]: moment(row["drafted_at"]).date() for row in self._letters() if row["matter"]}
        for project in self.raw.rows("SELECT * FROM projects WHERE planned_start IS NOT NULL"):
            planned = date.fromisoformat(project["planned_start"])
            for kind, trigger in (("提醒函", _month_before(planned)), ("交办函", planned + 15 * _DAY)):
                day = days.next_worked(max(trigger, self.begin.date()))
                started = project["actual_start"]
                is_called = (started is None or started > day.isoformat()) and day <= end.date()
                is_called &= kind == "交办函" or day < planned
                slot = f"{kind}:{project['id']}:开工:{planned}"
                if is_called and drafted.get(slot) != day:
                    yield f"{slot}: drafted {drafted.get(slot)}, not {day}"


def _month_before(day: date) -> date:
    month = (day.replace(day=1) - _DAY).replace(day=1)
    end = day.replace(day=1) - _DAY
    return month.replace(day=min(day.day, end.day))


def _plain(figure: str, value: Any) -> Any:
    """Return a light as red or not: the yellow are reckoned in office hours, which nobody counts twice."""
    return "not red" if figure == "light" and value in {"green", "yellow"} else value


def moment(text: str) -> datetime:
    """Return a moment as the county's clocks showed it."""
    return datetime.strptime(text, UTC_TEXT).replace(tzinfo=UTC).astimezone(CST)

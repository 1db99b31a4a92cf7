"""The letters of a county (函): their numbers, their receipts, and the days that call for them."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from tests.year import days
from tests.year.figures import Raw
from tests.year.rows import moment

_DAY = timedelta(days=1)
_HALF_A_MONTH = 15 * _DAY
_MORNING = "08:45"
"""When letters are drafted and withdrawn, on working days."""


class Letters:
    """Every letter of a county, and what its projects called for."""

    def __init__(self, raw: Raw, begin: datetime) -> None:
        self.raw = raw
        self._begin = begin

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

    # --- what calls for one ---------------------------------------------------------------

    def triggers(self, end: datetime) -> Iterator[str]:
        """Yield what was drafted on another day than the one that called for it, or was not drafted."""
        drafted = {row["slot"]: moment(row["drafted_at"]).date() for row in self._letters() if row["matter"]}
        for project in self.raw.rows("SELECT * FROM projects"):
            for matter, name in (("开工", "start"), ("投产", "completion")):
                done = project[f"actual_{name}"]
                for planned, since, until in self._plans(project, name, end):
                    for kind, trigger in _calls(matter, planned):
                        day = days.next_worked(max(trigger, since))
                        is_called = day <= until and (done is None or done > day.isoformat())
                        is_called &= kind == "交办函" or day < planned
                        slot = f"{kind}:{project['id']}:{matter}:{planned}"
                        if is_called and drafted.get(slot) != day:
                            yield f"{slot}: drafted {drafted.get(slot)}, not {day}"

    def _plans(self, project: Any, name: str, end: datetime) -> Iterator[tuple[date, date, date]]:
        """Yield each day that was planned, with the first and last morning on which it was."""
        since = self._begin.date()
        what = {"start": "计划开工", "completion": "计划竣工"}[name]
        for row in self.raw.rows(
            "SELECT at, detail FROM audit WHERE subject = :of AND action = 'milestone.moved' ORDER BY id",
            of=f"project:{project['id']}",
        ):
            detail = json.loads(row["detail"])
            if detail["what"] == what:
                moved = moment(row["at"]).date()
                if detail["before"]:
                    yield date.fromisoformat(detail["before"]), since, moved
                since = moved + _DAY
        if project[f"planned_{name}"]:
            yield date.fromisoformat(project[f"planned_{name}"]), since, end.date()

    def withdrawals(self, end: datetime) -> Iterator[str]:
        """Yield drafts that are left though the start was recorded, and letters withdrawn without cause."""
        projects = {row["id"]: row for row in self.raw.rows("SELECT * FROM projects")}
        morning = end.date()
        while not days.works(morning) or (f"{end:%H:%M}" < _MORNING and morning == end.date()):
            morning -= _DAY
        for row in self._letters():
            if row["matter"] != "开工":
                continue
            project = projects[row["project_id"]]
            nodded = self.raw.rows(
                "SELECT MIN(decided_at) AS at FROM stage_moves WHERE project_id = :of AND step = '开工'"
                " AND answer = '同意'",
                of=project["id"],
            )[0]["at"]
            planned = date.fromisoformat(row["slot"].rpartition(":")[2])
            if row["state"] == "待签发" and nodded and moment(nodded).date() < morning:
                yield f"letter {row['id']}: still a draft, though the start was recorded {nodded}"
            if row["state"] == "已撤回":
                is_moved = project["planned_start"] != planned.isoformat()
                is_passed = row["kind"] == "提醒函" and moment(row["closed_at"]).date() >= planned
                if not (project["actual_start"] or is_moved or is_passed):
                    yield f"letter {row['id']}: withdrawn, and still called for"


def _calls(matter: str, planned: date) -> Iterator[tuple[str, date]]:
    if matter == "开工":
        yield "提醒函", _month_before(planned)
    yield "交办函", planned + _HALF_A_MONTH


def _month_before(day: date) -> date:
    month = (day.replace(day=1) - _DAY).replace(day=1)
    end = day.replace(day=1) - _DAY
    return month.replace(day=min(day.day, end.day))

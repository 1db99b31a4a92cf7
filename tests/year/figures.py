"""Every figure of a paper, counted anew from the raw rows: plain SQL of its own, nothing shared with storage/.

What a figure means stands in the county's documents and in CONTRIBUTING.md; how it is counted stands here
a second time.
"""

import json
import sqlite3
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

Lines = dict[str, dict[str, Any]]
"""The lines of a table by their keys, in their order."""

UTC_TEXT = "%Y-%m-%d %H:%M:%S.%f"
CST = timezone(timedelta(hours=8))
_DAY = timedelta(days=1)
_STATES = {"open": ("待接办", "办理中", "待确认"), "unsolved": ("待接办", "办理中")}
_OPEN = "state IN ('待接办', '办理中', '待确认')"
_PROBLEM = "nature = '问题' AND state <> '已撤销'"
_LATE = (
    "state IN ('待接办', '办理中') AND paused_at IS NULL"
    " AND (solve_due <= :now OR (state = '待接办' AND accept_due <= :now))"
)
_PROJECTS = """
WITH now AS (SELECT project_id, MAX(day) AS day FROM reports WHERE current AND day <= :until GROUP BY 1),
     before AS (SELECT project_id, MAX(day) AS day FROM reports WHERE current AND day < :first GROUP BY 1),
     said AS (SELECT project_id, MAX(day) AS day FROM reports
              WHERE current AND day <= :until AND text <> '' GROUP BY 1),
     moved AS (SELECT project_id, MAX(day) AS day FROM reports
               WHERE current AND day <= :until AND kind <> '照旧' GROUP BY 1)
SELECT p.*, u.name AS unit,
       n.day AS now_day, n.permille AS now_permille, n.cumulative AS now_cumulative, w.name AS now_by,
       b.day AS before_day, b.permille AS before_permille, b.cumulative AS before_cumulative,
       s.text AS said_text, s.day AS said_day, q.name AS said_by, moved.day AS moved_day,
       (SELECT COUNT(*) FROM reports r WHERE r.project_id = p.id AND current AND day BETWEEN :first AND :until)
           AS answered
FROM projects p
LEFT JOIN units u ON u.id = p.unit_id
LEFT JOIN now ON now.project_id = p.id
LEFT JOIN reports n ON n.project_id = p.id AND n.day = now.day AND n.current
LEFT JOIN people w ON w.id = n.person_id
LEFT JOIN before ON before.project_id = p.id
LEFT JOIN reports b ON b.project_id = p.id AND b.day = before.day AND b.current
LEFT JOIN said ON said.project_id = p.id
LEFT JOIN reports s ON s.project_id = p.id AND s.day = said.day AND s.current
LEFT JOIN people q ON q.id = s.person_id
LEFT JOIN moved ON moved.project_id = p.id
ORDER BY p.id
"""


class Raw:
    """The database of a county, read by itself at the moment a paper is drafted; the whole county only."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(f"file:{file}?mode=ro", uri=True, check_same_thread=False)
        self._db.row_factory = sqlite3.Row

    def close(self) -> None:
        self._db.close()

    def at(self, first: date, last: date, now: datetime) -> "Look":
        """Return what can be counted of some days as it stands now."""
        return Look(self._db, first, last, now)

    def rows(self, statement: str, **given: object) -> list[sqlite3.Row]:
        return self._db.execute(statement, given).fetchall()


class Look:
    """The rows of every dataset, for one paper."""

    def __init__(self, db: sqlite3.Connection, first: date, last: date, now: datetime) -> None:
        self._db = db
        self.first, self.last, self.now = first, last, now
        self.today = now.astimezone(CST).date()
        self.until = min(last, self.today)
        days = 366 if self.until.year % 4 == 0 else 365
        self.year_share = (self.until - date(self.until.year - 1, 12, 31)).days * 1000 // days
        self._given = {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "until": self.until.isoformat(),
            "today": self.today.isoformat(),
            "now": now.astimezone(timezone.utc).strftime(UTC_TEXT),
            "begins": _utc(first),
            "ends": _utc(last + _DAY),
            "new_year": f"{self.until.year}-01-01",
        }

    def _rows(self, statement: str, **more: object) -> list[sqlite3.Row]:
        return self._db.execute(statement, {**self._given, **more}).fetchall()

    def _leads(self, duty: str = "牵头领导") -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for row in self._rows(
            "SELECT a.project_id, p.name FROM assignments a JOIN people p ON p.id = a.person_id"
            " WHERE duty = :duty AND (until IS NULL OR until > :today) ORDER BY a.id",
            duty=duty,
        ):
            found.setdefault(row["project_id"], []).append(row["name"])
        return found

    # --- projects -----------------------------------------------------------------------

    def projects(self) -> Lines:
        leads, asked = self._leads(), self._asked()
        counts = {row["project_id"]: row for row in self._counted("project_id")}
        following = {
            row["project_id"]: row
            for row in self._rows(
                "SELECT * FROM milestones WHERE done IS NULL AND planned IS NOT NULL ORDER BY planned DESC, id DESC"
            )
        }
        return {
            row["number"]: self._project(row, leads, asked, counts.get(row["id"]), following.get(row["id"]))
            for row in self._rows(_PROJECTS)
        }

    def _project(self, row: Any, leads: Any, asked: Any, count: Any, milestone: Any) -> dict[str, Any]:
        money = self._money(row)
        planned, share = row["planned"], self.year_share
        done = money["cumulative"] * 1000 // planned if planned else None
        due = planned * share // 1000 if planned else None
        permille = row["start_permille"] if row["now_day"] is None else row["now_permille"]
        advanced = permille - (row["start_permille"] if row["before_day"] is None else row["before_permille"])
        moved = (row["moved_day"] or "") >= self.first.isoformat() or money["invested"] > 0 or advanced > 0
        return {
            **{key: row[key] for key in ("number", "name", "place", "industry", "level", "stage", "total")},
            "class": row["kind"],
            "unit": row["unit"] or "",
            "lead_leader": "、".join(leads.get(row["id"], ())),
            "planned": planned,
            **money,
            "time_share": share,
            "plan_share": done,
            "difference": None if done is None else done - share,
            "due": due,
            "owed": None if due is None else max(0, due - money["cumulative"]),
            "permille": permille,
            "advanced": advanced,
            "moved": int(moved),
            "last_text": row["said_text"] or "",
            "last_text_day": row["said_day"],
            "last_text_by": row["said_by"] or "",
            "last_progress": row["moved_day"],
            "still_days": self._since(row["moved_day"]),
            "asked": len(asked.get(row["id"], ())),
            "answered": row["answered"],
            **{key: count[key] if count else 0 for key in ("opened", "closed", "open", "overdue")},
            **{
                key: row[key]
                for key in ("planned_start", "actual_start", "planned_completion", "actual_completion")
            },
            "start_late": self._late(row["planned_start"], row["actual_start"]),
            "completion_late": self._late(row["planned_completion"], row["actual_completion"]),
            "milestone": milestone["name"] if milestone else None,
            "milestone_day": milestone["planned"] if milestone else None,
            "milestone_late": self._late(milestone["planned"], None) if milestone else None,
            "source": f"{row['now_day']} {row['now_by']}" if row["now_day"] else "名册",
        }

    def _money(self, row: Any) -> dict[str, int]:
        """Return this year's money: it begins again on 1 January, on the roster's figure in the roster's year."""
        start = row["start_cumulative"] if row["start_on"][:4] == str(self.until.year) else 0
        new_year = self._given["new_year"]
        now = row["now_cumulative"] if (row["now_day"] or "") >= new_year else start
        before = row["before_cumulative"] if (row["before_day"] or "") >= new_year else start
        return {"cumulative": now, "invested": now - before}

    def _asked(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for row in self._rows("SELECT day, projects FROM prompts WHERE day BETWEEN :first AND :until"):
            for project_id in json.loads(row["projects"]):
                found.setdefault(project_id, set()).add(row["day"])
        return found

    def _counted(self, by: str) -> list[sqlite3.Row]:
        return self._rows(
            f"SELECT {by}, SUM(opened_at >= :begins AND opened_at < :ends) AS opened,"
            " SUM(state = '已销号' AND closed_at >= :begins AND closed_at < :ends) AS closed,"
            f" SUM({_OPEN}) AS open, SUM(COALESCE({_LATE}, 0)) AS overdue,"
            f" COUNT(DISTINCT CASE WHEN {_OPEN} THEN project_id END) AS projects"
            f" FROM problems WHERE {_PROBLEM} GROUP BY {by}"
        )

    def _late(self, planned: str | None, actual: str | None) -> int | None:
        if planned is None or (actual is None and planned >= self.until.isoformat()):
            return None
        end = date.fromisoformat(actual) if actual else self.until
        return (end - date.fromisoformat(planned)).days

    def _since(self, day: str | None) -> int | None:
        return None if day is None else (self.until - date.fromisoformat(day)).days

    # --- problems -----------------------------------------------------------------------

    def problems(self) -> Lines:
        leads = self._leads()
        rows = self._rows(
            "SELECT q.*, p.number AS project_number, p.name AS project, p.place, h.name AS holder,"
            " hu.name AS holder_unit, ru.name AS reporter_unit,"
            " (SELECT kind FROM requests r WHERE r.problem_id = q.id AND r.generation = q.generation"
            "  AND r.answer = '' ORDER BY r.id DESC LIMIT 1) AS asked,"
            f" COALESCE({_LATE}, 0) AS late, solve_due <= :now AS past"
            " FROM problems q JOIN projects p ON p.id = q.project_id JOIN people h ON h.id = q.holder_id"
            " LEFT JOIN units hu ON hu.id = h.unit_id JOIN people r ON r.id = q.reporter_id"
            f" LEFT JOIN units ru ON ru.id = r.unit_id WHERE {_PROBLEM}"
            f" AND ({_OPEN} OR (opened_at >= :begins AND opened_at < :ends)"
            "  OR (closed_at >= :begins AND closed_at < :ends))"
        )
        return {row["number"]: self._problem(row, leads) for row in rows}

    def _problem(self, row: Any, leads: Any) -> dict[str, Any]:
        is_open = row["state"] in _STATES["open"]
        closed = row["closed_at"] if row["state"] == "已销号" else None
        opened_on, due_on = day_of(row["opened_at"]), day_of(row["solve_due"])
        until = day_of(closed) or self.today.isoformat()
        return {
            **{
                key: row[key]
                for key in ("number", "project_number", "project", "category", "text", "urgency")
            },
            **{key: row[key] for key in ("state", "place", "holder", "extensions")},
            "lead_leader": "、".join(leads.get(row["project_id"], ())),
            "holder_unit": row["holder_unit"] or "",
            "step": _step(row) if is_open else "",
            "opened_on": opened_on,
            "due_on": due_on,
            "closed_on": day_of(closed),
            "days_open": _days(opened_on, until),
            "days_late": _days(due_on, self.today.isoformat()) if row["late"] and row["past"] else None,
            "light": ("red" if row["late"] else "not red") if is_open else "",
            "late": row["late"],
            "is_new": int(self._given["begins"] <= row["opened_at"] < self._given["ends"]),
            "is_closed": int(bool(closed) and self._given["begins"] <= closed < self._given["ends"]),
            "reopened": row["generation"] - 1,
            "source": f"{opened_on} {row['reporter_unit'] or ''}".strip(),
        }

    def factors(self) -> Lines:
        return {
            row["category"]: {**dict(row), "source": ""}
            for row in self._counted("category")
            if row["open"] or row["opened"] or row["closed"]
        }

    def commons(self) -> Lines:
        rows = self._rows(
            "SELECT c.category, c.state, c.at, h.name AS holder, u.name AS unit, COUNT(*) AS open,"
            " COUNT(DISTINCT q.project_id) AS projects FROM commons c JOIN people h ON h.id = c.holder_id"
            " LEFT JOIN units u ON u.id = h.unit_id JOIN problems q ON q.holder_id = c.holder_id"
            f" AND q.category = c.category AND q.{_OPEN} AND q.nature = '问题'"
            " WHERE c.state IN ('offered', 'merged') GROUP BY c.id"
        )
        return {
            f"{row['category']} {row['holder']}": {
                **{key: row[key] for key in ("category", "holder", "projects", "open")},
                "holder_unit": row["unit"] or "",
                "since": day_of(row["at"]),
                "merged": int(row["state"] == "merged"),
                "source": day_of(row["at"]),
            }
            for row in rows
        }

    def decisions(self) -> Lines:
        rows = self._rows(
            "SELECT q.number, p.name AS project, q.category, r.text AS request, a.name AS asker,"
            " t.name AS asked_of, r.at FROM requests r JOIN problems q ON q.id = r.problem_id"
            " JOIN projects p ON p.id = q.project_id LEFT JOIN people a ON a.id = r.asker_id"
            " LEFT JOIN people t ON t.id = r.to_id WHERE r.kind = '提请' AND r.answer = ''"
            f" AND r.generation = q.generation AND q.{_OPEN}"
        )
        return {
            row["number"]: {
                **{
                    key: row[key] or ""
                    for key in ("number", "project", "category", "request", "asker", "asked_of")
                },
                "asked_on": (asked_on := day_of(row["at"])),
                "days_waiting": _days(asked_on, self.today.isoformat()),
                "source": f"{asked_on} {row['asker'] or ''}".strip(),
            }
            for row in rows
        }

    # --- prizes, leaders, dates -----------------------------------------------------------

    def solved(self, name: str, joins: str, condition: str, fewest: int) -> Lines:
        """Return what was closed in these days, and how much of it was solved in time, by a name."""
        rows = self._rows(
            f"SELECT {name} AS name, COUNT(*) AS solved,"
            " SUM(COALESCE(COALESCE(q.solved_at, q.closed_at) <= q.solve_due, 0)) AS on_time"
            f" FROM problems q {joins} WHERE q.nature = '问题' AND q.state = '已销号'"
            f" AND q.closed_at >= :begins AND q.closed_at < :ends AND {condition}"
            f" GROUP BY 1 HAVING COUNT(*) >= {fewest}"
        )
        return {
            row["name"]: {**dict(row), "on_time_share": row["on_time"] * 1000 // row["solved"], "source": ""}
            for row in rows
        }

    def leaders(self) -> Lines:
        projects = self.projects()
        on_time = self.solved("p.number", "JOIN projects p ON p.id = q.project_id", "1", 1)
        went = {
            row["person_id"]: row["many"]
            for row in self._rows(
                "SELECT person_id, COUNT(*) AS many FROM visits WHERE done_at IS NOT NULL"
                " AND day BETWEEN :first AND :until GROUP BY 1"
            )
        }
        found: Lines = {}
        for row in self._rows(
            "SELECT l.id, l.name, l.title, p.number FROM assignments a JOIN people l ON l.id = a.person_id"
            " JOIN projects p ON p.id = a.project_id WHERE a.duty = '牵头领导'"
            " AND (a.until IS NULL OR a.until > :today) ORDER BY l.id, p.id"
        ):
            line = found.setdefault(
                f"{row['name']} {row['title']}".strip(),
                {"leader": row["name"], "post": row["title"], "visits": went.get(row["id"], 0), "of": []},
            )
            line["of"].append(projects[row["number"]])
        for line in found.values():
            mine = line.pop("of")
            for key in ("planned", "cumulative", "invested", "opened", "closed", "open", "overdue"):
                line[key] = sum(each[key] or 0 for each in mine)
            line["projects"] = len(mine)
            line["project_names"] = "、".join(each["name"] for each in mine)
            line["moved_projects"] = sum(each["moved"] for each in mine)
            line["plan_share"] = line["cumulative"] * 1000 // line["planned"] if line["planned"] else None
            for key, day in (("started", "actual_start"), ("completed", "actual_completion")):
                line[key] = sum(self.within(each[day]) for each in mine)
            line["on_time"] = sum(on_time.get(each["number"], {"on_time": 0})["on_time"] for each in mine)
            line["on_time_share"] = line["on_time"] * 1000 // line["closed"] if line["closed"] else None
            line["source"] = ""
        return found

    def within(self, day: str | None) -> bool:
        return day is not None and self.first.isoformat() <= day <= self.last.isoformat()

    def dates(self) -> Lines:
        found: Lines = {}
        for name, table, planned, actual in (
            ("开工", "projects", "planned_start", "actual_start"),
            ("竣工", "projects", "planned_completion", "actual_completion"),
            ("节点承诺", "milestones", "planned", "done"),
        ):
            (row,) = self._rows(
                f"SELECT COUNT(*) AS due, COALESCE(SUM({actual} <= :until), 0) AS done,"
                f" COALESCE(SUM({actual} <= :until AND {actual} <= {planned}), 0) AS in_time"
                f" FROM {table} WHERE {planned} BETWEEN :new_year AND :until"
            )
            due, done, in_time = row["due"], row["done"], row["in_time"]
            found[name] = {
                "indicator": name,
                "fallen_due": due,
                "done": done,
                "done_share": done * 1000 // due if due else None,
                "in_time": in_time,
                "in_time_share": in_time * 1000 // due if due else None,
                "missing": due - done,
                "source": "",
            }
        return found

    # --- warnings -----------------------------------------------------------------------

    def course(self, days: int) -> Lines:
        """Return the projects as they came along in the last days."""
        return Look(self._db, self.until - (days - 1) * _DAY, self.until, self.now).projects()

    def start_on(self, number: str) -> date:
        """Return the day of a project's figures in the roster."""
        (row,) = self._rows("SELECT start_on FROM projects WHERE number = :number", number=number)
        return date.fromisoformat(row["start_on"])

    def milestones_ahead(self) -> dict[str, sqlite3.Row]:
        rows = self._rows(
            "SELECT p.number, m.name, m.planned FROM milestones m JOIN projects p ON p.id = m.project_id"
            " WHERE m.done IS NULL AND m.planned >= :until ORDER BY m.planned DESC, m.id DESC"
        )
        return {row["number"]: row for row in rows}

    def copied(self) -> dict[str, int]:
        """Return on how many days each project was reported in the words of its last report."""
        found = {}
        since = (self.until - 60 * _DAY).isoformat()
        for project in self._rows("SELECT id, number, last_text FROM projects WHERE last_text <> ''"):
            run = 0
            for row in self._rows(
                "SELECT kind, text FROM reports WHERE project_id = :project AND current AND day >= :since"
                " AND text <> '' AND kind <> '照旧' ORDER BY day DESC",
                project=project["id"],
                since=since,
            ):
                if row["text"] != project["last_text"]:
                    break
                run += row["kind"] == "有进展"
            found[project["number"]] = run
        return found

    # --- elements -------------------------------------------------------------------------

    def elements(self) -> Lines:
        leads = self._leads()
        written: dict[int, set[str]] = {}
        for row in self._rows("SELECT project_id, element FROM elements"):
            written.setdefault(row["project_id"], set()).add(row["element"])
        dated = {row[0] for row in self._rows("SELECT project_id FROM milestones WHERE planned IS NOT NULL")}
        found: Lines = {}
        for row in self._rows(
            "SELECT p.*, u.name AS unit FROM projects p LEFT JOIN units u ON u.id = p.unit_id"
        ):
            words = written.get(row["id"], set())
            marks = {
                "领导": bool(leads.get(row["id"])),
                "举措": "举措" in words,
                "工期": bool(row["planned_start"] and row["planned_completion"]),
                "标准": row["id"] in dated or "标准" in words,
                "奖惩": "奖惩" in words,
            }
            lacking = [name for name, there in marks.items() if not there]
            names = ("leader", "measures", "term", "standard", "reward")
            found[row["number"]] = {
                **{key: row[key] for key in ("number", "name", "place", "tier")},
                "unit": row["unit"] or "",
                "lead_leader": "、".join(leads.get(row["id"], ())),
                **{f"element_{name}": int(there) for name, there in zip(names, marks.values(), strict=True)},
                "lacking": "、".join(lacking),
                "lacking_count": len(lacking),
                "source": "名册",
            }
        return found


def _step(row: Any) -> str:
    if row["paused_at"] is not None:
        return "等反映人答复（暂停计时）"
    if row["asked"]:
        return {"提请": "等领导决定", "延期": "等批准延期"}[row["asked"]]
    return {"待接办": "等办理人接办", "办理中": "办理人办理中", "待确认": "等反映人确认"}[row["state"]]


def day_of(moment: str | None) -> str | None:
    """Return the county's day of a moment as the database has it."""
    if moment is None:
        return None
    at = datetime.strptime(moment, UTC_TEXT).replace(tzinfo=timezone.utc)
    return at.astimezone(CST).date().isoformat()


def _utc(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=CST).astimezone(timezone.utc).strftime(UTC_TEXT)


def _days(first: str | None, last: str | None) -> int | None:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days if first and last else None

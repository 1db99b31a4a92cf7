"""Every figure of a paper, counted anew from the raw rows: SQL of its own, nothing shared with storage/.

What a figure means stands in the county's documents and in CONTRIBUTING.md; how it is counted stands here
a second time.
"""

import json
import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.year.ledger import Problems
from tests.year.rows import Lines, Seen

_DAY = timedelta(days=1)
_PROJECTS = """
WITH now AS (SELECT project_id, MAX(day) AS day FROM reports WHERE current AND day <= :until GROUP BY 1),
     before AS (SELECT project_id, MAX(day) AS day FROM reports WHERE current AND day < :first GROUP BY 1),
     said AS (SELECT project_id, MAX(day) AS day FROM reports
              WHERE current AND day <= :until AND text <> '' AND kind <> '照旧' GROUP BY 1),
     moved AS (SELECT project_id, MAX(day) AS day FROM reports
               WHERE current AND day <= :until AND kind <> '照旧' GROUP BY 1)
SELECT p.*, u.name AS unit,
       n.day AS now_day, n.permille AS now_permille, n.cumulative AS now_cumulative, w.name AS now_by,
       b.day AS before_day, b.permille AS before_permille, b.cumulative AS before_cumulative,
       s.text AS said_text, s.day AS said_day, q.name AS said_by, moved.day AS moved_day,
       (SELECT id FROM reports m WHERE m.project_id = p.id AND m.day = moved.day AND current) AS moved_id,
       (SELECT COUNT(*) FROM reports r
        WHERE r.project_id = p.id AND current AND day BETWEEN :first AND :until) AS answered
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

    def at(self, first: date, last: date, now: datetime, seen: Seen | None = None) -> "Look":
        """Return what can be counted of some days as it stands now, after what was seen before."""
        return Look(self._db, first, last, now, seen)

    def see(self, last: date, now: datetime) -> Seen:
        """Return how far everything stands now by the reports of days up to a last one."""
        standings = self.rows(
            "SELECT project_id, day, permille, cumulative FROM reports WHERE current AND day <= :last"
            " GROUP BY project_id HAVING day = MAX(day)",
            last=last.isoformat(),
        )
        (newest,) = self.rows("SELECT COALESCE(MAX(id), 0) AS id FROM reports")
        return Seen(last, now, {row["project_id"]: row for row in standings}, newest["id"])

    def rows(self, statement: str, **given: object) -> list[sqlite3.Row]:
        return self._db.execute(statement, given).fetchall()


class Look(Problems):
    """The rows of every dataset, for one paper."""

    # --- projects -----------------------------------------------------------------------

    def projects(self) -> Lines:
        leads, asked = self.leads(), self._asked()
        counts = {row["project_id"]: row for row in self._counted("project_id")}
        following = {
            row["project_id"]: row
            for row in self.rows(
                "SELECT * FROM milestones WHERE done IS NULL AND planned IS NOT NULL"
                " ORDER BY planned DESC, id DESC"
            )
        }
        return {
            row["number"]: self._project(row, leads, asked, counts.get(row["id"]), following.get(row["id"]))
            for row in self.rows(_PROJECTS)
        }

    def _project(self, row: Any, leads: Any, asked: Any, count: Any, milestone: Any) -> dict[str, Any]:
        money = self._money(row)
        planned, share = row["planned"], self.year_share
        done = money["cumulative"] * 1000 // planned if planned else None
        is_ahead = row["actual_start"] is None and (row["planned_start"] or "") > self.until.isoformat()
        runs = planned and row["kind"] in {"在建", "新上"} and not is_ahead
        due = planned * share // 1000 if runs else None
        permille = row["start_permille"] if row["now_day"] is None else row["now_permille"]
        height = row["start_permille"] if row["before_day"] is None else row["before_permille"]
        advanced = permille - height
        moved = (row["moved_day"] or "") >= self.first.isoformat()
        if self.seen:
            then = self.seen.standings.get(row["id"])
            advanced += height - (then["permille"] if then else row["start_permille"])
            moved |= (row["moved_id"] or 0) > self.seen.report_id
        moved |= money["invested"] > 0 or advanced > 0
        return {
            **{key: row[key] for key in ("number", "name", "place", "industry", "level", "stage", "total")},
            "class": row["kind"],
            "unit": row["unit"] or "",
            "lead_leader": "、".join(leads.get(row["id"], ())),
            "planned": planned,
            **money,
            "time_share": share,
            "plan_share": done,
            "difference": done - share if done is not None and runs else None,
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
        """Return this year's money: it begins again on 1 January, with the roster's figure in its year."""
        start = row["start_cumulative"] if row["start_on"][:4] == str(self.until.year) else 0
        new_year = self.given["new_year"]
        now = row["now_cumulative"] if (row["now_day"] or "") >= new_year else start
        before = row["before_cumulative"] if (row["before_day"] or "") >= new_year else start
        this_year = now - before + self._came_late(row)
        invested = this_year + self._before_new_year(row)
        return {"cumulative": now, "invested": invested, "invested_this_year": this_year}

    def _before_new_year(self, row: Any) -> int:
        """Return the money of the days that lie in the year before the last one's."""
        year = str(self.first.year)
        if self.first.year == self.until.year:
            return 0
        said = self.rows(
            "SELECT day < :first AS is_before, cumulative FROM reports WHERE current AND project_id = :of"
            " AND day LIKE :year || '%' ORDER BY day",
            of=row["id"],
            year=year,
        )
        opening = closing = row["start_cumulative"] if row["start_on"][:4] == year else 0
        for each in said:
            closing = each["cumulative"]
            opening = closing if each["is_before"] else opening
        return int(closing - opening)

    def _came_late(self, row: Any) -> int:
        """Return the money that was said of the days before after their paper was drafted, in their year."""
        if self.seen is None:
            return 0
        year = str(self.seen.last.year)
        start = row["start_cumulative"] if row["start_on"][:4] == year else 0
        then = self.seen.standings.get(row["id"])
        known = then["cumulative"] if then and then["day"][:4] == year else start
        return (row["before_cumulative"] if (row["before_day"] or "")[:4] == year else start) - known

    def _asked(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for row in self.rows("SELECT day, projects FROM prompts WHERE day BETWEEN :first AND :until"):
            for project_id in json.loads(row["projects"]):
                found.setdefault(project_id, set()).add(row["day"])
        return found

    def _late(self, planned: str | None, actual: str | None) -> int | None:
        if planned is None or (actual is None and planned >= self.until.isoformat()):
            return None
        end = date.fromisoformat(actual) if actual else self.until
        return (end - date.fromisoformat(planned)).days

    def _since(self, day: str | None) -> int | None:
        return None if day is None else (self.until - date.fromisoformat(day)).days

    # --- prizes, leaders, dates -----------------------------------------------------------

    def leaders(self) -> Lines:
        projects = self.projects()
        on_time = self.solved("p.number", "JOIN projects p ON p.id = q.project_id", "1", 1)
        went = {
            row["person_id"]: row["many"]
            for row in self.rows(
                "SELECT person_id, COUNT(*) AS many FROM visits WHERE done_at IS NOT NULL"
                " AND day BETWEEN :first AND :until GROUP BY 1"
            )
        }
        found: Lines = {}
        for row in self.rows(
            "SELECT l.id, l.name, l.title, p.number FROM assignments a JOIN people l ON l.id = a.person_id"
            " JOIN projects p ON p.id = a.project_id WHERE a.duty = '牵头领导'"
            " AND (a.until IS NULL OR a.until > :today) ORDER BY l.id, p.id"
        ):
            line = found.setdefault(
                f"{row['name']} {row['title']}".strip(),
                {
                    "leader": row["name"],
                    "post": row["title"],
                    "visits": went.get(row["id"], 0),
                    "of": [],
                    "about": [row["id"]],
                },
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
            for key, step in (("started", "开工"), ("completed", "竣工")):
                line[key] = sum(each["number"] in self.taken(step) for each in mine)
            line["on_time"] = sum(on_time.get(each["number"], {"on_time": 0})["on_time"] for each in mine)
            line["on_time_share"] = line["on_time"] * 1000 // line["closed"] if line["closed"] else None
            line["source"] = ""
        return found

    def taken(self, step: str) -> set[str]:
        """Return the projects that took a step in these days, or in earlier ones with a nod in these."""
        actual = {"开工": "actual_start", "竣工": "actual_completion"}[step]
        return {
            row["number"]
            for row in self.rows(
                f"SELECT number FROM projects WHERE {actual} BETWEEN :first AND :last"
                f" UNION SELECT j.number FROM projects j WHERE j.{actual} < :first AND :begins <="
                " (SELECT MIN(m.decided_at) FROM stage_moves m"
                " WHERE m.project_id = j.id AND m.step = :step AND m.answer = '同意')",
                step=step,
            )
        }

    def dates(self) -> Lines:
        found: Lines = {}
        for key, name, table, planned, actual in (
            ("starts", "开工", "projects", "planned_start", "actual_start"),
            ("completions", "竣工", "projects", "planned_completion", "actual_completion"),
            ("promises", "节点承诺", "milestones", "planned", "done"),
        ):
            (row,) = self.rows(
                f"SELECT COUNT(*) AS due, COALESCE(SUM({actual} <= :until), 0) AS done,"
                f" COALESCE(SUM({actual} <= :until AND {actual} <= {planned}), 0) AS in_time"
                f" FROM {table} WHERE {planned} BETWEEN :new_year AND :until"
            )
            due, done, in_time = row["due"], row["done"], row["in_time"]
            found[key] = {
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
        (row,) = self.rows("SELECT start_on FROM projects WHERE number = :number", number=number)
        return date.fromisoformat(row["start_on"])

    def milestones_ahead(self) -> dict[str, sqlite3.Row]:
        rows = self.rows(
            "SELECT p.number, m.name, m.planned FROM milestones m JOIN projects p ON p.id = m.project_id"
            " WHERE m.done IS NULL AND m.planned >= :until ORDER BY m.planned DESC, m.id DESC"
        )
        return {row["number"]: row for row in rows}

    def copied(self) -> dict[str, int]:
        """Return on how many days each project was reported in the words of its last report."""
        found = {}
        since = (self.until - 60 * _DAY).isoformat()
        for project in self.rows("SELECT id, number, last_text FROM projects WHERE last_text <> ''"):
            run = 0
            for row in self.rows(
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
        leads = self.leads()
        written: dict[int, set[str]] = {}
        for row in self.rows("SELECT project_id, element FROM elements"):
            written.setdefault(row["project_id"], set()).add(row["element"])
        dated = {row[0] for row in self.rows("SELECT project_id FROM milestones WHERE planned IS NOT NULL")}
        found: Lines = {}
        for row in self.rows(
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

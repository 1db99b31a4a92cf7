"""A county small enough to reckon by hand."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert

from bot.domain.cadence import Due, due
from bot.domain.deadlines import Dues
from bot.domain.people import Duty, Role
from bot.domain.problems import Problem, Urgency
from bot.domain.progress import Kind, Standing
from storage import tables
from storage.problems import Reported
from storage.reports import Answered
from storage.rounds import Asking
from storage.tx import Tx

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""Monday, nine in the morning in the county."""

TODAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DUES = Dues(NOW + 4 * HOUR, NOW + 3 * DAY, NOW + 7 * DAY)


@dataclass(frozen=True)
class County:
    """Who and what there is, by id.

    Liu answers for soda and pump, Wang for bridge – and for soda until 1 November. Chen leads
    soda and pump. Sun speaks for the land bureau, Zhao is the office. Nobody leads bridge.
    """

    bureau: int
    park: int
    liu: int
    wang: int
    chen: int
    sun: int
    zhao: int
    soda: int
    pump: int
    bridge: int


def added(tx: Tx, table: Table, **values: Any) -> int:
    """Insert a row and return its id."""
    key: Any = tx.connection.execute(insert(table).values(**values)).inserted_primary_key
    return int(key[0])


def assigned(tx: Tx, project_id: int, person_id: int, duty: Duty, until: date | None = None) -> None:
    """Give somebody a duty on a project from New Year on."""
    added(
        tx,
        tables.assignments,
        project_id=project_id,
        person_id=person_id,
        duty=str(duty),
        since=date(2026, 1, 1),
        until=until,
    )


def settled(tx: Tx) -> County:
    """Fill an empty database with the county."""
    bureau = added(tx, tables.units, name="自然资源局", kind="审批部门", head="孙立新")
    park = added(tx, tables.units, name="经济开发区", kind="园区")
    liu = _person(tx, "刘敏", Role.LIAISON, unit_id=park)
    wang = _person(tx, "王强", Role.LIAISON, unit_id=park)
    chen = _person(tx, "陈志远", Role.LEAD_LEADER, title="副县长")
    sun = _person(tx, "孙立新", Role.DEPARTMENT_LIAISON, unit_id=bureau)
    zhao = _person(tx, "赵文静", Role.OFFICE)
    soda = _project(
        tx, "P-01", "年产100万吨纯碱项目", place="龙泉街道", industry="化工", unit_id=bureau,
        planned=2_000_000, start_permille=500, start_cumulative=1_000_000, start_on=date(2026, 3, 1),
    )  # fmt: skip
    pump = _project(
        tx, "P-02", "泵业智造产业园", place="经开区", industry="装备", unit_id=park,
        planned=800_000, start_permille=300, start_cumulative=500_000, start_on=date(2025, 6, 1),
    )  # fmt: skip
    bridge = _project(tx, "P-03", "跨河大桥", place="经开区", industry="交通", start_on=date(2026, 1, 1))
    assigned(tx, soda, wang, Duty.LIAISON, until=date(2026, 11, 1))
    assigned(tx, soda, liu, Duty.LIAISON)
    assigned(tx, pump, liu, Duty.LIAISON)
    assigned(tx, bridge, wang, Duty.LIAISON)
    assigned(tx, soda, chen, Duty.LEAD_LEADER)
    assigned(tx, pump, chen, Duty.LEAD_LEADER)
    return County(bureau, park, liu, wang, chen, sun, zhao, soda, pump, bridge)


def _person(tx: Tx, name: str, role: Role, **values: Any) -> int:
    person_id = added(tx, tables.people, name=name, **values)
    tx.connection.execute(insert(tables.roles).values(person_id=person_id, role=str(role)))
    tx.people.bind(person_id, "fake", name, f"chat of {name}", NOW - 30 * DAY)
    return person_id


def _project(tx: Tx, number: str, name: str, **values: Any) -> int:
    return added(tx, tables.projects, number=number, name=name, kind="在建", stage="落地开工", **values)


def report(project_id: int, person_id: int, day: date, **changes: Any) -> Answered:
    """Return a report of progress, changed as given."""
    values: dict[str, Any] = {"kind": Kind.PROGRESS, "text": "主体封顶", "standing": Standing(620, 1_200_000)}
    values |= {"at": datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)} | changes
    return Answered(project_id=project_id, person_id=person_id, day=day, **values)


def problem(tx: Tx, county: County, **changes: Any) -> Problem:
    """Let Liu report a problem of pump, for Sun to solve; changed as given."""
    values: dict[str, Any] = {
        "project_id": county.pump,
        "category": "用地",
        "text": "用地指标未批",
        "urgency": Urgency.ORDINARY,
        "reporter_id": county.liu,
        "holder_id": county.sun,
        "dues": DUES,
        "at": NOW,
    }
    year = changes.pop("year", 2026)
    return tx.problems.add(Reported(**values | changes), year)


def unasked(
    tx: Tx, day: date = TODAY, due_then: Due | None = None, *, pilots_only: bool = False
) -> dict[int, list[int]]:
    """Return who is to be asked about what; asked for one by one it must be the same."""
    asking = Asking(due_then or due(day, None), pilots_only)
    who = tx.rounds.unasked(day, asking)
    found = tx.rounds.due_of(who, day, asking)
    assert list(found) == who
    for each in who:
        assert tx.rounds.due_of([each], day, asking) == {each: found[each]}
    return found

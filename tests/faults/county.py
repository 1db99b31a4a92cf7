"""A small county's week as a script: what its people do, and where the clock is pushed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.domain.people import Role, UnitKind
from bot.domain.projects import ProjectClass, Stage
from bot.domain.roster import PersonName, PersonRow, ProjectRow, Roster, UnitRow

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 23, 8, 55, tzinfo=ZONE)
OFFICE, LEADER, HEAD, LIU, WANG, GROUP = 3000, 2000, 2001, 1000, 1001, -100
"""Their numbers on Telegram."""
PEOPLE = {"zhao": OFFICE, "chen": LEADER, "lin": HEAD, "liu": LIU, "wang": WANG}
TITLE = "重点项目群"
PAPERS = ({"paper": "旬督查表", "when": "每旬", "at": "16:00", "to": ["群", "牵头领导"]},)


def userid(who: str) -> str:
    """Return somebody's userid in WeCom."""
    return f"{who}.qinghe"


def roster(platform: str = "telegram") -> Roster:
    """Return two projects of one leader, each with a liaison, under a head and an office."""

    def person(name: str, unit: str, role: Role, who: str) -> PersonRow:
        row = PersonRow(0, name, unit, roles=frozenset({role}))
        if platform == "telegram":
            return replace(row, telegram=PEOPLE[who])
        return replace(row, wecom=userid(who))

    leader = PersonName("陈志远")
    return Roster(
        units=tuple(
            UnitRow(0, name, UnitKind.RESPONSIBLE) for name in ("县政府", "发改局", "经开区", "指挥部办公室")
        ),
        people=(
            person("林建国", "县政府", Role.HEAD, "lin"),
            person("陈志远", "县政府", Role.LEAD_LEADER, "chen"),
            person("刘敏", "发改局", Role.LIAISON, "liu"),
            person("王强", "经开区", Role.LIAISON, "wang"),
            person("赵文静", "指挥部办公室", Role.OFFICE, "zhao"),
        ),
        projects=(
            ProjectRow(
                0, "XM001", "纯碱项目", planned=1_000_000, cumulative=0, permille=0,
                leader=leader, unit="发改局", liaisons=(PersonName("刘敏"),),
            ),
            ProjectRow(
                0, "XM002", "跨河大桥", planned=0, cumulative=0, permille=0, kind=ProjectClass.NEW,
                stage=Stage.SITING, planned_start=date(2026, 11, 9),
                leader=leader, unit="经开区", liaisons=(PersonName("王强"),),
            ),
        ),
    )  # fmt: skip


class People(Protocol):
    """What the people of the county do on their platform."""

    def says(self, who: str, text: str) -> None:
        """Let somebody write to the bot."""

    def presses(self, who: str, label: str) -> None:
        """Let somebody press the latest button with a label; raise LookupError if there is none."""

    def brings_in(self, who: str, group: str) -> None:
        """Let somebody bring the bot into a group."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that somebody does at a moment, once everything before it has settled; or only the moment."""

    at: datetime
    do: Callable[[People], None] | None = None


def _moment(day: int, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def _says(who: str, text: str) -> Callable[[People], None]:
    return lambda people: people.says(who, text)


def _presses(who: str, label: str) -> Callable[[People], None]:
    return lambda people: people.presses(who, label)


def script() -> Iterator[Step]:
    """Yield a small week: the round, answers, a problem kept moving and one that nobody takes, the digest."""
    yield from _joining()
    yield from _monday()
    yield Step(_moment(24, "10:00"))
    yield from _closing()
    yield Step(_moment(30, "8:30"))


def whole_script() -> Iterator[Step]:
    """Yield the same week with a letter, a request, a visit and a paper."""
    yield from _joining()
    yield from _monday()
    yield from _letter()
    yield from _request()
    yield from _closing()
    yield from _visit()
    yield Step(_moment(30, "8:30"))
    yield from _paper()


def _joining() -> Iterator[Step]:
    first = _moment(23, "8:55")
    for who in PEOPLE:
        yield Step(first, _says(who, "/start"))
    yield Step(first, lambda people: people.brings_in("zhao", TITLE))
    yield Step(first, _presses("zhao", "全县"))


def _monday() -> Iterator[Step]:
    yield Step(_moment(23, "9:00"))
    yield Step(_moment(23, "9:10"), _says("liu", "主体封顶，形象进度12%"))
    yield Step(_moment(23, "9:12"), _says("liu", "主体封顶，形象进度13%"))
    yield Step(_moment(23, "9:20"), _says("wang", "问题 用地指标未批"))
    yield Step(_moment(23, "9:30"), _presses("chen", "接办"))
    yield Step(_moment(23, "10:00"), _says("liu", "问题 施工用电没有落实"))
    yield Step(_moment(23, "14:00"))
    yield Step(_moment(23, "17:00"))
    yield Step(_moment(23, "18:00"))
    yield Step(_moment(24, "7:50"))


def _letter() -> Iterator[Step]:
    """Yield a 交办函: drafted by itself, looked over, released, numbered and sent, signed for, answered."""
    yield Step(_moment(24, "8:45"))
    yield Step(_moment(24, "8:50"), _presses("zhao", "1"))
    yield Step(_moment(24, "8:52"), _presses("zhao", "发出"))
    yield Step(_moment(24, "8:55"))
    yield Step(_moment(24, "9:05"), _presses("wang", "签收"))
    yield Step(_moment(24, "9:30"), _says("wang", "回复 交办1号 已于11月24日开工"))
    yield Step(_moment(24, "9:40"), _presses("zhao", "办结"))


def _request() -> Iterator[Step]:
    """Yield a problem that is brought before the head."""
    yield Step(_moment(24, "10:00"))
    yield Step(_moment(24, "10:10"), _says("chen", "提请 2026-002 请协调供电公司"))
    yield Step(_moment(24, "10:12"), _presses("chen", "林建国"))
    yield Step(_moment(24, "10:20"), _presses("lin", "同意"))


def _closing() -> Iterator[Step]:
    yield Step(_moment(24, "11:00"), _says("chen", "已解决 2026-001 指标已批"))
    yield Step(_moment(24, "11:10"), _presses("wang", "销号"))


def _visit() -> Iterator[Step]:
    """Yield a visit: planned, briefed, told in three taps, and what was promised there."""
    yield Step(_moment(24, "15:00"), _says("chen", "走访 跨河大桥 周四"))
    yield Step(_moment(25, "18:00"))
    yield Step(_moment(26, "16:30"))
    yield Step(_moment(26, "16:35"), _presses("chen", "去了"))
    yield Step(_moment(26, "16:36"), _presses("chen", "正常"))
    yield Step(_moment(26, "16:37"), _presses("chen", "有承诺"))
    yield Step(_moment(26, "16:38"), _says("chen", "12月5日前协调用电"))


def _paper() -> Iterator[Step]:
    """Yield a paper of the timetable: drafted, put right, released to group and leader, signed for."""
    yield Step(_moment(30, "16:00"))
    yield Step(_moment(30, "16:05"), _presses("zhao", "改数"))
    yield Step(_moment(30, "16:06"), _says("zhao", "XM-001 本期完成 3500万（漏报一笔）"))
    yield Step(_moment(30, "16:07"))
    yield Step(_moment(30, "16:10"), _presses("zhao", "发布"))
    yield Step(_moment(30, "16:11"))
    yield Step(_moment(30, "16:20"), _presses("chen", "签收"))

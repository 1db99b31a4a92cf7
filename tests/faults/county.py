"""A small county's week as a script: what its people do, and where the clock is pushed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.people import Role, UnitKind
from bot.domain.roster import PersonName, PersonRow, ProjectRow, Roster, UnitRow
from tests.botapi import BotApi
from tests.botapi_rules import Accepted

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 23, 8, 55, tzinfo=ZONE)
OFFICE, LEADER, HEAD, LIU, WANG = 3000, 2000, 2001, 1000, 1001
GROUP = -100


def roster() -> Roster:
    """Return two projects of one leader, each with a liaison, under a head and an office."""

    def person(name: str, unit: str, role: Role, account: int) -> PersonRow:
        return PersonRow(0, name, unit, roles=frozenset({role}), telegram=account)

    leader = PersonName("陈志远")
    return Roster(
        units=tuple(
            UnitRow(0, name, UnitKind.RESPONSIBLE) for name in ("县政府", "发改局", "指挥部办公室")
        ),
        people=(
            person("林建国", "县政府", Role.HEAD, HEAD),
            person("陈志远", "县政府", Role.LEAD_LEADER, LEADER),
            person("刘敏", "发改局", Role.LIAISON, LIU),
            person("王强", "发改局", Role.LIAISON, WANG),
            person("赵文静", "指挥部办公室", Role.OFFICE, OFFICE),
        ),
        projects=(
            ProjectRow(
                0, "XM001", "纯碱项目", planned=1_000_000, cumulative=0, permille=0,
                leader=leader, liaisons=(PersonName("刘敏"),),
            ),
            ProjectRow(
                0, "XM002", "跨河大桥", planned=2_000_000, cumulative=0, permille=0,
                leader=leader, liaisons=(PersonName("王强"),),
            ),
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """Something that somebody does at a moment, once everything before it has settled; or only the moment."""

    at: datetime
    do: Callable[[BotApi], object] | None = None


def _moment(day: int, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def _presses(who: int, label: str) -> Callable[[BotApi], object]:
    def press(api: BotApi) -> object:
        return api.presses(who, _shown(api, who, label), label)

    return press


def _shown(api: BotApi, chat: int, label: str) -> Accepted:
    """Return the latest message in a chat that has a button with this label."""
    found = [each for each in api.messages.values() if each.chat == chat and _has(each, label)]
    if not found:
        raise LookupError(f"no button {label} in {chat}")
    return found[-1]


def _has(message: Accepted, label: str) -> bool:
    return any(name == label for row in message.buttons for name, _ in row)


def _says(who: int, text: str) -> Callable[[BotApi], object]:
    return lambda api: api.says(who, text)


def script() -> Iterator[Step]:
    """Yield a week: the round, answers, a problem kept moving and one that nobody takes, the digest."""
    first = _moment(23, "8:55")
    for who in (OFFICE, HEAD, LEADER, LIU, WANG):
        yield Step(first, _says(who, "/start"))
    yield Step(first, lambda api: api.joins_group(GROUP, "重点项目群", by=OFFICE))
    yield Step(first, _presses(OFFICE, "全县"))
    yield Step(_moment(23, "9:00"))
    yield Step(_moment(23, "9:10"), _says(LIU, "主体封顶，形象进度12%"))
    yield Step(_moment(23, "9:12"), _says(LIU, "主体封顶，形象进度13%"))
    yield Step(_moment(23, "9:20"), _says(WANG, "问题 用地指标未批"))
    yield Step(_moment(23, "9:30"), _presses(LEADER, "接办"))
    yield Step(_moment(23, "10:00"), _says(LIU, "问题 施工用电没有落实"))
    yield Step(_moment(23, "14:00"))
    yield Step(_moment(23, "17:00"))
    yield Step(_moment(23, "18:00"))
    yield Step(_moment(24, "7:50"))
    yield Step(_moment(24, "10:00"))
    yield Step(_moment(24, "11:00"), _says(LEADER, "已解决 2026-001 指标已批"))
    yield Step(_moment(24, "11:10"), _presses(WANG, "销号"))
    yield Step(_moment(30, "8:30"))

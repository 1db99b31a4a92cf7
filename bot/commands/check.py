"""`liaison check`: what works and what is missing, in words an office clerk understands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.app import platforms_of
from bot.clock import SystemClock
from bot.config import Settings
from bot.domain.people import Duty, Role
from bot.errors import StorageError
from storage.migrate import pending
from storage.store import Store
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; a fault keeps the bot from doing its work."""

    sentence: str
    fault: bool = False


async def checkup(settings: Settings) -> list[Finding]:
    """Look at the configuration, the calendar, the database, the roster and every connection."""
    return [
        *_configuration(settings, SystemClock().now()),
        *await _database(settings),
        *await _connections(settings),
    ]


def _configuration(settings: Settings, now: datetime) -> list[Finding]:
    county = settings.of_county()
    findings = [Finding(f"配置可用：{county.name}，每个工作日 {county.ask_at:%H:%M} 提问")]
    if year := county.calendar.missing_year(county.calendar.day_of(now)):
        cure = "请在 [calendar] 里写明补班（extra）和放假（removed）的日子，或升级 holidays 软件包"
        findings.append(
            Finding(f"{year} 年国务院的放假和调休安排还没有录入，现按周一至周五推算；{cure}", fault=True)
        )
    return findings


async def _database(settings: Settings) -> list[Finding]:
    url, schema = settings.database.url, settings.database.schema_
    try:
        if pending(url, schema):
            return [Finding("数据库还没有建好或不是最新，请运行 liaison migrate", fault=True)]
        async with Store(url, schema=schema) as store:
            return await store.read(lambda tx: _roster(tx, settings))
    except StorageError as error:
        return [Finding(str(error), fault=True)]


def _roster(tx: Tx, settings: Settings) -> list[Finding]:
    people, projects = tx.people.all(), tx.projects.all()
    if not people:
        return [Finding("数据库可用；名册还是空的，请运行 liaison import", fault=True)]
    joined = tx.people.joined()
    today = settings.of_county().calendar.day_of(SystemClock().now())
    led = tx.projects.on([project.id for project in projects], Duty.LEAD_LEADER, today)
    asked = tx.projects.on([project.id for project in projects], Duty.LIAISON, today)
    findings = [
        Finding(f"数据库可用：{len(people)} 人，{len(projects)} 个项目，{len(tx.chats.bound())} 个群")
    ]
    if absent := [person for person in people if person.id not in joined]:
        findings.append(
            Finding(
                f"{len(absent)} 人还没有加入，请运行 liaison invite --all：{_names(p.name for p in absent)}"
            )
        )
    for missing, duty in ((led, "牵头领导"), (asked, "联络员")):
        if without := [project.name for project in projects if project.id not in missing]:
            findings.append(Finding(f"{len(without)} 个项目没有{duty}：{_names(without)}", fault=True))
    if not tx.people.with_role(Role.OFFICE):
        findings.append(Finding("名册里没有「指挥部办公室」的人，没人收汇总", fault=True))
    if dead := tx.inbox.buried():
        findings.append(Finding(f"{dead} 条收到的消息没能处理，已完整保存，请管理员查看 dead_letters"))
    return findings


def _names(names: Iterable[str], most: int = 8) -> str:
    every = list(names)
    more = f"等 {len(every)} 个" if len(every) > most else ""
    return "、".join(every[:most]) + more


async def _connections(settings: Settings) -> list[Finding]:
    platforms = platforms_of(settings, SystemClock())
    if not platforms and settings.local.listen:
        return [Finding(f"没有配置聊天平台，只有本机网页 http://{settings.local.listen}，供试用")]
    if not platforms:
        return [Finding("没有配置聊天平台：请填 [telegram] token", fault=True)]
    findings: list[Finding] = []
    for platform in platforms:
        found = await platform.check()
        findings.extend(Finding(f"{platform.name}: {each.sentence}", each.fault) for each in found)
        await platform.close()
    return findings

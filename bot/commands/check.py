"""`liaison check`: what works and what is missing, in words an office clerk understands."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from http.client import HTTPConnection, HTTPException

from bot import texts
from bot.chat import Finding, Messenger
from bot.clock import SystemClock
from bot.commands.upkeep import upkeep
from bot.config import Settings
from bot.domain.missives import MissiveKind, Sheet
from bot.domain.people import Duty, Role
from bot.errors import AlreadyServed, ConfigurationError, StorageError, TemplateError
from bot.messengers import TITLES, messengers_of, titled
from bot.papers.forms import forms, strangers_to
from bot.papers.missive import missive_docx, template_of
from storage.lock import RunLock
from storage.migrate import pending
from storage.store import Store
from storage.tx import Tx

_LONGEST_ANSWER = 1024 * 1024


async def checkup(settings: Settings) -> list[Finding]:
    """Look at the configuration, the calendar, the database, the roster and every connection."""
    messengers = messengers_of(settings, SystemClock(), texts.load(settings.texts, settings.language))
    try:
        return [
            *_configuration(settings, SystemClock().now()),
            *await _database(settings, messengers),
            *await _connections(settings, messengers),
        ]
    finally:
        for each in messengers:
            await each.close()


def _configuration(settings: Settings, now: datetime) -> list[Finding]:
    county = settings.of_county()
    findings = [Finding(f"配置可用：{county.name}，每个工作日 {county.ask_at:%H:%M} 提问")]
    today = county.calendar.day_of(now)
    if year := county.calendar.missing_year(today):
        cure = "请在 [calendar] 里写明补班（extra）和放假（removed）的日子，或升级 holidays 软件包"
        sentence = f"{year} 年国务院的放假和调休安排还没有录入，现按周一至周五推算；{cure}"
        # In December there is time still for next year's.
        findings.append(Finding(sentence, fault=year == today.year, todo=year > today.year))
    findings += [Finding(each, fault=True) for each in dict.fromkeys(template_faults(settings))]
    return [*findings, *_forms(settings)]


def _forms(settings: Settings) -> Iterator[Finding]:
    """Tell what is wrong with the county's own forms, and which of its papers have none."""
    try:
        known = forms(settings.rhythm.forms)
    except ConfigurationError as error:
        yield from (Finding(f"材料样式不能用：{fault}", fault=True) for fault in error.faults)
        return
    for line in settings.rhythm.papers:
        if line.paper not in known:
            cure = f"请改成{'、'.join(known)}之一，或在 rhythm.forms 的文件夹里放一个 {line.paper}.toml"
            yield Finding(f"没有「{line.paper}」这种材料样式；{cure}", fault=True)
    for rhythm in settings.rhythm.timetable():
        if rhythm.paper in known and (strangers := strangers_to(known[rhythm.paper], rhythm)):
            cure = f"请从 to 里去掉{'、'.join(strangers)}"
            yield Finding(f"「{rhythm.paper}」列到了单位，只给指挥部办公室看；{cure}", fault=True)


def template_faults(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with the county's Word templates of letters, as the office would be told."""
    say = texts.load(settings.texts, settings.language).say
    sheet = Sheet(*["样"] * 7)
    for kind in MissiveKind:
        try:
            missive_docx(sheet, template_of(kind, settings.letters.templates))
        except TemplateError as error:
            yield say(settings.language, f"missive.template_{error.key}", file=error.file, what=error.what)
            if error.key == "no_folder":
                return


async def _database(settings: Settings, messengers: Sequence[Messenger]) -> list[Finding]:
    url, schema = settings.database.url, settings.database.schema_
    try:
        if pending(url, schema):
            return [
                Finding(
                    "数据库还没有建好或不是最新，请运行 liaison migrate（第一次用：liaison import 名册）",
                    fault=True,
                )
            ]
        async with Store(url, schema=schema) as store:
            found = await store.read(lambda tx: _roster(tx, settings))
        return [*found, *await upkeep(settings, messengers, SystemClock().now())]
    except StorageError as error:
        return [Finding(str(error), fault=True)]


def _roster(tx: Tx, settings: Settings) -> list[Finding]:
    people, projects = tx.people.all(), tx.projects.all()
    if not people:
        return [Finding("数据库可用；名册还是空的，请运行 liaison import", fault=True)]
    today = settings.of_county().calendar.day_of(SystemClock().now())
    led = tx.projects.on([project.id for project in projects], Duty.LEAD_LEADER, today)
    asked = tx.projects.on([project.id for project in projects], Duty.LIAISON, today)
    findings = [
        Finding(f"数据库可用：{len(people)} 人，{len(projects)} 个项目，{len(tx.chats.bound())} 个群")
    ]
    findings += _silent(tx)
    for missing, duty in ((led, "牵头领导"), (asked, "联络员")):
        if without := [project.name for project in projects if project.id not in missing]:
            findings.append(Finding(f"{len(without)} 个项目没有{duty}：{_names(without)}", fault=True))
    if not tx.people.with_role(Role.OFFICE):
        findings.append(Finding("名册里没有「指挥部办公室」的人，没人收汇总", fault=True))
    if dead := tx.inbox.buried():
        sentence = f"{dead} 条消息没能处理或送达，已完整保存，由指挥部办公室重试或作废（发「待核」）"
        findings.append(Finding(sentence, todo=True))
    return findings


def _silent(tx: Tx) -> Iterator[Finding]:
    """Tell whom no message reaches yet, and what helps: a first word, or an invitation."""
    named: dict[str, list[str]] = {}
    for each in tx.people.missing():
        named.setdefault(each.platforms[0] if each.platforms else "", []).append(each.person.name)
    for platform, names in named.items():
        if platform:
            cure = f"请转告：在{TITLES.get(platform, platform)}里打开机器人，随便发一句话"
        else:
            cure = "名册里没有他们的账号，请补上，或运行 liaison invite --all"
        yield Finding(f"{len(names)} 人还收不到消息，{cure}：{_names(names, unit='人')}", todo=True)
    if groups := tx.chats.unheard():
        titles = "".join(f"「{chat.title}」" for chat in groups)
        cure = "请转告群里任何一位：在群里 @机器人 发一句话"
        yield Finding(f"{len(groups)} 个群还收不到消息，{cure}：{titles}", todo=True)


def _names(names: Iterable[str], most: int = 8, unit: str = "个") -> str:
    every = list(names)
    more = f"等 {len(every)} {unit}" if len(every) > most else ""
    return "、".join(every[:most]) + more


async def _connections(settings: Settings, messengers: Sequence[Messenger]) -> list[Finding]:
    if not messengers and settings.local.listen:
        return [Finding(f"没有配置聊天平台，只有本机网页 http://{settings.local.listen}，供试用")]
    if not messengers:
        return [
            Finding(
                "没有配置聊天平台：请填 [wecom.bot] 的 bot_id 和 secret，或 [telegram] 的 token", fault=True
            )
        ]
    try:
        with RunLock(settings.database.url, settings.database.schema_):
            return [finding for each in messengers for finding in titled(each.name, await each.check())]
    except AlreadyServed:
        # A second connection of the same bot would throw out the one that is at work.
        return await _at_work(settings)
    except StorageError as error:
        return [Finding(f"连接没有检查：{error}", fault=True)]


async def _at_work(settings: Settings) -> list[Finding]:
    """Ask the bot that is running how its channels are."""
    listen = settings.office.listen
    if not listen:
        return [
            Finding("机器人正在运行，各平台的连接由它自己照看；要逐项查看，请填 office.listen", todo=True)
        ]
    try:
        ailments, findings = await asyncio.to_thread(_asked, listen)
    except (OSError, HTTPException, ValueError, TypeError, KeyError) as error:
        cure = "office.listen 改过的，请重启 liaison run；机器人在另一台机器上的，请到那里运行 liaison check"
        sentence = f"机器人正在运行，但 http://{listen}/healthz 没有回应（{error}）：{cure}"
        return [Finding(sentence, fault=True)]
    if any(finding.fault for finding in findings):
        return [Finding("机器人正在运行；下面打 ✗ 的要处理", todo=True), *findings]
    if ailments:
        return [Finding(f"机器人正在运行，但有问题：{'；'.join(ailments)}", fault=True), *findings]
    return [Finding("机器人正在运行，各平台的连接都正常"), *findings]


def _asked(listen: str) -> tuple[list[str], list[Finding]]:
    """Return what ails the bot, and how each of its channels goes."""
    connection = HTTPConnection(listen, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Accept": "application/json"})
        told = json.loads(connection.getresponse().read(_LONGEST_ANSWER))
        return told["ailments"], [Finding(**each) for each in told["findings"]]
    finally:
        connection.close()

"""A sample county's week, and the sentences to tell it with."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot import texts
from bot.domain.custody import Span
from bot.domain.deadlines import Light
from bot.domain.digest import Digest
from bot.domain.lines import ProblemLine, ProjectLine, Step, StepLine
from bot.domain.people import Language
from bot.domain.problems import State, Urgency
from bot.domain.projects import Stage
from bot.domain.scope import Scope
from bot.domain.summary import Say
from bot.domain.week import Week

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = Week(2026, 47)
MADE_AT = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)

_NAMES = (
    "年产 100 万吨纯碱项目",
    "泵业智造产业园",
    "经开区标准厂房三期",
    "城乡供水一体化工程",
    "高端装备轴承生产线",
    "光伏组件封装基地",
    "冷链物流中心",
    "中医药康养综合体",
    "县人民医院迁建",
    "职教园区一期",
    "新能源电池回收",
    "农产品精深加工园",
    "湘江防洪堤提质改造工程（大浦至石湾段）",
    "数字经济产业园",
    "生物质热电联产",
    "钢结构装配基地",
)
_PLACES = ("大浦镇", "石湾镇", "经开区", "洣水镇")
_INDUSTRIES = ("化工", "装备制造", "基础设施", "农业")
_CATEGORIES = ("用地", "征拆", "审批", "资金", "用电", "环保")


def sentences(language: Language = Language.CHINESE) -> Say:
    """Return the sentences of one language as a picture and a workbook ask for them."""
    return partial(texts.load().say, language)


def project(number: int = 1, **changes: Any) -> ProjectLine:
    """Return one project of the sample county."""
    planned = (18_000 + 3_700 * (number * 7 % 11)) * 100
    cumulative = planned * (610 + number * 53 % 390) // 1000
    invested = (number * 7 % 5) * 78_000 if number % 4 else 0
    permille = 300 + number * 37 % 600
    advanced = (0, 15, 40, 0, 20)[number % 5]
    base = ProjectLine(
        number=f"HD-{number:03}",
        name=_NAMES[(number - 1) % len(_NAMES)] + ("" if number <= len(_NAMES) else f"（{number} 号）"),
        place=_PLACES[number % 4],
        industry=_INDUSTRIES[number % 4],
        lead_leader="陈志远",
        unit="县发展和改革局",
        stage=Stage.STARTED,
        planned=planned,
        cumulative=cumulative,
        cumulative_before=cumulative - invested,
        permille=permille,
        permille_before=permille - advanced,
        answered_days=5 if number % 6 else 4,
        asked_days=5,
        last_text="主体封顶，设备进场",
        last_progress=date(2026, 11, 20) if number % 5 else date(2026, 11, 2),
    )
    return replace(base, **changes)


def problem(number: int = 1, **changes: Any) -> ProblemLine:
    """Return one problem of the sample county, open and in time."""
    opened = datetime(2026, 11, 21, 1, 12, tzinfo=UTC) - timedelta(days=number)
    base = ProblemLine(
        number=f"2026-{number:03}",
        project_number=f"HD-{number:03}",
        project=_NAMES[number % len(_NAMES)],
        category=_CATEGORIES[number * (number + 1) // 2 % len(_CATEGORIES)],
        text="用地指标未批，影响二期开挖。",
        urgency=Urgency.ORDINARY,
        state=State.WORKING,
        place=_PLACES[number % 4],
        lead_leader="陈志远",
        holder="王强",
        holder_unit="县自然资源局",
        opened_at=opened,
        reporter_unit="县发展和改革局",
        accepted_at=opened + timedelta(hours=2),
        solve_due=opened + timedelta(days=30),
        first_due=opened + timedelta(days=23),
        step=Step.WORK,
    )
    return replace(base, **changes)


def step(number: int = 1, **changes: Any) -> StepLine:
    """Return one step of custody of the sample county: held for three and a half hours, then passed on."""
    since = datetime(2026, 11, 20, 1, 12, tzinfo=UTC)
    span = Span(
        generation=1,
        person_id=7,
        person="孙立新",
        unit="县自然资源局",
        since=since,
        accepted_at=since + timedelta(hours=1),
        until=since + timedelta(hours=3, minutes=28),
        ended="transferred",
        reason="土地指标由市局统筹，需县领导协调",
    )
    return StepLine(
        f"2026-{number:03}", _NAMES[number % 16], replace(span, **changes), timedelta(hours=3, minutes=28)
    )


def digest(project_count: int = 37, problem_count: int = 24, /, **changes: Any) -> Digest:
    """Return the digest of a county with so many projects and problems."""
    lines = []
    for number in range(1, problem_count + 1):
        line = problem(number)
        if number % 3 == 0:
            closed = datetime(2026, 11, 19, 3, tzinfo=UTC) - timedelta(days=number // 3)
            line = replace(line, state=State.CLOSED, closed_at=closed, step=None)
        elif number % 4 == 0:
            due = line.opened_at + timedelta(days=2)
            line = replace(line, solve_due=due, light=Light.RED)
        elif number % 11 == 0:
            line = replace(
                line, state=State.WAITING, accepted_at=None, light=Light.RED, step=Step.ACCEPT, level=2
            )
        elif number % 7 == 0:
            line = replace(line, light=Light.YELLOW, extensions=1, snoozes=2)
        lines.append(line)
    base = Digest(
        scope=Scope(),
        county="衡山湖县",
        zone=ZONE,
        week=WEEK,
        projects=tuple(project(number) for number in range(1, project_count + 1)),
        problems=tuple(lines),
        made_at=MADE_AT,
    )
    return replace(base, **changes)


HOSTILE = (
    '#import "@preview/x"',
    "$x^2$ #panic()",
    "<b>粗</b>&amp;",
    "_*[](`~`",
    "甲\u202e乙丙\u202c",
    "=1+1",
    "长" * 200,
    "W" * 200,
    "\\u{41} \\ // /* */",
    "两行\n名称\t三",
    "@x",
    "🟢🟡🔴 👨‍👩‍👧 ไทย عربي",
)  # fmt: skip
"""What a project must be able to be called without harm."""

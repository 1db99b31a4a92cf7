"""Figures in a sentence: the visible progress and the investment that a liaison speaks of."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from bot.domain.numerals import half_width
from bot.domain.quantities import YI, Quantity, quantities_in


class Span(StrEnum):
    """The time that an amount of investment covers; the values are what people say."""

    TOTAL = "累计"
    MONTH = "本月"
    DAY = "今日"
    UNSAID = "未说明"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of completed investment in hundredths of 万元, and the time it covers."""

    amount: int
    span: Span


@dataclass(frozen=True, slots=True)
class Figures:
    """What a sentence says in figures: visible progress in thousandths, and investment."""

    permille: int | None = None
    money: tuple[Money, ...] = ()


_LONGEST = 4_096
_WINDOW = 24  # What a figure is about is said within so many characters before it.
_WHOLE = 100  # Percent.
_AMOUNT_LIMIT = 10**10  # 1 万亿元: beyond every county, and far from where integers end.
_BOUNDARY = re.compile(r"[，,。;；!！?？\n]|(?<=[元万亿%])\s+")
# 「3000 万到 3500 万」 is a range, 「58% 到 62%」 a rise.
_UP_TO = {True: re.compile(r"\s?[-–—~～至到]\s?"), False: re.compile(r"\s?[-–—~～]\s?")}

_LEVEL_TOPIC = re.compile(
    r"(?P<other>投资进度|支付进度|资金进度|序时进度|时间进度|计划进度|进度款|率|年计划|计划|任务|目标|投资|占(?!地|用)|比例|利润|毛利"
    r"|同比|环比|增幅|增速|税|到位|拨付|支付|付款|预付|首付|贷款|征地|征收|征迁|征拆|拆迁|腾迁|搬迁|签约|股份|持股|产能|负荷)"
    r"|(?P<visible>形象)|(?P<progress>进度)"
)
# 从 58%, 较上周, 提高 4%, 还差 8%, 预计年底 80%: true, but not where the project stands.
_NOT_A_LEVEL = re.compile(
    r"由(?!于)|从(?!而)|原来|原为|上周|上月|上个月|上次|上期|昨|去年|同期|较|比"
    r"|(?:增长|提高|提升|增加|上升|推进|加快)(?!到|至|为)|下降|降低|减少|回落|滞后|落后|低于|差|剩|还有|尚有|未(?!停)|没有"
    r"|预计|力争|争取|确保|年底|月底|明年|下月|下周|-$|负$"
)
_RISES_ON = re.compile(
    r"\s?(?:→|[-=—]>|(?:(?:提高|提升|上升|增加|升|增)?[到至]|(?:提高|提升|上升|增加|升|增)为)(?!位))"
)
_PERIOD = re.compile(r"今日|今天|当日|当天|本周|这周|本月|当月|这个月|本旬")
_SO_FAR = re.compile(r"累计|截至|截止|目前|已|达|到")
_DONE = re.compile(r"完成|总体|整体|完工|建成|达|到|进展|建设")
_OF_SOMETHING = re.compile(r"(?:以上|左右|多)?的(?!形象|进度|工程|总?体)")
_OF_PROGRESS = re.compile(r"(?:以上|左右|多)?的(?:总体|整体|工程|形象)*进度")

_INVESTED = re.compile(
    r"完成(?:了|年度|全年|今年)?(?:计划)?(?:总|固定资产)?投资|(?:总|计划)?投资(?:额|已|累计|共)*完成"
)
# Sums that are real but not investment done: the plan, the loan, the gap, the turnover.
_NOT_INVESTED = re.compile(
    r"总投|计划|概算|预算|估算|合同|中标|签约|协议|产值|产出|营收|销售|收入|利润|纳税|税|开票|贷款|授信|融资|募集|专项债|债券|到位"
    r"|注册|缺|欠|差(?!不多)|需|申请|争取|补助|补贴|补偿|赔偿|罚|保证金|工资|地价|土地款|出让金|预计|拟|力争|目标|确保|剩|尚有|还有"
    r"|上月|上个月|去年|上年|明年|下月|下个月|下周|明天|减|单价|均价|每|(?<!目)前完成|底前|日前|其中(?!本月|当月|今)|另有|未|没"
)
_NOT_INVESTED_AFTER = re.compile(
    r"(?:左右|多|余)?的?(?:资金|款项?|工程款|首期|首批)?(?:也|均|全部|已经?|都|未|没有?|尚未|还没?|还未|今日|今天)*"
    r"(?:到位|到账|缺口|贷款|授信|融资|产值|税收|没付|未付|不足|补偿|保证金|罚款|批下来|获批)"
)
_SPAN = re.compile(
    r"(?P<total>累计|累积|以来|自开工|总共|共计|总计|合计|共完成|共投|截至|截止|至今|目前|今年|全年|本年|年内"
    r"|[1一]月?\s?[-–—~～至到]\s?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2})月)"
    r"|(?P<day>今日|今天|当日|当天|昨日|昨天|[0-9]{1,2}[日号])"
    r"|(?P<month>本月|当月|这个月|这月|月度|(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2})月份?(?![0-9]))"
)


def read_figures(text: str) -> Figures:
    """Read the visible progress and the completed investment out of a sentence.

    Of a range (60-65%) the lower end counts: it is surely reached, and tomorrow's figure
    will not seem to fall. Two figures that might both be the progress are none, and what
    is said of plans, shares, growth, loans and gaps is left alone: a figure we are not
    sure of is better asked for than guessed.
    """
    plain = half_width(text[:_LONGEST])
    levels: list[tuple[int, Decimal]] = []
    money: list[Money] = []
    last: Quantity | None = None
    for quantity in quantities_in(plain):
        before, said = _context(plain, quantity, last)
        after = plain[quantity.end : quantity.end + _WINDOW // 2]
        is_upper_end = (
            last is not None
            and last.is_money is quantity.is_money
            and last.value < quantity.value
            and _UP_TO[quantity.is_money].fullmatch(plain, last.end, quantity.start) is not None
        )
        last = quantity
        if is_upper_end:
            continue
        if quantity.is_money:
            span = _span(said, after)
            if span and quantity.value < _AMOUNT_LIMIT:
                money.append(Money(_rounded(quantity.value), span))
        elif quantity.value <= _WHOLE:
            rank = _rank(before, said, after)
            if rank is not None:
                levels.append((rank, quantity.value))
    best = max((rank for rank, _ in levels), default=0)
    likely = {value for rank, value in levels if rank == best}
    permille = _rounded(likely.pop() * 10) if len(likely) == 1 else None
    return Figures(permille, tuple(money))


def show_money(amount: int) -> str:
    """Return an amount as people write it: 12.60 亿元, 3200 万元, 3200.5 万元."""
    sign, size = ("-", -amount) if amount < 0 else ("", amount)
    if size >= YI:
        whole, hundredths = divmod((size + 5_000) // 10_000, 100)
        return f"{sign}{whole}.{hundredths:02d} 亿元"
    whole, hundredths = divmod(size, 100)
    decimals = f".{hundredths:02d}".rstrip("0") if hundredths else ""
    return f"{sign}{whole}{decimals} 万元"


def show_permille(permille: int) -> str:
    """Return thousandths as a percentage: 62%, 62.5%."""
    sign, size = ("-", -permille) if permille < 0 else ("", permille)
    whole, tenth = divmod(size, 10)
    return f"{sign}{whole}.{tenth}%" if tenth else f"{sign}{whole}%"


def _rounded(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))


def _context(text: str, quantity: Quantity, last: Quantity | None) -> tuple[str, str]:
    """Return the clause before a figure, and what of it was said since the last figure."""
    start = quantity.start
    clause = _BOUNDARY.split(text[max(0, start - _WINDOW) : start])[-1]
    since = start - last.end if last else start
    return clause, clause[max(0, len(clause) - since) :]


def _rank(before: str, said: str, after: str) -> int | None:
    """Tell how surely a percentage is the visible progress; None when it is not."""
    if _NOT_A_LEVEL.search(said) or _RISES_ON.match(after):
        return None
    topics = list(_LEVEL_TOPIC.finditer(before))
    if topics:
        return {"other": None, "progress": 2, "visible": 3}[topics[-1].lastgroup or "other"]
    if _OF_PROGRESS.match(after):
        return 2
    if _OF_SOMETHING.match(after):
        return None
    if not _DONE.search(before):
        return 0
    return None if _PERIOD.search(before) and not _SO_FAR.search(before) else 1


def _span(said: str, after: str) -> Span | None:
    """Return the time an amount covers; None when it is not investment done."""
    rest = _INVESTED.sub("", said)
    if _NOT_INVESTED.search(rest):
        return None
    if "完成" not in said and _NOT_INVESTED_AFTER.match(after):
        return None
    spans = list(_SPAN.finditer(said))
    return Span[(spans[-1].lastgroup or "unsaid").upper()] if spans else Span.UNSAID

"""Percentages and amounts of money in a text, whatever they are about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.numerals import ARABIC, NUMBER, number_of

YI = 1_000_000
"""1 亿元 in hundredths of 万元."""
_MOST = 64
_HUNDREDTHS = {"亿": Decimal(YI), "万": Decimal(100), "w": Decimal(100), "W": Decimal(100)}
_YUAN = Decimal("0.01")
_TIMES = {"十": 10, "百": 100, "千": 1_000}

# After 万 these make it an amount of something else: 100万吨, 20万方, 500万美元, 200万/亩.
_OTHER_UNIT = (
    r"\s?(?:[吨亩台套件头羽株棵辆户颗双箱袋瓶股斤匹锭盒粒枚家座栋艘张伏瓦兆亿㎡m³/每次桶片吊车块粉字]|千[瓦克伏]|公[里斤顷]|[kKMGt]"
    r"|方(?!面|案|便)|立(?!即|项)|平(?!均)|只(?!有|完|是|到)|间(?!接)|年(?!内|底|度)|人(?!民币|员|工)|个(?!亿)|米|升(?!至|到)"
    r"|度(?!过)|条(?!件)|部(?!分)|根(?!据)|支(?!付)|份(?!额)|标[方煤准]|大卡|工[日时]|[美欧日港]元|美金|分之)"
)
_END = r"(?=\s*(?:元|左右|上下|$|[，,。;、!)\n]))"
_QUANTITY = re.compile(
    rf"""
    百分之\s?(?P<hundredth>{NUMBER}|百)
    | 进度(?:\s|:|=|目前|现在|已经|已|现|达到|达|到|至|为|是|完成|约){{0,5}}
      (?P<bare>[0-9]{{1,3}}(?:\.[0-9]{{1,2}})?)(?:(?=\s*(?:左右|上下|了|$|[，,。;、!)\n]))|(?=\s+[^\s\d0-9万亿%个栋层亩台]))
    | (?<![0-9.几数第零〇一二两三四五六七八九十百千])
      (?:(?P<low>{ARABIC})\s?[-–—~～至到]\s?)?
      (?P<number>{NUMBER})\s?
      (?:
        (?P<percent>%)
        | (?P<tenth>成)(?P<half>[1-9一二三四五六七八九半])?(?![立员功果本都套交品熟效分为型片孔排组长就])
        | (?:[多余来]\s?)?(?:个多?)?(?P<unit>亿|(?P<times>[十百千])?(?:万|[wW](?![A-Za-z])))
          (?>(?:[多余]|元?[零又]?(?P<more>{NUMBER})\s?(?P<more_times>[百千])?万)?)
          (?>(?:(?P<tail>[1-9一二三四五六七八九]){_END})?)
          (?>(?:(?P<rest>{NUMBER})(?=元))?)
          (?:\s?(?:元|块钱|人民币)(?!\s?[/每])|(?!{_OTHER_UNIT}|\s?元|[0-9]{{3}}|[0-9一二三四五六七八九][百千]))
        | (?P<plain>元(?!旦|素|件|\s?[/每])|块钱)
      )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A percentage, or an amount in hundredths of 万元, and where it stands in the text."""

    value: Decimal
    is_money: bool
    start: int
    end: int


def quantities_in(text: str) -> Iterator[Quantity]:
    """Yield the first quantities of a half-width text, in order.

    Of a range the lower end counts. Whoever types more than sixty figures is not answering.
    """
    for count, found in enumerate(_QUANTITY.finditer(text)):
        if count == _MOST:
            return
        if bare := found["bare"]:
            yield Quantity(Decimal(bare), is_money=False, start=found.start("bare"), end=found.end())
            continue
        value, low = _value(found["hundredth"] or found["number"]), _value(found["low"])
        # 1-3200万 is no range: nobody is that unsure.
        if value / 10 <= low < value:
            value = low
        is_money = bool(found["unit"] or found["plain"])
        if found["tenth"]:
            value = value * 10 + (5 if found["half"] == "半" else _value(found["half"]))
        elif is_money:
            value = _hundredths(found, value)
        yield Quantity(value, is_money, found.start(), found.end())


def _hundredths(found: re.Match[str], value: Decimal) -> Decimal:
    if found["plain"]:
        return value * _YUAN
    worth = _HUNDREDTHS[found["unit"][-1]] * _TIMES.get(found["times"], 1)
    more_worth = _HUNDREDTHS["万"] * _TIMES.get(found["more_times"], 1)
    return (
        value * worth
        + _value(found["more"]) * more_worth  # 12 亿 6000 万
        + _value(found["tail"]) * worth / 10  # 一亿二: 1.2 亿
        + _value(found["rest"]) * _YUAN  # 3 万 5000 元
    )


def _value(written: str | None) -> Decimal:
    return number_of(written or "") or Decimal(0)

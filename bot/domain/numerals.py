"""Numbers as people type them: 62.5, ６２, 3,200, 三千二百, 3千2百."""

import re
from decimal import Decimal
from functools import lru_cache

# The full-width comma stays: it parts sentences, it never parts thousands.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) != "，"}
_HALF_WIDTH[0x3000] = 0x20
_FULL_WIDTH = re.compile("[\u3000\uff01-\uff0b\uff0d-\uff5e]")
"""To look is quicker than to translate: most texts have none."""

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_DIGITS |= {str(value): value for value in range(10)}
_UNITS = {"十": 10, "百": 100, "千": 1_000}
_MYRIADS = {"万": 10_000, "亿": 100_000_000}
_HAN_NUMBER = re.compile(
    r"([零〇一二两三四五六七八九十百千万亿0-9]{1,32})(?:点([零〇一二三四五六七八九0-9]{1,6}))?"
)

# Lengths are bounded so that no text, however hostile, costs more than it is long.
ARABIC = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,3}(?![0-9])|[0-9]{1,12}+)(?:\.[0-9]{1,6})?"
HAN = (
    r"[零〇一二两三四五六七八九十1-9][零〇一二两三四五六七八九十百千0-9]{0,11}"
    r"(?:点[零〇一二三四五六七八九]{1,4})?"
)
NUMBER = rf"(?:{ARABIC}|{HAN})"
"""A regular expression for one number, in digits or in characters, without 万 and 亿."""


def half_width(text: str) -> str:
    """Return the text with ６２％（） as 62%(), each character in its old place."""
    return text.translate(_HALF_WIDTH) if _FULL_WIDTH.search(text) else text


@lru_cache(maxsize=1024)
def number_of(text: str) -> Decimal | None:
    """Return the value of a number in digits or in characters; None if it is neither."""
    if re.fullmatch(ARABIC, text):
        return Decimal(text.replace(",", ""))
    return chinese_number(text)


def chinese_number(text: str) -> Decimal | None:
    """Return the value of 三千二百万, 六十二点五, 一百五 (150) or 二〇二六; None if it is none."""
    found = _HAN_NUMBER.fullmatch(text)
    if not found:
        return None
    total = section = number = 0
    unit, previous = 1, ""
    for sign in found[1]:
        if sign in _DIGITS:
            number = number * 10 + _DIGITS[sign]
        elif sign in _UNITS:
            unit = _UNITS[sign]
            section, number = section + (number or 1) * unit, 0
        else:
            unit = _MYRIADS[sign]
            # 亿 multiplies all before it (一万亿), 万 only what follows an 亿 (十二亿六千万).
            counted = section + number + (total if sign == "亿" else 0)
            total = (0 if sign == "亿" else total) + (counted or 1) * unit
            section = number = 0
        spoken_short = previous in _UNITS or previous in _MYRIADS
        previous = sign
    # 一百五 is 150 and 三万二 is 32,000, but 一百零五 is 105 and 六十二 is 62.
    if found[2] is None and number and spoken_short and unit > 1:
        number *= unit // 10
    whole = Decimal(total + section + number)
    if found[2] is None:
        return whole
    fraction = "".join(str(_DIGITS[sign]) for sign in found[2])
    return whole + Decimal(f"0.{fraction}")

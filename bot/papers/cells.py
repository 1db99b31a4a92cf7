"""What a cell says, whatever Excel, WPS and people in a hurry make of names, money and dates."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from bot.domain.columns import RETIRED, Column, Form
from bot.domain.likeness import did_you_mean, nearest
from bot.domain.people import Duty, Role
from bot.domain.roster import PersonName
from bot.domain.scope import Scope
from bot.papers.grid import Broken, Cell

_EXCEL_EPOCH = date(1899, 12, 30)
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
_FIRST_SERIAL, _LAST_SERIAL = ((day - _EXCEL_EPOCH).days for day in (_FIRST_DAY, _LAST_DAY))
_EXACT = 10**15
"""Excel keeps fifteen digits of a number; the rest are zeros."""
_LARGEST_FIGURE = 10**10
"""Hundredths of 万元: 1 万亿元, beyond every county."""
_LARGEST_ACCOUNT = 2**52
"""Telegram promises that its ids have at most 52 bits."""

_EXCEL_ERRORS = {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}
_FULL_WIDTH = (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
_WIDTHS = {code: code - 0xFEE0 for code in _FULL_WIDTH} | {ord("("): "（", ord(")"): "）"}
_INVISIBLE = {"Cc", "Cf", "Cs"}

_HAN = r"[\u3400-\u9fff\ue000-\uf8ff\U00020000-\U0003ffff·]"
_BETWEEN_HAN = re.compile(f"(?<={_HAN}) (?={_HAN})")
_TWO_NAMES = re.compile(f"({_HAN}{{2,}}) (?={_HAN}{{2,}})")
_AND = re.compile("[、,，;；/]")
_WITH_UNIT = re.compile("(.+?)（(.+)）")
_NUMBER = re.compile(r"[+-]?\d+(?:,\d{3})*(?:\.\d+)?|[+-]?\.\d+")
_AMOUNT = re.compile(rf"({_NUMBER.pattern}) ?(亿元?|万元?|元)?")
_DATE = re.compile(r"(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2}) ?日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?")
_MONTH = re.compile(r"\d{4} ?[-/.年] ?\d{1,2} ?月?")
_PHONE = re.compile(r"\+?[\d-]{5,20}")
_SYNONYMS = {
    "zh-cn": "中文",
    "zh": "中文",
    "汉语": "中文",
    "en": "English",
    "英文": "English",
    "英语": "English",
    "电报": "Telegram",
    "wecom": "企业微信",
    "企微": "企业微信",
}


class Misread(Exception):  # noqa: N818 -- it is about the cell, and says so
    """A cell that cannot mean what its column asks for.

    ``instead`` is the best guess. It goes on in place of the value, so that one slip is one
    fault and not one for every row that refers to it; nothing faulty is ever imported.
    """

    def __init__(self, wrong: str, cure: str, instead: object = None) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.cure = cure
        self.instead = instead


def value_of(cell: Cell, column: Column) -> object:
    """Return what a filled cell of a column says, or raise Misread."""
    if column.form is Form.CHOICE:
        return _choice(_text(cell), column.options)
    return _READERS[column.form](cell)


def plain(cell: Cell) -> str:
    """Return the visible words of a cell, whatever it holds; empty for an empty one."""
    return _clean(cell) if isinstance(cell, str) else str(cell)


def folded(text: str) -> str:
    """Return a heading or a sheet's name in the form in which headings are compared."""
    return unicodedata.normalize("NFKC", _clean(text)).replace(" ", "")


def _clean(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        spaced = (" " if each.isspace() else each for each in text)
        text = "".join(each for each in spaced if unicodedata.category(each) not in _INVISIBLE)
    return " ".join(text.split())


def _words(cell: Cell) -> str:
    """Return the text of a cell that is meant to be text."""
    if isinstance(cell, Broken):
        raise Misread(f"公式出错：{cell.error}", "把公式改成文字或数字。")
    if isinstance(cell, bool):
        raise Misread(f"{'TRUE' if cell else 'FALSE'} 不是文字", "把这一格设成文本格式再填。")
    if isinstance(cell, (int, float)):
        if abs(cell) >= _EXACT:
            raise Misread("数字超过 15 位，后面几位已经被 Excel 改成 0", "把这一列设成文本格式再填。")
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if not isinstance(cell, str):
        raise Misread(f"被 Excel 改成了日期或时间 {cell}", "把这一列设成文本格式再填。")
    words = _clean(cell)
    if words.upper() in _EXCEL_ERRORS:
        raise Misread(f"公式出错：{words}", "把公式改成文字或数字。")
    return words


def _text(cell: Cell) -> str:
    return re.sub(" ?([（）]) ?", r"\1", _words(cell).translate(_WIDTHS))


def _code(cell: Cell) -> str:
    return unicodedata.normalize("NFKC", _words(cell))


def _full_name(cell: Cell) -> str:
    # Names of two characters are padded to three in official lists: 刘　敏.
    return _BETWEEN_HAN.sub("", _text(cell))


def _phone(cell: Cell) -> str:
    phone = _code(cell).replace(" ", "")
    if not _PHONE.fullmatch(phone):
        raise Misread(f"「{phone}」不是电话号码", "填 11 位手机号，或者留空。", "")
    return phone


def _account(cell: Cell) -> int:
    digits = _code(cell).replace(" ", "")
    if not digits.isdecimal() or not 0 < int(digits) <= _LARGEST_ACCOUNT:
        wrong = f"「{digits}」不是 Telegram 的数字 id"
        raise Misread(wrong, "填数字 id；不知道就留空，用 liaison invite 邀请本人加入。")
    return int(digits)


def _figure(cell: Cell) -> Decimal | str:
    """Return a number, or the words where there is none."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return Decimal(repr(cell))
    words = _code(cell)
    return Decimal(words.replace(",", "")) if _NUMBER.fullmatch(words) else words


def _money(cell: Cell) -> int:
    figure = _figure(cell)
    if isinstance(figure, Decimal):
        return _whole(figure * 100)
    amount = _AMOUNT.fullmatch(figure)
    if not amount:
        raise Misread(f"「{figure}」不是数字", "只填数字，单位万元。")
    number, unit = Decimal(amount[1].replace(",", "")), amount[2]
    if unit.startswith("万"):
        return _whole(number * 100)
    ten_thousands = number * 10_000 if unit.startswith("亿") else number / 10_000
    right = f"单位是万元，写成 {ten_thousands.normalize():f}。"
    raise Misread(f"「{figure}」的单位不对", right, _whole(ten_thousands * 100))


def _permille(cell: Cell) -> int:
    figure = _figure(cell)
    if isinstance(figure, str):
        number = figure.removesuffix("%").strip()
        if not _NUMBER.fullmatch(number):
            raise Misread(f"「{figure}」不是数字", "填 0 到 100，58% 就填 58。")
        return _whole(Decimal(number.replace(",", "")) * 10)
    if 0 < figure < 1:
        # A cell formatted as a percentage shows 58% and holds 0.58.
        hundred = (figure * 100).normalize()
        cure = f"{hundred:f}% 就填 {hundred:f}。"
        raise Misread(f"分不清是 {figure}% 还是 {hundred:f}%", cure, _whole(figure * 1000))
    return _whole(figure * 10)


def _whole(number: Decimal) -> int:
    if abs(number) >= _LARGEST_FIGURE:
        raise Misread("数字太大", "看看是不是多打了几位。", 0)
    return int(number.quantize(Decimal(1), ROUND_HALF_UP))


def _day(cell: Cell) -> date:
    day = _date_in(cell)
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise Misread(f"{day} 不在 {_FIRST_DAY.year} 到 {_LAST_DAY.year} 年之间", "看看年份是不是填错了。")
    return day


def _date_in(cell: Cell) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, float) and _FIRST_SERIAL <= cell <= _LAST_SERIAL:
        # The reader does not know Excel's own Chinese date formats, and gives the day's number.
        return _EXCEL_EPOCH + timedelta(days=int(cell))
    words = _code(cell)
    if len(words) == len("20260301") and words.isdecimal():
        words = f"{words[:4]}-{words[4:6]}-{words[6:]}"
    if found := _DATE.fullmatch(words):
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            raise Misread(f"没有「{words}」这一天", "写成 2026-03-01 这样。") from None
    if _MONTH.fullmatch(words):
        raise Misread(f"「{words}」没有写到日", "写成 2026-03-31 这样。")
    raise Misread(f"「{words}」不是日期", "写成 2026-03-01 这样。")


def _choice(word: str, options: Mapping[str, StrEnum]) -> StrEnum:
    by_word = {option.casefold(): value for option, value in options.items()}
    value = by_word.get(_SYNONYMS.get(word.casefold(), word).casefold())
    if value is None:
        near = nearest(word, options, limit=1)
        guess = options[near[0]] if near else next(iter(options.values()))
        cure = did_you_mean(word, options, f"可以写：{'、'.join(options)}。")
        raise Misread(f"没有「{word}」这一项", cure, guess)
    return value


def _roles(cell: Cell) -> tuple[frozenset[Role], bool]:
    """Return the roles, and whether the person is still on duty."""
    words = {word: word.strip() for word in _AND.split(_full_name(cell)) if word.strip()}.values()
    roles = [str(role) for role in Role]
    strange = [word for word in words if word not in {*roles, *Duty, RETIRED}]
    guesses = [near for word in strange for near in nearest(word, roles, limit=1)]
    held = frozenset(Role(word) for word in (*words, *guesses) if word in roles)
    value = held, RETIRED not in words
    if strange:
        every = f"可以写：{'、'.join([*roles, RETIRED])}，几个之间用「、」。"
        cure = did_you_mean(strange[0], [*roles, RETIRED], every) if len(strange) == 1 else every
        raise Misread(f"没有{'、'.join(f'「{word}」' for word in strange)}这个角色", cure, value)
    return value


def _names(cell: Cell) -> tuple[PersonName, ...]:
    words = _TWO_NAMES.sub(r"\1、", _text(cell))
    return tuple(_name_in(part) for part in _AND.split(words) if part.strip())


def _name_in(words: str) -> PersonName:
    name = _BETWEEN_HAN.sub("", words.strip())
    found = _WITH_UNIT.fullmatch(name)
    return PersonName(found[1], found[2]) if found else PersonName(name)


def _name(cell: Cell) -> PersonName:
    names = _names(cell)
    if len(names) != 1:
        first = names[0] if names else None
        raise Misread(f"「{_text(cell)}」不是一个人", "这一列只写一个人。", first)
    return names[0]


def _scope(cell: Cell) -> Scope:
    words = _text(cell)
    try:
        return Scope.parse(words)
    except ValueError:
        cure = "写：全县、属地:X、行业:X 或 专班:X。"
        raise Misread(f"看不懂范围「{words}」", cure, Scope()) from None


_READERS = {
    Form.TEXT: _text,
    Form.FULL_NAME: _full_name,
    Form.PROSE: _words,
    Form.CODE: _code,
    Form.PHONE: _phone,
    Form.ACCOUNT: _account,
    Form.MONEY: _money,
    Form.PERCENT: _permille,
    Form.DAY: _day,
    Form.ROLES: _roles,
    Form.NAME: _name,
    Form.NAMES: _names,
    Form.SCOPE: _scope,
}

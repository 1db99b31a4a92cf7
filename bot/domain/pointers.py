"""Which project of a list the start of a sentence points to: a position, a number, a name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import fuzz

from bot.domain.numerals import half_width, number_of


@dataclass(frozen=True, slots=True)
class Listed:
    """A project as it stands in the list last sent to somebody."""

    position: int
    project_id: int
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Position:
    """The positions a sentence begins with, and where its own words begin.

    ``is_bare`` when nothing but the digits says so: 「1主体封顶」, not 「1、主体封顶」.
    """

    places: tuple[int, ...]
    end: int
    is_bare: bool


@dataclass(frozen=True, slots=True)
class Named:
    """The projects that a sentence begins by naming; more than one when the name is shared.

    ``is_parted`` when the name ends visibly, so that the words after it stand alone.
    """

    listed: tuple[Listed, ...]
    end: int
    is_parted: bool


_HAN = "[一二三四五六七八九十]{1,2}"
# A digit before these counts something: 2台设备, 2号楼, 2期. What follows in (?!…) makes it a
# word of its own after a position: 「2 人员到位」, 「1 方案已批」.
_MEASURE = (
    r"[万亿亩栋幢吨米辆趟宗榀]|台(?!账|风|班)"
    r"|号(?!召|项目)|楼(?!板|面|顶|梯|层|承)|千(?!万)|百|座(?!谈)|层(?!面|高)|月|日(?!常|程|照)"
    r"|天(?!然|气|花|沟|面|窗)|年(?!度|底|产|内|初|后|末)|个(?!项目)|期(?!间|限|望)|公[里斤顷]|方(?!案|面|便|式)"
    r"|平(?!整|台|面|基|稳|均|场)|家(?!具|装)|户(?!型|外|内|籍)|人(?!员|工|力|防)|名(?!称|单)|套(?!管)|件|条(?!件|石)"
    r"|根(?!据)|块(?!石)|片(?!区|石)|标段|区(?!域|政府|里|委|内|发|住|自)|线(?!路|缆|上)|车(?!辆|位|道|库|站)|厂房|次(?!日|要)"
    r"|批(?!复|准|文|后|了)|轮(?!胎)|季度|点(?!火|位|工|验)|时(?!间|序)|分(?!包|部|项|析|期|别|段|类|解)|元(?!旦)"
    r"|成(?!立|功|品|果|套|本|型|孔)|类(?!似)|级(?!配)|处(?!理|置|于)|孔|跨(?!度|河|路)|道(?!路|闸|牙)|组(?!织|装|团|建)"
    r"|份|项(?!目)|种(?!植)|倍|间(?!距)|段|门(?!窗|口|卫)|路(?!基|面|灯|网|床|由)|单元|班(?!子)|周(?!边|围|转|[一二三四五六日])"
    r"|小时|立方|只(?!有|是|差|能|剩|待|需)|桶|株|棵|支队|度|[%‰#xX×*/+~～]"
)
# 1-11月, 1到11月 and 12-05 are times; 「1到12月5日前无变化」 is project 1.
_NOT_ALONE = (
    rf"(?![0-9A-Za-z]|\.[0-9]|,[0-9]{{3}}|[-—/][0-9]|:[0-9]{{2}}(?![0-9.%万亿])|\s?(?:{_MEASURE})"
    r"|\s?[至到~～]\s?[0-9]{1,2}(?!月\s?[0-9底末]|[-/.][0-9]|[日号](?:之前|以前|前)|[0-9]))"
)
_REPORT = (
    r"(?:[0-9一二三]期|项目|工程|主体|已|照|有|无|没|的|完成|形象|进度|问题|封顶|[0-9]|正|今|本|目前|设备|土建|桩基|基础|厂房|围挡"
    r"|开工|投产|还|卡|困难|需|用地|征|资金|手续|全部|都|在|到|至|预计|验收|试|不变|暂|同)"
)
_POSITION = re.compile(
    rf"""
    (?:
      (?P<first>[0-9]{{1,2}})\s?[-—~～至到]\s?(?P<last>[0-9]{{1,2}})\s?(?:号?项目)?\s?(?=都|均|全|也|照|无变|没变|没有变|暂|正常|不变|同)
      |[(\[【]\s?(?P<a>[0-9]{{1,2}}|{_HAN})\s?[)\]】]
      |(?P<ring>[①-⑳])
      |第\s?(?P<b>[0-9]{{1,2}}|{_HAN})\s?个?项目
      |第\s?(?P<c>[0-9]{{1,2}}|{_HAN})\s?个(?!车间|厂房|标段|月|季度|阶段|节点|塔|单体|楼|百|工)
      |项目\s?(?P<d>[0-9]{{1,2}}){_NOT_ALONE}
      |项目(?P<e>{_HAN})(?=[\s、.:,，]|照|无|没|有|问题|主体|封顶)
      |(?P<f>[0-9]{{1,2}})\s?号?项目
      |(?P<g>{_HAN})[、.:)](?!{_HAN}[号期栋层标])
      |(?P<h>[0-9]{{1,2}})\s?(?:[、)]|[，,](?![0-9]{{3}})|:(?![0-9]{{2}}(?![0-9.%万亿]))|\.(?![0-9])|[-—]+(?![0-9]))
    )\s*[、.:,，\-—]*\s*
    |(?P<bare>[0-9]{{1,2}}){_NOT_ALONE}\s*(?:是|为)?\s*
    """,
    re.VERBOSE,
)
_KINDS_OF_WORDS = re.compile(
    r"项目|工程|建设|产业园?|园区|基地|中心|年产|新建|改造|扩建|提升|[一二三四五0-9]+[期万亿吨亩号]|集团|有限|公司|标准化?|厂房|车间"
    r"|生产线?|道路|设备|采购|安装|主体|土地|用地|管网|配套|设施|综合|加工|制造|科技|智能|开发|县|区|镇|乡|市|完成|封顶|开工|进度"
)
_TAIL = re.compile(r"(?:项目|工程|产业园|园区|园|厂|公司)*(?:的(?=项目|问题))?[\s:,，、\-—]*")
# 泵业厂房, 纯碱项目部: the word goes on, so nothing may be cut off before it.
_GOES_ON = re.compile(r"目[部款经负业公]|程[款量师]|厂[房区长家]|园[区林]|司[的法]")
_NAME_ENDS = ("项目", "工程", "园", "公司")
_HEAD = re.compile(r"[^\s:，,、；;。\n]{3,30}")
_SHORTEST, _SURE, _LEAD = 2, 75, 15
_FAR = 60
"""Characters of a sentence in which a name is looked for."""


def position_at(plain: str, at: int) -> Position | None:
    """Return the position that half-width text names at a place; None where it counts things."""
    found = _POSITION.match(plain, at)
    if not found:
        return None
    if found["first"]:
        places = tuple(range(int(found["first"]), int(found["last"]) + 1))
        return Position(places, found.end(), is_bare=False)
    if found["ring"]:
        return Position((ord(found["ring"]) - ord("①") + 1,), found.end(), is_bare=False)
    written = next(found[name] for name in (*"abcdefgh", "bare") if found[name])
    is_bare = found["bare"] is not None and not plain[found.end("bare") : found.end()]
    return Position((int(number_of(written) or 0),), found.end(), is_bare)


class Names:
    """The names and numbers of a list, to recognise in what people type."""

    def __init__(self, listed: Sequence[Listed]) -> None:
        self._names = [(one, half_width(one.name).casefold()) for one in listed]
        self._numbers = [
            (one, _number_pattern(one.number)) for one in listed if re.search(r"[^\W_]", one.number)
        ]
        self._pairs = {name[at : at + 2] for _, name in self._names for at in range(len(name) - 1)}

    def named_at(self, plain: str, at: int, *, may_be_misspelt: bool = False) -> Named | None:
        """Return the projects that half-width text names at a place, if it names any."""
        for one, number in self._numbers:
            if found := number.match(plain, at):
                return replace(self._named((one,), plain, found.end()), is_parted=True)
        words = plain[at : at + 40].casefold()
        piece = self._by_piece(words, plain, at) if words[:2] in self._pairs else None
        if not self._names or not may_be_misspelt or (piece and piece.is_parted):
            return piece
        return self._by_likeness(words, plain, at) or piece

    def plausible(self, plain: str) -> tuple[Listed, ...]:
        """Return the projects whose name text resembles: all of them when none stands out."""
        words = plain[:_FAR].casefold()
        pairs = {words[at : at + 2] for at in range(len(words) - 1)}
        telling = {pair for pair in pairs & self._pairs if _weight(pair) == len(pair)}
        like = [one for one, name in self._names if any(pair in name for pair in telling)]
        return tuple(like or [one for one, _ in self._names])

    def _by_piece(self, words: str, plain: str, at: int) -> Named | None:
        """Find the longest beginning of the words that is a piece of a name."""
        reach = {one: _shared(words, name) for one, name in self._names}
        longest = max(reach.values())
        if _weight(words[:longest]) < _SHORTEST:
            return None
        named = self._named(tuple(one for one, at in reach.items() if at == longest), plain, at + longest)
        if named.is_parted or longest > _SHORTEST or re.match(_REPORT, words[longest:]):
            return named
        return None

    def _by_likeness(self, words: str, plain: str, at: int) -> Named | None:
        """Find the name that the first word resembles, misspelt."""
        head = _HEAD.match(words)
        if not head or _weight(head[0]) < _SHORTEST:
            return None
        scores = sorted(
            ((fuzz.partial_ratio(head[0], name), place) for place, (_, name) in enumerate(self._names)),
            reverse=True,
        )
        if scores[0][0] < _SURE or (len(scores) > 1 and scores[0][0] - scores[1][0] < _LEAD):
            return None
        return self._named((self._names[scores[0][1]][0],), plain, at + head.end())

    @staticmethod
    def _named(listed: tuple[Listed, ...], plain: str, end: int) -> Named:
        tail = _TAIL.match(plain, end)
        after = tail.end() if tail else end
        is_parted = after > end or after == len(plain) or plain.endswith(_NAME_ENDS, 0, after)
        is_parted = is_parted and not _GOES_ON.match(plain, after - 1)
        return Named(listed, after, is_parted)


# Compiled afresh for each answer it was a fifth of the time of a turn.
@lru_cache(maxsize=8192)
def _number_pattern(number: str) -> re.Pattern[str]:
    """Return what finds XM-012 in xm012, XM 012 and 项目XM-012."""
    signs = "[-_ ]?".join(map(re.escape, re.findall(r"[^\W_]", half_width(number))))
    return re.compile(rf"(?:项目|编号)?\s?{signs}(?![A-Za-z0-9])", re.IGNORECASE)


def _shared(words: str, name: str) -> int:
    """Return how many characters the words begin with that are a piece of the name."""
    length = 0
    while length < len(words) and words[: length + 1] in name:
        length += 1
    return length


def _weight(piece: str) -> int:
    """Return how many characters of a piece tell one project from another."""
    return len(re.sub(r"[\W\d_]", "", _KINDS_OF_WORDS.sub("", piece)))

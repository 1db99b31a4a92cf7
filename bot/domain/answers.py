"""Reading an answer: which of the listed projects a liaison speaks of, and what they say."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bot.domain.figures import Figures, read_figures
from bot.domain.numerals import half_width
from bot.domain.pointers import Listed, Names, position_at
from bot.domain.progress import Kind
from bot.domain.until import read_until, without_until

__all__ = ["Answer", "Listed", "is_receipt", "read_answers", "read_until"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of one project; of which one is asked when ``listed`` is None."""

    listed: Listed | None
    kind: Kind
    text: str
    figures: Figures = field(default_factory=Figures)
    until: date | None = None
    candidates: tuple[Listed, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """Some words and the projects they are about; None among them for one not in the list."""

    about: tuple[Listed | None, ...]
    words: str
    candidates: tuple[Listed, ...] = ()
    is_rest: bool = False


_EDGES = " \t\r\n\u3000，,、；;。"
_START = re.compile(r"^|(?<=[\n；;。，,、!！?？\s])|(?<=照旧|变化|没变)|(?<=[0-9][和及与跟&])")
# 「1、主体封顶2、照旧」: nothing stands between, but a first position was read already.
_GLUED = re.compile(r"(?<=[^0-9第\s])(?=[0-9]{1,2}[、.)](?![0-9]))")
_REST = re.compile(r"(?:其余|其他|其它|剩下|剩余|别的)(?:的|几个|[两二三四五六七八九]个|项目|都|均|全部|也)*")
_AND = re.compile(r"[和及与跟&\s，,、；;。]*(?:都|均)?")
_COUNTS = re.compile(r"(?:进度|[到至约为是达第近超剩共])\s*$")
_PREAMBLE = re.compile(
    r"(?:(?:各位|尊敬的)?(?:领导|主任|局长|县长|书记|老师|您|你|大家){0,2}(?:早上|上午|中午|下午|晚上)?[好早]"
    r"|收到|@[^\s，,]{1,64}|(?:今日|今天)?(?:情况|工作|进展)?(?:汇报|报告)(?:如下)?)[\s，,。:：!！]+"
)
_RECEIPT = re.compile(
    r"(?:收到|好的?|嗯|知道了|明白|谢谢|感谢|领导|ok|okay|1?👌|[\s，,。!！？?~～]"
    r"|[你您]好|大家好|(?:早上|上午|中午|下午|晚上)好|早|在吗|测试|hello|hi|test)+",
    re.IGNORECASE,
)

_NO_CHANGE = re.compile(
    r"照旧|依旧|如旧|照常|老样子|暂?(?:没有?|无|未)(?:什么|啥|明显|新的?|大的?|任何)?(?:发生)?(?:变化|变动|进展|更新|情况|异常|变)"
    r"|(?:保持|维持)?不变|[同跟和与](?:昨天|昨日|上次|上周|前|上)(?:一样|相同)?|一切正常|(?:按计划|有序|正常)(?:推进|施工|进行|开展|生产)中?|正常"
    r"|暂无|(?<![^\s，,。])(?:无|没有)(?![^\s，,。!！])|no\s(?:change|news)s?|unchanged|nothing(?:\snew)?|(?:the\s)?same(?:\sas\s(?:yesterday|before))?",
    re.IGNORECASE,
)
_BESIDES = re.compile(
    r"全部|所有|全都|各个?|两个|三个|几个|都|均|也|暂时?|目前|现在|今天|今日|本周|项目|仍然?|还是|还|一切|继续|形象进度|进度|进展|情况"
    r"|(?:没有?|无)(?:问题|困难)|的|了|哦|呢|吧|啊|哈|谢谢|领导|[\s，,、。；;.!！~～:：()（）]"
)
_LONGEST_NO_CHANGE = 40

_PROBLEM = re.compile(
    r"(?:(?:今天|今日|目前|现在|现|主要|还是|仍|也|又|就是|反映|报告|存在的?|遇到的?|出现|还?有|一?个|一些|几个|点|新的?|[，,]){0,4}"
    r"(?:问题|困难|难题|难点|堵点|卡点)(?!已|及时|随时|再|不大|解决|不多|基本|都|均|全部|得到|销号|整改|清单|台账|群众|职工)(?:是|为|在于|如下|主要是)?"
    r"|(?:急|还|仍|尚|也|现)?(?:需要?|请|望|待)(?:领导|县里|县政府|指挥部|专班|部门|上级|帮忙|帮助|尽快){0,2}协调(?:解决)?"
    r"|(?:目前|主要|现在)?卡在了?"
    r"|(?:problem|issue|blocked)(?:\sby|\son)?\b"
    r")[\s:：，,、。\-—]*",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"(?<=[^\n；;。，,\s])[\n；;。，,\s]++(?:但是?|不过|另外?|同时|就是)?+[\s，,]*+"
    r"(?=(?:目前|主要|现在)?(?:存在|遇到|还?有)?(?:的?问题|困难|难题)(?:[:：]|\s(?!已|都|均|全|不|基本|得到|解决|整改|销号))|(?:存在|遇到)(?:的?问题|困难)|有(?:个|一个)?(?:问题|困难)"
    r"|急?需要?(?:领导|县里|指挥部)?协调|卡在)"
)
_NEWS = re.compile(r"(?:有进展(?!缓|较|滞)|(?:有新|新)?进展[:：])[\s:：，,、。\-—]*")


def read_answers(text: str, listed: Sequence[Listed], today: date) -> tuple[Answer, ...]:
    """Read what a liaison answers about the projects listed to them.

    Nothing typed is lost: all but the words that point and mark is in some answer's text.
    Plain 「照旧」 stands for every listed project not spoken of otherwise. One project gets
    two answers when news and a problem come in one breath; the problem comes second and
    carries the figures of both. A day in 「…前无变化」 that is past or impossible leaves
    the answer unchanged with no ``until``: the question simply comes again tomorrow.
    """
    text = text.strip()
    preamble = _PREAMBLE.match(text)
    words = text[preamble.end() :] if preamble else text
    if not words:
        return ()
    if _RECEIPT.fullmatch(words):
        return (Answer(None, Kind.PROGRESS, text, candidates=tuple(listed)),)
    is_only = len(listed) == 1
    parts = [_only(words, listed[0])] if is_only else _shared_out(_parts(words, listed), listed)
    return tuple(
        replace(answer, listed=one, candidates=part.candidates if one is None else ())
        for part in parts
        for one in part.about
        for answer in _read(part.words, today)
    )


def is_receipt(text: str) -> bool:
    """Tell whether a text greets, or says that a message was seen, and nothing else: 收到, 谢谢, 你好."""
    return _RECEIPT.fullmatch(text.strip()) is not None


def _only(words: str, one: Listed) -> _Part:
    """Take all words for the only project listed, less a 1 or its name in front.

    Another number goes too where the kind stands right behind it: 「2 问题 塔吊坏了」 follows the
    example of somebody with more projects.
    """
    plain = half_width(words)
    numbered = {
        place for at in _line_starts(plain) if (found := position_at(plain, at)) for place in found.places
    }
    position, named = position_at(plain, 0), Names([one]).named_at(plain, 0)
    points = position is not None and (
        numbered == {one.position} or _is_marked(words[position.end :].lstrip(_EDGES + "：:"))
    )
    if position and points and not plain[position.end : position.end + 1].isdigit():
        return _Part((one,), words[position.end :].strip(_EDGES))
    if named and (named.is_parted or _is_marked(words[named.end :])):
        return _Part((one,), words[named.end :].strip(_EDGES))
    return _Part((one,), words.strip(_EDGES))


def _line_starts(plain: str) -> set[int]:
    return {found.end() for found in re.finditer(r"(?:^|[\n；;。])\s*", plain)}


def _parts(words: str, listed: Sequence[Listed]) -> list[_Part]:
    """Cut the words where they begin to speak of another project."""
    plain, names = half_width(words), Names(listed)
    places = {one.position: one for one in listed}
    parts = [_Part((None,), "", names.plausible(plain))]
    begun, by_position = 0, False
    spoken_of: set[Listed | None] = set()
    line_starts = _line_starts(plain)
    glued = {found.start() for found in _GLUED.finditer(plain)}
    for start in sorted(glued.union(found.start() for found in _START.finditer(plain))):
        if start < begun or (start in glued and not by_position):
            continue
        at_line = start in line_starts
        if numbered := _numbered(plain, start, places, at_line=at_line):
            part, end = numbered
            if spoken_of.intersection(part.about):
                continue
            by_position = True
        elif (rest := _REST.match(plain, start)) and _is_no_change(_clause(plain, rest.end())):
            part, end = _Part((), "", is_rest=True), rest.end()
        elif (at_line or not by_position or start == begun) and (
            named := names.named_at(plain, start, may_be_misspelt=at_line)
        ):
            one = named.listed[0] if len(named.listed) == 1 else None
            is_shown = not named.is_parted and not _is_marked(words[named.end :])
            part, end = _Part((one,), "", named.listed), start if is_shown else named.end
            if begun and start == begun:  # 「1 纯碱项目主体封顶」: the position has decided.
                begun = end if parts[-1].about == (one,) else begun
                continue
            if one in spoken_of:
                continue
        else:
            continue
        parts[-1] = replace(parts[-1], words=words[begun:start].strip(_EDGES))
        parts.append(part)
        spoken_of |= {*part.about} - {None}
        begun = end
    parts[-1] = replace(parts[-1], words=words[begun:].strip(_EDGES))
    return parts


def _numbered(
    plain: str, start: int, places: dict[int, Listed], *, at_line: bool
) -> tuple[_Part, int] | None:
    """Return the projects whose positions stand here, and where their words begin."""
    position = position_at(plain, start)
    if not position:
        return None
    about = tuple(places.get(place) for place in position.places)
    if None in about:
        # Digits that touch a word and are no position may be part of it: 7榀屋架.
        end = start if position.is_bare else position.end
        return (_Part(about, "", tuple(places.values())), end) if at_line else None
    is_counting = _COUNTS.search(plain[max(0, start - 8) : start]) or position.end == len(plain)
    return (_Part(about, ""), position.end) if at_line or not is_counting else None


def _shared_out(parts: list[_Part], listed: Sequence[Listed]) -> list[_Part]:
    """Give words to the positions named together before them, and 其余 to all the others."""
    unmarked, *marked = parts
    shared: list[_Part] = []
    if unmarked.words:
        is_rest = _is_no_change(unmarked.words) or _is_no_change(without_until(unmarked.words) or "")
        shared.append(replace(unmarked, is_rest=is_rest and bool(listed)))
    waiting: tuple[Listed | None, ...] = ()
    for part in marked:
        if _AND.fullmatch(part.words) and part is not marked[-1] and not part.is_rest:
            waiting += part.about
        else:
            shared.append(replace(part, about=waiting + part.about))
            waiting = ()
    spoken_of = {one for part in shared if not part.is_rest for one in part.about}
    others = tuple(one for one in listed if one not in spoken_of)
    return [replace(part, about=others) if part.is_rest else part for part in shared]


def _read(words: str, today: date) -> Iterator[Answer]:
    """Read what is said of one project: news, no news, a problem, or news and problems."""
    figures = read_figures(words)
    cuts = [found for found in _BUT.finditer(words) if _PROBLEM.match(words, found.end())]
    begun = 0
    for cut in cuts:
        yield _one(words[begun : cut.start()].strip(_EDGES), figures, today)
        begun = cut.end()
    yield _one(words[begun:].strip(_EDGES), figures, today)


def _one(words: str, figures: Figures, today: date) -> Answer:
    if _is_no_change(words):
        return Answer(None, Kind.UNCHANGED, words)
    rest = without_until(words)
    if rest is not None and _is_no_change(rest):
        return Answer(None, Kind.UNCHANGED, words, until=read_until(words, today))
    if problem := _PROBLEM.match(words):
        return Answer(None, Kind.PROBLEM, words[problem.end() :], figures)
    news = _NEWS.match(words)
    return Answer(None, Kind.PROGRESS, words[news.end() :] if news else words, figures)


def _is_no_change(words: str) -> bool:
    """Tell whether the words say that nothing changed, and nothing else."""
    if len(words) > _LONGEST_NO_CHANGE or not _NO_CHANGE.search(words):
        return False
    return not _BESIDES.sub("", _NO_CHANGE.sub("", words))


def _is_marked(words: str) -> bool:
    """Tell whether words begin with what decides their kind."""
    clause = _clause(words, 0)
    return bool(
        _is_no_change(clause)
        or _is_no_change(without_until(clause) or "")
        or _PROBLEM.match(words)
        or words.startswith(Kind.PROGRESS.value)
    )


def _clause(words: str, start: int) -> str:
    return re.split(r"[\n，,；;。]", words[start : start + _LONGEST_NO_CHANGE + 1], maxsplit=1)[0]

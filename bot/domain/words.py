"""Words from outside: what is kept of them, how they are shown, how they are cut to fit."""

import re
import unicodedata
from enum import Enum

_JUNK = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n?|\x85")

_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_TONES = "\U0001f3fb-\U0001f3ff"
# The first group is what emoji are made of and stays; everything after it would be unseen
# or would turn the words after it round.
_UNSEEN = re.compile(
    f"(?P<emoji>(?<=[{_EMOJI}{_TONES}\ufe0f])\u200d(?=[{_EMOJI}])"
    "|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)

_LONGEST_CLUSTER = 64
"""A letter with more marks than this is no letter, and may be cut."""


def clean(text: str) -> str:
    """Return what may be stored of a text: one form of each letter, one kind of line end.

    NUL, control characters and halves of surrogate pairs are dropped: SQLite, PostgreSQL
    and workbooks each choke on one of them.
    """
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _JUNK.sub("", _LINE_ENDS.sub("\n", text)))


def visible(text: str) -> str:
    """Return a text for cards, names and exports: each unseen control becomes □."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(lambda found: found["emoji"] or "□", text)


class Measure(Enum):
    """How a platform counts the length of a text: its encoding, and the bytes of one step."""

    UNITS = ("utf-16-le", 2)
    """UTF-16 code units, as Telegram counts."""
    BYTES = ("utf-8", 1)
    """Bytes of UTF-8, as WeCom counts."""

    def of(self, text: str) -> int:
        """Return the length of a text."""
        if text.isascii():
            return len(text)
        encoding, step = self.value
        return len(text.encode(encoding, "surrogatepass")) // step

    def most(self, text: str, limit: int) -> int:
        """Return how many characters of a text are within a limit."""
        encoding, step = self.value
        # What is cut in half at the end – a surrogate pair, a sequence of bytes – does not fit.
        encoded = text[:limit].encode(encoding, "surrogatepass")
        return len(encoded[: step * limit].decode(encoding, "ignore"))


def units(text: str) -> int:
    """Return the length of a text in UTF-16 code units, as Telegram counts."""
    return Measure.UNITS.of(text)


def fits(text: str, limit: int, measure: Measure = Measure.UNITS) -> str:
    """Return the text, cut between two letters and ended with … when it is over the limit."""
    if measure.of(text) <= limit:
        return text
    return text[: _cut(text, limit - measure.of("…"), measure)].rstrip() + "…"


def split(text: str, limit: int, measure: Measure = Measure.UNITS) -> list[str]:
    """Return the text in parts within the limit, numbered （1/3） when there are several.

    Nothing is lost: the parts without their numbers, put together, are the text.
    """
    if measure.of(text) <= limit:
        return [text]
    digits = 1
    while len(parts := _pieces(text, limit - measure.of("（/）") - 2 * digits, measure)) >= 10**digits:
        digits += 1
    return [f"（{number}/{len(parts)}）{part}" for number, part in enumerate(parts, 1)]


def _pieces(text: str, limit: int, measure: Measure) -> list[str]:
    pieces = []
    while measure.of(text) > limit:
        end = _cut(text, limit, measure)
        line_end = text.rfind("\n", end // 2, end) + 1
        pieces.append(text[: line_end or end])
        text = text[line_end or end :]
    return [*pieces, text] if text else pieces


def _cut(text: str, limit: int, measure: Measure) -> int:
    """Return the last place within the limit that is between two letters as people see them."""
    furthest = measure.most(text, limit)
    for end in range(furthest, max(0, furthest - _LONGEST_CLUSTER), -1):
        if _is_between(text, end):
            return end
    return max(1, furthest)


def _is_between(text: str, end: int) -> bool:
    """Tell whether two letters meet here (UAX #29 without Indic conjuncts and old Korean)."""
    if end >= len(text):
        return True
    before, after = text[end - 1], text[end]
    if "\u200d" in (before, after) or unicodedata.category(after) in {"Mn", "Me", "Mc"}:
        return False
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return False
    if _is_flag_letter(before) and _is_flag_letter(after):
        flags = end
        while flags and _is_flag_letter(text[flags - 1]):
            flags -= 1
        return (end - flags) % 2 == 0
    return True


def _is_flag_letter(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"

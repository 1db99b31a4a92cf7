"""What somebody probably meant by a word that is spelt slightly wrong, or only looks like another."""

import unicodedata
from collections.abc import Iterable

_ALIKE = 50.0
"""Half of the characters: of a name of two, one – 刘民 for 刘敏 – is all there is to go by."""

_TWINS = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеіјорсѕухԁԛԝһӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαν•‧・∙⋅‐‑‒–—−",
    "ABESIJKMHOPCTYXaeijopcsyxdqwhlABEZHIKMNOPTYXoav·····------",
)
"""Cyrillic and Greek letters, and signs, that nobody can tell from ours by looking at them."""


def look(text: str) -> str:
    """Return how a name looks: the same for two that are written with different characters of one shape."""
    return unicodedata.normalize("NFKC", text).translate(_TWINS)


def odd_one(text: str, other: str) -> str:
    """Return the first character in which two names differ that look alike, with its number: а（U+0430）."""
    shape = zip(text, other, strict=False)
    letter = next((mine for mine, theirs in shape if mine != theirs), text[-1:])
    return f"{letter}（U+{ord(letter):04X}）"


def nearest(word: str, choices: Iterable[str], *, limit: int = 3) -> list[str]:
    """Return the choices most like a word, several only when equally like it, none when strange.

    Among equals those that begin alike win: people mistype the given name, not the surname.
    """
    from rapidfuzz import fuzz, process  # noqa: PLC0415 -- only a faulty workbook needs it

    candidates = list(dict.fromkeys(choice for choice in choices if choice and choice != word))
    scored = process.extract(word, candidates, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=None)
    if not scored:
        return []
    best = max(score for _, score, _ in scored)
    equals = [choice for choice, score, _ in scored if score == best]
    alike = [choice for choice in equals if choice[:1] == word[:1]]
    return (alike or equals)[:limit]


def did_you_mean(word: str, choices: Iterable[str], otherwise: str) -> str:
    """Return 是不是「刘敏」？ with the nearest choices, or the other cure when nothing is near."""
    near = nearest(word, choices)
    return f"是不是{'或'.join(f'「{choice}」' for choice in near)}？" if near else otherwise

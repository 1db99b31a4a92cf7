"""Whether a problem about to be reported is one that was reported already."""

from collections.abc import Iterable

from rapidfuzz import fuzz

from bot.domain.problems import OTHER, Problem

_ALIKE = 60
_REPEATED = 75
_SAME_CATEGORY = 20


def is_alike(text: str, other: str) -> bool:
    """Tell whether somebody says again, in nearly the same words, what they said before."""
    return fuzz.partial_ratio(text, other) >= _REPEATED


def most_similar(text: str, category: str, problems: Iterable[Problem]) -> Problem | None:
    """Return the problem most like a text, None when none is like it enough to ask.

    Likeness is out of 100; the same category counts for something, 其他 for nothing.
    """

    def likeness(problem: Problem) -> float:
        same = _SAME_CATEGORY if problem.category == category != OTHER else 0
        return fuzz.ratio(text, problem.text) + same

    best = max(problems, key=likeness, default=None)
    return best if best is not None and likeness(best) >= _ALIKE else None

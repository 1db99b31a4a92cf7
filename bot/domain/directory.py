"""Finding a name that somebody typed among the names there are."""

from collections.abc import Iterable

from rapidfuzz import fuzz, process

_SURE = 75
_LEAD = 10


def best_match(typed: str, names: Iterable[str]) -> str | None:
    """Return the name that was meant; None when none is close, or two are equally close.

    A name typed exactly wins; a piece of exactly one name means that one.
    """
    known = {name.casefold(): name for name in names}
    wanted = typed.strip().casefold()
    if wanted in known:
        return known[wanted]
    if not wanted:
        return None
    holding = [name for name in known if wanted in name]
    if len(holding) == 1:
        return known[holding[0]]
    likely = process.extract(wanted, holding or list(known), scorer=fuzz.WRatio, limit=2)
    if not likely or likely[0][1] < _SURE:
        return None
    if len(likely) > 1 and likely[0][1] - likely[1][1] < _LEAD:
        return None
    return known[likely[0][0]]

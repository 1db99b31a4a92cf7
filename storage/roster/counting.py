"""The numbers of an existing ledger, and the count that new numbers continue."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

_YEAR_AND_COUNT = re.compile(r"\D*(20\d\d)\D+(\d{1,5})\D*")
_COUNT = re.compile(r"\D*(\d{1,3})\D*")


def counted(number: str, day: date) -> tuple[int, int | None]:
    """Return the year and the count that a number speaks of: 2026-063, 〔2026〕63 号, 63.

    The year is that of the day where the number has none; the count is None where it has none.
    """
    if found := _YEAR_AND_COUNT.fullmatch(number):
        return int(found[1]), int(found[2])
    found = _COUNT.fullmatch(number)
    return day.year, int(found[1]) if found else None


def sequences(numbers: Sequence[tuple[str, date]], taken: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return a year and a count for every number, none of them taken and no two alike.

    A number keeps its own count where it is free; the others come after all counts of the year.
    So no number 2026-N ever counts less than N, and the next one, counted on from the highest,
    is always new.
    """
    used: dict[int, set[int]] = defaultdict(set)
    for year, sequence in taken:
        used[year].add(sequence)
    found: dict[int, tuple[int, int]] = {}
    late = []
    for at, (number, day) in enumerate(numbers):
        year, count = counted(number, day)
        if count is None or count in used[year]:
            late.append((at, year))
        else:
            used[year].add(count)
            found[at] = (year, count)
    highest = {year: max(counts, default=0) for year, counts in used.items()}
    for at, year in late:
        highest[year] = highest.get(year, 0) + 1
        found[at] = (year, highest[year])
    return [found[at] for at in range(len(numbers))]

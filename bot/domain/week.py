"""The week, as the county counts it: ISO, Monday to Sunday."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """An ISO week; it belongs to the year that holds its Thursday."""

    year: int
    week: int

    def __post_init__(self) -> None:
        date.fromisocalendar(self.year, self.week, 1)

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the week a day falls in."""
        year, week, _ = day.isocalendar()
        return cls(year, week)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 2026-W47; raise ValueError if it is no week."""
        found = re.fullmatch(r"([0-9]{4})-W([0-9]{2})", text.strip())
        if found is None:
            raise ValueError(f"{text!r} is not a week such as 2026-W47")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year:04}-W{self.week:02}"

    def __contains__(self, day: date) -> bool:
        return self.monday <= day <= self.sunday

    @property
    def monday(self) -> date:
        """The first day."""
        return date.fromisocalendar(self.year, self.week, 1)

    @property
    def sunday(self) -> date:
        """The last day."""
        return date.fromisocalendar(self.year, self.week, 7)

    def before(self) -> Self:
        """Return the week before."""
        return self.of(self.monday - timedelta(days=7))

"""What fills the blanks of a paper's sentences: counted, summed or named in the lines of its tables."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import ge, gt, le, lt
from typing import Any, Self

Value = str | int | None


class How(StrEnum):
    """What a blank is filled with; the values are the words of a form."""

    COUNT = "count"
    SUM = "sum"
    SHARE = "share"
    LIST = "list"


_ORDERS: dict[str, Callable[[int, int], bool]] = {">=": ge, "<=": le, ">": gt, "<": lt}


@dataclass(frozen=True, slots=True)
class Condition:
    """What a line must be to count: ``moved = true``, ``state = ["待接办", "办理中"]``, ``late = ">0"``."""

    figure: str
    order: str
    values: tuple[Value, ...]

    @classmethod
    def parse(cls, figure: str, wanted: object) -> Self:
        """Read a condition as a form has it; raise ValueError if it is none."""
        if isinstance(wanted, bool):
            return cls(figure, "", (1,) if wanted else (0, None))
        if isinstance(wanted, str):
            for order in _ORDERS:
                if wanted.startswith(order):
                    return cls(figure, order, (int(wanted.removeprefix(order)),))
        values = tuple(wanted) if isinstance(wanted, list) else (wanted,)
        if not values or not all(isinstance(each, str | int) for each in values):
            raise ValueError(f"{wanted!r} is no condition")
        return cls(figure, "", values)

    def holds(self, line: Mapping[str, Value]) -> bool:
        """Tell whether a line counts; what has no value is neither more nor less than anything."""
        value = line[self.figure]
        if not self.order:
            return value in self.values
        bound = self.values[0]
        return isinstance(value, int) and isinstance(bound, int) and _ORDERS[self.order](value, bound)


def counting(lines: Iterable[Mapping[str, Value]], where: Iterable[Condition]) -> list[Mapping[str, Value]]:
    """Return the lines that meet every condition."""
    conditions = tuple(where)
    return [line for line in lines if all(each.holds(line) for each in conditions)]


@dataclass(frozen=True, slots=True)
class Blank:
    """A blank of a sentence: what of which table it is filled with; ``show`` names of a list at most."""

    name: str
    table: int
    how: How
    figures: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    show: int = 3

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return it from how it was kept."""
        where = tuple(
            Condition(each["figure"], each["order"], tuple(each["values"])) for each in kept["where"]
        )
        return cls(kept["name"], kept["table"], How(kept["how"]), tuple(kept["figures"]), where, kept["show"])

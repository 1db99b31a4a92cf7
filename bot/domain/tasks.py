"""A task (任务) as it is said in one line: who is to do it, and by when."""

import re
from collections.abc import Iterable
from datetime import date

from bot.domain.until import read_day, read_until

AGENDA = "月会商"
"""The paper whose resolutions become tasks."""

_LEAD_IN = re.compile(r"[\s由请]*")
_APART = re.compile(r"[\s，,：:\d]")
_EDGES = " \t\u3000，,：:"
_FIGURE = re.compile(r"\s*\d+\.\d")


class PastDayError(ValueError):
    """A task begins with a day that is past, or that does not exist."""


def read_due(text: str, today: date) -> date | None:
    """Return by when a task is to be done, None where no day is said.

    Raise PastDayError where it begins with a day that is past, or is none: 2月30日前.
    """
    begun, rest = (None, text.strip()) if _FIGURE.match(text) else read_day(text, today)
    if (begun is None and rest != text.strip()) or (begun is not None and begun < today):
        raise PastDayError
    return begun or read_until(text, today)


def read_holder(text: str, people: Iterable[str], units: Iterable[str]) -> tuple[str, str]:
    """Return whom a promise begins with, and the words after the name; nobody where no name comes first.

    A unit may be followed by anything, a person by a space, a comma or a day: 「王强调度」 names nobody.
    """
    said = text[_LEAD_IN.match(text).end() :]  # type: ignore[union-attr]
    named = [unit for unit in units if said.startswith(unit)]
    named += [each for each in people if said.startswith(each) and _APART.match(said, len(each))]
    name = max(named, key=len, default="")
    return (name, said[len(name) :].lstrip(_EDGES)) if name else ("", text.strip())

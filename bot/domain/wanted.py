"""Which problems somebody asks to see: 「台账 我的 超期」, 「/ledger 大桥镇 用地」."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_APART = re.compile(r"[\s,，、;；]+")
_MINE = frozenset({"我的", "mine", "my"})
_OPEN = frozenset({"未销号", "未办结", "未结", "open"})
_OVERDUE = frozenset({"超期", "逾期", "overdue", "late"})
_CLOSED = frozenset({"已销号", "销号", "已办结", "closed"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the ledger is asked for; without anything said, all that is open.

    Of several places, or several categories, any will do. ``words`` are what was said. Problems,
    or ``tasks``: never both.
    """

    mine: bool = False
    overdue: bool = False
    closed: bool = False
    places: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    tasks: bool = False


class NotAskedError(ValueError):
    """A word that the ledger cannot be asked for."""


def read_wanted(text: str, places: Iterable[str], categories: Iterable[str]) -> Wanted:
    """Return what somebody asks for; raise NotAskedError with the first word that means nothing here."""
    known_places, known_categories = tuple(places), tuple(categories)
    wanted = Wanted()
    for word in filter(None, _APART.split(text.strip())):
        wanted = _with(wanted, word, known_places, known_categories)
    return wanted


def _with(wanted: Wanted, said: str, places: tuple[str, ...], categories: tuple[str, ...]) -> Wanted:
    word = said.casefold()
    if word in _MINE:
        wanted = replace(wanted, mine=True)
    elif word in _OPEN:
        wanted = replace(wanted, closed=False)
    elif word in _OVERDUE:
        wanted = replace(wanted, overdue=True)
    elif word in _CLOSED:
        wanted = replace(wanted, closed=True)
    elif said in categories:
        wanted = replace(wanted, categories=(*wanted.categories, said))
    elif place := _place(said, places):
        wanted, said = replace(wanted, places=(*wanted.places, place)), place
    else:
        raise NotAskedError(said)
    return replace(wanted, words=(*wanted.words, said))


def _place(said: str, places: tuple[str, ...]) -> str | None:
    """Return the place that is meant: by its name, or by a piece of exactly one: 大桥 for 大桥镇."""
    if said in places:
        return said
    meant = [place for place in places if said in place]
    return meant[0] if len(meant) == 1 else None

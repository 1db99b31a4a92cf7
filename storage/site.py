"""Of which project a line of a paper is: the figures that many tables begin with."""

from collections.abc import Mapping
from typing import Any

from bot.domain.blanks import Value
from bot.domain.document import Kind
from storage.dataset import Figure
from storage.tables import projects, units

SITE = (
    Figure("number", Kind.WORD, 11),
    Figure("name", Kind.PROSE, 26),
    Figure("place", Kind.WORD, 10),
    Figure("unit", Kind.PROSE, 16),
    Figure("lead_leader", Kind.WORD, 10),
)
COLUMNS = (
    projects.c.id,
    projects.c.number,
    projects.c.name,
    projects.c.place,
    units.c.name.label("unit"),
)
"""What is read for it; a unit may be missing."""


def site_of(row: Any, leads: Mapping[int, str]) -> dict[str, Value]:
    """Return what a line tells of its project; empty where it has none."""
    return {
        "source": None,
        "number": row.number or "",
        "name": row.name or "",
        "place": row.place or "",
        "unit": row.unit or "",
        "lead_leader": leads.get(row.id, ""),
    }

"""The rules of the roster that say whose a problem is."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from storage.tables import routes


@dataclass(frozen=True, slots=True)
class Route:
    """A rule of the roster: whose a category is, in one place or everywhere."""

    category: str
    place: str
    unit_id: int | None
    person_id: int | None


class Routes:
    """Asked for every problem that is reported; the roster writes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def match(self, category: str, place: str) -> Route | None:
        """Return the rule for a category in a place, or everywhere; the place's own comes first."""
        row = self._connection.execute(
            select(routes)
            .where(routes.c.category == category, routes.c.place.in_((place, "")))
            .order_by((routes.c.place == "").asc())
            .limit(1)
        ).first()
        return Route(row.category, row.place, row.unit_id, row.person_id) if row else None

"""共性问题: one blockage that stands in the way of many projects (MISSION feature 13)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PROJECTS = 3
"""On how many projects the same category must be with the same holder to be worth one item."""

WITHIN = timedelta(days=30)
"""How recently they must have been reported."""

NEWCOMERS = 3
"""How many more must have come before the office is asked again after it said no."""


class CommonState(StrEnum):
    """Where a common problem stands."""

    OFFERED = "offered"
    MERGED = "merged"
    DECLINED = "declined"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Common:
    """One category with one holder, offered to the office as one item; its followers stay problems."""

    id: int
    category: str
    holder_id: int
    holder: str
    state: CommonState
    at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Follower:
    """A problem as a common problem shows it."""

    id: int
    number: str
    project_id: int
    project: str
    text: str
    state: str
    is_open: bool


def projects_of(followers: list[Follower]) -> int:
    """Return on how many projects they are."""
    return len({each.project_id for each in followers})

"""The sheet 里程碑: what the projects promised, and what of it is done."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from bot.domain.columns import Sheet
from bot.domain.roster import MilestoneRow
from storage.roster.changes import Change, Journal, What, differences, label
from storage.roster.merge import merge
from storage.roster.projects import Numbered
from storage.tables import milestones


def merge_milestones(
    connection: Connection,
    rows: Sequence[MilestoneRow],
    numbered: Mapping[str, Numbered],
    journal: Journal,
) -> None:
    """Bring the milestones up to the roster."""
    merged = merge(
        connection,
        milestones,
        ("project_id", "name"),
        [
            {
                "project_id": numbered[row.project].id,
                "name": row.name,
                "planned": row.planned,
                "done": row.done,
            }
            for row in rows
        ],
    )
    for row, milestone in zip(rows, merged, strict=True):
        name, subject = f"{row.project} {row.name}", f"milestone:{milestone.id}"
        if milestone.is_new:
            days = (("planned", row.planned), ("done", row.done))
            told = [f"{label(Sheet.MILESTONES, column)} {day}" for column, day in days if day]
            journal.add(
                Change(Sheet.MILESTONES, What.ADDED, name, "；".join(told)), subject, {}, milestone.now
            )
        elif milestone.now:
            told = differences(Sheet.MILESTONES, milestone.was, milestone.now)
            change = Change(Sheet.MILESTONES, What.CHANGED, name, "；".join(told))
            journal.add(change, subject, milestone.was, milestone.now)

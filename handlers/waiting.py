"""What waits for the office since an earlier day, a line each: papers, letters, steps, approvals.

Once a working day, in the message about the letters; each number opens what it stands before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.bulletins import Bulletin
from bot.domain.elements import APPROVAL
from bot.domain.missives import Missive, MissiveState
from bot.domain.people import Person
from bot.domain.stages import Move
from handlers import missive_cards, nods
from handlers.turn import Beat, Desk, rows_of
from storage.elements import Written
from storage.letters import Choices

_MOST = 8
_A_ROW = 4


@dataclass(frozen=True, slots=True)
class Waiting:
    """What nobody has decided yet, each kind with the oldest first."""

    drafts: Sequence[Bulletin]
    objected: Sequence[Bulletin]
    missives: Sequence[Missive]
    moves: Sequence[Move]
    approvals: Sequence[Written]

    @property
    def count(self) -> int:
        """How many things wait."""
        kinds = (self.drafts, self.objected, self.missives, self.moves, self.approvals)
        return sum(len(each) for each in kinds)


def since_before(beat: Beat, moment: datetime) -> Waiting:
    """Return what the office was shown before a moment and has not decided."""
    return Waiting(
        [each for each in beat.tx.bulletins.drafts() if each.drafted_at < moment],
        beat.tx.bulletins.objected(moment),
        [each for each in beat.tx.missives.in_state(MissiveState.DRAFT) if each.drafted_at < moment],
        beat.tx.stages.shown_before(moment),
        beat.tx.elements.told_before(moment),
    )


def listed(desk: Desk, reader: Person, waiting: Waiting, first: int) -> tuple[list[str], Choices]:
    """Return the lines of what waits, numbered from a number on, and the buttons that open them."""
    if not waiting.count:
        return [], ()
    items = _items(desk, reader, waiting)
    lines = [desk.say(reader, "waiting.head", count=waiting.count)]
    lines += [f"{place} {text}" for place, (text, _) in enumerate(items[:_MOST], first)]
    if len(items) > _MOST:
        lines.append(desk.say(reader, "waiting.more", count=len(items) - _MOST))
    numbers = [(str(place), action) for place, (_, action) in enumerate(items[:_MOST], first)]
    return lines, rows_of(numbers, _A_ROW)


def _items(desk: Desk, reader: Person, waiting: Waiting) -> list[tuple[str, str]]:
    """Return each thing as the words of its line, and the press that opens it."""
    found = []
    for key, bulletins in (("draft", waiting.drafts), ("objected", waiting.objected)):
        for each in bulletins:
            day = desk.date(reader, desk.county.calendar.day_of(each.drafted_at))
            text = desk.say(reader, f"waiting.{key}", title=each.title, day=day)
            found.append((text, f"bulletin:{each.id}"))
    found += [(missive_cards.line(desk, reader, each), f"missive:{each.id}") for each in waiting.missives]
    found += [(nods.line(desk, reader, each), f"stage_open:{each.id}") for each in waiting.moves]
    for written in waiting.approvals:
        item, project = written.element.removeprefix(APPROVAL), desk.tx.projects.get(written.project_id)
        day = desk.date(reader, written.due) if written.due else ""
        text = desk.say(reader, "waiting.approval", project=project.name, item=item, day=day)
        found.append((text, f"approval_open:{project.id}:{item}"))
    return found

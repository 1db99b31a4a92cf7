"""Letters that were sent are kept true: when what they tell of changes, they change in place."""

from collections.abc import Callable
from typing import Any

from bot.chat import Address
from handlers.turn import Desk
from storage.letters import Choices, Letter

Render = Callable[[int], tuple[str, Choices]]
"""Returns what a letter should say now to the person with this id."""


def replace(desk: Desk, subject: str, render: Render) -> None:
    """Bring every letter about a subject up to date: before it goes out, or in place after.

    Of several letters to one person only the latest keeps its buttons. A letter that says so
    already, perhaps after a sentence of why it came or before a blank line and more, stays as it is.
    """
    rows = desk.tx.outbox.live(subject)
    latest = {row.person_id: row.id for row in rows}
    for row in rows:
        text, choices = render(row.person_id)
        if row.id != latest[row.person_id]:
            choices = ()
        newest = desk.tx.outbox.newest(row.id)
        if _says(newest.text, text) and _same(newest.buttons, choices) and newest.state != "failed":
            continue
        if row.state == "waiting" and desk.tx.outbox.rewrite(row.id, text, choices):
            continue
        desk.tx.outbox.supersede_updates(row.id)
        letter = Letter(
            key=f"update:{row.id}:{desk.tx.outbox.updates(row.id) + 1}",
            to=Address(row.platform, row.chat, row.topic),
            text=text,
            due_at=desk.now,
            choices=choices,
            person_id=row.person_id,
            in_group=row.in_group,
            subject=subject,
            updates_id=row.id,
        )
        desk.tx.outbox.add(letter, desk.now)


def _says(letter: str, text: str) -> bool:
    return letter.endswith(text) or f"{text}\n\n" in letter


def _same(buttons: Any, choices: Choices) -> bool:
    return [[tuple(choice) for choice in line] for line in buttons] == [list(line) for line in choices]

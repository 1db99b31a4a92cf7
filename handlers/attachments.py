"""Pictures and files: known from the moment they come, kept with what they turn out to belong to."""

from dataclasses import replace
from typing import Any

from bot.chat import Attachment
from bot.domain.files import is_kept
from bot.domain.words import fits
from handlers.turn import Turn

_LONGEST_NAME = 40


def arrive(turn: Turn) -> None:
    """Have what came with a message fetched, whatever it turns out to belong to.

    An edited message brings again what it brought before. What is of no kind that is kept is as if it had
    not come, but for a sentence.
    """
    platform = turn.incoming.at.platform
    refused = [each for each in turn.incoming.attachments if not is_kept(each.name, each.media_type)]
    if refused:
        rest = tuple(each for each in turn.incoming.attachments if each not in refused)
        turn.incoming = replace(turn.incoming, attachments=rest)
        if not turn.incoming.edited:
            turn.reply("progress.file_refused", name=fits(refused[0].name, _LONGEST_NAME))
    turn.files = [
        turn.tx.attachments.add(platform, each, turn.sender.id, turn.now)
        for each in turn.incoming.attachments
        if not (turn.incoming.edited and turn.tx.attachments.has(platform, each.token))
    ]


def so_far(turn: Turn) -> list[int]:
    """Return the files of this message and of the one it completes, as an open question keeps them."""
    before = [_arrived(turn, file) for file in turn.known.get("files", ())]
    if before:
        turn.known["files"] = before
    return [*before, *turn.files]


def _arrived(turn: Turn, file: int | dict[str, Any]) -> int:
    # A question that was open when 0.1 was stopped keeps what the platform told of a file.
    if isinstance(file, int):
        return file
    return turn.tx.attachments.add(turn.incoming.at.platform, Attachment(**file), turn.sender.id, turn.now)


def keep(turn: Turn, *, report_id: int | None = None, problem_id: int | None = None) -> None:
    """Keep what came with this message, or with the one it completes, with a report or a problem."""
    for attachment_id in so_far(turn):
        turn.tx.attachments.belong(attachment_id, report_id=report_id, problem_id=problem_id)

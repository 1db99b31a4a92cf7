"""Who may read, receive and answer which letter (函)."""

from bot.domain.missives import Missive, read_number
from bot.domain.rights import sees_county
from bot.errors import Refused
from handlers import access, missive_desk, missive_register, missive_replies, missive_ties
from handlers.turn import Turn


def reader(turn: Turn) -> tuple[Missive]:
    """Let who was given the button of a letter read it once it is out; drafts are the office's alone."""
    missive = missive_desk.found(turn, turn.argument)
    if not missive.is_out:
        access.the_office(turn)
    return (missive,)


def may_look_up(turn: Turn) -> tuple[Missive | None]:
    """Let everybody look up the letters that concern them; of drafts only the office may have a list."""
    named = read_number(turn.argument)
    if named is None:
        if missive_register.is_of_drafts(turn.argument):
            access.the_office(turn)
        return (None,)
    missive = missive_desk.called(turn, named)
    if missive is None or not _concerns(turn, missive):
        raise Refused("missive.unknown", number=turn.argument)
    return (missive,)


def may_turn_page(turn: Turn) -> tuple[()]:
    """Let everybody turn the pages of what concerns them; those of the drafts are the office's."""
    if missive_register.is_of_drafts(turn.argument.partition(":")[2]):
        access.the_office(turn)
    return ()


def _concerns(turn: Turn, missive: Missive) -> bool:
    if sees_county(turn.sender) or missive.project_id in missive_register.projects(turn):
        return True
    return bool(missive_ties.answering(turn, missive, turn.sender))


# --- addressees -------------------------------------------------------------------------


def addressee(turn: Turn) -> tuple[Missive]:
    """Let to whom a letter is, and who acts for them."""
    return (_theirs(turn, missive_desk.found(turn, turn.argument)),)


def addressee_still(turn: Turn) -> tuple[Missive]:
    """Let to whom the letter is now that the question was about."""
    return (_theirs(turn, missive_desk.found(turn, turn.known["missive"])),)


def may_reply(turn: Turn) -> tuple[Missive | None, str]:
    """Let to whom the letter is that is named, or the only one that waits; None: no letter is meant."""
    named = read_number(turn.argument)
    if named is not None:
        missive = missive_desk.called(turn, named)
        if missive is None:
            raise Refused("missive.unknown", number=turn.argument.split()[0])
        return _theirs(turn, missive), named.rest
    waiting = missive_replies.waiting(turn)
    if not waiting and turn.sender.is_office:
        raise Refused("missive.reply_usage")
    if len(waiting) > 1:
        calls = "、".join(each.call for each in waiting)
        raise Refused("missive.reply_which", calls=calls, call=waiting[0].call)
    return (waiting[0] if waiting else None), turn.argument


def _theirs(turn: Turn, missive: Missive) -> Missive:
    if not missive_ties.answering(turn, missive, turn.sender):
        raise Refused("missive.not_yours", call=missive.call)
    return missive

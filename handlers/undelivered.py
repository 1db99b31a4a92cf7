"""What becomes of a letter that a platform did not take; its kind of failure alone decides."""

import logging
from datetime import datetime, timedelta

from bot.domain.reference import reference
from bot.errors import DeliveryError, Failure
from handlers import departure, groups, leftovers, opening
from handlers.turn import Desk
from storage.leftovers import SUBJECT
from storage.letters import PRIVATE, WHOLE_BOT, Claimed

log = logging.getLogger(__name__)

MOST_DOUBTS = 1
"""How often a letter that may have arrived is sent again."""

LONGEST_OWED = timedelta(days=7)
"""Every letter ends; but a platform that cannot be reached for days loses none of them."""


def settle(desk: Desk, letter: Claimed, failure: DeliveryError, again_at: datetime) -> None:
    """Retry, resend marked, re-address or give up – so that every letter ends, and somebody knows how."""
    dispatch = desk.tx.dispatch
    tireless = desk.now - letter.made_at < LONGEST_OWED
    # To change a message twice does no harm; to send it twice is owned up to, once, unless it is not shown.
    is_dropped = desk.now - letter.due_at < failure.drops_repeats_for
    may_repeat = tireless if letter.updates is not None else letter.doubts < MOST_DOUBTS or is_dropped
    if failure.kind is Failure.UNCLEAR:
        is_open = dispatch.has_arrived(letter.to)
        failure = DeliveryError(Failure.REFUSED if is_open else Failure.UNOPENED, str(failure))
    match failure.kind:
        case Failure.RETRY if tireless:
            dispatch.release([letter.id])
            _hold(desk, letter, failure, again_at)
        case Failure.IN_DOUBT if may_repeat:
            dispatch.doubt([letter.id])
            _hold(desk, letter, failure, again_at)
        case Failure.MOVED if failure.to not in {"", letter.to.chat} and tireless:
            groups.follow(desk, letter.to.platform, letter.to.chat, failure.to)
            dispatch.release([letter.id])
        case Failure.UNOPENED if _was_opened_meanwhile(desk, letter):
            # They wrote while it was on its way: it goes out again at once.
            dispatch.release([letter.id])
        case Failure.UNOPENED if _may_wait(desk, letter):
            dispatch.release([letter.id])
            # What cannot go elsewhere is not tried again before somebody there has written.
            until = desk.now + LONGEST_OWED
            dispatch.pause(letter.to.platform, letter.to.chat, until, until_heard=True)
            if letter.in_group:
                groups.unheard(desk, letter.to)
            else:
                opening.closed(desk, letter.to)
        case Failure.UNREACHABLE if letter.in_group:
            dispatch.release([letter.id])
            desk.tx.outbox.unaddress(letter.to.platform, letter.to.chat)
            groups.lost(desk, letter.to)
        case Failure.UNREACHABLE if not _is_stray(desk, letter):
            dispatch.release([letter.id])
            departure.undeliverable(desk, letter.to)
        case _:
            dispatch.fail([letter.id], str(failure))
            _tell_office(desk, letter, failure)


def _was_opened_meanwhile(desk: Desk, letter: Claimed) -> bool:
    """Tell whether somebody has written in their chat since a letter set out for it."""
    if letter.person_id is None or letter.in_group:
        return False
    return desk.tx.contacts.has_written(letter.person_id, letter.to, letter.claimed_at)


def _is_stray(desk: Desk, letter: Claimed) -> bool:
    """Tell whether a letter is to somebody who has no account any more: it would wait for ever."""
    return letter.person_id is not None and not letter.in_group and not desk.tx.contacts.of(letter.person_id)


def _may_wait(desk: Desk, letter: Claimed) -> bool:
    """Tell whether a letter waits until its chat is opened: somebody's own without end, others for days."""
    if _is_stray(desk, letter):
        return False
    is_of_person = letter.person_id is not None and not letter.in_group
    if is_of_person and letter.updates is None:
        return True
    return (is_of_person or letter.in_group) and desk.now - letter.made_at < LONGEST_OWED


def _hold(desk: Desk, letter: Claimed, failure: DeliveryError, until: datetime) -> None:
    """Hold back not the letter alone but its chat, so that the order is kept.

    What the platform did not ask us to wait for is tried at once when somebody there writes.
    """
    if until > desk.now:
        chat = WHOLE_BOT if failure.whole_bot else letter.to.chat
        is_ours = failure.until_heard or failure.after is None
        desk.tx.dispatch.pause(letter.to.platform, chat, until, until_heard=is_ours and chat != WHOLE_BOT)


def _tell_office(desk: Desk, letter: Claimed, failure: DeliveryError) -> None:
    """Leave to the office what did not arrive; not its own notices of that, which would never end."""
    log.error("gave up %s (%s): %s", letter.key, reference(letter.key), failure)
    if letter.updates is not None or letter.subject in {PRIVATE, SUBJECT}:
        return
    chat = desk.tx.chats.at(letter.to) if letter.in_group else None
    if chat is not None and failure.kind is Failure.UNOPENED:
        groups.ask_to_call(desk, chat)
        return
    desk.tx.leftovers.give_up(
        letter.key, letter.to.platform, str(failure), desk.now, cause=str(failure.cause)
    )
    leftovers.show(desk)

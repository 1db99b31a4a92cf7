"""One letter, handed to its platform: sent, or put in the place of the one that it replaces."""

import logging
from dataclasses import replace
from datetime import timedelta

from bot.chat import ChatPlatform, Paper
from bot.errors import DeliveryError, Failure
from storage.letters import Claimed
from storage.store import Store

log = logging.getLogger(__name__)

_PAPER_WAIT = timedelta(seconds=5)


async def hand_over(letter: Claimed, platform: ChatPlatform, store: Store, again: str) -> str:
    """Send a letter, or change the message it replaces; Return the platform's name for it.

    Where a message cannot be changed it stays as it is: whoever pressed reads what they did in an
    answer, and what others must know they are told by a message of their own. Such a change has
    no name: nobody has seen it. One that may be there already begins with ``again``.
    """
    if letter.updates is not None:
        if letter.updates.message and await platform.update(letter.updates, letter.message):
            return letter.updates.message
        log.info("the message of %s cannot be changed", letter.key)
        return ""
    message = letter.message
    if letter.paper_id is not None:
        message = replace(message, paper=await _paper(store, letter.paper_id))
    if letter.doubts:
        message = replace(message, mark=again)
    ref = await platform.send(message)
    return ref.message if ref else ""


async def _paper(store: Store, paper_id: int) -> Paper:
    try:
        return await store.read(lambda tx: tx.papers.get(paper_id))
    except Exception as error:
        reason = f"its paper could not be read: {error!r}"
        raise DeliveryError(Failure.RETRY, reason, after=_PAPER_WAIT) from error

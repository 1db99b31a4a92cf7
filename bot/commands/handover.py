"""`liaison handover`: one person's projects and problems pass to another, as the operator orders."""

from bot.commands.desk import opened
from bot.config import Settings
from handlers import handover
from storage.tx import Tx


async def hand_over(settings: Settings, giver_name: str, taker_name: str) -> str:
    """Hand everything of one person over to another and Return the sentence that says what it was."""
    async with opened(settings) as (store, at_desk):

        def work(tx: Tx) -> str:
            desk = at_desk(tx)
            giver, taker = handover.named(desk, giver_name), handover.named(desk, taker_name)
            hands = handover.hand_over(desk, giver, taker, None)
            return handover.told(desk, None, "done", giver, taker, hands)

        return await store.perform(work)

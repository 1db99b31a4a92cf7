"""`liaison handover`: one person's projects and problems pass to another, as the operator orders."""

from bot import texts
from bot.clock import SystemClock
from bot.config import Settings
from bot.errors import BotError, Refused
from handlers import handover
from handlers.turn import Desk
from storage.migrate import migrate
from storage.store import Store
from storage.tx import Tx


async def hand_over(settings: Settings, giver_name: str, taker_name: str) -> str:
    """Hand everything of one person over to another and Return the sentence that says what it was."""
    migrate(settings.database.url, settings.database.schema_)
    clock, county = SystemClock(), settings.of_county()
    words = texts.load(settings.texts, settings.language)
    async with Store(settings.database.url, schema=settings.database.schema_) as store:

        def work(tx: Tx) -> str:
            desk = Desk(tx, county, words, clock.now())
            giver, taker = handover.named(desk, giver_name), handover.named(desk, taker_name)
            hands = handover.hand_over(desk, giver, taker, None)
            return handover.told(desk, None, "done", giver, taker, hands)

        try:
            return await store.perform(work)
        except Refused as refusal:
            raise BotError(words.say(county.language, refusal.key, **refusal.blanks)) from refusal

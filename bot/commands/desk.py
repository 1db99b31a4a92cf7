"""What the operator orders by a command is done at a desk, as what people order in a chat."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot import texts
from bot.clock import SystemClock
from bot.config import Settings
from bot.errors import BotError, Refused
from handlers.turn import Desk
from storage.migrate import migrate
from storage.store import Store
from storage.tx import Tx


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Store, Callable[[Tx], Desk]]]:
    """Yield the open database and who makes a desk in it; a refusal is said in the county's words."""
    migrate(settings.database.url, settings.database.schema_)
    clock, county = SystemClock(), settings.of_county()
    words = texts.load(settings.texts, settings.language)
    async with Store(settings.database.url, schema=settings.database.schema_) as store:
        try:
            yield store, lambda tx: Desk(tx, county, words, clock.now())
        except Refused as refusal:
            raise BotError(words.say(county.language, refusal.key, **refusal.blanks)) from refusal

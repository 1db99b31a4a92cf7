"""`liaison forget`: a person's data is erased, as the operator orders."""

from collections.abc import Callable

from bot import texts
from bot.clock import SystemClock
from bot.config import Settings
from bot.errors import BotError, Refused
from handlers import forgetting, handover
from handlers.turn import Desk
from storage.migrate import migrate
from storage.store import Store
from storage.tx import Tx


async def forget(settings: Settings, name: str, is_sure: Callable[[str], bool]) -> str:
    """Erase one person, when the operator is sure, and Return the sentence that says what became of them."""
    migrate(settings.database.url, settings.database.schema_)
    clock, county = SystemClock(), settings.of_county()
    words = texts.load(settings.texts, settings.language)
    async with Store(settings.database.url, schema=settings.database.schema_) as store:

        def look(tx: Tx) -> str:
            desk = Desk(tx, county, words, clock.now())
            person = handover.named(desk, name)
            forgetting.ready(desk, person)
            return desk.say(None, "forget.sure", name=person.placed, alias=forgetting.alias_of(desk, person))

        def work(tx: Tx) -> str:
            desk = Desk(tx, county, words, clock.now())
            alias = forgetting.forget(desk, handover.named(desk, name))
            return desk.say(None, "forget.done", alias=alias)

        try:
            if not is_sure(await store.read(look)):
                return ""
            return await store.perform(work)
        except Refused as refusal:
            raise BotError(words.say(county.language, refusal.key, **refusal.blanks)) from refusal

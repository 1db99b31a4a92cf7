"""`liaison forget`: a person's data is erased, as the operator orders."""

from collections.abc import Callable

from bot.commands.desk import opened
from bot.config import Settings
from handlers import forgetting, handover
from storage.tx import Tx


async def forget(settings: Settings, name: str, is_sure: Callable[[str], bool]) -> str:
    """Erase one person, when the operator is sure, and Return the sentence that says what became of them."""
    async with opened(settings) as (store, at_desk):

        def look(tx: Tx) -> str:
            desk = at_desk(tx)
            person = handover.named(desk, name)
            forgetting.ready(desk, person)
            return desk.say(None, "forget.sure", name=person.placed, alias=forgetting.alias_of(desk, person))

        def work(tx: Tx) -> str:
            desk = at_desk(tx)
            return forgetting.forget(desk, handover.named(desk, name))

        return await store.perform(work) if is_sure(await store.read(look)) else ""

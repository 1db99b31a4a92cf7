"""`liaison invite`: a link for one named person, good once and for a day."""

from bot import texts
from bot.clock import SystemClock
from bot.config import Settings
from bot.domain.people import Person
from bot.errors import BotError
from bot.messengers import messengers_of
from handlers.turn import Desk
from handlers.welcome import invite
from storage.migrate import migrate
from storage.store import Store
from storage.tx import Tx


async def invitations(settings: Settings, name: str | None) -> list[str]:
    """Return a line for each invitation made: the name and the link, or the code to send to the bot.

    Without a name everybody who has not joined is invited.
    """
    migrate(settings.database.url, settings.database.schema_)
    clock = SystemClock()
    county, words = settings.of_county(), texts.load(settings.texts, settings.language)
    async with Store(settings.database.url, schema=settings.database.schema_) as store:

        def make(tx: Tx) -> list[tuple[Person, str]]:
            desk = Desk(tx, county, words, clock.now())
            return [(person, invite(desk, person)) for person in _invited(tx, name)]

        made = await store.perform(make)
    messengers = messengers_of(settings, clock, words)
    lines = []
    try:
        for person, code in made:
            links = [await messenger.link(code) for messenger in messengers]
            # Where there is no link, the code is sent to the bot as a message.
            ways = [link for link in links if link]
            if len(ways) < len(links) or not links:
                ways.append(f"加入 {code}")
            whom = f"{person.name}（{person.unit}）" if person.unit else person.name
            lines.append(f"{whom}\t{'  '.join(ways)}")
    finally:
        for messenger in messengers:
            await messenger.close()
    return lines or ["所有人都已加入。"]


def _invited(tx: Tx, name: str | None) -> list[Person]:
    if name is None:
        everybody, joined = tx.people.all(), tx.people.joined()
        if not everybody:
            raise BotError("名册还是空的，请先运行 liaison import。")
        return [person for person in everybody if person.id not in joined]
    plain, _, unit = name.replace("(", "（").replace(")", "）").rstrip("）").partition("（")
    found = tx.people.named(plain, unit)
    if not found:
        raise BotError(f"名册里没有「{name}」；请核对姓名，或先导入名册。")
    if len(found) > 1:
        raise BotError(f"「{plain}」不止一位：{'、'.join(f'{p.name}（{p.unit}）' for p in found)}")
    return found

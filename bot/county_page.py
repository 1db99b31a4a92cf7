"""The county as the local page shows it: its people, its groups, what is next."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.chat import Address
from bot.clock import Clock
from bot.domain.county import County
from bot.platforms.local.county import Jump, PageEvent, PageGroup, PagePerson
from handlers import duties
from handlers.watch import Watch
from storage.tx import Tx


class CountyPage:
    """Answers the page's questions. The page is made first, the bot behind it moves in later."""

    controllable = False

    def __init__(self, county: County, clock: Clock) -> None:
        self._county = county
        self._clock = clock
        self.watch: Watch | None = None

    @property
    def name(self) -> str:
        """The county's name."""
        return self._county.name

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the page tells the time."""
        return self._county.calendar.zone

    @property
    def _behind(self) -> Watch:
        if self.watch is None:
            raise LookupError("the bot behind the page is not there yet")
        return self.watch

    def now(self) -> datetime:
        """Return the present moment of the county."""
        return self._clock.now()

    def is_workday(self, day: date) -> bool:
        """Tell whether the county works on a day."""
        return self._county.calendar.is_workday(day)

    async def people(self) -> Sequence[PagePerson]:
        """Return everybody, in the order of the roster."""
        everybody, joined = await self._behind.store.read(lambda tx: (tx.people.all(), tx.people.joined()))
        return [
            PagePerson(
                id=person.id,
                name=person.name,
                unit=person.unit,
                title=person.title,
                roles=tuple(sorted(str(role) for role in person.roles)),
                joined=person.id in joined,
            )
            for person in everybody
        ]

    async def groups(self) -> Sequence[PageGroup]:
        """Return the groups the bot is in, on this page."""
        chats = await self._behind.store.read(lambda tx: tx.chats.all())
        return [
            PageGroup(chat.at.chat, chat.title, chat.scope) for chat in chats if chat.at.platform == "local"
        ]

    async def next_event(self) -> PageEvent | None:
        """Return the next thing that time will bring."""
        event = await self._behind.read(duties.next_event)
        if event is None:
            return None
        return PageEvent(event[0], self._behind.texts.say(self._county.language, event[1]))

    async def jump(self, to: Jump) -> None:
        """Refuse: the clock of a county at work is everybody's."""
        raise NotImplementedError(to)


def settle_in(tx: Tx, now: datetime, groups: Sequence[tuple[str, str]] = ()) -> None:
    """Give everybody of the roster a chat at the page, and the groups named with their scopes."""
    for person in tx.people.all():
        tx.people.bind(person.id, "local", str(person.id), f"p:{person.id}", now)
    for name, scope in groups:
        chat = tx.chats.meet(Address("local", f"g:{name}"), name, now)
        tx.chats.bind(chat.id, scope, None, now)

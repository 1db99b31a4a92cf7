"""The whole bot in memory, for stories: real router, duties, rules, SQL and texts.

Only the clock and the platform are fakes. People are called by the first part of their names:
``liu`` is 刘敏, a liaison; ``chen`` is 陈志远, a lead leader; ``zhao`` is of the office.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import insert, update

from bot import texts
from bot.app import Bot
from bot.chat import Address, Attachment, Event, Incoming
from bot.clock import VirtualClock
from bot.domain.calendar import Calendar
from bot.domain.county import County
from bot.domain.missives import MissiveRules
from bot.domain.people import Duty, Role
from handlers import duties
from handlers.delivery import Carrier, Delivery
from handlers.fetching import Fetching
from handlers.leases import DUTIES, Leases
from handlers.router import Router
from handlers.watch import Watch
from storage import tables
from storage.store import Store
from storage.tx import Tx
from tests.fakes import FakeFetchers, FakePlatform, FakePress, Message

T = TypeVar("T")

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 8, 55, tzinfo=ZONE)

NAMES = {
    "liu": "刘敏",
    "wang": "王强",
    "chen": "陈志远",
    "sun": "孙立新",
    "zhao": "赵文静",
    "zhou": "周海涛",
    "he": "何建国",
    "qian": "钱多多",
}
_people = {
    "liu": ([Role.LIAISON], "发展和改革局"),
    "wang": ([Role.LIAISON], "经济开发区"),
    "chen": ([Role.LEAD_LEADER], "县政府"),
    "sun": ([Role.DEPARTMENT_LIAISON], "自然资源局"),
    "zhao": ([Role.OFFICE], "指挥部办公室"),
    "zhou": ([Role.DEPUTY_HEAD], "县政府"),
    "he": ([Role.HEAD], "县政府"),
    "qian": ([Role.OWNER], "泵业公司"),
}
_titles = {"chen": "副县长", "zhou": "常务副县长", "he": "县长"}


@dataclass
class World:
    """A small county that can be talked to."""

    store: Store
    clock: VirtualClock
    county: County
    router: Router
    delivery: Delivery
    watch: Watch
    fetching: Fetching
    platform: FakePlatform
    press: FakePress
    fetchers: FakeFetchers
    ids: dict[str, int] = field(default_factory=dict)
    others: dict[str, FakePlatform] = field(default_factory=dict)
    _keys: Any = field(default_factory=lambda: count(1))

    # --- what happens -------------------------------------------------------------------

    async def beats(self) -> None:
        """Let the heart beat once and everything owed arrive."""
        failed = await duties.keep(self.watch)
        assert failed == []
        await self.fetching.drain()
        await self.settles()

    async def settles(self) -> None:
        """Let everything owed arrive; what one platform does not take may go out on another."""
        for _ in range(1 + len(self.others)):
            await self.delivery.drain()

    def bot(self) -> Bot:
        """Return the bot as `liaison run` has it, over what this world is made of."""
        return Bot(
            settings=None,  # type: ignore[arg-type]
            county=self.county,
            texts=self.watch.texts,
            clock=self.clock,
            store=self.store,
            platforms={"fake": self.platform},
            router=self.router,
            delivery=self.delivery,
            watch=self.watch,
            fetching=self.fetching,
            leases=Leases([DUTIES, "fake"]),
        )

    async def waits(self, **length: float) -> None:
        """Let time pass."""
        await self.reaches(self.clock.now() + timedelta(**length))

    async def reaches(self, moment: datetime) -> None:
        """Push the clock to a moment and let the heart beat."""
        self.clock.set(moment)
        await self.beats()

    async def day_at(self, day: date, clock: str) -> None:
        """Push the clock to a local time of a day."""
        await self.reaches(datetime.combine(day, time.fromisoformat(clock), ZONE))

    async def hears(
        self,
        who: str,
        text: str = "",
        *,
        button: str = "",
        files: Sequence[Attachment] = (),
        message: str = "",
        edited: bool = False,
        group: str = "",
        called: bool = False,
        platform: str = "fake",
        shows_notice: bool = True,
        key: str = "",
        settle: bool = True,
    ) -> str:
        """Let somebody say something, or press the button with a label; Return the notice."""
        number = next(self._keys)
        data, pressed_on = "", ""
        if button:
            data, pressed_on = self.find_button(who, button, group, platform)
        at = Address(platform, group or self.account(who))
        self.on(platform).unopened.discard(at.chat)
        incoming = Incoming(
            key=key or f"{platform}:{number}",
            at=at,
            sender=self.account(who),
            sent_at=self.clock.now(),
            private=not group,
            sender_name=who,
            text=text,
            button=data,
            message=pressed_on or message or f"in{number}",
            edited=edited,
            attachments=tuple(files),
            called=called,
            shows_notice=shows_notice,
        )
        notice = await self.router.receive(incoming)
        if settle:
            await self.settles()
        return notice

    async def happens(
        self, event: Event, *, who: str = "zhao", chat: str = "", detail: str = "", platform: str = "fake"
    ) -> str:
        """Let something happen that nobody said; Return what the one it happened to is shown."""
        number = next(self._keys)
        account = self.account(who)
        incoming = Incoming(
            key=f"{platform}:{number}",
            at=Address(platform, chat or account),
            sender=account,
            sent_at=self.clock.now(),
            private=not chat,
            event=event,
            detail=detail,
        )
        shown = await self.router.receive(incoming)
        await self.settles()
        return shown

    # --- what is seen -------------------------------------------------------------------

    def account(self, who: str) -> str:
        return f"account-{who}"

    def on(self, platform: str) -> FakePlatform:
        """Return one of the platforms."""
        return self.others.get(platform, self.platform)

    def said_to(self, who: str, platform: str = "fake") -> list[str]:
        """Return every text in somebody's chat as it stands now."""
        return [message.text for message in self.messages(who, platform)]

    def last(self, who: str, platform: str = "fake") -> str:
        """Return the last text in somebody's chat."""
        return self.said_to(who, platform)[-1]

    def messages(self, who: str, platform: str = "fake") -> list[Message]:
        return self.on(platform).chats[who if who.startswith("group") else self.account(who)]

    def find_button(self, who: str, label: str, group: str = "", platform: str = "fake") -> tuple[str, str]:
        """Return the data of the latest button with a label, and the message it is under."""
        for message in reversed(self.on(platform).chats[group or self.account(who)]):
            if label in message.data:
                return message.data[label], message.ref.message
        raise AssertionError(f"{who} has no button {label}: {[m.labels for m in self.messages(who)]}")

    async def asks(self, question: Callable[[Tx], T]) -> T:
        """Ask the database."""
        return await self.store.read(question)

    # --- how it begins ------------------------------------------------------------------

    async def has(self, who: str, platform: str = "other", *, joined: bool = True) -> FakePlatform:
        """Give somebody an account on another platform; not ``joined``, they have never written there."""
        if platform not in self.others:
            other = self.others[platform] = FakePlatform(platform)
            self.delivery.carriers[platform] = Carrier(
                self.store, other, self.county, self.watch.texts, self.clock
            )
        row = {
            "person_id": self.ids[who],
            "platform": platform,
            "account": self.account(who),
            "chat": self.account(who),
            "joined_at": self.clock.now() if joined else None,
        }
        await self.store.perform(lambda tx: tx.connection.execute(insert(tables.contacts), row))
        return self.others[platform]

    async def has_not_written(self, who: str) -> None:
        """Let the roster name somebody's account from which they have never written."""
        mine = update(tables.contacts).where(tables.contacts.c.person_id == self.ids[who])
        await self.store.perform(lambda tx: tx.connection.execute(mine.values(joined_at=None)))

    async def is_peopled(self) -> None:
        """Fill the county: four projects, eight people."""
        await self.store.perform(self._people)

    def _people(self, tx: Tx) -> None:
        units: dict[str, int] = {}
        for _, unit in _people.values():
            if unit not in units:
                kind = "审批部门" if unit == "自然资源局" else "责任单位"
                units[unit] = _insert(tx, tables.units, name=unit, kind=kind)
        for who, (roles, unit) in _people.items():
            person_id = _insert(
                tx, tables.people, name=NAMES[who], unit_id=units[unit], title=_titles.get(who, "")
            )
            self.ids[who] = person_id
            for role in roles:
                tx.connection.execute(insert(tables.roles).values(person_id=person_id, role=str(role)))
            tx.people.bind(person_id, "fake", self.account(who), self.account(who), self.clock.now())
        self.project(
            tx, "soda", "年产100万吨纯碱项目", "liu", planned=20_000_000, cumulative=12_600_000, permille=580
        )
        self.project(tx, "pump", "泵业智造产业园", "liu", stage="竣工投产", last_text="二期封顶")
        self.project(tx, "park", "智慧物流园", "wang", planned=5_000_000, cumulative=1_000_000, permille=300)
        tx.connection.execute(
            insert(tables.routes).values(category="用地", place="", unit_id=units["自然资源局"])
        )

    def project(self, tx: Tx, key: str, name: str, *liaisons: str, **values: Any) -> int:
        """Add a project that chen leads."""
        number = f"XM-{len([k for k in self.ids if k.startswith('#')]) + 1:03}"
        start = date(2026, 1, 1)
        if last_text := values.pop("last_text", ""):
            values |= {"last_text": last_text, "last_day": date(2026, 11, 20)}
        cumulative, permille = values.get("cumulative", 0), values.get("permille", 0)
        project_id = _insert(
            tx,
            tables.projects,
            number=number,
            name=name,
            kind="在建",
            stage=values.pop("stage", "落地开工"),
            place=values.pop("place", "大桥镇"),
            industry="新材料",
            start_on=start,
            start_cumulative=cumulative,
            start_permille=permille,
            **values,
        )
        self.ids[f"#{key}"] = project_id
        for who, duty in [*((each, Duty.LIAISON) for each in liaisons), ("chen", Duty.LEAD_LEADER)]:
            _insert(
                tx,
                tables.assignments,
                project_id=project_id,
                person_id=self.ids[who],
                duty=str(duty),
                since=start,
            )
        return project_id


def _insert(tx: Tx, table: Any, **values: Any) -> int:
    row_id = tx.connection.execute(insert(table).values(**values)).inserted_primary_key
    assert row_id is not None
    return int(row_id[0])


def county(**changes: Any) -> County:
    """Return the settings of the stories' county."""
    return replace(
        County(
            name="青禾县",
            calendar=Calendar(ZONE),
            rhythms=(),
            missives=MissiveRules(drafts=()),
            reception=None,
        ),
        **changes,
    )


_words = cache(texts.load)
"""Read once: parsing them takes longer than most stories."""


def world(store: Store, start: datetime = MONDAY, settings: County | None = None) -> World:
    """Put a world together around an open, empty database."""
    clock = VirtualClock(start.astimezone(UTC))
    settings = settings or county()
    words = _words()
    platform = FakePlatform()
    press, fetchers = FakePress(), FakeFetchers(platform)
    watch = Watch(store, settings, words, clock, press, fetchers)
    return World(
        store=store,
        clock=clock,
        county=settings,
        router=Router(store, settings, words, clock),
        delivery=Delivery(store, {"fake": platform}, settings, words, clock),
        watch=watch,
        fetching=Fetching(watch),
        platform=platform,
        press=press,
        fetchers=fetchers,
    )

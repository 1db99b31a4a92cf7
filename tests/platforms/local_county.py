"""A small county and a bot that does as it is told, for the tests of the local page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.chat import Address, Event, Incoming, Unreadable
from bot.errors import StorageError
from bot.platforms.local import Jump, LocalPlatform, PageEvent, PageGroup, PagePerson

MONDAY = datetime(2026, 11, 23, 0, 55, tzinfo=UTC)
LIU, CHEN, SUN = "15", "21", "40"
LIU_CHAT = Address("local", "p:15")
GROUP = Address("local", "g:county")


@dataclass
class FakeCounty:
    """Three people, one group, and a clock that goes where it is pushed."""

    controllable: bool = True
    name: str = "衡山县"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    at: datetime = MONDAY
    extra_groups: dict[str, str] = field(default_factory=dict)
    going: asyncio.Event | None = None
    jumps: list[Jump] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def is_workday(self, day: date) -> bool:
        return day.weekday() < 5

    async def people(self) -> list[PagePerson]:
        return [
            PagePerson(15, "刘敏", "县发改局", "科员", ("联络员",)),
            PagePerson(21, "陈志远", "县政府", "副县长", ("牵头领导",)),
            PagePerson(40, "孙晓", "项目指挥部", "主任", ("指挥部办公室",)),
            PagePerson(51, "马洛", "县供电公司", "", ("部门联络员",), joined=False),
        ]

    async def groups(self) -> list[PageGroup]:
        known = {GROUP.chat: "全县项目调度群"} | self.extra_groups
        return [PageGroup(chat, title) for chat, title in known.items()]

    async def next_event(self) -> PageEvent | None:
        return PageEvent(self.at + timedelta(minutes=5), "每日催报")

    async def jump(self, to: Jump) -> None:
        self.jumps.append(to)
        if self.going:
            await self.going.wait()
        self.at += timedelta(hours=1)


@dataclass
class FakeBot:
    """Keeps what reached it, in order, and says what it was told to say."""

    county: FakeCounty
    heard: list[Incoming] = field(default_factory=list)
    notice: str = ""
    broken: bool = False

    async def __call__(self, incoming: Incoming | Unreadable) -> str:
        assert isinstance(incoming, Incoming)
        if self.broken:
            raise StorageError("the disk is full")
        self.heard.append(incoming)
        if incoming.event is Event.JOINED_GROUP:
            self.county.extra_groups[incoming.at.chat] = incoming.detail
        return self.notice

    @property
    def last(self) -> Incoming:
        return self.heard[-1]

    def without_key(self) -> Incoming:
        return replace(self.last, key="", message="")


@asynccontextmanager
async def open_page(
    county: FakeCounty, bot: FakeBot, listen: str = "127.0.0.1:0"
) -> AsyncIterator[LocalPlatform]:
    """Serve the page, on a free port unless told otherwise, for as long as the block lasts."""
    platform = LocalPlatform(county, listen)
    platform.listen()
    running = asyncio.create_task(platform.run(bot))
    try:
        yield platform
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await platform.close()

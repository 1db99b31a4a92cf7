"""What machines and lines do to the county while it lives: faults of FAULTS section 4 as rules."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from bot.chat import Event
from handlers import duties
from storage import copies, dialects, tables
from storage.backup import restore, set_owed_aside, verify
from storage.store import Store
from storage.tx import Tx
from tests.stateful.eyes import Eyes, look
from tests.stateful.machine import Machine, somebody
from tests.stateful.stage import Mode
from tests.world import ZONE


@dataclass(frozen=True, slots=True)
class Saved:
    """A backup, and what had been said when it was made."""

    at: datetime
    copy: str
    said: list[tuple[str, str, str]]
    words: dict[str, list[str]]
    edited: dict[str, str]
    groups: int
    accepted: dict[str, list[str]]


def database_of(url: str) -> str:
    """Return a database's name on its server."""
    return str(dialects.parsed(url).database)


class Weather(Machine):
    """The machine, in all weathers."""

    saved: Saved | None = None
    groups = 0

    # --- the line -----------------------------------------------------------------------

    @rule(mode=st.sampled_from(Mode))
    def the_line_changes(self, mode: Mode) -> None:
        """For a while nothing, or nothing certain, comes through; what is owed waits."""
        self.post.mode = mode

    @rule(who=somebody)
    def a_chat_takes_nothing_more(self, who: str) -> None:
        """403, and no word of it before; whoever writes again is reached again (B11)."""
        self.post.closed.add(self.w.account(who))

    @rule()
    def the_line_is_mended(self) -> None:
        self.post.mode = Mode.OK
        self.time_passes(0.1)

    # --- the process --------------------------------------------------------------------

    @rule(who=somebody, holds=st.booleans())
    def the_process_dies(self, who: str, holds: bool) -> None:
        """It is killed when an answer is owed, or already in its hand, and started again."""
        self.count += 1
        key, before = f"m{self.count}", self.post.attempts
        self.said.append((who, "今日", key))
        self.step(self._dies_after(who, key, holds=holds), by=(who,))
        assert holds or self.post.attempts >= before

    async def _dies_after(self, who: str, key: str, *, holds: bool) -> None:
        await self.w.hears(who, "今日", key=key, settle=False)
        if holds:
            for carrier in self.w.delivery.carriers.values():
                await carrier._mark_and_claim()
        await self._begins_again()

    async def _begins_again(self, now: datetime | None = None) -> None:
        old = self.w
        await self.store.__aexit__(None, None, None)
        self.store = Store(self.url, durable=False)
        await self.store.__aenter__()
        self.w = self.another(self.store, now or old.clock.now(), old.county)
        self.w.ids |= old.ids
        self.w._keys = old._keys
        for carrier in self.w.delivery.carriers.values():
            await carrier.recover()

    @rule(hours=st.sampled_from((0.1, 2, 24, 72)))
    def the_clock_is_turned_back(self, hours: float) -> None:
        """It is started with a clock that is behind: nothing early, nothing twice, nothing left (D2, I21)."""
        right = self.w.clock.now()
        self.step(self._begins_again(right - timedelta(hours=hours)))
        self.step(self.w.beats(), beats=True)
        self.beats_at(right)

    @rule(hours=st.sampled_from((0.1, 3, 24)))
    def two_processes_beat_at_once(self, hours: float) -> None:
        """Rolling over to another process: whatever both do at once is done once (I5, I7)."""
        self.w.clock.set(self.w.clock.now() + timedelta(hours=hours))
        self.step(self._both_beat(), beats=True)

    async def _both_beat(self) -> None:
        async with Store(self.url, durable=False) as store:
            second = self.another(store, self.w.clock.now(), self.w.county)
            one, other = await asyncio.gather(duties.keep(self.w.watch), duties.keep(second.watch))
            assert one == other == []
        await self.w.beats()

    # --- the file -----------------------------------------------------------------------

    @rule()
    def a_backup_is_made(self) -> None:
        self.saved = Saved(
            self.w.clock.now(),
            self._copied(),
            list(self.said),
            deepcopy(self.words),
            dict(self.edited),
            self.groups,
            deepcopy(self.post.accepted),
        )

    def _copied(self) -> str:
        if self.make is None:
            file = Path(self.folder.name) / "saved.db"
            copies.copy(self.file, file)
            return str(file)
        # A server copies what nobody has open.
        with self._ended():
            return type(self).make(database_of(self.url))  # type: ignore[misc]

    @contextmanager
    def _ended(self) -> Iterator[None]:
        """Have no process meanwhile, and another one afterwards."""
        ids, keys, now, settings = self.w.ids, self.w._keys, self.w.clock.now(), self.w.county
        self.engine.dispose()
        self.closes()
        yield
        self.engine = dialects.readonly_engine(dialects.parsed(self.url))
        self.opens(now, settings)
        self.w.ids |= ids
        self.w._keys = keys

    @precondition(lambda self: self.saved is not None)
    @rule()
    def the_backup_is_put_back(self) -> None:
        """What came after it is lost; nothing arrives a second time as if it were new (I4, I18)."""
        saved, now = self.saved, self.w.clock.now()
        assert saved is not None
        with self._ended():
            if self.make is None:
                restore(self.url, Path(saved.copy), now)
            else:
                # Of what has gone out since, a server's backup knows nothing, and nobody else does.
                self.url = type(self).make(database_of(saved.copy))  # type: ignore[misc]
                set_owed_aside(self.url, "", now)
                self.post.accepted = deepcopy(saved.accepted)
            assert verify(self.url) == []
        self.said, self.words = list(saved.said), deepcopy(saved.words)
        self.edited, self.groups = dict(saved.edited), saved.groups
        self.eyes = Eyes()
        self.seen = look(self.engine, self.eyes, self.w)

    @rule(hours=st.sampled_from((0.2, 1, 3)))
    def hours_are_lost(self, hours: float) -> None:
        """A backup, what time brings, the backup put back, and what time brings again."""
        self.a_backup_is_made()
        self.time_passes(hours)
        self.the_backup_is_put_back()
        self.time_passes(0.1)

    @rule(days=st.sampled_from((40, 400)))
    def a_season_passes(self, days: int) -> None:
        """What is older than the county keeps it is gone the night after it has ended (I22)."""
        # What is still to be sent has not ended.
        self.post.mode = Mode.OK
        self.post.failures.clear()
        first = (self.w.clock.now() + timedelta(days=days)).astimezone(ZONE).replace(hour=3)
        for night in (first, first + timedelta(days=1)):
            self.beats_at(night)
        with self.engine.connect() as connection:
            expired = Tx(connection).expired
            old = {
                kind: expired.found(kind, before, None, 1)
                for kind, before in self.w.county.retention.ends(first)
                if kind != "backups"
            }
        assert not any(old.values()), old
        # What is said again after so long is new, and a backup would bring it back.
        self.said.clear()
        self.saved = None

    # --- groups -------------------------------------------------------------------------

    @rule()
    def the_group_moves(self) -> None:
        """A group gets another id: nothing is addressed to the old one any more (B12)."""
        self.groups += 1
        if self.groups == 1:
            self.step(
                self.w.happens(Event.JOINED_GROUP, who="zhao", chat="group1", detail="全县"), by=("zhao",)
            )
            return
        old, new = f"group{self.groups - 1}", f"group{self.groups}"
        self.step(self.w.happens(Event.MOVED, who="zhao", chat=old, detail=new), by=("zhao",))
        chats, outbox = tables.chats, tables.outbox
        with self.engine.connect() as connection:
            assert list(connection.execute(select(chats.c.chat)).scalars()) in ([new], [])
            owed = outbox.c.state.in_(("waiting", "claimed"))
            assert not connection.execute(select(outbox.c.key).where(outbox.c.chat == old, owed)).all()

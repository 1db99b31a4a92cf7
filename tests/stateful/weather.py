"""What machines and lines do to the county while it lives: faults of FAULTS section 4 as rules."""

import asyncio
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from bot.chat import Event
from handlers import duties
from storage import copies, tables
from storage.backup import restore, verify
from storage.store import Store
from tests.stateful.eyes import Eyes, look
from tests.stateful.machine import Machine, somebody
from tests.stateful.stage import Mode


@dataclass(frozen=True, slots=True)
class Saved:
    """A backup, and what had been said when it was made."""

    at: datetime
    file: Path
    said: list[tuple[str, str, str]]
    words: dict[str, list[str]]
    edited: dict[str, str]
    groups: int


class Weather(Machine):
    """The machine, in all weathers."""

    saved: Saved | None = None
    groups = 0

    # --- the line -----------------------------------------------------------------------

    @rule(mode=st.sampled_from(Mode))
    def the_line_changes(self, mode: Mode) -> None:
        """For a while nothing, or nothing certain, comes through; what is owed waits."""
        self.post.mode = mode

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

    async def _begins_again(self) -> None:
        old = self.w
        await self.store.__aexit__(None, None, None)
        self.store = Store(self.url, durable=False)
        await self.store.__aenter__()
        self.w = self.another(self.store, old.clock.now(), old.county)
        self.w.ids |= old.ids
        self.w._keys = old._keys
        for carrier in self.w.delivery.carriers.values():
            await carrier.recover()

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

    @precondition(lambda self: self.make is None)
    @rule()
    def a_backup_is_made(self) -> None:
        file = Path(self.folder.name) / "saved.db"
        copies.copy(self.file, file)
        self.saved = Saved(
            self.w.clock.now(), file, list(self.said), deepcopy(self.words), dict(self.edited), self.groups
        )

    @precondition(lambda self: self.saved is not None)
    @rule()
    def the_backup_is_put_back(self) -> None:
        """What came after it is lost; nothing arrives a second time as if it were new (I4, I18)."""
        saved = self.saved
        assert saved is not None
        self.engine.dispose()
        self.closes()
        restore(self.url, saved.file, self.w.clock.now())
        assert verify(self.url) == []
        self.said, self.words = list(saved.said), deepcopy(saved.words)
        self.edited, self.groups = dict(saved.edited), saved.groups
        ids, keys, now, settings = self.w.ids, self.w._keys, self.w.clock.now(), self.w.county
        self.opens(now, settings)
        self.w.ids |= ids
        self.w._keys = keys
        self.eyes = Eyes()
        self.seen = look(self.engine, self.eyes, self.w)

    @precondition(lambda self: self.make is None)
    @rule(hours=st.sampled_from((0.2, 1, 3)))
    def hours_are_lost(self, hours: float) -> None:
        """A backup, what time brings, the backup put back, and what time brings again."""
        self.a_backup_is_made()
        self.time_passes(hours)
        self.the_backup_is_put_back()
        self.time_passes(0.1)

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

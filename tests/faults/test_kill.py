"""Kill -9 at any moment of a burst of 500 updates loses none and doubles no effect (FAULTS A1, A2, A5, A8).

The real command on a real file, against a Bot API on loopback whose ledgers are the oracle: which
updates it handed out, which were confirmed to it, which messages it accepted. ``KILLS=60`` kills
sixty times, in bursts of their own with moments of their own.
"""

import asyncio
import json
import math
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import texts
from bot.clock import SystemClock
from bot.domain.people import Language, Role, UnitKind
from bot.domain.roster import PersonName, PersonRow, ProjectRow, Roster, UnitRow
from bot.papers.template import write_roster
from tests.botapi import BotApi
from tests.botapi_http import Connection, Request
from tests.command import PATIENCE, TOKEN, Running, liaison, started

UPDATES, PROBLEMS = 500, 24
KILLS_IN_A_BURST = 6
BURSTS = math.ceil(int(os.environ.get("KILLS", KILLS_IN_A_BURST)) / KILLS_IN_A_BURST)
READY_WITHIN = 15.0
"""Seconds; five on a machine of its own, where the tests of others do not run beside."""

LIAISONS, LEADERS = 72, 24
LIAISON, LEADER, OFFICE = 1000, 2000, 3000
"""Where the Telegram ids of each begin."""
GROUP = -100
AGAIN = texts.load().say(Language.CHINESE, "delivery.again")


# --- the moments ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: so long after updates were handed out, as they are confirmed, or at some later call."""

    after_batch: float = 0.0
    confirming: bool = False
    call: int = 0
    accepted: bool = False
    """The call was accepted, and whoever made it never hears of it."""


def moments(chance: random.Random) -> list[Moment]:
    """Return the moments of a burst: before the commit, right after it, and while messages are sent."""
    every = [
        *(Moment(after_batch=chance.uniform(0, 0.06)) for _ in range(2)),
        Moment(confirming=True),
        *(Moment(call=chance.randint(1, 25), accepted=accepted) for accepted in (True, True, False)),
    ]
    return chance.sample(every, KILLS_IN_A_BURST)


class Telegram(BotApi):
    """The Bot API on loopback, with a finger on the trigger."""

    def __init__(self) -> None:
        super().__init__(TOKEN)
        self.handed_out: Counter[int] = Counter()
        self._victim: Running | None = None
        self._moment = Moment()
        self._count = 0

    def aim(self, victim: Running, moment: Moment) -> None:
        """Kill a process when its moment has come."""
        self._victim, self._moment, self._count = victim, moment, 0

    def _serve(self, connection: Connection, request: Request) -> None:
        self._count += 1
        confirms = bool(self.pending) and int(request.values.get("offset") or 0) > min(self.pending)
        if self._count == self._moment.call or (confirms and self._moment.confirming):
            accepted = self._moment.accepted
            self._kill()
            if not accepted:
                return
        super()._serve(connection, request)

    def _answer_poll(self, connection: Connection, limit: int) -> None:
        self.handed_out.update(list(self.pending)[:limit])
        # The first poll of a burst gets its first update alone.
        if len(self.pending) > 1 and self._moment.after_batch:
            asyncio.get_running_loop().call_later(self._moment.after_batch, self._kill)
            self._moment = Moment()
        super()._answer_poll(connection, limit)

    def _kill(self) -> None:
        self._moment = Moment()
        if self._victim is not None:
            self._victim.told(signal.SIGKILL)


# --- the county and what its people do ----------------------------------------------------


def roster() -> Roster:
    """Return a county in which everybody is asked of one project or leads three, and has an account."""

    def person(name: str, unit: str, role: Role, account: int) -> PersonRow:
        return PersonRow(0, name, unit, roles=frozenset({role}), telegram=account)

    leaders = [person(f"领导{n}", "县政府", Role.LEAD_LEADER, LEADER + n) for n in range(LEADERS)]
    liaisons = [person(f"联络{n}", "发改局", Role.LIAISON, LIAISON + n) for n in range(LIAISONS)]
    office = person("赵文静", "指挥部办公室", Role.OFFICE, OFFICE)
    names = {
        "县政府": UnitKind.RESPONSIBLE,
        "发改局": UnitKind.RESPONSIBLE,
        "指挥部办公室": UnitKind.RESPONSIBLE,
    }
    return Roster(
        units=tuple(UnitRow(0, name, kind) for name, kind in names.items()),
        people=(*leaders, *liaisons, office),
        projects=tuple(
            ProjectRow(
                0, f"XM{n:03}", f"第{n}标段", planned=1_000_000, cumulative=0, permille=0,
                leader=PersonName(f"领导{n % LEADERS}"), liaisons=(PersonName(f"联络{n}"),),
            )
            for n in range(LIAISONS)
        ),
    )  # fmt: skip


def settings(api: BotApi) -> str:
    """Return a configuration in which it is noon of a working day, whenever the test runs."""
    now = SystemClock().now()
    # The county's day must not end, and no duty's hour come, in the middle of a burst.
    ahead = 12 - now.hour
    days = [str(now.date() + timedelta(days=by)) for by in (-1, 0, 1)]
    return f"""
        county = "青禾县"
        timezone = "Etc/GMT{-ahead:+d}"
        calendar.extra = {json.dumps(days)}
        prompts = {{ask_at = "23:57", remind_at = "23:58", close_at = "23:59"}}
        telegram = {{token = "{TOKEN}", api_base = "{api.base}"}}
        office.listen = ""
    """


@dataclass
class Burst:
    """Everything that people do, said bit by bit; and what must come of it."""

    api: Telegram
    chance: random.Random
    fed: int = 0
    said: dict[int, list[str]] = field(default_factory=lambda: {n: [] for n in range(LIAISONS)})
    troubles: dict[int, str] = field(default_factory=dict)
    pressed: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._plan = self._deeds()

    def _deeds(self) -> Iterator[Callable[[], object]]:
        """Yield what people say: at first everybody answers, then it goes in all directions."""
        # Telegram lets a bot write only to those who wrote first.
        joining: list[tuple[Callable[[int], None], int]] = [
            (self._joins, who) for who in (OFFICE, *range(LEADER, LEADER + LEADERS))
        ]
        joining += [(self._answers, n) for n in range(LIAISONS)]
        answers = 2 * LIAISONS
        chatter = UPDATES - len(joining) - answers - 3 * PROBLEMS
        rest = [
            *((self._answers, n % LIAISONS) for n in range(answers)),
            *((self._reports, n) for n in range(PROBLEMS)),
            *((self._chats, n % LIAISONS) for n in range(chatter)),
        ]
        self.chance.shuffle(rest)
        for deed, n in [*joining, *rest]:
            yield lambda deed=deed, n=n: deed(n)  # type: ignore[misc]

    def _joins(self, who: int) -> None:
        self.api.says(who, "/start")

    def _answers(self, n: int) -> None:
        done = len(self.said[n]) + 1
        self.said[n].append(f"第{n}标段基坑第{done}段完成")
        self.api.says(LIAISON + n, f"{self.said[n][-1]}，形象进度{done}%")

    def _reports(self, n: int) -> None:
        self.troubles[n] = f"{n}号地块用地指标未批"
        self.api.says(LIAISON + n, f"问题 {self.troubles[n]}")

    def _chats(self, n: int) -> None:
        self.api.says(LIAISON + n, "收到", chat=GROUP)

    def speak(self, most: int) -> None:
        """Let people say some of what they have to say."""
        for _, deed in zip(range(most), self._plan, strict=False):
            deed()
            self.fed += 1

    def press(self, database: Path) -> bool:
        """Let leaders press 接办 twice under each card that has arrived for good; False if there is none."""
        before = self.fed
        settled = {row["id"] for row in rows(database, SETTLED)}
        cards = rows(database, "SELECT * FROM outbox WHERE subject LIKE 'problem:%' AND updates_id IS NULL")
        for card in cards:
            problem = int(card["subject"].partition(":")[2])
            if problem in settled and not self.pressed[problem] and card["message"]:
                for _ in range(2):
                    self.api.presses(int(card["chat"]), int(card["message"]), "接办")
                    self.pressed[problem] += 1
                    self.fed += 1
        return self.fed > before


SETTLED = """
    SELECT id FROM problems p WHERE NOT EXISTS (
        SELECT 1 FROM outbox
        WHERE subject IN ('problem:' || p.id, 'receipt:' || p.id) AND state <> 'sent'
    )
"""
"""The problems whose letters have all arrived: none is rewritten while a copy may be on its way."""


# --- the test -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(BURSTS))
async def test_kill_9_in_a_burst_loses_nothing_and_doubles_no_effect(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    database = tmp_path / "liaison.db"
    write_roster(tmp_path / "roster.xlsx", roster())
    waits: list[float] = []
    async with Telegram() as api:
        (tmp_path / "config.toml").write_text(settings(api), encoding="utf-8")
        (tmp_path / "config.toml").chmod(0o600)
        imported = await liaison("import", "roster.xlsx", cwd=tmp_path)
        assert imported.code == 0, imported
        burst = Burst(api, chance)

        for moment in moments(chance):
            async with started("run", cwd=tmp_path) as running:
                waits.append(await polled(api, running))
                # Whatever a kill left in doubt is sent once more; caught again before, it is given up.
                await api.until(lambda: is_quiet(api, database), within=PATIENCE)
                api.aim(running, moment)
                burst.press(database)
                burst.speak(60)
                assert await running.ended() == -signal.SIGKILL, running.err
            nothing_confirmed_is_lost(api, database)

        async with started("run", cwd=tmp_path) as running:
            waits.append(await polled(api, running))
            burst.speak(UPDATES)
            while burst.fed < UPDATES:
                await api.until(lambda: is_quiet(api, database), within=PATIENCE)
                assert burst.press(database), "some cards never came"
            await api.until(lambda: is_quiet(api, database), within=PATIENCE)
            assert await running.stopped() == 0
        verified = await liaison("verify", cwd=tmp_path)

    assert verified.code == 0, verified.out
    assert max(waits) < READY_WITHIN
    assert max(api.handed_out.values()) > 1, "no kill hit an update: the moments are badly chosen"
    every_update_was_admitted_once(api, database)
    every_effect_is_there_once(burst, database)
    every_reply_was_accepted(api, database)


async def polled(api: Telegram, running: Running) -> float:
    """Wait until a process has asked for updates; Return how long it took."""
    loop = asyncio.get_running_loop()
    began, before = loop.time(), len(api.polls)
    await api.until(lambda: len(api.polls) > before, within=READY_WITHIN)
    assert not running.has_ended, running.err
    return loop.time() - began


def is_quiet(api: Telegram, database: Path) -> bool:
    """Tell whether everything fed was confirmed and everything owed was sent."""
    owed = rows(database, "SELECT 1 FROM outbox WHERE state IN ('waiting', 'claimed') LIMIT 1")
    return not api.pending and not owed


def nothing_confirmed_is_lost(api: Telegram, database: Path) -> None:
    admitted = {row["key"] for row in rows(database, "SELECT key FROM inbox")}

    assert {key(number) for number in api.confirmed} <= admitted


def every_update_was_admitted_once(api: Telegram, database: Path) -> None:
    inbox = {row["key"]: row["state"] for row in rows(database, "SELECT key, state FROM inbox")}

    assert len(api.confirmed) == len(set(api.confirmed)) == UPDATES
    assert inbox == {key(number): "done" for number in api.confirmed}
    assert rows(database, "SELECT * FROM dead_letters") == []


def every_effect_is_there_once(burst: Burst, database: Path) -> None:
    reports = rows(database, "SELECT p.number, r.* FROM reports r JOIN projects p ON p.id = r.project_id "
                             "ORDER BY project_id, version")  # fmt: skip
    problems = rows(database, "SELECT * FROM problems ORDER BY id")
    custody = rows(database, "SELECT problem_id, accepted_at FROM custody ORDER BY problem_id")
    audit = Counter(row["action"] for row in rows(database, "SELECT action FROM audit"))
    answers = sum(map(len, burst.said.values()))

    for n, said in burst.said.items():
        mine = [row for row in reports if row["number"] == f"XM{n:03}"]
        assert [row["version"] for row in mine] == list(range(1, len(said) + 1))
        assert [row["text"].partition("，")[0] for row in mine] == said
        assert [row["permille"] for row in mine] == [10 * step for step in range(1, len(said) + 1)]
        assert [row["current"] for row in mine] == [0] * (len(said) - 1) + [1]
    assert sorted(row["text"] for row in problems) == sorted(burst.troubles.values())
    assert {row["state"] for row in problems} == {"办理中"}
    assert [row["sequence"] for row in problems] == list(range(1, len(problems) + 1))
    assert [row["problem_id"] for row in custody] == [row["id"] for row in problems]
    assert all(row["accepted_at"] for row in custody)
    assert audit["report.added"] == LIAISONS
    assert audit["report.added"] + audit["report.revised"] == answers
    assert audit["problem.reported"] == audit["problem.taken"] == PROBLEMS


def every_reply_was_accepted(api: Telegram, database: Path) -> None:
    """Hold every letter against what was accepted: once, or where a kill left a doubt once more, marked."""
    letters = rows(database, "SELECT * FROM outbox WHERE updates_id IS NULL")
    accepted = Counter((str(each.chat), each.text) for each in api.sent)
    owed = Counter((row["chat"], row["text"]) for row in letters)
    doubts: Counter[tuple[str, str]] = Counter()
    for row in letters:
        assert row["state"] == "sent" or row["doubts"], dict(row)
        doubts[row["chat"], row["text"]] += row["doubts"]

    for (chat, text), times in owed.items():
        plain, marked = accepted[chat, text], accepted[chat, f"{AGAIN}\n{text}"]
        doubt = doubts[chat, text]
        assert times - doubt <= plain <= times, (chat, text, plain, marked, doubt)
        assert marked <= doubt, (chat, text, plain, marked, doubt)
        assert plain + marked >= times, (chat, text, plain, marked, doubt)
    assert set(accepted) <= {*owed, *((chat, f"{AGAIN}\n{text}") for chat, text in owed)}


def key(number: int) -> str:
    return f"telegram:{TOKEN.partition(':')[0]}:{number}"


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def rows(database: Path, question: str) -> list[Any]:
    with opened(database) as connection:
        return connection.execute(question).fetchall()

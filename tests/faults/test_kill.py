"""Kill -9 at any moment of a burst of 500 updates loses none and doubles no effect (FAULTS A1, A2, A5, A8).

The real command on a real file, against a Bot API on loopback whose ledgers are the oracle: which
updates it handed out, which were confirmed to it, which messages it accepted. Meanwhile it answers some
calls with 429, some with nonsense, and some not at all. ``KILLS=60`` kills sixty times, in bursts of their
own with moments of their own.
"""

import asyncio
import math
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot import texts
from bot.domain.people import Language
from bot.papers.template import write_roster
from tests.botapi import BotApi, Fault
from tests.botapi_http import Connection, Request
from tests.command import PATIENCE, TOKEN, Running, liaison, started
from tests.faults import tally
from tests.faults.town import LEADER, LEADERS, LIAISON, LIAISONS, OFFICE, roster, rows, settings

UPDATES, PROBLEMS = 500, 24
KILLS = int(os.environ.get("KILLS", "6"))
KILLS_IN_A_BURST = min(KILLS, 12)
AT_ONCE = UPDATES // (KILLS_IN_A_BURST + 2)
BURSTS = math.ceil(KILLS / KILLS_IN_A_BURST)
SEED = int(os.environ.get("KILLS_SEED", "0"))
"""Where the seeds begin: another run has moments of its own."""
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
        each
        for _ in range(0, KILLS_IN_A_BURST, 6)
        for each in (
            *(Moment(after_batch=chance.uniform(0, 0.06)) for _ in range(2)),
            Moment(confirming=True),
            *(Moment(call=chance.randint(1, AT_ONCE // 3), accepted=taken) for taken in (True, True, False)),
        )
    ]
    return chance.sample(every, KILLS_IN_A_BURST)


NOISE = (
    *[Fault.LIMITED] * 6,
    Fault.LIMITED_PLAIN,
    Fault.REFUSED,
    Fault.PAGE,
    *(Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.CLOSE_AFTER, Fault.TRUNCATED),
    *(Fault.CUT_JSON, Fault.HTML_200, Fault.EMPTY_502),
)
NOISY = 0.03
"""How many of a hundred messages and edits meet one of these; a 429 asks for one second."""


class Telegram(BotApi):
    """The Bot API on loopback, with a finger on the trigger, and moods.

    ``limited`` counts its 429s, ``too_early`` the calls that came to a chat inside the wait of one.
    """

    def __init__(self, chance: random.Random) -> None:
        super().__init__(TOKEN)
        self.limited = self.too_early = 0
        self._chance = chance
        self._closed: dict[str, float] = {}
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
        method = request.path.rpartition("/")[2]
        if method.startswith(("send", "edit")):
            self._be_moody(method, str(request.values.get("chat_id")))
        super()._serve(connection, request)

    def _be_moody(self, method: str, chat: str) -> None:
        now = asyncio.get_running_loop().time()
        self.too_early += now < self._closed.get(chat, 0)
        if self._chance.random() >= NOISY:
            return
        fault = self._chance.choice(NOISE)
        self.script(method, fault, seconds=1)
        if fault in {Fault.LIMITED, Fault.LIMITED_PLAIN}:
            self.limited += 1
            self._closed[chat] = now + 1

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
        """Let leaders press 接办 twice under each card that has arrived for good; False if there is none.

        Whose card was given up types it: the office was told to tell them.
        """
        before = self.fed
        settled = {row["id"]: row["number"] for row in rows(database, SETTLED)}
        cards = rows(database, "SELECT * FROM outbox WHERE subject LIKE 'problem:%' AND updates_id IS NULL")
        for card in cards:
            problem, chat = int(card["subject"].partition(":")[2]), int(card["chat"])
            if problem not in settled or self.pressed[problem]:
                continue
            for _ in range(2):
                if card["message"]:
                    self.api.presses(chat, int(card["message"]), "接办")
                else:
                    self.api.says(chat, f"接办 {settled[problem]}")
                self.pressed[problem] += 1
                self.fed += 1
        return self.fed > before


SETTLED = """
    SELECT id, number FROM problems p WHERE NOT EXISTS (
        SELECT 1 FROM outbox
        WHERE subject IN ('problem:' || p.id, 'receipt:' || p.id) AND state NOT IN ('sent', 'failed')
    )
"""
"""The problems whose letters have arrived or been given up: none is rewritten while a copy is on its way."""


# --- the test -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(BURSTS))
async def test_kill_9_in_a_burst_loses_nothing_and_doubles_no_effect(tmp_path: Path, seed: int) -> None:
    chance = random.Random(SEED + seed)
    database = tmp_path / "liaison.db"
    write_roster(tmp_path / "roster.xlsx", roster())
    waits: list[float] = []
    async with Telegram(random.Random(SEED + seed)) as api:
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
                burst.speak(AT_ONCE)
                assert await running.ended() == -signal.SIGKILL, running.err
            assert lost(api, database) == set()

        async with started("run", cwd=tmp_path) as running:
            waits.append(await polled(api, running))
            burst.speak(UPDATES)
            while burst.fed < UPDATES:
                await api.until(lambda: is_quiet(api, database), within=PATIENCE)
                assert burst.press(database), "some cards never came"
            await api.until(lambda: is_quiet(api, database), within=PATIENCE)
            assert await running.stopped() == 0
        verified = await liaison("verify", cwd=tmp_path)

    found = copies(api, database)
    tally.note(
        "kills",
        kills=KILLS_IN_A_BURST,
        ready=waits[1:],
        confirmed=len(api.confirmed),
        lost=len(lost(api, database)),
        given_up=sum(each.lost for each in found),
        doubts=sum(each.doubts for each in found),
        again=sum(each.again for each in found),
        undoubted=sum(each.undoubted for each in found),
        limited=api.limited,
        too_early=api.too_early,
    )
    assert verified.code == 0, verified.out
    assert max(api.handed_out.values()) > 1, "no kill hit an update: the moments are badly chosen"
    every_update_was_admitted_once(api, database)
    every_effect_is_there_once(burst, database)
    every_reply_was_accepted(found)
    assert api.too_early == 0


async def polled(api: Telegram, running: Running) -> float:
    """Wait until a process has asked for updates; Return how long it took."""
    loop = asyncio.get_running_loop()
    began, before = loop.time(), len(api.polls)
    await api.until(lambda: len(api.polls) > before, within=PATIENCE)
    assert not running.has_ended, running.err
    return loop.time() - began


def is_quiet(api: Telegram, database: Path) -> bool:
    """Tell whether everything fed was confirmed and everything owed was sent."""
    owed = rows(database, "SELECT 1 FROM outbox WHERE state IN ('waiting', 'claimed') LIMIT 1")
    return not api.pending and not owed


def lost(api: Telegram, database: Path) -> set[str]:
    """Return what was confirmed and is not known."""
    admitted = {row["key"] for row in rows(database, "SELECT key FROM inbox")}
    return {key(number) for number in api.confirmed} - admitted


def every_update_was_admitted_once(api: Telegram, database: Path) -> None:
    inbox = {row["key"]: row["state"] for row in rows(database, "SELECT key, state FROM inbox")}

    assert len(api.confirmed) == len(set(api.confirmed)) == UPDATES
    assert inbox == {key(number): "done" for number in api.confirmed}
    assert rows(database, "SELECT * FROM dead_letters WHERE key IN (SELECT key FROM inbox)") == []


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


@dataclass(frozen=True, slots=True)
class Copies:
    """How often words were owed to a chat, came bare and came marked, and were in doubt."""

    chat: str
    text: str
    times: int
    bare: int
    marked: int
    doubts: int
    lost: int
    """Given up: in doubt a second time, and the office told."""

    @property
    def again(self) -> int:
        """How many copies came that were none too few."""
        return max(0, self.bare + self.marked - self.times + self.lost)

    @property
    def undoubted(self) -> int:
        """How many copies came without a doubt that would explain them."""
        return max(0, self.bare - self.times) + max(0, self.marked - self.doubts)


def copies(api: Telegram, database: Path) -> list[Copies]:
    letters = rows(database, "SELECT * FROM outbox WHERE updates_id IS NULL")
    accepted = Counter((str(each.chat), each.text) for each in api.sent)
    owed: Counter[tuple[str, str]] = Counter()
    doubts: Counter[tuple[str, str]] = Counter()
    lost: Counter[tuple[str, str]] = Counter()
    for row in letters:
        assert row["state"] == "sent" or row["doubts"], dict(row)
        owed[row["chat"], row["text"]] += 1
        doubts[row["chat"], row["text"]] += row["doubts"]
        lost[row["chat"], row["text"]] += row["state"] == "failed"
    assert set(accepted) <= {*owed, *((chat, f"{AGAIN}\n{text}") for chat, text in owed)}
    return [
        Copies(
            *letter, times, accepted[letter], accepted[letter[0], f"{AGAIN}\n{letter[1]}"],
            doubts[letter], lost[letter],
        )
        for letter, times in owed.items()
    ]  # fmt: skip


def every_reply_was_accepted(found: list[Copies]) -> None:
    """Hold every letter against what was accepted: once, or where there was a doubt once more, marked."""
    for each in found:
        assert each.undoubted == 0, each
        assert each.bare >= each.times - each.doubts, each
        assert each.bare + each.marked >= each.times - each.lost, each


def key(number: int) -> str:
    return f"telegram:{TOKEN.partition(':')[0]}:{number}"

"""Claim 2: a round goes out as fast as the platform allows, and whoever answers meanwhile does not wait."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from benchmarks import county
from benchmarks.crowd import TOKEN
from benchmarks.sides import AIOGRAM, BARE_GATHER, OURS, PEERS, PTB, US, Side, running, serving

ALLOWED, PAID = 30, 1_000
"""Messages a second that the server takes, as Telegram does; and of a paid broadcast."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What the server enforces, how many that is a second, and the pace that ours is given if any.

    Somebody types an answer every ``typed`` seconds, who was asked ``read`` seconds ago.
    """

    name: str
    enforced: Mapping[str, float]
    allowed: float = ALLOWED
    pace: float | None = None
    typed: float = 0.4
    read: float = 3


BUCKET = Limit("bucket", {"bucket": ALLOWED})
HARD = Limit("hard second", {"window": ALLOWED})
BROADCAST = Limit("paid", {"window": PAID}, PAID, PAID * 28.7 / 30, typed=0.04, read=0.3)
UNLIMITED = Limit("none", {}, 0, 0)

ALLOWED_BY = {limit.name: limit.allowed for limit in (BUCKET, HARD, BROADCAST)}

_STARTS_WITHIN = 120.0
_FEW = 100
_SLOWEST = 3.0
"""Prompts a second; whoever is slower is given up."""


@dataclass(frozen=True, slots=True)
class Fanout:
    """What a run with so many prompts showed.

    That is messages accepted a second, 429s, and the seconds that each typed answer waited;
    ``grown`` is by how many megabytes the bot grew from its first hundred prompts to its last.
    """

    prompts: int
    rate: float
    refused: int
    waits: Sequence[float]
    grown: float = 0


def ours(database: Path, limit: Limit, before_nine: timedelta = timedelta(seconds=3)) -> Side:
    """Return our bot, shortly before nine in a county that is to be asked."""
    return Side(US, partial(_ours, database, limit, before_nine))


def peers(limit: Limit, prompts: int) -> list[Side]:
    """Return the libraries, which write down whom they ask, as ours does.

    aiogram has no limiter: under a limit it goes from one person to the next with a pause, at two thirds
    of what is allowed, as its own example of a broadcast does. Without one everybody has a task, and a
    third side writes nothing down.
    """
    limited = [] if limit is UNLIMITED else ["--per-second", str(limit.allowed)]
    more = [*(limited or ["--per-second", "0"]), "--concurrent", "256"]
    name = f"{PTB}, AIORateLimiter" if limited else PTB
    found = [Side(name, partial(_peer, "ptb_bot", prompts, more))]
    if limited:
        pause = ["--pause", f"{1.5 / limit.allowed:g}"]
        return [*found, Side(f"{AIOGRAM}, one by one", partial(_peer, "aiogram_bot", prompts, pause))]
    gather = [Side(f"{AIOGRAM}, gather", partial(_peer, "aiogram_bot", prompts, []))]
    return [*found, *gather, Side(BARE_GATHER, partial(_peer, "aiogram_bot", prompts, ["--keeps-nothing"]))]


def measure(side: Side, folder: Path, limit: Limit, prompts: int) -> Fanout:
    """Let a round go out while some of those asked type their answers."""
    slowest = prompts / _SLOWEST + 60
    with serving(**limit.enforced) as server, running(side.start(server.base, folder), folder) as bot:
        server.until("others", min(prompts, _FEW), _STARTS_WITHIN, bot)
        before = bot.memory()
        if limit is not UNLIMITED:
            server.call("types", limit.typed, limit.read)
        server.until("others", prompts, slowest, bot)
        grown = bot.peak() - before
        server.call("quiet")
        server.until("unanswered", 0, slowest, bot, at_most=True)
        told = server.call("told")
    begun, ended = told["others"][0], told["others"][prompts - 1]
    sent = [at for at in told["others"] + [at for at, _ in told["replies"]] if begun <= at <= ended]
    return Fanout(
        prompts=prompts,
        rate=(len(sent) - 1) / (ended - begun),
        refused=told["refused"],
        waits=[wait for _, wait in told["replies"]],
        grown=grown,
    )


def compare(
    folder: Path, limits: Sequence[Limit], *, prompts: int, rounds: int
) -> dict[tuple[str, str], list[Fanout]]:
    """Measure every side under each limit in every round, one after the other."""
    database = folder / f"round{prompts}.db"
    if not database.exists():
        county.fill(database, prompts, 1)
    found: dict[tuple[str, str], list[Fanout]] = {}
    for turn in range(rounds):
        for limit in limits:
            for side in [ours(database, limit), *peers(limit, prompts)]:
                place = folder / "fanout"
                place.mkdir()
                result = measure(side, place, limit, prompts)
                found.setdefault((limit.name, side.name), []).append(result)
                print(
                    f"fan-out {turn + 1}/{rounds} of {prompts}, {limit.name}, {side.name}: {result}",
                    flush=True,
                )
                shutil.rmtree(place)
    return found


def _ours(
    database: Path, limit: Limit, before_nine: timedelta, base: str, folder: Path
) -> Sequence[str | Path]:
    copy = folder / "liaison.db"
    shutil.copyfile(database, copy)
    at = (county.ASKED_AT - before_nine).isoformat()
    pace = [] if limit.pace is None else ["--per-second", str(limit.pace)]
    return [OURS, "-m", "benchmarks.ours", base, TOKEN, "--database", copy, "--at", at, *pace]


def _peer(name: str, prompts: int, more: Sequence[str], base: str, folder: Path) -> Sequence[str | Path]:
    start: list[str | Path] = [
        *(PEERS, "-m", f"benchmarks.peers.{name}", base, TOKEN, "--database", folder / "peer.db"),
    ]
    return [*start, "--prompts", str(prompts), *more]

"""Claim 2: a round goes out as fast as the platform allows, and whoever answers meanwhile does not wait."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import county
from benchmarks.crowd import TOKEN
from benchmarks.sides import OURS, PEERS, Side, running, serving

ALLOWED = 30
"""Messages a second that the server takes, as Telegram does."""

LIMITS: Mapping[str, Mapping[str, float]] = {
    "bucket": {"bucket": ALLOWED},
    "hard second": {"window": ALLOWED},
}

_TYPED_EVERY = 0.4
_STARTS_WITHIN = 120.0
_SLOWEST = 3.0
"""Prompts a second; whoever is slower is given up."""


@dataclass(frozen=True, slots=True)
class Fanout:
    """What one run showed: messages accepted a second, 429s, and the seconds that typed answers waited."""

    rate: float
    refused: int
    typed: int
    p50: float
    p99: float
    longest: float


def ours(database: Path, before_nine: timedelta = timedelta(seconds=3)) -> Side:
    """Return our bot, shortly before nine in a county that is to be asked."""
    return Side("liaison-bot", partial(_ours, database, before_nine))


def peer(prompts: int) -> Side:
    """Return python-telegram-bot with its own rate limiter and a task for each person."""
    return Side("python-telegram-bot, AIORateLimiter", partial(_peer, prompts))


def measure(side: Side, folder: Path, limits: Mapping[str, float], prompts: int) -> Fanout:
    """Let a round go out while some of those asked type their answers."""
    with serving(**limits) as server, running(side.start(server.base, folder), folder) as bot:
        server.until("others", 1, _STARTS_WITHIN, bot)
        server.call("types", _TYPED_EVERY)
        server.until("others", prompts, prompts / _SLOWEST + 60, bot)
        server.call("quiet")
        server.until("unanswered", 0, prompts / _SLOWEST + 60, bot, at_most=True)
        told = server.call("told")
    begun, ended = told["others"][0], told["others"][prompts - 1]
    sent = [at for at in told["others"] + [at for at, _ in told["replies"]] if begun <= at <= ended]
    waits = sorted(wait for _, wait in told["replies"]) or [0.0]
    return Fanout(
        rate=(len(sent) - 1) / (ended - begun),
        refused=told["refused"],
        typed=len(told["replies"]),
        p50=median(waits),
        p99=waits[int(len(waits) * 0.99)],
        longest=waits[-1],
    )


def compare(
    folder: Path, *, prompts: int, rounds: int, with_peer: bool
) -> dict[tuple[str, str], list[Fanout]]:
    """Measure under each limit in every round; the peer by turns with us."""
    database = folder / ("compared.db" if with_peer else "round.db")
    county.fill(database, prompts, 1)
    found: dict[tuple[str, str], list[Fanout]] = {}
    for turn in range(rounds):
        for name, limits in LIMITS.items():
            for side in [ours(database), peer(prompts)] if with_peer else [ours(database)]:
                place = folder / "fanout"
                place.mkdir()
                result = measure(side, place, limits, prompts)
                found.setdefault((name, side.name), []).append(result)
                print(f"fan-out {turn + 1}/{rounds} of {prompts}, {name}, {side.name}: {result}", flush=True)
                shutil.rmtree(place)
    return found


def _ours(database: Path, before_nine: timedelta, base: str, folder: Path) -> Sequence[str | Path]:
    copy = folder / "liaison.db"
    shutil.copyfile(database, copy)
    at = (county.ASKED_AT - before_nine).isoformat()
    return [OURS, "-m", "benchmarks.ours", base, TOKEN, "--database", copy, "--at", at]


def _peer(prompts: int, base: str, folder: Path) -> Sequence[str | Path]:
    start: list[str | Path] = [
        PEERS,
        "-m",
        "benchmarks.peers.ptb_bot",
        base,
        TOKEN,
        "--database",
        folder / "peer.db",
    ]
    return [*start, "--prompts", str(prompts), "--concurrent", "256"]

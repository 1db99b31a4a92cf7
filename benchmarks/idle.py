"""Claim 3: it costs nothing while nothing happens, and is there soon."""

import dataclasses
import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.county import ASKED_AT
from benchmarks.crowd import TOKEN
from benchmarks.sides import AIOGRAM, OURS, PEERS, PTB, TELEBOT, US, Running, Server, finish, running, serving
from bot.clock import SystemClock
from bot.domain.people import Role
from bot.domain.roster import Roster
from bot.domain.sample import sample_county
from bot.papers.template import write_roster

LIAISON = OURS.parent / "liaison"

_STARTS_WITHIN = 60.0
_SETTLES = 3.0
_WARM = 200
_RESTS = 10
_PEERS = {PTB: "ptb_bot", AIOGRAM: "aiogram_bot", TELEBOT: "telebot_bot"}


@dataclass(frozen=True, slots=True)
class Idle:
    """A running bot with nothing to do: percent of one processor, megabytes, seconds to its first poll."""

    cpu: float
    memory: float
    start: float = 0


def first_help(rounds: int) -> float:
    """Return the seconds that `liaison --help` takes."""
    return median(finish(LIAISON, "--help") for _ in range(rounds))


def first_poll(folder: Path, *, projects: int, rounds: int) -> float:
    """Return the seconds from the start of `liaison run` until it first asks for updates.

    Its people have joined, so in office hours the day's round is the first thing it does.
    """
    roster = folder / "large.xlsx"
    write_roster(roster, _large(projects))
    return median(_first_poll(folder / f"start-{turn}", roster) for turn in range(rounds))


def compare(folder: Path, *, projects: int, seconds: float, rounds: int) -> dict[str, list[Idle]]:
    """Watch `liaison run` and the peers' bots for a while, each afresh in every round."""
    roster = folder / "at_rest.xlsx"
    write_roster(roster, _large(projects))
    found: dict[str, list[Idle]] = {}
    for turn in range(rounds):
        found.setdefault(US, []).append(at_rest(folder / f"idle-{turn}", roster, seconds))
        for name, module in _PEERS.items():
            rested = _peer_at_rest(folder / f"{module}-{turn}", module, seconds)
            found.setdefault(name, []).append(rested)
        print(f"at rest {turn + 1}/{rounds}: {found}", flush=True)
    return found


def waking(rest: float = 1) -> float:
    """Return how many times the processor time a piece of Python costs after so many seconds' rest.

    It says more of the machine than of us; why it goes cold cannot be seen from inside.
    """
    for _ in range(_WARM):
        _piece()
    at_once = median(_piece() for _ in range(_WARM))
    rested = []
    for _ in range(_RESTS):
        time.sleep(rest)
        rested.append(_piece())
    return median(rested) / at_once


def _piece() -> float:
    """Do a little of what a bot does; Return the seconds of processor time it took."""
    begun = time.process_time()
    for _ in range(60):
        json.loads(json.dumps({"text": "正常推进", "at": [1, 2, 3], "of": {"percent": 65.5}}))
    return time.process_time() - begun


def _peer_at_rest(folder: Path, module: str, seconds: float) -> Idle:
    """Watch a bot that knows one person and has nothing to do."""
    folder.mkdir()
    with serving() as server:
        command: list[str | Path] = [PEERS, "-m", f"benchmarks.peers.{module}", server.base, TOKEN]
        begun = time.monotonic()
        with running([*command, "--database", folder / "peer.db", "--people", "1"], folder) as bot:
            return _watched(server, bot, begun, seconds)


def _watched(server: Server, bot: Running, begun: float, seconds: float) -> Idle:
    server.until("polls", 1, _STARTS_WITHIN, bot)
    start = time.monotonic() - begun
    time.sleep(min(_SETTLES, seconds))
    used = bot.cpu()
    time.sleep(seconds)
    return Idle((bot.cpu() - used) / seconds * 100, bot.memory(), start)


def at_rest(folder: Path, roster: Path, seconds: float) -> Idle:
    """Watch `liaison run` with the county of a roster; its day is one off, so nobody is asked."""
    with serving() as server:
        today = SystemClock().now().astimezone(ASKED_AT.tzinfo).date()
        config = _county(folder, roster, server.base, f"[calendar]\nremoved = [{today}]\n")
        begun = time.monotonic()
        with running([LIAISON, "run", "-c", config], folder) as bot:
            return _watched(server, bot, begun, seconds)


def _first_poll(folder: Path, roster: Path) -> float:
    with serving() as server:
        config = _county(folder, roster, server.base)
        begun = time.monotonic()
        with running([LIAISON, "run", "-c", config], folder) as bot:
            server.until("polls", 1, _STARTS_WITHIN, bot)
            return time.monotonic() - begun


def _county(folder: Path, roster: Path, base: str, more: str = "") -> Path:
    """Import a roster as its office would; Return the configuration."""
    folder.mkdir()
    config = folder / "config.toml"
    config.touch(mode=0o600)
    config.write_text(
        f'county = "青禾县"\n[telegram]\ntoken = "{TOKEN}"\napi_base = "{base}"\n'
        f'[office]\nlisten = "127.0.0.1:{_free_port()}"\n{more}',
        encoding="utf-8",
    )
    finish(LIAISON, "import", roster, "-c", config)
    return config


def _large(projects: int) -> Roster:
    """Return the sample county with so many projects, its liaisons all in Telegram."""
    sample = sample_county()
    copies = [
        dataclasses.replace(
            each, row=row + 2, number=f"{each.number}-{row:04}", name=f"{each.name}{row:04}标段"
        )
        for row, each in enumerate((sample.projects * (projects // len(sample.projects) + 1))[:projects])
    ]
    people = [
        dataclasses.replace(each, telegram=1000 + each.row) if Role.LIAISON in each.roles else each
        for each in sample.people
    ]
    return dataclasses.replace(
        sample, projects=tuple(copies), people=tuple(people), milestones=(), groups=(), problems=()
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

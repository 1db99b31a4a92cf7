"""What one run found, and how much was measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import TypeVar

from benchmarks.climbing import Climbing
from benchmarks.digest import Figures
from benchmarks.fanout import Fanout
from benchmarks.growth import Cost
from benchmarks.idle import Idle
from benchmarks.papers import Papers
from benchmarks.parts import Parts
from benchmarks.postgres import Shared
from benchmarks.rush import Rush
from benchmarks.turn import Turns
from benchmarks.wecom import Line

T = TypeVar("T")

Rounds = Mapping[tuple[str, str], Sequence[Fanout]]


@dataclass(frozen=True, slots=True)
class Turning:
    """Turns a second of each side, and the statements of one of ours."""

    turns: Mapping[str, Sequence[Turns]]
    statements: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Going:
    """Rounds that go out: at the rate that a server allows, and to one without limits."""

    paced: Rounds
    unlimited: Rounds


@dataclass(frozen=True, slots=True)
class Resting:
    """Bots with nothing to do, ours and the peers', and the start of ours.

    ``waking`` is how many times as much a piece of Python costs this machine after a rest as at once.
    """

    idle: Mapping[str, Sequence[Idle]]
    waking: float
    start: float
    help: float


@dataclass(frozen=True, slots=True)
class Papering:
    """Papers of a quarter, and the figures of one week of it."""

    papers: Papers
    figures: Figures


@dataclass(frozen=True, slots=True)
class Results:
    """All that one run found; None what was not measured."""

    turn: Turning | None = None
    fanout: Going | None = None
    rest: Resting | None = None
    parts: Parts | None = None
    climbing: Climbing | None = None
    wecom: Line | None = None
    papers: Papering | None = None
    growth: tuple[Cost, Cost] | None = None
    postgresql: Shared | None = None
    rush: Rush | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    people: int = 500
    messages: int = 1_000
    rounds: int = 5
    paced: int = 600
    prompts: int = 2_000
    unlimited: int = 20_000
    projects: int = 1_000
    idle_seconds: float = 10
    items: int = 5_000
    trail: int = 1_000_000
    problems: int = 10_000
    due: int = 100
    late_seconds: float = 30
    megabytes: int = 15
    chunk_wait: float = 0.03
    paper_projects: int = 10_000
    paper_days: int = 200
    paper_rows: int = 100_000
    little: int = 10_000
    history: int = 4_000_000
    planned: int = 5_000
    letters: int = 20_000
    jobs: int = 2_000
    liaisons: int = 20_000
    rush_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what it found, at which sizes, when it ended, the seconds it took, and the machine's load."""

    results: Results
    size: Size
    at: datetime
    took: float
    load: float


def waits_of(runs: Sequence[Fanout]) -> list[float]:
    """Return what each typed answer waited in all rounds, the longest last."""
    return sorted(wait for run in runs for wait in run.waits)


def within(sorted_waits: Sequence[float], share: float) -> float:
    """Return what so great a share of them waited at most; 0 where nobody did."""
    return sorted_waits[int(len(sorted_waits) * share)] if sorted_waits else 0.0


def middle(runs: Sequence[T], of: Callable[[T], float]) -> float:
    """Return the median of something over the rounds."""
    return median(of(run) for run in runs)

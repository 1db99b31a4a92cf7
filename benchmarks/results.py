"""What one run found, and how much was measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from benchmarks.climbing import Climbing
from benchmarks.fanout import Fanout
from benchmarks.idle import Idle
from benchmarks.papers import Papers
from benchmarks.parts import Parts
from benchmarks.turn import Turns
from benchmarks.wecom import Line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Results:
    """All that one run found."""

    turns: Mapping[str, Sequence[Turns]]
    statements: Mapping[str, float]
    rounds: Mapping[tuple[str, str], Sequence[Fanout]]
    compared: Mapping[tuple[str, str], Sequence[Fanout]]
    idle: Sequence[Idle]
    start: float
    help: float
    parts: Parts
    climbing: Climbing
    wecom: Line
    papers: Papers


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    people: int = 500
    messages: int = 2_000
    rounds: int = 5
    prompts: int = 5_000
    peer_prompts: int = 600
    peer_rounds: int = 3
    projects: int = 1_000
    idle_seconds: float = 30
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


def middle(runs: Sequence[T], of: Callable[[T], float]) -> float:
    """Return the median of something over the rounds."""
    return median(of(run) for run in runs)

"""Dead at every step there is, a week comes out as if nothing had happened (FAULTS A1-A7 and section 5).

``SWEEP=all`` dies at each of them, fifteen hundred times; without it, at some of each kind. Held together
are the database row by row, what was confirmed, and what Telegram accepted: a message twice only where a
death left a doubt, and then marked.
"""

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.failpoints import STEPS
from tests.faults import sweep
from tests.faults.bugs import BUGS
from tests.faults.program import TRACE
from tests.faults.sweep import SWEEP, Outcome, differences, played

PAIRS = 500 if SWEEP == "all" else 2
_SPARE = 20
"""So many of the last points may not come in every run: how letters fall into groups is chance."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The run in which nothing dies, and every point at which something may."""

    database: Path
    plain: Outcome
    points: dict[str, list[str]]


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return asyncio.run(_planned(tmp_path_factory.mktemp("plan")))


async def _planned(folder: Path) -> Plan:
    database = await sweep.prepared(folder)
    plain = await played(database, folder / "plain", TRACE)
    points = defaultdict(list)
    for point in (folder / "plain" / TRACE).read_text(encoding="utf-8").split():
        points[point.partition(":")[0]].append(point)
    return Plan(database, plain, points)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
async def test_whoever_dies_at_a_step_goes_on_where_they_were(plan: Plan, tmp_path: Path, step: str) -> None:
    every = plan.points[step]
    chosen = every if SWEEP == "all" else random.Random(step).sample(every[:-_SPARE] or every, int(SWEEP))
    for point in chosen:
        outcome = await played(plan.database, tmp_path / point, point)

        assert differences(plan.plain, outcome) == [], point
        assert outcome.deaths == 1 or point in every[-_SPARE:], point


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(PAIRS))
async def test_who_dies_again_while_coming_back_does_too(plan: Plan, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    first = chance.choice(plan.points[chance.choice(STEPS)][:-_SPARE] or plan.points["received"])
    second = f"{chance.choice(('statement', 'commit', 'committed', 'send', 'sent'))}:kill@1"

    outcome = await played(plan.database, tmp_path / "pair", first, second)

    assert differences(plan.plain, outcome) == [], (first, second)


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
async def test_the_sweep_finds_each_mistake_that_loses_or_doubles(
    plan: Plan, tmp_path: Path, bug: str
) -> None:
    _, point = BUGS[bug]

    try:
        outcome = await played(plan.database, tmp_path / bug, point, bug=bug, patience=15)
    except (TimeoutError, LookupError):  # it waits for ever for what was lost, or a button never came
        return
    assert differences(plan.plain, outcome) != []

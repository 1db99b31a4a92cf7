"""Dead at every step there is, a week comes out as if nothing had happened (FAULTS A1-A7 and section 5).

``SWEEP=telegram`` dies at each of the four thousand there and at some of each kind elsewhere, ``SWEEP=all``
at each on every platform; without it, at some of each kind.
Held together are the database row by row, what was confirmed, and what the platform accepted: a message
twice only where a death left a doubt, and then marked; on WeCom's app not even then.
"""

import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.failpoints import STEPS
from tests.at_length import AT_LENGTH, SWEEP
from tests.faults import sweep, tally
from tests.faults.bugs import BUGS
from tests.faults.places import PLACES
from tests.faults.sweep import Outcome, Plan, Point, found

LOTS = 48 if AT_LENGTH else 2
SOME = 12 if AT_LENGTH else int(SWEEP)
PAIRS = (250 if SWEEP == "all" else 50) if AT_LENGTH else 2
TRIES = 12
_SPARE = 12
"""So many of a step's last points of a kind may not come: how letters fall into groups is chance."""

Plans = Callable[[str], Awaitable[Plan]]


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Plans:
    """Play the week on a platform when somebody first asks for it, whichever process of the tests that is."""
    made: dict[str, Plan] = {}
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    async def of(place: str) -> Plan:
        if place not in made:
            made[place] = await sweep.planned_once(place, shared / f"plan-{place}")
        return made[place]

    return of


def points(plan: Plan, lot: int) -> list[Point]:
    """Return one lot of the places to die."""
    if SWEEP in {"all", plan.place}:
        every = [point for kind in STEPS for point in plan.points[kind]]
    else:
        chance = random.Random(plan.place)
        every = [point for kind in STEPS for point in chance.sample(plan.points[kind], SOME)]
    return every[lot::LOTS]


def _note(place: str, differences: list[str], outcome: Outcome) -> None:
    tally.note(
        "sweep",
        place=place,
        deaths=outcome.deaths,
        doubts=outcome.doubts.total(),
        differences=len(differences),
    )


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("lot", range(LOTS))
async def test_whoever_dies_at_a_step_goes_on_where_they_were(
    plans: Plans, tmp_path: Path, place: str, lot: int
) -> None:
    plan = await plans(place)
    for number, point in enumerate(points(plan, lot)):
        differences, outcome = await found(plan, tmp_path / str(number), point)

        _note(place, differences, outcome)
        assert differences == [], point
        late = [each for each in plan.points[point.kind] if each.step == point.step][-_SPARE:]
        assert outcome.deaths == 1 or point in late, point


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", range(PAIRS))
async def test_who_dies_again_while_coming_back_does_too(
    plans: Plans, tmp_path: Path, place: str, seed: int
) -> None:
    plan, chance = await plans(place), random.Random(seed)
    first = chance.choice(plan.points[chance.choice(STEPS)])
    second = f"{chance.choice(('statement', 'commit', 'committed', 'send', 'sent'))}:kill@1"

    differences, outcome = await found(plan, tmp_path / "pair", first, second)

    _note(place, differences, outcome)
    assert differences == [], (first, second)


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
async def test_the_sweep_finds_each_mistake_that_loses_or_doubles(
    plans: Plans, tmp_path: Path, bug: str
) -> None:
    _, kind = BUGS[bug]
    plan = await plans("telegram")
    chosen = random.Random(bug).sample(plan.points[kind], TRIES)

    for number, point in enumerate(chosen):
        try:
            differences, _ = await found(plan, tmp_path / str(number), point, bug=bug, patience=15)
        except (TimeoutError, LookupError):  # it waits for ever for what was lost, or a button never came
            return
        if differences:
            return
    raise AssertionError(f"nothing found in {TRIES} deaths")

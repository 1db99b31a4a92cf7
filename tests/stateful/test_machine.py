"""Anything may happen in any order: the promises hold after every step."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.weather import Weather

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "100"))
STEPS = 50
SHARDS = 4


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_promise_holds_whatever_happens(
    shard: int, empty_database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seeds are fixed unless ``MACHINE_EXAMPLES`` asks for more; then they are random and printed."""
    is_long = "MACHINE_EXAMPLES" in os.environ
    number = int(os.environ.get("MACHINE_SEED", random.randrange(10**9))) if is_long else shard
    if is_long:
        with capsys.disabled():
            print(f"\nshard {shard}: MACHINE_SEED={number}")  # noqa: T201 -- to play it again

    @seed(number)
    class County(Weather):
        template = empty_database

    run_state_machine_as_test(
        County,
        settings=settings(
            max_examples=-(-EXAMPLES // SHARDS),
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            # A failure is told at once; `make faults` makes it small.
            phases=tuple(Phase) if is_long else (Phase.generate,),
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Anything may happen in any order: the promises hold after every step."""

import os
import random
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Connection

from tests.stateful.weather import Weather

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "40"))
STEPS = 50
SHARDS = 4
_ON_A_SERVER = 14
"""Of so many examples one is played on PostgreSQL as well."""
_numbers = count(1)


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

    _play(County, -(-EXAMPLES // SHARDS), is_long=is_long)


@pytest.mark.slow
@pytest.mark.postgresql
def test_it_holds_on_a_server_as_well(empty_database: Path, server: str, admin: Connection) -> None:
    def make(template: str) -> str:
        name = f"machine_{next(_numbers)}"
        admin.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return server.format(name=name)

    @seed(0)
    class County(Weather):
        template = empty_database

    County.make = staticmethod(make)
    _play(County, -(-EXAMPLES // _ON_A_SERVER), is_long="MACHINE_EXAMPLES" in os.environ)


def _play(machine: type[Weather], examples: int, *, is_long: bool) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            # A failure is told at once; `make faults` makes it small.
            phases=tuple(Phase) if is_long else (Phase.generate,),
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )

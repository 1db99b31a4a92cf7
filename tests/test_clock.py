"""The machine's clock is believed as long as it goes on as time does, and nobody who knows contradicts it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import TOLERATED, GuardedClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """A clock on the wall that anybody may turn, and the processor's count, which goes on by itself."""

    def __init__(self) -> None:
        self.shows = NOON
        self.counted = 0.0
        self.clock = GuardedClock(self, self.count)

    def now(self) -> datetime:
        return self.shows

    def count(self) -> float:
        return self.counted

    def passes(self, length: timedelta) -> None:
        self.shows += length
        self.counted += length.total_seconds()


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_a_clock_that_goes_on_as_time_does_is_believed(machine: Machine) -> None:
    for _ in range(100):
        machine.passes(HOUR)

        assert machine.clock.now() == machine.shows
    assert machine.clock.is_sure


@pytest.mark.parametrize("jump", [2 * HOUR, timedelta(days=3), timedelta(days=3650), -2 * HOUR, -24 * HOUR])
def test_a_clock_that_jumps_is_not_and_the_time_goes_on(machine: Machine, jump: timedelta) -> None:
    machine.shows += jump

    assert machine.clock.now() == NOON
    assert not machine.clock.is_sure
    machine.passes(HOUR)
    assert machine.clock.now() == NOON + HOUR


def test_one_that_is_set_right_again_is_believed_again(machine: Machine) -> None:
    machine.shows += 24 * HOUR
    assert not machine.clock.is_sure
    machine.passes(HOUR)

    machine.shows -= 24 * HOUR

    assert machine.clock.is_sure
    assert machine.clock.now() == NOON + HOUR == machine.shows


def test_one_that_is_put_right_little_by_little_is_followed(machine: Machine) -> None:
    for _ in range(60):
        machine.shows += timedelta(minutes=1)
        machine.clock.now()

    assert machine.clock.is_sure
    assert machine.clock.now() == machine.shows


def test_who_slept_and_is_told_that_it_is_later_believes_the_wall(machine: Machine) -> None:
    machine.shows += 8 * HOUR
    assert not machine.clock.is_sure

    machine.clock.told(NOON + 8 * HOUR - timedelta(seconds=1))

    assert machine.clock.is_sure
    assert machine.clock.now() == machine.shows


def test_whose_clock_was_wrong_from_the_beginning_goes_by_what_it_is_told(machine: Machine) -> None:
    machine.clock.told(NOON - 3 * HOUR)

    assert not machine.clock.is_sure
    machine.passes(HOUR)
    assert machine.clock.now() == NOON - 2 * HOUR


def test_what_is_within_bounds_is_no_reason_to_doubt(machine: Machine) -> None:
    machine.clock.told(NOON + TOLERATED)

    assert machine.clock.is_sure
    assert machine.clock.now() == NOON


def test_it_is_this_machine_s_unless_somebody_says_otherwise() -> None:
    assert GuardedClock().is_sure

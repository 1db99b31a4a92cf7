"""The pace: when the next message may go out, worked out with numbers."""

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from random import Random

import pytest

from bot.chat import Capabilities
from bot.platforms.telegram.platform import PER_SECOND
from handlers.pace import Pace


def sent_at(pace: Pace, chats: list[str], start: float, *, in_group: bool = False) -> list[float]:
    """Return when messages wanted at once go out, each as soon as it may."""
    now, moments = start, []
    for chat in chats:
        now = max(now, pace.opens(chat, in_group=in_group))
        pace.take(chat, now, in_group=in_group)
        pace.answered(now, now)
        moments.append(round(now - start, 3))
    return moments


def test_without_limits_everything_goes_at_once() -> None:
    assert sent_at(Pace(Capabilities()), ["a"] * 5, 100.0) == [0.0] * 5


def test_slots_are_evenly_spaced_with_a_fortieth_of_a_second_to_catch_up_with() -> None:
    pace = Pace(Capabilities(per_second=10))

    assert sent_at(pace, list("abcdef"), 100.0) == [0.0, 0.075, 0.175, 0.275, 0.375, 0.475]


@pytest.mark.parametrize("idle", [0.05, 0.5, 5.0, 500.0])
def test_a_long_silence_earns_no_burst(idle: float) -> None:
    pace = Pace(Capabilities(per_second=10))
    sent_at(pace, list("abcdef"), 100.0)

    moments = sent_at(pace, list("ghijk"), 100.4 + idle)

    assert moments[1] >= 0.0749
    assert all(later - sooner >= 0.0999 for sooner, later in pairwise(moments[1:]))


@pytest.mark.parametrize("per_second", [1.0, 28.0, 30.0])
def test_no_window_of_a_second_holds_more_than_the_rate_and_one(per_second: float) -> None:
    moments = sent_at(Pace(Capabilities(per_second=per_second)), [str(n) for n in range(200)], 100.0)

    assert max(sum(start <= at < start + 1 for at in moments) for start in moments) <= per_second + 1


def test_a_wake_that_comes_late_keeps_within_thirty_in_any_second() -> None:
    late = Random(11)
    pace, now, moments = Pace(Capabilities(per_second=PER_SECOND)), 100.0, []
    for number in range(2_000):
        now = max(now, pace.opens(str(number), in_group=False)) + late.choice([0, 0, 0.002, 0.009, 0.03])
        pace.take(str(number), now, in_group=False)
        pace.answered(now, now)
        moments.append(now)

    assert are_within_thirty_in_any_second(moments)


def counted(
    way: Callable[[float], tuple[float, float]], number: int, late: Callable[[], float] = lambda: 0.0
) -> list[float]:
    """Return when a platform counted messages that were wanted at once.

    ``way`` tells how long one that goes out at a moment is on its way, and how long its answer is; ``late``
    by how much we wake too late for a slot.
    """
    pace, now = Pace(Capabilities(per_second=PER_SECOND)), 100.0
    under_way, found = list[tuple[float, float]](), list[float]()
    while len(found) < number:
        opens = pace.opens(str(len(found)), in_group=False)
        while under_way and under_way[0][0] <= max(now, opens):
            now, taken = max(now, under_way[0][0]), heappop(under_way)[1]
            pace.answered(taken, now)
            opens = pace.opens(str(len(found)), in_group=False)
        now = max(now, opens) + late()
        pace.take(str(len(found)), now, in_group=False)
        there, back = way(now)
        found.append(now + there)
        heappush(under_way, (now + there + back, now))
    return sorted(found)


def are_within_thirty_in_any_second(moments: Sequence[float]) -> bool:
    return all(later - sooner >= 0.999_999 for sooner, later in zip(moments, moments[30:], strict=False))


def test_late_wakes_and_a_slow_network_together_stay_within_thirty_in_any_second() -> None:
    late = Random(11)

    moments = counted(
        lambda _: (late.uniform(0, 0.03), 0.0), 2_000, lambda: late.choice([0, 0, 0.002, 0.009, 0.03])
    )

    assert are_within_thirty_in_any_second(moments)


def test_messages_delayed_by_the_network_stay_within_thirty_in_any_second() -> None:
    late = Random(11)

    moments = counted(lambda _: (0.02 + late.uniform(0, 0.08), 0.02 + late.uniform(0, 0.08)), 2_000)

    assert are_within_thirty_in_any_second(moments)
    assert (len(moments) - 1) / (moments[-1] - moments[0]) > 26


@pytest.mark.parametrize("there", [0.0, 0.15])
def test_a_way_as_long_for_everybody_costs_nothing(there: float) -> None:
    moments = counted(lambda _: (there, 0.1), 2_000)

    # In the first five seconds nobody knows yet that it is so long.
    assert 1_849 / (moments[-1] - moments[150]) == pytest.approx(PER_SECOND, rel=0.001)


@pytest.mark.parametrize("stall", [0.05, 0.3, 5.0, 90.0])
def test_what_waits_while_the_platform_stands_still_is_no_burst_afterwards(stall: float) -> None:
    """Every two seconds it takes nothing for a while, and then all at once."""

    def way(now: float) -> tuple[float, float]:
        since = now % (2 + stall)
        return 0.01 + max(0.0, stall - since), 0.01

    assert are_within_thirty_in_any_second(counted(way, 2_000))


def test_the_rate_is_used_up_when_woken_a_little_late() -> None:
    pace, now = Pace(Capabilities(per_second=28)), 100.0
    for number in range(281):
        now = max(now, pace.opens(str(number), in_group=False)) + 0.003
        pace.take(str(number), now, in_group=False)
        pace.answered(now, now)

    assert now - 100.0 < 10.0 * 1.01


def test_a_chat_gets_one_a_second_and_holds_up_no_other() -> None:
    pace = Pace(Capabilities(per_second=30, per_chat_second=1))
    pace.take("a", 100.0, in_group=False)

    assert pace.opens("a", in_group=False) == 101.0
    assert pace.opens("b", in_group=False) < 100.04


def test_a_group_gets_twenty_a_minute_whenever_the_minute_begins() -> None:
    pace = Pace(Capabilities(per_chat_second=1, per_group_minute=20))

    moments = sent_at(pace, ["group"] * 45, 100.0, in_group=True)

    assert moments[:20] == [float(second) for second in range(20)]
    assert moments[20] == 60.0
    assert max(sum(start <= at < start + 60 for at in moments) for start in moments) == 20


def test_the_minute_of_groups_does_not_bind_people() -> None:
    pace = Pace(Capabilities(per_group_minute=2))

    assert sent_at(pace, ["person"] * 9, 100.0) == [0.0] * 9


def test_chats_written_to_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.pace._MANY", 100)
    pace = Pace(Capabilities(per_chat_second=1))

    for number in range(1_000):
        pace.take(f"chat{number}", 100.0 + number, in_group=False)

    assert len(pace._next_of_chat) <= 101

"""The pace: when the next message may go out, worked out with numbers."""

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
        moments.append(round(now - start, 3))
    return moments


def test_without_limits_everything_goes_at_once() -> None:
    assert sent_at(Pace(Capabilities()), ["a"] * 5, 100.0) == [0.0] * 5


def test_slots_are_evenly_spaced_with_a_hundredth_of_a_second_to_catch_up_with() -> None:
    pace = Pace(Capabilities(per_second=10))

    assert sent_at(pace, list("abcdef"), 100.0) == [0.0, 0.09, 0.19, 0.29, 0.39, 0.49]


@pytest.mark.parametrize("idle", [0.05, 0.5, 5.0, 500.0])
def test_a_long_silence_earns_no_burst(idle: float) -> None:
    pace = Pace(Capabilities(per_second=10))
    sent_at(pace, list("abcdef"), 100.0)

    moments = sent_at(pace, list("ghijk"), 100.4 + idle)

    assert moments[1] >= 0.0899
    assert all(later - sooner >= 0.0999 for sooner, later in pairwise(moments[1:]))


@pytest.mark.parametrize("per_second", [1.0, 28.0, 30.0])
def test_no_window_of_a_second_holds_more_than_the_rate_and_one(per_second: float) -> None:
    moments = sent_at(Pace(Capabilities(per_second=per_second)), [str(n) for n in range(200)], 100.0)

    assert max(sum(start <= at < start + 1 for at in moments) for start in moments) <= per_second + 1


def test_messages_delayed_by_the_network_stay_within_thirty_in_any_second() -> None:
    late = Random(11)
    pace, now, arrived = Pace(Capabilities(per_second=PER_SECOND)), 100.0, []
    for number in range(2_000):
        now = max(now, pace.opens(str(number), in_group=False)) + late.choice([0, 0, 0.002, 0.009, 0.03])
        pace.take(str(number), now, in_group=False)
        arrived.append(now + late.uniform(0, 0.03))
    arrived.sort()

    assert all(later - sooner >= 1 for sooner, later in zip(arrived, arrived[30:], strict=False))


def test_the_rate_is_used_up_when_woken_a_little_late() -> None:
    pace, now = Pace(Capabilities(per_second=28)), 100.0
    for number in range(281):
        now = max(now, pace.opens(str(number), in_group=False)) + 0.003
        pace.take(str(number), now, in_group=False)

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

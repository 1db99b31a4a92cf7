"""How long a letter waits, and a connection that fails is left alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat import Address, Outgoing
from bot.errors import DeliveryError, Failure
from handlers.rest import Rest, patience
from storage.letters import Claimed, Lane

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)

DOWN = DeliveryError(Failure.RETRY, "no answer")
CUT = DeliveryError(Failure.IN_DOUBT, "the connection broke")
ASKED_TO_WAIT = DeliveryError(Failure.RETRY, "too fast", after=37 * SECOND)
REFUSED = DeliveryError(Failure.REFUSED, "too long")
GONE = DeliveryError(Failure.UNREACHABLE, "blocked")


def rest(*failures: DeliveryError, at: datetime = NOON) -> Rest:
    found = Rest()
    for failure in failures:
        found.fail(failure, at)
    return found


def tried(attempts: int) -> Claimed:
    to = Address("fake", "liu")
    return Claimed(
        id=1, key="k", lane=Lane.NOW, to=to, in_group=False, message=Outgoing(to, "x"), attempts=attempts,
        doubts=0, subject="", person_id=None, paper_id=None, updates=None, due_at=NOON, made_at=NOON,
        claimed_at=NOON,
    )  # fmt: skip


@pytest.mark.parametrize("failures", [[], [DOWN, DOWN], [CUT, DOWN]])
def test_two_failures_are_borne(failures: Sequence[DeliveryError]) -> None:
    assert not rest(*failures).is_needed
    assert rest(*failures).until(NOON) is None


@pytest.mark.parametrize("failures", [[DOWN] * 3, [CUT] * 3, [DOWN, CUT, DOWN]])
def test_the_third_makes_the_connection_rest_for_a_second(failures: Sequence[DeliveryError]) -> None:
    assert rest(*failures).is_needed
    assert rest(*failures).until(NOON) == NOON + SECOND
    assert rest(*failures).until(NOON + SECOND) is None


@pytest.mark.parametrize("failure", [ASKED_TO_WAIT, REFUSED, GONE])
def test_what_is_about_one_chat_or_message_makes_no_connection_rest(failure: DeliveryError) -> None:
    assert not rest(*[failure] * 10).is_needed
    assert not rest(DOWN, DOWN, failure).is_needed


@pytest.mark.parametrize("failure", [ASKED_TO_WAIT, REFUSED, GONE])
def test_nor_does_it_make_a_rest_longer_that_is_over(failure: DeliveryError) -> None:
    tired = rest(DOWN, DOWN, DOWN)

    tired.fail(failure, NOON + SECOND)

    assert tired.until(NOON + SECOND) is None


def test_many_that_fail_at_once_make_one_rest() -> None:
    assert rest(*[DOWN] * 100).until(NOON) == NOON + SECOND


def test_each_rest_is_twice_as_long_up_to_a_minute() -> None:
    tired, now, lengths = rest(DOWN, DOWN), NOON, []
    for _ in range(8):
        tired.fail(DOWN, now)
        until = tired.until(now)
        assert until is not None
        lengths.append((until - now).total_seconds())
        now = until

    assert lengths == [1, 2, 4, 8, 16, 32, 60, 60]


def test_what_arrives_ends_it_and_the_next_begins_anew() -> None:
    tired = rest(DOWN, DOWN, DOWN)
    tired.fail(DOWN, NOON + SECOND)
    tired.end()
    later = NOON + timedelta(minutes=1)

    assert not tired.is_needed
    tired.fail(DOWN, later)
    tired.fail(DOWN, later)
    assert not tired.is_needed
    tired.fail(DOWN, later)
    assert tired.until(later) == later + SECOND


def test_a_letter_waits_as_long_as_the_platform_says() -> None:
    assert patience(tried(9), ASKED_TO_WAIT) == 37 * SECOND


def test_without_a_word_of_the_platform_each_wait_is_twice_as_long_up_to_a_minute() -> None:
    assert [patience(tried(n), DOWN) / SECOND for n in (1, 2, 3, 4, 5, 6, 7, 500)] == [
        2,
        4,
        8,
        16,
        32,
        60,
        60,
        60,
    ]

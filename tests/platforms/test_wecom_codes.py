"""What each error code of WECOM.md section 8 does to a message, its chat and its channel."""

from datetime import timedelta

import pytest

from bot.errors import Cause, Failure
from bot.platforms.wecom.codes import CODES, meaning
from bot.platforms.wecom.errors import WeComError

SOON, MINUTE, LATER = 5, 60, 600
ONE, WHOLE = False, True

TABLE = {
    # Passes by itself: the message waits, and goes out.
    -1: (Failure.RETRY, SOON, ONE),
    6000: (Failure.RETRY, SOON, ONE),
    40007: (Failure.RETRY, SOON, ONE),
    40014: (Failure.RETRY, SOON, ONE),
    41001: (Failure.RETRY, SOON, ONE),
    42001: (Failure.RETRY, SOON, ONE),
    45009: (Failure.RETRY, MINUTE, ONE),
    45033: (Failure.RETRY, SOON, ONE),
    # The connection is gone: the whole channel waits for the next one.
    846601: (Failure.RETRY, SOON, WHOLE),
    846602: (Failure.RETRY, SOON, WHOLE),
    846609: (Failure.RETRY, SOON, WHOLE),
    # The operator has to put something right: the whole channel waits, nothing is lost.
    40001: (Failure.RETRY, LATER, WHOLE),
    40013: (Failure.RETRY, LATER, WHOLE),
    40056: (Failure.RETRY, LATER, WHOLE),
    48002: (Failure.RETRY, LATER, WHOLE),
    60020: (Failure.RETRY, LATER, WHOLE),
    301002: (Failure.RETRY, LATER, WHOLE),
    # Nobody is there: this account or group takes nothing.
    40003: (Failure.UNREACHABLE, None, ONE),
    60011: (Failure.UNREACHABLE, None, ONE),
    60111: (Failure.UNREACHABLE, None, ONE),
    81013: (Failure.UNREACHABLE, None, ONE),
    86001: (Failure.UNREACHABLE, None, ONE),
    86003: (Failure.UNREACHABLE, None, ONE),
    86008: (Failure.UNREACHABLE, None, ONE),
    93000: (Failure.UNREACHABLE, None, ONE),
    93006: (Failure.UNOPENED, None, ONE),
    # This message will never be taken as it is.
    40008: (Failure.REFUSED, None, ONE),
    40058: (Failure.REFUSED, None, ONE),
    **dict.fromkeys(
        (40004, 40005, 40006, 40009, 40011, 40035, 44001, 44004, 45001, 47001), (Failure.REFUSED, None, ONE)
    ),
    45002: (Failure.REFUSED, None, ONE),
    86201: (Failure.REFUSED, None, ONE),
    846605: (Failure.REFUSED, None, ONE),
    846608: (Failure.REFUSED, None, ONE),
}


@pytest.mark.parametrize("code", TABLE)
def test_a_code_says_whether_to_wait_for_how_long_and_for_whom(code: int) -> None:
    kind, seconds, whole_bot = TABLE[code]

    failure = meaning(WeComError(code, "hint: [17], from ip: 203.0.113.9"))

    assert (failure.kind, failure.whole_bot) == (kind, whole_bot)
    assert failure.after == (None if seconds is None else timedelta(seconds=seconds))
    assert CODES[code].cure in str(failure)
    assert f"（错误码 {code}）" in str(failure)
    assert "hint" not in str(failure)


@pytest.mark.parametrize(
    ("code", "cause"),
    [(45002, Cause.TOO_LONG), (44004, Cause.MALFORMED), (40001, Cause.CREDENTIALS), (60111, Cause.GONE)],
)
def test_a_code_says_why_to_the_office(code: int, cause: Cause) -> None:
    assert meaning(WeComError(code)).cause is cause


def test_no_code_is_treated_in_a_way_that_stands_nowhere() -> None:
    assert CODES.keys() == TABLE.keys()
    assert all(code.cure for code in CODES.values())

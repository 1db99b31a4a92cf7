"""A failpoint does what it was told, at the step and the time it was told, and nothing where nobody asked."""

import asyncio
import sys
from collections.abc import Iterator

import pytest

from bot import failpoints
from bot.errors import ConfigurationError
from tests.command import environment


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


def test_nothing_happens_where_nobody_asked() -> None:
    for step in failpoints.STEPS:
        failpoints.reach(step)


def test_it_acts_once_at_its_step_and_its_time() -> None:
    failpoints.arm("commit:raise@2")

    failpoints.reach("committed")
    failpoints.reach("commit")
    with pytest.raises(OSError, match="failpoint"):
        failpoints.reach("commit")
    failpoints.reach("commit")


@pytest.mark.parametrize(
    "words", ["commit", "commit:die", "lunch:kill", "commit:kill@0", "commit:sleep", "kill"]
)
def test_what_is_none_is_refused_with_the_steps_there_are(words: str) -> None:
    with pytest.raises(ConfigurationError, match="received, statement, commit"):
        failpoints.arm(words)


@pytest.mark.parametrize(("words", "code"), [("send:kill", -9), ("sent:kill", 0), ("send:sleep:0", 0)])
async def test_it_is_armed_by_the_environment(words: str, code: int) -> None:
    program = "from bot import failpoints; failpoints.reach('send')"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, env=environment() | {"FP": words}
    )

    assert await process.wait() == code

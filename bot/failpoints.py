"""Places where a test makes the program die or fail; nothing happens where ``FP`` is not set.

``FP=committed:kill@3`` kills it, as with -9, when it comes to ``committed`` for the third time.
"""

import os
import re
import signal
import time
from collections.abc import Callable

from bot.errors import ConfigurationError

STEPS = (
    "received",  # the bytes of updates were read
    "statement",  # the writer is about to run a statement
    "commit",  # a group is about to be committed
    "committed",  # it is, and nobody has been told
    "confirm",  # the next poll, or our answer, will confirm what was stored
    "send",  # a letter is about to be handed over
    "sent",  # the platform took it, which is not written down yet
)

_FORM = re.compile(rf"({'|'.join(STEPS)}):(kill|raise|stop|sleep:(\d+(?:\.\d+)?))(?:@([1-9]\d*))?")

armed: Callable[[str], None] | None = None
"""What is done at each step; None, and so it is unless somebody asked, does nothing."""


def reach(step: str) -> None:
    """Come to a step."""
    if armed is not None:
        armed(step)


def arm(words: str) -> None:
    """Do what the words say at a step, once; raise ConfigurationError if they cannot be understood."""
    global armed  # noqa: PLW0603 -- one process dies once
    if not words:
        armed = None
        return
    found = _FORM.fullmatch(words)
    if found is None:
        forms = "STEP:kill, STEP:raise, STEP:stop or STEP:sleep:SECONDS, each with @N where wanted"
        raise ConfigurationError("FP", [f"{words!r} is none of {forms}; steps: {', '.join(STEPS)}"])
    wanted, action, seconds, number = found[1], found[2], float(found[3] or 0), int(found[4] or 1)
    left = [number]

    def at(step: str) -> None:
        if step != wanted:
            return
        left[0] -= 1
        if left[0] == 0:
            _act(action, seconds)

    armed = at


def _act(action: str, seconds: float) -> None:
    match action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "raise":
            raise OSError("a failpoint was reached")
        case _:
            time.sleep(seconds)


arm(os.environ.get("FP", ""))

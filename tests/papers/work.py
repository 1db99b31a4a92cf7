"""Work for the workshop that fails, ends or never ends."""

import os
import threading
from pathlib import Path


def doubled(words: bytes) -> bytes:
    """Return twice as many bytes, after a word on standard output that nobody ordered."""
    os.write(1, b"noise")
    return words * 2


def child() -> int:
    """Return the process this runs in."""
    return os.getpid()


def failing(reason: str) -> None:
    """Fail as a function fails."""
    raise RuntimeError(reason)


def unpicklable() -> object:
    """Return what cannot leave the process."""
    return threading.Lock()


def ending(times: int, marks: Path) -> int:
    """End the process as a crash does, so many times; then return how often it did."""
    crashed = len(list(marks.iterdir()))
    if crashed < times:
        (marks / str(crashed)).touch()
        os._exit(9)
    return crashed


def hanging(announced: Path) -> None:
    """Write this process's id into a pipe that somebody reads, then never end."""
    with announced.open("w") as pipe:
        pipe.write(str(os.getpid()))
    threading.Event().wait()


def order_and_wait(announced: str) -> None:
    """Be a bot whose workshop never finishes."""
    import asyncio  # noqa: PLC0415 -- only the process that stands for a bot needs it

    from bot.papers.workshop import Workshop  # noqa: PLC0415

    asyncio.run(Workshop().make(hanging, Path(announced)))

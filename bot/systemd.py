"""What systemd is told: that we are ready, that we still live, that we stop (the protocol of sd_notify)."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable

log = logging.getLogger(__name__)


def notify(words: str) -> bool:
    """Tell the service manager something; False where there is none, or it cannot be told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    # A leading @ stands for the zero byte of Linux's abstract addresses.
    place = f"\0{address[1:]}" if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(words.encode(), place)
    except OSError as error:
        log.warning("NOTIFY_SOCKET %s cannot be told %s: %s", address, words, error)
        return False
    return True


async def feed(is_well: Callable[[], bool]) -> None:
    """Tell the watchdog that we live, twice in its time and only while all is well.

    Return at once where there is none (WatchdogSec in the unit), else never.
    """
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while True:
        if is_well():
            notify("WATCHDOG=1")
        await asyncio.sleep(int(microseconds) / 2_000_000)

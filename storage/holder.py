"""Which process holds something, in words and for certain."""

import os
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PARTS = 5


@dataclass(frozen=True, slots=True)
class Holder:
    """A process: ``mark`` is its own for ever, and its ``place`` such as ``4711@pc-1``."""

    mark: str
    place: str


def myself() -> Holder:
    """Return a holder of this process; another one each time, since one process may serve a county again."""
    pid = os.getpid()
    mark = "/".join([*_machine(), str(pid), _began(pid), secrets.token_hex(4)])
    return Holder(mark, f"{pid}@{socket.gethostname()}")


def in_words(place: str) -> str:
    """Return a place as a sentence names it."""
    pid, _, host = place.partition("@")
    return f"process {pid} on host {host}"


def is_gone(mark: str) -> bool:
    """Tell whether the process of a mark ran on this machine, since it was last started, and has ended.

    Of a process on another machine nobody can tell: a line that is cut looks the same.
    """
    parts = mark.split("/")
    if len(parts) != _PARTS or not all(parts) or parts[:2] != _machine():
        return False
    return _began(int(parts[2])) != parts[3]


def _machine() -> list[str]:
    """Return what names this boot of this machine and the numbering of its processes; empty if unknown."""
    found = ["", ""]
    with suppress(OSError):
        found = [
            (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip(),
            str((_PROC / "self/ns/pid").stat().st_ino),
        ]
    return found


def _began(pid: int) -> str:
    """Return when a process began, in ticks since the machine did; empty if it is not there, or is dead."""
    with suppress(OSError):
        # Its name stands in brackets and may hold anything; the state follows, and the beginning 19 on.
        fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return "" if fields[0] in {"Z", "X"} else fields[19]
    return ""

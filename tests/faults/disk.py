"""What a disk holds when the power fails, rebuilt from what strace saw a process do to its files.

It keeps less than any disk: whatever was not synced may be there or not, page by page, a page torn between
its sectors, a file at any length it has had, and a name made or taken away only once its folder was synced.
"""

import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.faults.program import FILE

_PAGE, _SECTOR = 4096, 512
_SEEN = "openat,pwrite64,ftruncate,fdatasync,fsync,/unlink,sendto"
_LINE = re.compile(r"\d+ +(?:<\.\.\. (?=\w+ (?P<resumed>resumed)))?(?P<name>\w+)(?:\(| resumed)(?P<rest>.*)")
_GIVEN = re.compile(
    r'(?:\d+|AT_FDCWD)?(?:<(?P<path>[^>]*)>)?(?:, )?(?:"(?P<words>[^"]*)")?(?P<numbers>[^=<]*)'
)
_SYNCS = ("fdatasync", "fsync")
_NOT_ON_IT = ("-shm", ".lock", ".ballast")
"""What is made anew, or of no account."""


def traced(to: Path) -> tuple[str, ...]:
    """Return what is put before a command so that what it does to files and sockets is noted."""
    return (
        "strace",
        "-D",
        "-f",
        "--seccomp-bpf",
        "-y",
        "-xx",
        "-s",
        "1000000",
        "-o",
        str(to),
        "-e",
        f"trace={_SEEN}",
    )


def is_whole(trace: Path, pid: int) -> bool:
    """Tell whether all that a command did has been noted: its first thread ends last."""
    with trace.open("rb") as lines:
        lines.seek(-min(_PAGE, trace.stat().st_size), os.SEEK_END)
        return re.search(rf"^{pid} +\+\+\+ ".encode(), lines.read(), re.MULTILINE) is not None


@dataclass(eq=False, slots=True)
class Call:
    """A call of the system: to which file, with which bytes, where."""

    name: str
    path: Path
    words: bytes
    numbers: list[int]
    has_failed: bool = False

    @property
    def offset(self) -> int:
        return self.numbers[-1]

    @property
    def kind(self) -> str:
        """What it does to whom, empty if it does not matter when the power fails."""
        if self.name == "sendto":
            return "confirm" if self.offered else "send" if self.message else ""
        return f"{self.name} {self.path.name}" if is_on_it(self.path) else ""

    @property
    def offered(self) -> int:
        """The number below which a poll confirms everything, 0 if it is none."""
        return int(str(self._asked("getUpdates").get("offset", 0)))

    @property
    def message(self) -> tuple[str, str] | None:
        """The chat and the words of a message that is handed over."""
        asked = self._asked("sendMessage")
        return (str(asked["chat_id"]), str(asked["text"])) if asked else None

    def _asked(self, method: str) -> dict[str, object]:
        head, _, body = self.words.partition(b"\r\n\r\n")
        found: dict[str, object] = json.loads(body) if f"/{method} ".encode() in head else {}
        return found


class Moment(NamedTuple):
    """A call as it begins, or as it ends."""

    call: Call
    has_ended: bool


def moments(trace: Path) -> Iterator[Moment]:
    """Yield the beginning and the end of every call."""
    begun: dict[tuple[str, str], Call] = {}
    with trace.open(encoding="ascii") as lines:
        for line in lines:
            found = _LINE.match(line)
            if found is None:
                continue
            who = line.partition(" ")[0], found["name"]
            if not found["resumed"]:
                begun[who] = _call(found["name"], found["rest"])
                yield Moment(begun[who], has_ended=False)
            if "<unfinished" not in line:
                call = begun.pop(who)
                call.has_failed = ") = -1 " in line
                yield Moment(call, has_ended=True)


def _call(name: str, rest: str) -> Call:
    given = _GIVEN.match(rest)
    assert given is not None
    path, words = _bytes(given["path"] or ""), _bytes(given["words"] or "")
    if name in {"openat", "unlink"}:
        path, words = words, b"O_CREAT" if "O_CREAT" in rest else b""
    return Call(
        name, Path(path.decode()), words, [int(each) for each in re.findall(r"\d+", given["numbers"])]
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", "")) if "\\x" in text else text.encode()


class _Done(NamedTuple):
    """Bytes written at a place, or None and the length to which a file was cut; and the call that did it."""

    at: int
    words: bytes | None
    call: Call


@dataclass
class _File:
    safe: bytearray = field(default_factory=bytearray)
    """What is on the disk for certain."""
    since: list[_Done] = field(default_factory=list)
    """What was done since, in order."""

    def sync(self, done: list[_Done]) -> None:
        for each in done:
            _do(self.safe, each)
        self.since = [each for each in self.since if each not in done]

    def now(self) -> bytes:
        """Return what whoever reads it sees, as long as there is power."""
        content = bytearray(self.safe)
        for each in self.since:
            _do(content, each)
        return bytes(content)

    def left(self, chance: random.Random) -> bytes:
        """Return what is left of it without power."""
        lengths, pages = [len(self.safe)], set()
        content = bytearray(self.safe)
        for each in self.since:
            before = len(content)
            _do(content, each)
            lengths.append(len(content))
            end = before if each.words is None else each.at + len(each.words)
            pages |= set(range(min(before, each.at) // _PAGE, -(-end // _PAGE)))
        length = chance.choice(lengths)
        left = bytearray(self.safe[:length].ljust(length, b"\0"))
        for page in pages:
            versions = list(self._versions(page))
            number = chance.randrange(len(versions))
            chosen = bytearray(versions[number])
            if chance.random() < 0.5 and number + 1 < len(versions):
                for sector in range(0, _PAGE, _SECTOR):
                    if chance.random() < 0.5:
                        chosen[sector : sector + _SECTOR] = versions[number + 1][sector : sector + _SECTOR]
            left[page * _PAGE : (page + 1) * _PAGE] = chosen
        return bytes(left[:length])

    def _versions(self, page: int) -> Iterator[bytes]:
        """Yield what stood in a page, one after the other."""
        start = page * _PAGE
        content = bytearray(self.safe[start : start + _PAGE].ljust(_PAGE, b"\0"))
        yield bytes(content)
        for at, words, _ in self.since:
            if words is None:
                keep = max(0, min(_PAGE, at - start))
                content[keep:] = bytes(_PAGE - keep)
            else:
                first, last = max(at, start), min(at + len(words), start + _PAGE)
                if first >= last:
                    continue
                content[first - start : last - start] = words[first - at : last - at]
            yield bytes(content)


def _do(content: bytearray, done: _Done) -> None:
    if done.words is None:
        del content[done.at :]
        content.extend(bytes(done.at - len(content)))
    else:
        content.extend(bytes(max(0, done.at - len(content))))
        content[done.at : done.at + len(done.words)] = done.words


class Disk:
    """A folder's files as they were before a process began, and what it did to them since."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = {
            path.name: _File(bytearray(path.read_bytes())) for path in folder.iterdir() if is_on_it(path)
        }
        self._safe_names = dict(self._names)
        self._ended: set[Call] = set()
        self._syncing: dict[Call, tuple[_File, list[_Done]]] = {}
        self._naming: dict[Call, dict[str, _File]] = {}

    def sees(self, moment: Moment) -> None:
        """Follow a call, which has begun or has ended."""
        call, has_ended = moment
        if call.path == self._folder and call.name in _SYNCS:
            self._sync_names(moment)
        elif call.path.parent == self._folder and is_on_it(call.path):
            if has_ended:
                self._ended.add(call)
            match call.name:
                case "openat" if has_ended and call.words and not call.has_failed:
                    self._names.setdefault(call.path.name, _File())
                case "unlink" if has_ended and not call.has_failed:
                    del self._names[call.path.name]
                case "pwrite64" | "ftruncate" if not has_ended:
                    words = call.words if call.name == "pwrite64" else None
                    self._names[call.path.name].since.append(_Done(call.offset, words, call))
                case "fdatasync" | "fsync":
                    self._sync(moment)

    def _sync(self, moment: Moment) -> None:
        # Only what was over before it began is on the disk when it ends.
        if moment.has_ended:
            file, done = self._syncing.pop(moment.call)
            file.sync(done)
        else:
            file = self._names[moment.call.path.name]
            self._syncing[moment.call] = file, [each for each in file.since if each.call in self._ended]

    def _sync_names(self, moment: Moment) -> None:
        if moment.has_ended:
            self._safe_names = self._naming.pop(moment.call)
        else:
            self._naming[moment.call] = dict(self._names)

    def now(self) -> dict[str, bytes]:
        """Return what every file holds while there is power."""
        return {name: file.now() for name, file in self._names.items()}

    def left(self, chance: random.Random) -> dict[str, bytes]:
        """Return what every file holds without power: all that is not safe, none of it, or some."""
        luck = chance.choice((0.0, 0.5, 0.5, 1.0))
        left = {}
        for name in self._names.keys() | self._safe_names.keys():
            names = self._names if chance.random() < luck else self._safe_names
            if (file := names.get(name)) is not None:
                left[name] = bytes(file.safe) if luck == 0 else file.now() if luck == 1 else file.left(chance)
        return left


def is_on_it(path: Path) -> bool:
    """Tell whether a file is one of those that are rebuilt."""
    return path.name.startswith(FILE) and not path.name.endswith(_NOT_ON_IT)

"""The workshop: pictures and workbooks are made in a process of its own that ends when idle.

A frame on the pipe is eight bytes of length and a pickle. Our own child on two pipes rather
than ``multiprocessing``: its pool cannot stop one job, and leaves its child behind when the
parent is killed. Here the pipe's end is the child's end.
"""

import asyncio
import gc
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, ParamSpec, TypeVar, cast

from bot.errors import PaperError

P = ParamSpec("P")
T = TypeVar("T")

_CHILD = "import sys; sys.path[:] = sys.argv[1:]; from bot.papers.workshop import serve; serve()"
_LENGTH = 8
_ATTEMPTS = 2
"""A crash may have had a passing cause: memory, or somebody's kill."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """What the child answers instead of a result."""

    reason: str
    trace: str


class Workshop:
    """Makes one paper at a time in a child process, which starts when there is work."""

    def __init__(
        self, *, idle: timedelta = timedelta(minutes=1), patience: timedelta = timedelta(minutes=2)
    ) -> None:
        self._idle = idle.total_seconds()
        self._patience = patience.total_seconds()
        self._turn = asyncio.Lock()
        self._child: Process | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        return self._child.pid if self._child else None

    async def make(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what ``work``, a function of some module, returns when the child calls it.

        Raise PaperError if it fails, takes longer than the patience, or ends the child twice.
        """
        order = pickle.dumps((work, args, kwargs))
        async with self._turn:
            if self._leaving is not None:
                self._leaving.cancel()
            try:
                outcome = await self._order(work.__qualname__, order)
            except BaseException:
                # The child may still be at it, and its answer would be taken for the next one's.
                await self._dismiss()
                raise
            self._leaving = asyncio.create_task(self._leave_when_idle())
            if self._closed:
                await self.close()
        if isinstance(outcome, _Failure):
            error = PaperError(f"{work.__qualname__} failed: {outcome.reason}")
            error.add_note(outcome.trace)
            raise error
        return cast("T", outcome)

    async def close(self) -> None:
        """End the child; work under way fails with PaperError. Closing twice is harmless."""
        self._closed = True
        if self._leaving is not None:
            self._leaving.cancel()
        await self._dismiss()

    async def _order(self, name: str, order: bytes) -> object:
        for _ in range(_ATTEMPTS):
            if self._closed:
                break
            child = self._child = self._child or await self._start()
            try:
                async with asyncio.timeout(self._patience):
                    return pickle.loads(await _exchange(child, order))  # noqa: S301 -- our own child's
            except TimeoutError:
                raise PaperError(f"{name} was stopped after {self._patience:g} s") from None
            except (asyncio.IncompleteReadError, ConnectionError):
                await self._dismiss()
        raise PaperError(f"{name}: {'the workshop is closed' if self._closed else 'its process ended twice'}")

    async def _start(self) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", _CHILD, *sys.path, stdin=PIPE, stdout=PIPE
        )

    async def _leave_when_idle(self) -> None:
        await asyncio.sleep(self._idle)
        async with self._turn:
            await self._dismiss()

    async def _dismiss(self) -> None:
        child = self._child
        if child is None:
            return
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
        await child.wait()
        if self._child is child:
            self._child = None


async def _exchange(child: Process, order: bytes) -> bytes:
    if child.stdin is None or child.stdout is None:
        raise ConnectionError
    child.stdin.write(len(order).to_bytes(_LENGTH) + order)
    await child.stdin.drain()
    length = await child.stdout.readexactly(_LENGTH)
    return await child.stdout.readexactly(int.from_bytes(length))


def serve() -> None:
    """Be the child: call what is ordered on standard input until it ends, then end at once."""
    # Ctrl-C and the service manager's SIGTERM go to the whole group; the parent decides.
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.SIG_IGN)
    # Papers wait, people do not.
    os.nice(10)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, orders), daemon=True).start()
    # Looking for rubbish among hundreds of thousands of lines that are all in use took a quarter of the time.
    gc.disable()
    while True:
        answer = _answer(orders.get())
        answers.write(len(answer).to_bytes(_LENGTH) + answer)
        answers.flush()
        gc.collect()
        # What is left – modules, fonts, forms – stays; looking through it after each job took twice the job.
        gc.freeze()


def _receive(pipe: BinaryIO, orders: "queue.SimpleQueue[bytes]") -> None:
    """Take in orders; when the parent is gone, even by kill -9, go with it in mid-work."""
    while length := pipe.read(_LENGTH):
        orders.put(pipe.read(int.from_bytes(length)))
    os._exit(0)


def _answer(order: bytes) -> bytes:
    try:
        work, args, kwargs = pickle.loads(order)  # noqa: S301 -- our own parent's
        return pickle.dumps(work(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 -- the boundary: the parent hears of it
        reason = "".join(traceback.format_exception_only(error)).strip()
        return pickle.dumps(_Failure(reason, "".join(traceback.format_exception(error))))

"""The database, opened: `perform` for writing, `read` for reading.

All writing happens on one thread, in groups: what waits is run item by item, each in its
own savepoint, and committed together. One fsync serves up to 64 messages, and an item that
fails takes nothing else down with it.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot import failpoints
from bot.errors import StorageError
from storage import dialects
from storage.ballast import Ballast
from storage.journal import Journal
from storage.readers import readers
from storage.tx import Tx

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Tx], T]

_GROUP = 64
_LEFT_AFTER = 20.0
"""Seconds that the writer is waited for when the database is closed."""


@dataclass(frozen=True, slots=True)
class _Item:
    """Something to do, and the future that waits for it."""

    work: Work[Any]
    future: "asyncio.Future[Any]"


_Outcome = tuple[_Item, Any, BaseException | None]


class Store:
    """An open database with its writer thread.

    Who is in ``on_owed`` is called, on the event loop, after a commit that owes somebody a message; who is
    in ``on_wanted`` after one with which something came that must be fetched. One that is not ``durable`` may
    lose what was written last when the machine fails: for what is thrown away afterwards.
    """

    def __init__(self, url: str, *, schema: str = "", durable: bool = True) -> None:
        self.url = dialects.parsed(url)
        self.schema = schema
        self.on_owed: list[Callable[[], None]] = []
        self.on_wanted: list[Callable[[], None]] = []
        self._writer = dialects.writer_engine(self.url, schema, durable=durable, serves=True)
        self._readers = readers(self.url, schema)
        file = dialects.sqlite_file(self.url)
        self._journal = Journal(file) if file and durable else None
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_forever, name="writer", daemon=True)
        self._stopped: BaseException | None = None
        self._must_settle = False
        """The disk has failed: what stands in SQLite's journal must come home before anything else."""
        self.ailment = ""
        """Why the last group was not taken, in the driver's words; empty while all is well."""
        self.ballast = Ballast(file) if file else None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        if self._journal:
            self._journal.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # From here on nobody is let in: an item behind the last one would wait for ever.
        self._stopped = self._stopped or StorageError("the database is closed")
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join, _LEFT_AFTER)
        if self._thread.is_alive():
            # It waits for a database that says nothing; whoever waits for it is told.
            log.error("the writer is left behind: the database does not answer")
            self._give_up(self._stopped, [])
        if self._journal:
            await asyncio.to_thread(self._journal.close)
        # The writer last: only the last connection, and one that may write, tidies the journal away.
        await self._readers.close()
        if self._journal:
            self._journal.unmark(self._writer.dispose)
        else:
            self._writer.dispose()

    @property
    def healthy(self) -> bool:
        """Tell whether the writer is alive."""
        return self._thread.is_alive()

    async def perform(self, work: Work[T]) -> T:
        """Run work on the writer and return its result once it is committed.

        Items are run in the order in which they were handed over. Raise what the work raised,
        after its changes were undone. Raise StorageError when the database failed: then nothing
        of the work may be taken for done, and unique keys tell if it was after all.
        """
        if self._stopped is not None:
            raise StorageError("the writer has stopped") from self._stopped
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Item(work, future))
        return await future

    async def read(self, question: Work[T]) -> T:
        """Return the answer to a question about one snapshot of the database.

        Rows are turned into values beside the event loop, in its interpreter: ask for a few hundred at most.
        """
        return await self._readers.ask(lambda connection: question(Tx(connection)))

    # --- the writer's thread ------------------------------------------------------------

    def _write_forever(self) -> None:
        connection: Connection | None = None
        group: list[_Item] = []
        try:
            while True:
                group, last = self._next_group()
                if group:
                    connection = self._commit(connection, group)
                    group = []
                if last:
                    break
        except BaseException as error:
            # Whoever waits must hear of it: a writer that dies silently stops everything.
            log.critical("the writer stopped", exc_info=True)
            self._loop.call_soon_threadsafe(self._give_up, error, group)
        finally:
            if connection is not None:
                connection.close()

    def _next_group(self) -> tuple[list[_Item], bool]:
        group: list[_Item] = []
        item = self._queue.get()
        while item is not None:
            group.append(item)
            if len(group) == _GROUP:
                return group, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _give_up(self, error: BaseException, group: list[_Item]) -> None:
        # On the loop, like `perform`: nobody can come in between the last look and the closing.
        self._stopped = error
        waiting = list(group)
        while not self._queue.empty():
            if (item := self._queue.get()) is not None:
                waiting.append(item)
        for item in waiting:
            if not item.future.done():
                item.future.set_exception(StorageError("the writer stopped"))

    def _commit(self, connection: Connection | None, group: list[_Item]) -> Connection | None:
        """Run a group in one transaction; Return the connection, None when it is spent."""
        try:
            connection = connection or self._connected()
            written = dialects.rows_written(connection)
            dialects.begin(connection, writing=True)
            tx = Tx(connection)
            outcomes = [_outcome(tx, item) for item in group]
            tx.settle()
            failpoints.reach("commit")
            connection.exec_driver_sql("COMMIT")
            failpoints.reach("committed")
            if self._journal and dialects.rows_written(connection) != written:
                self._journal.grew()
        except Exception as error:
            # The writer's loop is a boundary: whatever it was, the next group may fare better.
            # Before COMMIT nothing of the group remains. A COMMIT that failed has an unknown
            # outcome: some of them were found in the file after reopening.
            log.exception("a group of %d was not committed", len(group))
            reason = StorageError(f"the database did not take it: {_reason(error)}")
            self._note(error)
            self._settle([(item, None, reason) for item in group])
            _drop(connection)
            return None
        except BaseException:
            _drop(connection)
            raise
        self._note(next((error.__cause__ for *_, error in outcomes if isinstance(error, StorageError)), None))
        woken = [*(self.on_owed if tx.owes else ()), *(self.on_wanted if tx.wants else ())]
        self._settle(outcomes, woken)
        return connection

    def _connected(self) -> Connection:
        connection = self._writer.connect()
        if self._must_settle:
            try:
                dialects.bring_home(connection)
            except BaseException:
                _drop(connection)
                raise
            self._must_settle = False
        return connection

    def _note(self, error: BaseException | None) -> None:
        """Remember how a group fared; where the disk is full, make room for the next one."""
        self.ailment = _reason(error) if error else ""
        self._must_settle |= dialects.disk_failed(error)
        if self.ballast and dialects.is_full(error):
            self.ballast.drop()

    def _settle(self, outcomes: list[_Outcome], woken: Sequence[Callable[[], None]] = ()) -> None:
        def settle() -> None:
            for item, result, error in outcomes:
                if item.future.done():
                    continue
                if error is None:
                    item.future.set_result(result)
                else:
                    item.future.set_exception(error)
            for wake in woken:
                wake()

        self._loop.call_soon_threadsafe(settle)


def _drop(connection: Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()


class _TransactionLostError(Exception):
    """The database ended the transaction by itself."""


def _outcome(tx: Tx, item: _Item) -> _Outcome:
    """Run one item in a savepoint of its own."""
    driver = cast("Any", tx.connection.connection.driver_connection)
    driver.execute("SAVEPOINT item")
    mark = tx.mark()
    try:
        result = item.work(tx)
    except Exception as error:
        if not dialects.in_transaction(tx.connection):
            raise _TransactionLostError(_reason(error)) from error
        driver.execute("ROLLBACK TO SAVEPOINT item")
        driver.execute("RELEASE SAVEPOINT item")
        tx.forget(mark)
        if isinstance(error, OperationalError):
            refusal = StorageError(f"the database did not take it: {_reason(error)}")
            refusal.__cause__ = error
            return item, None, refusal
        return item, None, error
    driver.execute("RELEASE SAVEPOINT item")
    return item, result, None


def _reason(error: BaseException) -> str:
    """Return what the driver said, without the statement and its values."""
    return str(getattr(error, "orig", None) or error)

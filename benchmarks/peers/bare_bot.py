"""No library but what carries bytes: aiohttp, msgspec, and sqlite3 on a thread that commits in groups.

It keeps what the other peers keep with the same SQL, and no more; its replies are kept nowhere.
"""

import argparse
import asyncio
import json
import queue
import re
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp
import msgspec  # type: ignore[import-not-found]

from benchmarks.peers import journal

_PERCENT = re.compile(r"(\d+)%")
_GROUP = 64


class _Sender(msgspec.Struct):  # type: ignore[misc]
    id: int


class _Message(msgspec.Struct):  # type: ignore[misc]
    sender: _Sender = msgspec.field(name="from")
    text: str = ""


class _Update(msgspec.Struct):  # type: ignore[misc]
    update_id: int
    message: _Message | None = None


class _Updates(msgspec.Struct):  # type: ignore[misc]
    result: list[_Update]


class Writer:
    """One thread that runs what waits, and commits it together."""

    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        journal.prepare(self._connection, None)
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[tuple[asyncio.Future[str], tuple[str, str, str, int]]] = (
            queue.SimpleQueue()
        )
        threading.Thread(target=self._write, daemon=True).start()

    async def answer(self, key: str, account: str, said: str, permille: int) -> str:
        """Take an answer in and return what to reply, once it is committed."""
        future: asyncio.Future[str] = self._loop.create_future()
        self._queue.put((future, (key, account, said, permille)))
        return await future

    def _write(self) -> None:
        execute = self._connection.execute
        while True:
            group = [self._queue.get()]
            while len(group) < _GROUP and not self._queue.empty():
                group.append(self._queue.get())
            execute("BEGIN IMMEDIATE")
            replies = [(future, _kept(execute, *values)) for future, values in group]
            execute("COMMIT")
            self._loop.call_soon_threadsafe(_settle, replies)


def _settle(replies: list[tuple["asyncio.Future[str]", str]]) -> None:
    for future, reply in replies:
        future.set_result(reply)


def _kept(execute: Callable[..., sqlite3.Cursor], key: str, account: str, said: str, permille: int) -> str:
    at = datetime.now(UTC).isoformat()
    if execute(journal.ADMIT.text, {"key": key, "at": at}).rowcount == 0:
        return ""
    person, _ = execute(journal.PERSON.text, {"account": account}).fetchone()
    project, name, _ = execute(journal.PROJECT.text, {"person": person}).fetchone()
    execute(journal.QUESTION.text, {"person": person}).fetchone()
    day = {"project": project, "day": at[:10]}
    version = execute(journal.VERSION.text, day).fetchone()[0] or 0
    execute(
        journal.REPORT.text, {**day, "version": version + 1, "said": said, "permille": permille, "at": at}
    )
    execute(journal.STAND.text, {"project": project, "permille": permille, "said": said})
    detail = json.dumps({"permille": permille, "said": said}, ensure_ascii=False)
    subject = f"project:{project}"
    execute(journal.AUDIT.text, {"person": person, "subject": subject, "detail": detail, "at": at})
    return f"已记 {name}：{said}；形象进度 {permille / 10:g}%"


async def main() -> None:
    """Answer until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("token")
    parser.add_argument("--database", required=True)
    parser.add_argument("--people", type=int, default=500)
    given = parser.parse_args()
    tables = journal.Journal(given.database)
    await tables.create(range(1, given.people + 1))
    await tables.engine.dispose()
    writer = Writer(given.database)
    api, read, offset = f"{given.base}/bot{given.token}", msgspec.json.Decoder(_Updates), 0
    answering: set[asyncio.Task[None]] = set()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=256)) as session:

        async def answer(update: _Update) -> None:
            if update.message is None:
                return
            sender, text = update.message.sender.id, update.message.text
            percent = _PERCENT.search(text)
            permille = int(percent[1]) * 10 if percent else 0
            reply = await writer.answer(str(update.update_id), str(sender), text[:200], permille)
            async with session.post(f"{api}/sendMessage", json={"chat_id": sender, "text": reply}) as sent:
                await sent.read()

        while True:
            asked = {"offset": offset, "timeout": 50, "limit": 100}
            async with session.post(f"{api}/getUpdates", json=asked) as got:
                updates = read.decode(await got.read()).result
            for update in updates:
                offset = update.update_id + 1
                task = asyncio.create_task(answer(update))
                answering.add(task)
                task.add_done_callback(answering.discard)


if __name__ == "__main__":
    asyncio.run(main())

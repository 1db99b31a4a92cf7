"""A plain PgQueuer worker, as its documentation shows one, whose jobs do nothing."""

import argparse
import asyncio
import json
import sys

import psycopg
from pgqueuer.db import PsycopgDriver  # type: ignore[import-not-found]
from pgqueuer.models import Job  # type: ignore[import-not-found]
from pgqueuer.qm import QueueManager  # type: ignore[import-not-found]
from pgqueuer.queries import Queries  # type: ignore[import-not-found]
from pgqueuer.types import QueueExecutionMode  # type: ignore[import-not-found]

_AT_ONCE = 5_000
_BATCH = 128
"""As many as we claim at once."""


async def main() -> None:
    """Install and fill the queue, or work it off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=("owe", "work"))
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=0)
    given = parser.parse_args()
    async with await psycopg.AsyncConnection.connect(given.url, autocommit=True) as connection:
        queries = Queries(PsycopgDriver(connection))
        if given.work == "owe":
            await queries.install()
            for first in range(0, given.rows, _AT_ONCE):
                several = min(_AT_ONCE, given.rows - first)
                await queries.enqueue(["send"] * several, [b"letter"] * several, [0] * several)
            return
        manager = QueueManager(queries)

        @manager.entrypoint("send")  # type: ignore[untyped-decorator]
        async def send(_job: Job) -> None:
            pass

        print(json.dumps("ready"), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await manager.run(batch_size=_BATCH, mode=QueueExecutionMode.drain)


if __name__ == "__main__":
    asyncio.run(main())

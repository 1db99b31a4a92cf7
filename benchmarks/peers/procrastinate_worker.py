"""A plain Procrastinate worker, as its documentation shows one, whose jobs do nothing."""

import argparse
import asyncio
import json
import sys

from procrastinate import App, PsycopgConnector  # type: ignore[import-not-found]

_AT_ONCE = 5_000
_CONCURRENTLY = 32


async def main() -> None:
    """Install and fill the queue, or work it off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=("owe", "work"))
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=0)
    given = parser.parse_args()
    app = App(connector=PsycopgConnector(conninfo=given.url))

    @app.task(name="send")  # type: ignore[untyped-decorator]
    async def send(number: int) -> None:
        pass

    async with app.open_async():
        if given.work == "owe":
            await app.schema_manager.apply_schema_async()
            for first in range(0, given.rows, _AT_ONCE):
                several = range(first, min(first + _AT_ONCE, given.rows))
                await send.batch_defer_async(*({"number": number} for number in several))
            return
        print(json.dumps("ready"), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await app.run_worker_async(wait=False, concurrency=_CONCURRENTLY, install_signal_handlers=False)


if __name__ == "__main__":
    asyncio.run(main())

"""Our bot as `liaison run` puts it together, with a clock that starts anywhere and paces that can be off."""

import argparse
import asyncio
import gc
import signal
from datetime import datetime
from pathlib import Path

from benchmarks.county import settings
from bot.app import assembled
from bot.clock import VirtualClock
from bot.logs import set_up
from bot.papers.workshop import Workshop
from bot.platforms.telegram import TelegramPlatform


async def main() -> None:
    """Work until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("token")
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--at", type=datetime.fromisoformat, required=True)
    parser.add_argument(
        "--per-second", type=float, help="0: as fast as it goes; otherwise Telegram's own pace"
    )
    given = parser.parse_args()
    set_up(json_lines=False, secrets=[given.token])
    clock = VirtualClock(given.at, running=True)
    platform = (
        TelegramPlatform(given.token, clock=clock, api_base=given.base)
        if given.per_second is None
        else TelegramPlatform(
            given.token,
            clock=clock,
            api_base=given.base,
            per_second=given.per_second or None,
            per_chat_second=None,
            per_group_minute=None,
        )
    )
    workshop = Workshop()
    try:
        async with assembled(settings(given.database), clock, [platform], workshop) as bot:
            gc.freeze()  # as `liaison run` does
            working = asyncio.create_task(bot.run())
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
            await asyncio.wait([working])
    finally:
        await workshop.close()


if __name__ == "__main__":
    asyncio.run(main())

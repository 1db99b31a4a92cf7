"""A plain aiogram dispatcher, as its documentation shows one."""

import argparse
import asyncio
import re
from typing import Any

from aiogram import Bot, Dispatcher  # type: ignore[import-not-found]
from aiogram.client.session.aiohttp import AiohttpSession  # type: ignore[import-not-found]
from aiogram.client.telegram import TelegramAPIServer  # type: ignore[import-not-found]
from aiogram.types import Message  # type: ignore[import-not-found]

from benchmarks.peers.journal import PROMPT, Journal

_PERCENT = re.compile(r"(\d+)%")


async def main() -> None:
    """Answer until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("token")
    parser.add_argument("--database", required=True)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--prompts", type=int, default=0)
    parser.add_argument("--keeps-nothing", action="store_true", help="of prompts")
    given = parser.parse_args()
    journal = Journal(given.database)
    await journal.create(range(1, max(given.people, given.prompts) + 1))

    async def answer(message: Message, event_update: Any) -> None:
        percent = _PERCENT.search(message.text)
        permille = int(percent[1]) * 10 if percent else 0
        key, account = str(event_update.update_id), str(message.from_user.id)
        await message.answer(await journal.answer(key, account, message.text[:200], permille))

    bot = Bot(given.token, session=AiohttpSession(api=TelegramAPIServer.from_base(given.base)))
    dispatcher = Dispatcher()
    dispatcher.message.register(answer)

    async def one(chat: int) -> None:
        if given.keeps_nothing:
            await bot.send_message(chat, PROMPT)
        else:
            await journal.prompt(chat, lambda: bot.send_message(chat, PROMPT))

    async def prompt() -> None:
        # All at once, as those write it who have never met a limit.
        await asyncio.gather(*(one(chat) for chat in range(1, given.prompts + 1)))

    prompting = asyncio.create_task(prompt())
    try:
        await dispatcher.start_polling(bot)
    finally:
        prompting.cancel()
        await journal.engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())

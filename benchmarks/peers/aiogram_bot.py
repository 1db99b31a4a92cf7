"""A plain aiogram dispatcher, as its documentation shows one."""

import argparse
import asyncio
import re
from typing import Any

from aiogram import Bot, Dispatcher  # type: ignore[import-not-found]
from aiogram.client.session.aiohttp import AiohttpSession  # type: ignore[import-not-found]
from aiogram.client.telegram import TelegramAPIServer  # type: ignore[import-not-found]
from aiogram.exceptions import TelegramRetryAfter  # type: ignore[import-not-found]
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
    parser.add_argument("--pause", type=float, default=0, help="seconds after each prompt; 0: all at once")
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

    async def send(chat: int) -> Message:
        while True:
            try:
                return await bot.send_message(chat, PROMPT)
            except TelegramRetryAfter as refused:
                await asyncio.sleep(refused.retry_after)

    async def one(chat: int) -> None:
        if given.keeps_nothing:
            await send(chat)
        else:
            await journal.prompt(chat, lambda: send(chat))

    async def prompt() -> None:
        everybody = range(1, given.prompts + 1)
        if not given.pause:
            # As those write it who have never met a limit.
            await asyncio.gather(*(one(chat) for chat in everybody))
            return
        for chat in everybody:
            await one(chat)
            await asyncio.sleep(given.pause)

    prompting = asyncio.create_task(prompt())
    try:
        await dispatcher.start_polling(bot)
    finally:
        prompting.cancel()
        await journal.engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())

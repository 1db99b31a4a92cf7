"""A plain pyTelegramBotAPI bot, as its documentation shows an asynchronous one."""

import argparse
import asyncio
import re

from telebot import asyncio_helper  # type: ignore[import-not-found]
from telebot.async_telebot import AsyncTeleBot  # type: ignore[import-not-found]
from telebot.types import Message  # type: ignore[import-not-found]

from benchmarks.peers.journal import Journal

_PERCENT = re.compile(r"(\d+)%")


async def main() -> None:
    """Answer until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("token")
    parser.add_argument("--database", required=True)
    parser.add_argument("--people", type=int, default=500)
    given = parser.parse_args()
    journal = Journal(given.database)
    await journal.create(range(1, given.people + 1))
    asyncio_helper.API_URL = given.base + "/bot{0}/{1}"
    bot = AsyncTeleBot(given.token)

    @bot.message_handler(func=lambda _: True)  # type: ignore[untyped-decorator]
    async def answer(message: Message) -> None:
        percent = _PERCENT.search(message.text)
        permille = int(percent[1]) * 10 if percent else 0
        # It does not show a handler the number of its update; that of the message tells repeats as well.
        key, account = f"{message.chat.id}:{message.message_id}", str(message.from_user.id)
        reply = await journal.answer(key, account, message.text[:200], permille)
        await bot.send_message(message.chat.id, reply)

    try:
        await bot.infinity_polling()
    finally:
        await journal.engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())

"""A plain python-telegram-bot application, as its documentation shows one."""

import argparse
import asyncio
import re
from typing import Any

from telegram import Update
from telegram.error import TelegramError
from telegram.ext import (
    AIORateLimiter,
    Application,
    ApplicationBuilder,
    ContextTypes,
    MessageHandler,
    filters,
)

from benchmarks.peers.journal import PROMPT, Journal

_PERCENT = re.compile(r"(\d+)%")
_RETRIES = 20

App = Application[Any, Any, Any, Any, Any, Any]


def main() -> None:
    """Answer with `--database`; with `--prompts` tell that many people something meanwhile."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("token")
    parser.add_argument("--database", required=True)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--concurrent", type=int, default=0)
    parser.add_argument("--prompts", type=int, default=0)
    parser.add_argument("--per-second", type=float, default=30, help="0: without a rate limiter")
    given = parser.parse_args()
    journal = Journal(given.database)
    prompting: set[asyncio.Task[None]] = set()

    async def answer(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is None or message.text is None or message.from_user is None:
            return
        percent = _PERCENT.search(message.text)
        permille = int(percent[1]) * 10 if percent else 0
        reply = await journal.answer(
            str(update.update_id), str(message.from_user.id), message.text[:200], permille
        )
        await message.reply_text(reply)

    async def begin(app: App) -> None:
        await journal.create(range(1, max(given.people, given.prompts) + 1))
        # A task for each person, as the rate limiter's documentation has it: it does the waiting.
        prompting.update(
            asyncio.create_task(_prompt(app, journal, chat)) for chat in range(1, given.prompts + 1)
        )

    async def end(_: App) -> None:
        await journal.engine.dispose()

    builder = ApplicationBuilder().token(given.token).base_url(f"{given.base}/bot")
    if given.concurrent:
        builder = builder.concurrent_updates(given.concurrent)
    if given.prompts and given.per_second:
        # Without retries it would lose what is refused.
        builder = builder.rate_limiter(AIORateLimiter(given.per_second, max_retries=_RETRIES))  # type: ignore[arg-type]
    app = builder.post_init(begin).post_shutdown(end).build()
    app.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, answer))
    app.run_polling()


async def _prompt(app: App, journal: Journal, chat: int) -> None:
    try:
        await journal.prompt(chat, lambda: app.bot.send_message(chat, PROMPT))
    except TelegramError as error:
        print(f"lost {chat}: {error}", flush=True)


if __name__ == "__main__":
    main()

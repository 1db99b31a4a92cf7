"""What happened, line by line, told from the audit as it grows."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.app import Bot
from bot.domain.people import Language
from handlers.turn import Beat
from storage.audit import Entry

Note = Callable[[datetime, str], None]

_MOST = 200


class Chronicle:
    """Reads new entries of the audit and tells them in a sentence each."""

    def __init__(self, bot: Bot, note: Note, language: Language = Language.CHINESE) -> None:
        self._bot = bot
        self._note = note
        self._language = language
        self._last = 0

    async def keep(self) -> None:
        """Follow the audit until cancelled."""
        while True:
            await self.catch_up()
            await asyncio.sleep(0.5)

    async def catch_up(self) -> None:
        """Tell what is new."""
        for at, text in await self._bot.watch.read(self._news):
            self._note(at, text)

    def _news(self, beat: Beat) -> list[tuple[datetime, str]]:
        entries = beat.tx.audit.after(self._last, _MOST)
        told = []
        for entry in entries:
            self._last = entry.id
            key = f"event.{entry.action.replace('.', '_')}"
            if key in self._bot.texts.keys(self._language):
                told.append((entry.at, self._sentence(beat, key, entry)))
        return told

    def _sentence(self, beat: Beat, key: str, entry: Entry) -> str:
        kind, _, number = entry.subject.partition(":")
        name = number
        if kind == "project":
            name = beat.tx.projects.get(int(number)).name
        elif kind == "problem" and (problem := beat.tx.problems.get(int(number))):
            name = problem.number
        elif kind == "person":
            name = beat.tx.people.get(int(number)).name
        elif kind == "chat" and number.isdecimal() and (chat := beat.tx.chats.get(int(number))):
            name = chat.title
        detail = entry.detail
        to = detail.get("to") or detail.get("holder")
        holder = beat.tx.people.get(to).name if isinstance(to, int) else ""
        return self._bot.texts.say(
            self._language,
            key,
            actor=entry.actor,
            name=name,
            kind=detail.get("kind", ""),
            to=holder,
            count=detail.get("count", ""),
            answered=detail.get("answered", ""),
            asked=detail.get("asked", ""),
            week=detail.get("week", ""),
        )

"""What happened, line by line, told from the audit as it grows."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.app import Bot
from bot.domain.people import Language
from bot.domain.phrase import Phrase
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
        detail = entry.detail
        return self._bot.texts.say(
            self._language,
            key,
            actor=entry.actor,
            name=_name(beat, entry.subject),
            kind=detail.get("kind", ""),
            to=_people(beat, detail.get("to") or detail.get("holder")),
            count=detail.get("count", ""),
            answered=detail.get("answered", ""),
            asked=detail.get("asked", ""),
            week=detail.get("week", ""),
        )


def _name(beat: Beat, subject: str) -> str | Phrase:
    """Return how people call what an entry is about."""
    kind, _, number = subject.partition(":")
    if not number.isdecimal():
        return number
    tx, of = beat.tx, int(number)
    match kind:
        case "project":
            return tx.projects.get(of).name
        case "problem" if problem := tx.problems.get(of):
            return problem.tag
        case "missive" if missive := tx.missives.get(of):
            return missive.number or missive.subject
        case "common" if common := tx.commons.get(of):
            return common.category
        case "person":
            return tx.people.get(of).name
        case "chat" if chat := tx.chats.get(of):
            return chat.title
        case _:
            return number


def _people(beat: Beat, ids: object) -> str:
    """Return the names of the people that an entry names by their ids."""
    listed = ids if isinstance(ids, list) else [ids]
    return "、".join(beat.tx.people.get(each).name for each in listed if isinstance(each, int))

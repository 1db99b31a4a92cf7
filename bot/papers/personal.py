"""What is kept of one person, as a workbook for themselves (SECURITY row 30)."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from bot import texts
from bot.chat import Paper
from bot.domain.county import County
from bot.domain.people import Language
from bot.domain.summary import Say
from bot.papers.book import Book, Column, Form, Sheet
from bot.papers.press import XLSX
from storage.personal import PARTS, Part, Personal
from storage.snapshot import snapshot

_WIDE = frozenset({"text", "note", "detail", "reason", "topic", "project"})
_MOMENTS = frozenset({"at", "opened_at", "accepted_at", "joined_at", "made_at", "used_at", "sent_at"})


@dataclass(frozen=True, slots=True)
class PersonalOrder:
    """Of whom, and where it is kept; it travels to the workshop."""

    url: str
    schema: str
    county: County
    language: Language
    rewordings: Path | None
    person_id: int
    now: datetime


def make_personal(order: PersonalOrder) -> Paper:
    """Return all that is kept of a person, a sheet for each part."""
    say = partial(texts.load(order.rewordings, order.language).say, order.language)
    title = say("mine.title")
    book = Book(
        title, order.now, order.county.calendar.zone, yes=say("ledger.yes"), no=say("ledger.no"), lights={}
    )
    with snapshot(order.url, order.schema) as connection:
        read = Personal(connection)
        sheets = [
            Sheet(say(f"mine.{part.name}"), title, _columns(part, say), read.rows(part, order.person_id), 1)
            for part in PARTS
        ]
        return Paper(f"{title}.xlsx", XLSX, book.of(*sheets))


def _columns(part: Part, say: Say) -> list[Column[tuple[Any, ...]]]:
    return [
        Column(
            say(f"mine.column_{name}"),
            40 if name in _WIDE else 18,
            _form(part, name),
            partial(_deed, place, say) if name == "action" else partial(_cell, place),
        )
        for place, name in enumerate(part.columns)
    ]


def _form(part: Part, name: str) -> Form:
    # A duty on a project is had by days, a problem by the minute.
    is_moment = name in _MOMENTS or (part.name == "custody" and name in {"since", "until"})
    return Form.MOMENT if is_moment else Form.PROSE


def _deed(place: int, say: Say, row: tuple[Any, ...]) -> object:
    """Return what was done, in words: 报问题 for ``problem.reported``."""
    return say(f"kind.{row[place].replace('.', '_')}")


def _cell(place: int, row: tuple[Any, ...]) -> object:
    value = row[place]
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return value if value is None or isinstance(value, datetime) else str(value)

"""One function for each thing that strangers can put in: it takes bytes, and what must hold is asserted.

Hypothesis (`make test`) and atheris (`make faults`) call the same functions. An exception that a reader
documents is no find; any other is one.
"""

import base64
import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import islice
from typing import Any
from zipfile import ZipFile

from sqlalchemy import create_engine, select
from sqlalchemy.pool import StaticPool

from bot.chat import Address, Incoming, Unreadable
from bot.domain.answers import Listed, is_receipt, read_answers
from bot.domain.ballots import read_call, read_score
from bot.domain.changes import read_change
from bot.domain.columns import COLUMNS, Column
from bot.domain.days import read_day_done, read_day_planned
from bot.domain.figures import read_figures, show_money, show_permille
from bot.domain.leave import read_leave
from bot.domain.missives import read_number
from bot.domain.numerals import half_width, number_of
from bot.domain.rhythm import Rhythm, When
from bot.domain.scope import Scope
from bot.domain.tasks import PastDayError, read_due
from bot.domain.until import read_day, read_until, without_until
from bot.domain.wanted import NotAskedError, read_wanted
from bot.domain.week import Week
from bot.domain.words import Measure, clean, fits, split, visible
from bot.errors import DeliveryError, RosterError
from bot.papers.cells import Misread, value_of
from bot.papers.grid import Broken, Cell
from bot.papers.roster import read_roster
from bot.platforms.telegram import wire
from bot.platforms.wecom import envelope, frames, media
from bot.platforms.wecom.crypto import Crypt, CryptoError
from storage.letters import Letter
from storage.outbox import Outbox
from storage.tables import inbox, metadata, outbox

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
_DAYS = (date(2026, 11, 23), date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1))
_PROJECTS = (
    Listed(1, 11, "2026-001", "年产100万吨纯碱项目"),
    Listed(2, 12, "2026-002", "泵业智造产业园"),
    Listed(3, 13, "2026-003", "经开区标准厂房三期"),
)
_COLUMNS: tuple[Column, ...] = tuple(column for columns in COLUMNS.values() for column in columns)
_CRYPT = Crypt("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
_STRANGER = Crypt("QDG6eK", "kWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
_OF_A_WORKBOOK = {
    "xl/workbook.xml": (
        b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
        b'<sheet name="\xe5\x8d\x95\xe4\xbd\x8d" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
        b'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        b'Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def figures(data: bytes) -> None:
    """「62%」, 「3200万」: within bounds, and what we write ourselves is read as it was meant."""
    text = _text(data)
    found = read_figures(text)
    assert found.permille is None or 0 <= found.permille <= 1000
    assert all(0 <= each.amount <= 10**10 for each in found.money)
    assert found == read_figures(half_width(text))
    if found.permille is not None:
        assert read_figures(f"形象进度 {show_permille(found.permille)}").permille == found.permille
    for each in found.money:
        said = read_figures(f"累计完成投资 {show_money(each.amount)}").money
        rounded = 5_000 if each.amount >= 1_000_000 else 0
        assert [abs(one.amount - each.amount) <= rounded for one in said] == [True], (each, said)


def answers(data: bytes) -> None:
    """What a liaison types: only listed projects are spoken of, and nothing typed is made up."""
    text = _text(data)
    for listed in (_PROJECTS, _PROJECTS[:1], ()):
        for answer in read_answers(text, listed, _day(data)):
            assert answer.listed is None or answer.listed in listed
            assert set(answer.candidates) <= set(listed)
            assert answer.until is None or answer.until >= _day(data)
            assert set(answer.text) <= set(text) | {" "}
    is_receipt(text)


def days(data: bytes) -> None:
    """Days and terms in a line: a term is never past, and nothing is read where nothing is said."""
    text, today = _text(data), _day(data)
    until = read_until(text, today)
    assert until is None or until >= today
    assert (without_until(text) is None) <= (until is None)
    read_day(text, today)
    for said in (read_day_done(text, today), read_day_planned(text, today)):
        assert said.words or said.rest == text.strip()
        assert said.words or said.day is None
    with suppress(PastDayError):
        read_due(text, today)
    if leave := read_leave(text, today):
        # Days turned round are read, and refused with a sentence of their own; figures are nobody's name.
        assert not re.search(r"\d", leave.who + leave.substitute)
    read_call(text, today)
    change = read_change(text, today)
    assert change is None or change.value or not change.reason
    with suppress(ValueError):
        week = Week.parse(text)
        assert Week.parse(str(week)) == week


def words(data: bytes) -> None:
    """Words from outside: what is cleaned once is clean, what is cut is whole, what is split is all there."""
    text = data.decode("utf-8", "surrogateescape")
    kept = clean(text)
    assert clean(kept) == kept
    assert visible(visible(kept)) == visible(kept)
    assert half_width(half_width(text)) == half_width(text)
    kept.encode()
    for measure in Measure:
        assert measure.of(fits(kept, 40, measure)) <= 40
        parts = split(kept, 40, measure)
        assert all(measure.of(part) <= 40 for part in parts)
        whole = parts if len(parts) == 1 else [part.partition("）")[2] for part in parts]
        assert "".join(whole) == kept
    number = number_of(half_width(text))
    assert number is None or number >= 0
    read_score(text)
    read_number(text)
    with suppress(ValueError):
        scope = Scope.parse(text)
        assert Scope.parse(str(scope)) == scope
    with suppress(NotAskedError):
        read_wanted(text, ("大桥镇", "经开区"), ("资金", "用地"))


def rhythm(data: bytes) -> None:
    """The days of a paper: refused with a ValueError, or they come, in order, again and again."""
    try:
        when = When.parse(_text(data))
    except ValueError:
        return
    assert When.parse(when.words) == when
    line = Rhythm(paper="快报", when=when, at=NOW.time())
    named = list(islice(line.days(_day(data)), 3))
    assert len(named) == 3
    assert named == sorted(set(named))
    assert all(when.falls_on(day) for day in named)
    assert line.day_before(named[1]) == named[0]


def telegram(data: bytes) -> None:
    """Telegram's JSON: read, kept whole or left; never an exception, always something a database takes."""
    try:
        update = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return
    me = wire.Me("42", "liaison_bot")
    said = wire.incoming(update, me, NOW)
    _check(said, "telegram:42:")
    assert wire.incoming(update, me, NOW) == said
    wire.press_id(update)
    wire.update_id(update)


def wecom_frames(data: bytes) -> None:
    """A frame of the AI bot: the same."""
    raw = data.decode("utf-8", "surrogateescape")
    frame = frames.parse(raw)
    if not isinstance(frame, dict):
        _check(frames.unreadable(raw, "B1", "no frame", frame), "wecom:B1:")
        return
    frames.req_id(frame)
    frames.is_takeover(frame)
    said = frames.incoming(frame, raw, "B1", NOW)
    _check(said, "wecom:B1:")
    assert frames.incoming(frame, raw, "B1", NOW) == said


def wecom_callback(data: bytes) -> None:
    """A callback's XML, as it comes and as it is under the seal."""
    with suppress(envelope.Odd):
        envelope.encrypted(data)
    with suppress(envelope.Foreign):
        _check(envelope.incoming(data, "ww1", 7, NOW).said, "wecom:ww1:7:")


def wecom_seal(data: bytes) -> None:
    """A seal: opens for its key and with its signature, for no other, and any damage is a CryptoError."""
    text = data.decode("latin-1")
    with suppress(CryptoError):
        _CRYPT.decrypted(text)
    with suppress(CryptoError):
        _CRYPT.decrypted(base64.b64encode(data).decode())
    sealed, signature = _CRYPT.seal(data, "1409659813", "1372623149", random=bytes(16))
    assert _CRYPT.open(signature, "1409659813", "1372623149", sealed) == data
    for crypt, sign, what in (
        (_STRANGER, signature, sealed),
        (_CRYPT, signature[::-1], sealed),
        (_CRYPT, signature, sealed[:-4]),
        (_CRYPT, text, sealed),
    ):
        if (crypt, sign, what) == (_CRYPT, signature, sealed):
            continue
        try:
            crypt.open(sign, "1409659813", "1372623149", what)
        except CryptoError:
            continue
        raise AssertionError("a seal that is not ours was opened")


def wecom_files(data: bytes) -> None:
    """A file of WeCom's: its key, its content and the header that names it."""
    text = data.decode("utf-8", "surrogateescape")
    name = media.filename(text)
    assert "/" not in name
    assert "\\" not in name
    assert visible(name) == name
    with suppress(ValueError):
        media.key_of(text)
    with suppress(DeliveryError):
        media.decrypted(data, bytes(32))


def workbook(data: bytes) -> None:
    """A workbook of anybody's: a roster, or its faults. The rest of a first byte says which part is odd."""
    kinds: tuple[Callable[[bytes], bytes], ...] = (lambda rest: rest, _with_sheet, _with_workbook)
    with suppress(RosterError):
        read_roster(kinds[data[0] % len(kinds)](data[1:]) if data else b"")


def cells(data: bytes) -> None:
    """A cell under any heading: a value, or what is wrong with it and its cure."""
    if len(data) < 2:
        return
    column = _COLUMNS[data[0] % len(_COLUMNS)]
    with suppress(Misread):
        value = value_of(_cell(data[1], data[2:]), column)
        # What a database keeps in eight bytes.
        assert not isinstance(value, int) or abs(value) < 2**63


def buttons(data: bytes) -> None:
    """What a pressed button brings back: one of the buttons of its letter, or none of ours."""
    text = clean(data.decode("utf-8", "surrogateescape"))
    outbox, token = _outbox()
    for pressed in (outbox.pressed(text), outbox.pressed(f"{token}.{text}")):
        assert pressed is None or pressed.action in {"take:1", "solved:1", "show:1"}
    assert [outbox.pressed(f"{token}.{place}") for place in (0, 2)] != [None, None]
    assert outbox.pressed(f"{token}.3") is None


@cache
def _outbox() -> tuple[Outbox, str]:
    """Return an outbox with one letter of three buttons, and their token."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    connection = engine.connect()
    metadata.create_all(connection, tables=[inbox, outbox])
    letters = Outbox(connection)
    choices = ((("接收", "take:1"), ("解决", "solved:1")), (("详情", "show:1"),))
    letters.add(Letter("fuzz", Address("telegram", "7"), "卡", NOW, choices), NOW)
    return letters, connection.execute(select(outbox.c.token)).scalar_one()


def _text(data: bytes) -> str:
    return clean(data.decode("utf-8", "replace"))


def _day(data: bytes) -> date:
    return _DAYS[len(data) % len(_DAYS)]


def _check(said: Incoming | Unreadable | None, key: str) -> None:
    """Look whether something has its key, and nothing in it that a database refuses."""
    if said is None:
        return
    assert said.key.startswith(key)
    if isinstance(said, Unreadable):
        kept: tuple[Any, ...] = (said.key, said.raw, said.reason)
    else:
        files = [value for file in said.attachments for value in (file.token, file.name, file.media_type)]
        kept = (
            said.key,
            said.at.chat,
            said.sender,
            said.sender_name,
            said.text,
            said.button,
            said.message,
            *files,
        )
        assert said.sent_at.tzinfo is not None
    for each in kept:
        assert "\0" not in each
        each.encode()


def _cell(kind: int, rest: bytes) -> Cell:
    text = rest.decode("utf-8", "surrogateescape")
    number = int.from_bytes(rest[:6], "big", signed=True)
    try:
        as_float = float(text)
    except ValueError:
        as_float = number / 100
    # A workbook cannot hold what is no number.
    as_float = as_float if abs(as_float) < float("inf") else 0.0
    return (
        text, text, text, as_float, bool(number % 2), Broken(text),
        datetime(1900, 1, 1) + timedelta(seconds=abs(number) % (10**11)),  # noqa: DTZ001 -- as a cell has it
        date(1900, 1, 1) + timedelta(days=abs(number) % 10**6), timedelta(seconds=number % 10**9),
    )[kind % 9]  # fmt: skip


def _with_sheet(rest: bytes) -> bytes:
    return _packed({**_OF_A_WORKBOOK, "xl/worksheets/sheet1.xml": rest})


def _with_workbook(rest: bytes) -> bytes:
    return _packed({**_OF_A_WORKBOOK, "xl/workbook.xml": rest, "xl/worksheets/sheet1.xml": b"<worksheet/>"})


def _packed(parts: dict[str, bytes]) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each
    for each in (
        figures, answers, days, words, rhythm, telegram, wecom_frames, wecom_callback, wecom_seal,
        wecom_files, workbook, cells, buttons,
    )
}  # fmt: skip

"""A released missive goes out: printed first, then numbered, opened as a problem and owed, all at once.

What cannot be printed is a draft again, and has no number; a crash in between leaves it released, and
the next beat prints it.
"""

import logging
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from bot.domain.missives import Missive, MissiveState, Sheet, numbered
from bot.domain.people import Person, Unit
from bot.errors import PaperError, Refused, StorageError, TemplateError
from handlers import missive_cards, missive_ties, missives
from handlers.turn import Beat, Desk
from handlers.watch import MissivePapers, Watch
from storage.letters import Lane
from storage.missives import subject

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Order:
    """A letter to be printed, under the number it is to have."""

    missive: Missive
    number: tuple[int, int]
    reply_due: date | None
    sheet: Sheet


def approved(beat: Beat) -> list[Missive]:
    """Return the letters that the office has released and nobody has got."""
    return beat.tx.missives.in_state(MissiveState.APPROVED)


async def send(watch: Watch) -> None:
    """Print, number and send every letter that the office has released."""
    for missive in await watch.read(approved):
        try:
            order = await watch.read(partial(_order, missive))
            papers = await watch.press.missive(order.sheet)
        except Refused as refusal:
            await watch.perform(partial(_put_back, missive, refusal))
        except TemplateError as error:
            unfit = Refused(f"missive.template_{error.key}", file=error.file, what=error.what)
            await watch.perform(partial(_put_back, missive, unfit))
        except PaperError:
            log.exception("missive %d could not be printed; it is a draft again", missive.id)
            await watch.perform(partial(_put_back, missive, Refused("missive.not_printed")))
        else:
            await _take_out(watch, order, papers)


async def _take_out(watch: Watch, order: _Order, papers: MissivePapers) -> None:
    """Send a letter; one that cannot be sent is a draft again, and holds up none behind it."""
    try:
        await watch.perform(partial(_send, order, papers))
    except StorageError:
        raise
    except Exception:
        log.exception("missive %d could not be sent; it is a draft again", order.missive.id)
        await watch.perform(partial(_put_back, order.missive, Refused("missive.not_printed")))


def _order(missive: Missive, beat: Beat) -> _Order:
    to, _ = addressed(beat, missive)
    year = beat.today.year
    number = (year, beat.tx.missives.next_sequence(missive.kind, year))
    reply_due = _reply_due(beat, missive)
    sheet = missive_cards.sheet(beat, missive, numbered(missive.kind, *number), to.name, reply_due)
    return _Order(missive, number, reply_due, sheet)


def addressed(desk: Desk, missive: Missive) -> tuple[Unit, list[Person]]:
    """Return the unit a letter goes to and who gets it there; refuse where nobody does."""
    to = missive_ties.unit(desk, missive)
    if to is None:
        raise Refused("missive.unit_missing", project=missive.project)
    people = missive_ties.recipients(desk, missive, to)
    if not people:
        raise Refused("missive.unit_unreached", unit=to.name)
    return to, people


def _reply_due(desk: Desk, missive: Missive) -> date | None:
    """Return by when a letter of today is to be answered: the day it names, or so many working days."""
    if not missive.kind.wants_reply:
        return None
    if missive.reply_due is not None and missive.reply_due > desk.today:
        return missive.reply_due
    return in_workdays(desk)


def in_workdays(desk: Desk) -> date:
    """Return the day until which a letter of today is to be answered."""
    days = desk.county.calendar.workdays_after(desk.today)
    return [next(days) for _ in range(desk.county.missives.reply_within)][-1]


def _put_back(missive: Missive, refusal: Refused, beat: Beat) -> None:
    """Make it a draft again, and tell who released it why."""
    if not beat.tx.missives.put_back(missive):
        return
    missive_ties.record(beat, None, "put_back", missive, reason=refusal.key, **refusal.blanks)
    missive_cards.refresh(beat, missive.id)
    releaser = beat.tx.people.get(missive.decided_by) if missive.decided_by else None
    if releaser is not None:
        told = beat.say(releaser, refusal.key, **refusal.blanks)
        if refusal.key.startswith("missive.template_"):
            told = beat.say(releaser, "missive.not_sent", why=told)
        slot = f"missive:{missive.id}:put_back:{beat.now.timestamp()}:{releaser.id}"
        beat.tell(releaser, slot, told, disturb=True, in_person=True)


def _send(order: _Order, papers: MissivePapers, beat: Beat) -> None:
    missive = order.missive
    if not missives.is_called_for(beat, missive):
        why = missives.withdraw(beat, missive)
        _tell_releaser(beat, missive, "missive.gone", title=missive.subject, why=why)
        return
    try:
        to, people = addressed(beat, missive)
    except Refused as refusal:
        _put_back(missive, refusal, beat)
        return
    if to.name != order.sheet.addressee or beat.today.year != order.number[0]:
        # Printed for what has changed meanwhile; the next beat prints it anew.
        return
    releaser = beat.tx.people.get(missive.decided_by) if missive.decided_by else None
    if not beat.tx.missives.send(missive, order.number, beat.now, unit_id=to.id, reply_due=order.reply_due):
        return
    problem = missive_ties.watch_over(beat, missive, people, releaser) if releaser else None
    if problem is not None:
        beat.tx.missives.link(missive.id, problem.id)
    beat.tx.receipts.hand(subject(missive.id), [each.id for each in people], beat.now)
    sent = beat.tx.missives.get(missive.id) or missive
    missive_ties.record(
        beat,
        releaser,
        "released",
        sent,
        number=sent.number,
        to=[each.id for each in people],
        problem=problem.number if problem else "",
        text=sent.text,
    )
    missive_cards.refresh(beat, sent.id)
    pdf = beat.tx.papers.add(f"{subject(sent.id)}:pdf", papers.pdf, beat.now)
    docx = beat.tx.papers.add(f"{subject(sent.id)}:docx", papers.docx, beat.now)
    for person in people:
        _owe_paper(beat, person, sent, pdf, "pdf")
        missive_cards.send(beat, person, sent, "sent")
    if releaser is not None:
        names = "、".join(each.name for each in people)
        key = "missive.released_watched" if problem else "missive.released"
        _tell_releaser(beat, sent, key, call=sent.number, names=names, problem=problem.tag if problem else "")
        _owe_paper(beat, releaser, sent, docx, "docx")
        if releaser.id not in {each.id for each in people}:
            _owe_paper(beat, releaser, sent, pdf, "pdf")


def _tell_releaser(beat: Beat, missive: Missive, key: str, **blanks: object) -> None:
    if missive.decided_by is not None:
        releaser = beat.tx.people.get(missive.decided_by)
        told = beat.say(releaser, key, **blanks)
        beat.tell(
            releaser, f"missive:{missive.id}:{key}:{beat.now.timestamp()}", told, disturb=True, in_person=True
        )


def _owe_paper(beat: Beat, person: Person, missive: Missive, paper_id: int, kind: str) -> None:
    letter = beat.draft(person, f"missive:{missive.id}:{kind}:{person.id}", "", lane=Lane.NOW)
    beat.tx.outbox.add(replace(letter, text="", paper_id=paper_id), beat.now)

"""The page of a problem: under its card, what became of it step by step."""

from collections.abc import Iterator
from datetime import datetime

from bot.domain.custody import ENDINGS, Span, held
from bot.domain.people import Person
from bot.domain.problems import Problem
from bot.domain.requests import Asking, Request
from handlers import cards, prompts
from handlers.turn import Desk
from storage.custody import Climbed

_MOST = 11
_LONGEST = 40


def trail(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return who held it and why it went on, who heard that it was late, what was asked: 12 lines at most."""
    steps = [line for _, line in sorted(_steps(desk, reader, problem), key=lambda step: step[0])]
    if len(steps) > _MOST:
        left_out = desk.say(reader, "trail.left_out", count=len(steps) - _MOST + 1)
        steps = [steps[0], left_out, *steps[-_MOST + 2 :]]
    return "\n".join([desk.say(reader, "trail.head"), *steps])


def _steps(desk: Desk, reader: Person, problem: Problem) -> Iterator[tuple[datetime, str]]:
    for span in desk.tx.custody.spans(problem.id):
        yield span.since, _held(desk, reader, span)
    for climbed in desk.tx.custody.climbs(problem.id):
        yield climbed.at, _climbed(desk, reader, climbed)
    for request in desk.tx.requests.of_problem(problem.id):
        yield request.at, _asked(desk, reader, problem, request)


def _held(desk: Desk, reader: Person, span: Span) -> str:
    county = desk.county
    blanks = {
        "at": desk.clock(span.since),
        "name": span.person,
        "length": desk.length(reader, held(span, desk.now, county.deadlines, county.calendar)),
    }
    if span.until is not None:
        ended = desk.say(reader, f"ended.{span.ended}") if span.ended in ENDINGS else span.ended
        return desk.say(reader, "trail.held", ended=_because(desk, reader, ended, span.reason), **blanks)
    if span.accepted_at is None:
        return desk.say(reader, "trail.not_taken", **blanks)
    return desk.say(reader, "trail.taken", accepted=desk.clock(span.accepted_at), **blanks)


def _climbed(desk: Desk, reader: Person, climbed: Climbed) -> str:
    wait = climbed.rung.partition("_")[0]
    names = desk.say(reader, "listing.comma").join(climbed.heard)
    return desk.say(reader, f"trail.late_{wait}", at=desk.clock(climbed.at), names=names)


def _asked(desk: Desk, reader: Person, problem: Problem, request: Request) -> str:
    office = desk.say(reader, "card.the_office")
    blanks = {
        "at": desk.clock(request.at),
        "asker": desk.tx.people.get(request.asker_id).name if request.asker_id else "",
        "to": desk.tx.people.get(request.to_id).name if request.to_id else office,
        "text": prompts.shortened(request.text, _LONGEST),
        "answer": _answer(desk, reader, request),
    }
    if request.asking is Asking.TIME and request.until is not None:
        first = cards.day(desk, problem.first_due)
        return desk.say(
            reader, "trail.more_time", until=desk.date(reader, request.until), first=first, **blanks
        )
    return desk.say(reader, "trail.asked" if request.asker_id else "trail.climbed_by_itself", **blanks)


def _answer(desk: Desk, reader: Person, request: Request) -> str:
    if request.answer is None or request.answered_at is None:
        return desk.say(reader, "trail.no_answer")
    return desk.say(
        reader,
        "trail.answer",
        at=desk.clock(request.answered_at),
        name=desk.tx.people.get(request.answered_by).name if request.answered_by else "",
        answer=_because(desk, reader, request.answer, request.words),
    )


def _because(desk: Desk, reader: Person, what: str, why: str) -> str:
    if not why:
        return what
    return desk.say(reader, "trail.because", what=what, why=prompts.shortened(why, _LONGEST))

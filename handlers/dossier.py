"""The dossier of a request: what a head must know to decide, on one screen (MISSION feature 2)."""

from bot.domain.custody import by_holder
from bot.domain.people import Person
from bot.domain.problems import Problem
from bot.domain.requests import Request
from bot.domain.words import visible
from handlers import cards
from handlers.turn import Desk

_MOST_TRIED = 3


def text(desk: Desk, reader: Person, problem: Problem, request: Request) -> str:
    """Return the cause, what was tried, who disagrees, days of each holder, what to decide."""
    county = desk.county
    trail = desk.tx.audit.trail(cards.subject(problem))
    tried = [str(step.detail["text"]) for step in trail if step.action == "problem.feedback"]
    spans = desk.tx.custody.spans(problem.id)
    disagree = [f"{span.person}：{span.reason}" for span in spans if span.ended == "returned" and span.reason]
    times = by_holder(spans, desk.now, county.deadlines, county.calendar)
    none = desk.say(reader, "request.none")
    asker = desk.tx.people.get(request.asker_id).call if request.asker_id else ""
    return desk.say(
        reader,
        "request.dossier" if asker else "request.dossier_by_itself",
        problem=problem.tag,
        project=problem.project,
        category=problem.kind,
        light=cards.light(desk, reader, problem),
        cause=visible(problem.text),
        name=problem.reporter,
        at=desk.clock(problem.opened_at),
        tried="；".join(visible(each) for each in tried[-_MOST_TRIED:]) or none,
        disagree="；".join(visible(each) for each in disagree[-_MOST_TRIED:]) or none,
        chain=" → ".join(f"{name} {desk.length(reader, held)}" for name, held in times),
        solve=cards.day(desk, problem.solve_due),
        decision=visible(request.text),
        asker=asker,
        asked=desk.clock(request.at),
    )

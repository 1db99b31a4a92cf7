"""延期: more time, for a dated plan, from whoever may grant it (MISSION feature 11)."""

from datetime import date

from bot.domain.people import Person
from bot.domain.problems import Problem
from bot.domain.requests import Answer, Asking, Request
from bot.domain.until import read_day
from bot.domain.words import visible
from bot.errors import Refused
from handlers import buttons, cards, clocks, deeds, requests, routing
from handlers.turn import Turn

MOST = 2
"""How often the deadline of one generation may be put off."""

LEADS_DAYS = 7
"""So many days the lead leader may grant; more is for the office."""


def ask(turn: Turn, problem: Problem) -> None:
    """Ask until when, and how it will be done by then."""
    _must_be_possible(turn, problem)
    turn.ask("extend", problem=problem.id)
    turn.reply("extension.ask", problem=problem.tag, solve=cards.day(turn, problem.solve_due))


def request(turn: Turn, problem: Problem) -> None:
    """Read 「12月10日 农转用已组卷，12月8日前批复」, and ask whoever may grant it."""
    _must_be_possible(turn, problem)
    said = deeds.line(turn)
    until, plan = read_day(said, turn.today)
    if until is None and turn.known.get("until"):
        until, plan = date.fromisoformat(str(turn.known["until"])), said
    if until is None:
        raise Refused("extension.no_day", number=problem.number)
    due = turn.county.calendar.day_of(problem.solve_due) if problem.solve_due else turn.today
    if until < turn.today:
        raise Refused("extension.past", until=turn.date(turn.sender, until))
    if until <= due:
        raise Refused("extension.not_later", problem=problem.tag, solve=turn.date(turn.sender, due))
    if not plan:
        turn.ask("extend", problem=problem.id, until=until.isoformat())
        turn.reply("extension.no_plan", until=turn.date(turn.sender, until))
        return
    to = _granting(turn, problem, (until - due).days)
    asked = turn.tx.requests.add(
        problem,
        Asking.TIME,
        plan,
        turn.now,
        asker_id=turn.sender.id,
        to_id=to.id if to else None,
        until=until,
    )
    turn.record(
        turn.sender, "problem.extension_asked", cards.subject(problem), until=until.isoformat(), text=plan
    )
    for person in [to] if to else turn.office:
        _offer(turn, problem, person, asked, until)
    name = to.call if to else turn.say(turn.sender, "card.the_office")
    turn.reply("extension.asked", problem=problem.tag, until=turn.date(turn.sender, until), name=name)
    cards.refresh(turn, clocks.wind(turn, problem))


def _must_be_possible(turn: Turn, problem: Problem) -> None:
    if problem.extensions >= MOST:
        raise deeds.Final("extension.too_often", problem=problem.tag, count=MOST)
    for each in turn.tx.requests.of_problem(problem.id):
        if each.asking is Asking.TIME and each.answer is None and each.generation == problem.generation:
            raise deeds.Final("extension.asked_already", problem=problem.tag)


def _granting(turn: Turn, problem: Problem, days: int) -> Person | None:
    """Return who may grant so many days: the lead leader, who does not grant their own; None: the office."""
    lead = routing.lead_of(turn, problem.project_id)
    own = {*turn.selves(turn.sender), problem.holder_id}
    return lead if lead and days <= LEADS_DAYS and lead.id not in own else None


def _offer(turn: Turn, problem: Problem, person: Person, asked: Request, until: date) -> None:
    text = turn.say(
        person,
        "extension.offer",
        name=turn.sender.call,
        problem=problem.tag,
        project=problem.project,
        category=problem.kind,
        first=cards.day(turn, problem.first_due or problem.solve_due),
        solve=cards.day(turn, problem.solve_due),
        until=turn.date(person, until),
        count=problem.extensions + 1,
        plan=visible(asked.text),
        cause=visible(problem.text),
    )
    turn.tell(
        person,
        f"request:{asked.id}:{person.id}",
        text,
        buttons.answers_to(turn, person, asked),
        subject=requests.subject(asked),
    )


def grant(turn: Turn, request: Request, problem: Problem) -> None:
    """Grant it: the deadline moves, the first one stays in sight."""
    if request.until is None or request.until < turn.today:
        raise Refused("extension.over", problem=problem.tag)
    _settle(turn, request, problem, Answer.AGREED, "")
    due = turn.county.calendar.at(request.until, turn.county.deadlines.office_until)
    deeds.must_win(turn, problem, won=turn.tx.problems.extend(problem, due))
    turn.record(
        turn.sender, "problem.extended", cards.subject(problem), until=request.until.isoformat(),
        before=cards.day(turn, problem.solve_due),
    )  # fmt: skip
    _tell(turn, request, problem, "extension.granted", "")


def ask_refuse(turn: Turn, request: Request, problem: Problem) -> None:
    """Ask why not."""
    turn.ask("refuse", request=request.id)
    turn.reply("extension.ask_refuse", problem=problem.tag)


def refuse(turn: Turn, request: Request, problem: Problem) -> None:
    """Say no, with a reason."""
    words = deeds.line(turn)
    _settle(turn, request, problem, Answer.REFUSED, words)
    turn.record(turn.sender, "problem.extension_refused", cards.subject(problem), text=words)
    _tell(turn, request, problem, "extension.refused", words)


def _settle(turn: Turn, request: Request, problem: Problem, answer: Answer, words: str) -> None:
    if not turn.tx.requests.answer(request, answer, words, turn.sender.id, turn.now):
        raise deeds.too_late(turn, problem)
    requests.settle(turn, request.id)


def _tell(turn: Turn, request: Request, problem: Problem, key: str, words: str) -> None:
    """Tell who asked, the holder and the reporter how it was decided."""
    everybody = {problem.holder_id, problem.confirmer_id, *([request.asker_id] if request.asker_id else [])}
    for person_id in sorted(everybody - {turn.sender.id}):
        person = turn.tx.people.get(person_id)
        until = turn.date(person, request.until) if request.until else ""
        text = turn.say(
            person, key, name=turn.sender.call, problem=problem.tag, project=problem.project, until=until,
            first=cards.day(turn, problem.first_due), words=visible(words),
        )  # fmt: skip
        turn.tell(person, f"decided:{request.id}:{person.id}", text)
    turn.notice = turn.say(turn.sender, "request.kept")
    turn.reply("extension.kept", problem=problem.tag)
    cards.refresh(turn, clocks.wind(turn, problem))

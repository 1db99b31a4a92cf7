"""A problem may be let be for a while: its reporter is asked something, or its holder waits for a day."""

from datetime import date, timedelta

from bot.domain.problems import Problem, Urgency
from bot.domain.until import read_day
from bot.domain.words import visible
from bot.errors import Refused
from handlers import cards, clocks, deeds, routing
from handlers.turn import Turn

LONGEST_SNOOZE = timedelta(days=7)
"""More is an extension, which somebody has to grant."""

MOST_QUESTIONS = 2
"""How often one holder may let the clocks stand still for an answer."""

MOST_SNOOZES = 2
"""How often one holder may put the next reminder off."""

# --- ask the reporter -------------------------------------------------------------------


def ask_what(turn: Turn, problem: Problem) -> None:
    """Ask what the reporter is to be asked."""
    _must_run(problem)
    turn.ask("ask_back", problem=problem.id)
    turn.reply("stillness.ask_what", problem=problem.tag, name=problem.confirmer)


def ask_back(turn: Turn, problem: Problem) -> None:
    """Ask the reporter; the clocks stand still until the answer, three working days at most."""
    question = deeds.line(turn)
    _must_run(problem)
    trail = turn.tx.audit.trail(cards.subject(problem))
    asked = [step for step in trail if step.action == "problem.asked_back" and step.at >= problem.held_since]
    if len(asked) >= MOST_QUESTIONS:
        raise deeds.Final(
            "stillness.asked_too_often", problem=problem.tag, giver=problem.giver, count=MOST_QUESTIONS
        )
    if problem.confirmer_id == turn.sender.id:
        raise deeds.Final("stillness.own", giver=problem.giver)
    deeds.must_win(turn, problem, won=turn.tx.problems.pause(problem, question, turn.now))
    turn.record(turn.sender, "problem.asked_back", cards.subject(problem), text=question)
    problem = clocks.wind(turn, problem)
    reporter = turn.tx.people.get(problem.confirmer_id)
    text = turn.say(
        reporter,
        "stillness.question",
        name=turn.sender.call,
        problem=problem.tag,
        project=problem.project,
        question=visible(question),
    )
    answer = ((turn.say(reporter, "button.answer_back"), f"answer_back:{problem.id}"),)
    turn.tell(
        reporter,
        f"asked_back:{problem.id}:{turn.incoming.key}",
        text,
        (answer,),
        subject=f"asked_back:{problem.id}",
    )
    turn.reply("stillness.asked", problem=problem.tag, name=problem.confirmer)
    cards.refresh(turn, problem)


def _must_run(problem: Problem) -> None:
    if problem.paused_at is not None:
        raise deeds.Final("stillness.asked_already", problem=problem.tag, name=problem.confirmer)


def ask_answer(turn: Turn, problem: Problem) -> None:
    """Ask the reporter for the answer in one line; late, it is still worth something to the holder."""
    if not problem.is_open:
        raise Refused("problem.settled", problem=problem.tag, state=problem.state)
    turn.ask("answer_back", problem=problem.id)
    if problem.paused_at is None:
        turn.reply("stillness.ask_answer_late", problem=problem.tag, holder=problem.holder)
    else:
        turn.reply("stillness.ask_answer", problem=problem.tag, question=visible(problem.question))


def answer_back(turn: Turn, problem: Problem) -> None:
    """Put the answer to the problem's words, and let the clocks run again."""
    if not problem.is_open:
        raise deeds.Final("problem.settled", problem=problem.tag, state=problem.state)
    text = deeds.line(turn)
    turn.tx.problems.amend(problem, text=f"{problem.text}\n{text}")
    turn.record(turn.sender, "problem.added_to", cards.subject(problem), text=text)
    if problem.paused_at is None:
        _tell_late(turn, problem, text)
    go_on(turn, problem, text)
    cards.refresh(turn, deeds.found(turn, problem.id))
    turn.reply("problem.added", problem=problem.tag)


def _tell_late(turn: Turn, problem: Problem, text: str) -> None:
    """Pass an answer on for which the clocks have not waited any longer."""
    if turn.sender.id == problem.holder_id:
        return
    holder = turn.tx.people.get(problem.holder_id)
    told = turn.say(
        holder, "report.added_for_holder", problem=problem.tag, name=turn.sender.name, text=visible(text)
    )
    turn.tell(holder, f"added:{problem.id}:{turn.incoming.key}", told)


def go_on(turn: Turn, problem: Problem, text: str) -> None:
    """Let the clocks of a problem run again when its reporter's side says something about it."""
    holder = turn.tx.people.get(problem.holder_id)
    if problem.paused_at is None or turn.sender.id == holder.id != problem.confirmer_id:
        return
    turn.tx.problems.resume(problem, clocks.resumed_dues(turn, problem))
    turn.record(turn.sender, "problem.resumed", cards.subject(problem))
    problem = clocks.wind(turn, problem)
    if turn.sender.id == holder.id:
        return
    told = turn.say(
        holder,
        "stillness.answered",
        name=turn.sender.name,
        problem=problem.tag,
        project=problem.project,
        text=visible(text),
        solve=cards.day(turn, problem.solve_due),
    )
    turn.tell(holder, f"answered:{problem.id}:{turn.incoming.key}", told)


# --- put the next reminder off ----------------------------------------------------------


def ask_snooze(turn: Turn, problem: Problem) -> None:
    """Ask until when, and why."""
    _must_have_snoozes_left(problem)
    turn.ask("snooze", problem=problem.id)
    tomorrow = (turn.choice("tomorrow", f"snooze_tomorrow:{problem.id}"),)
    turn.reply("stillness.ask_snooze", (tomorrow,), problem=problem.tag)


def snooze_tomorrow(turn: Turn, problem: Problem) -> None:
    """Ask why until tomorrow."""
    _must_have_snoozes_left(problem)
    tomorrow = turn.today + timedelta(days=1)
    turn.ask("snooze", problem=problem.id, until=tomorrow.isoformat())
    turn.reply("stillness.ask_why", problem=problem.tag)


def snooze(turn: Turn, problem: Problem) -> None:
    """Read 「到明天 等局长签字」: nobody is reminded before, the deadlines stay."""
    _must_have_snoozes_left(problem)
    said = deeds.line(turn)
    until, why = read_day(said, turn.today)
    if until is None and turn.known.get("until"):
        until, why = date.fromisoformat(str(turn.known["until"])), said
    if until is None:
        raise Refused("stillness.no_day", number=problem.number)
    if until <= turn.today:
        raise Refused("stillness.not_later")
    if until > turn.today + LONGEST_SNOOZE:
        raise Refused("stillness.too_long", days=LONGEST_SNOOZE.days)
    if not why:
        turn.ask("snooze", problem=problem.id, until=until.isoformat())
        turn.reply("stillness.why", until=turn.date(turn.sender, until))
        return
    calendar = turn.county.calendar
    day = until if calendar.is_workday(until) else calendar.next_workday(until)
    moment = calendar.at(day, turn.county.deadlines.office_from)
    deeds.must_win(turn, problem, won=turn.tx.problems.snooze(problem, moment))
    turn.record(turn.sender, "problem.snoozed", cards.subject(problem), until=day.isoformat(), reason=why)
    cards.refresh(turn, clocks.wind(turn, problem))
    _tell_lead(turn, problem, turn.date(turn.sender, day), why)
    turn.reply("stillness.snoozed", problem=problem.tag, until=turn.date(turn.sender, day))


def _tell_lead(turn: Turn, problem: Problem, until: str, why: str) -> None:
    """Let the lead leader know: what they would have heard of comes later now."""
    lead = routing.lead_of(turn, problem.project_id)
    if lead is None or lead.id in {turn.sender.id, problem.holder_id}:
        return
    text = turn.say(
        lead,
        "stillness.snoozed_for_lead",
        name=turn.sender.call,
        problem=problem.tag,
        project=problem.project,
        until=until,
        why=visible(why),
    )
    turn.tell(lead, f"snoozed:{problem.id}:{turn.incoming.key}", text)


def _must_have_snoozes_left(problem: Problem) -> None:
    if problem.urgency is Urgency.TODAY:
        raise deeds.Final("stillness.today", problem=problem.tag)
    if problem.snoozes >= MOST_SNOOZES:
        raise deeds.Final("stillness.too_often", problem=problem.tag, count=MOST_SNOOZES)

"""提请: a decision asked of one of the heads, on one screen, and its answer (MISSION row 18, feature 2)."""

from bot.domain.people import Person, Role
from bot.domain.problems import Problem
from bot.domain.requests import Answer, Asking, Request
from bot.domain.words import visible
from bot.errors import Refused
from handlers import buttons, cards, clocks, custody, deeds, dossier, letters, prompts, ties
from handlers.turn import Desk, Turn
from storage.letters import Choices

# --- ask --------------------------------------------------------------------------------


def ask_up(turn: Turn, problem: Problem) -> None:
    """Ask which of the heads is to decide."""
    _ask_whom(turn, problem, "")


def _heads(turn: Turn, problem: Problem) -> list[Person]:
    """Return whom a problem can be brought before, of whom it reaches if it reaches any; never nobody."""
    heads = [
        person
        for person in turn.tx.people.with_role(Role.DEPUTY_HEAD, Role.HEAD)
        if person.id not in {turn.sender.id, problem.holder_id}
    ]
    if not heads:
        raise Refused("problem.nobody_above")
    reached = turn.tx.people.addresses([person.id for person in heads])
    return [person for person in heads if person.id in reached] or heads


def _ask_whom(turn: Turn, problem: Problem, decision: str) -> None:
    heads = _heads(turn, problem)
    if decision:
        turn.ask("ask_up", problem=problem.id, text=decision, heads=[person.id for person in heads])
    choices = tuple(((person.call, f"ask_up_to:{problem.id}:{person.id}"),) for person in heads)
    turn.reply("problem.ask_up_whom", choices, problem=problem.tag)


def ask_up_to(turn: Turn, problem: Problem) -> None:
    """Ask for the decision requested, in one line, unless it was said already."""
    _, _, person_id = turn.argument.partition(":")
    to = turn.tx.people.get(int(person_id))
    if turn.known.get("problem") == problem.id and turn.known.get("text"):
        _ask_up(turn, problem, to, str(turn.known["text"]))
        return
    turn.ask("ask_up", problem=problem.id, to=to.id)
    turn.reply("problem.ask_up_decision", name=to.call)


def ask_up_for(turn: Turn, problem: Problem) -> None:
    """Read the decision requested; whom it goes to may still have to be asked."""
    if "to" in turn.known:
        _ask_up(turn, problem, turn.tx.people.get(int(turn.known["to"])), deeds.line(turn))
        return
    said, line = str(turn.known.get("text", "")), deeds.line(turn)
    if said and line.isdecimal():
        # 「1」 counts to a button of 「提请谁决定？」.
        heads = list(turn.known.get("heads", ()))
        if 1 <= int(line) <= len(heads):
            _ask_up(turn, problem, turn.tx.people.get(heads[int(line) - 1]), said)
            return
    _ask_whom(turn, problem, f"{said}\n{line}".strip())


def _ask_up(turn: Turn, problem: Problem, to: Person, decision: str) -> None:
    if not to.has(Role.DEPUTY_HEAD, Role.HEAD):
        raise deeds.Final("request.not_a_head", name=to.call)
    if turn.tx.people.address(to.id) is None:
        raise deeds.Final("problem.whom_unreached", name=to.call)
    if _is_asked_already(turn, problem, to):
        raise deeds.Final("request.asked_already", problem=problem.tag, name=to.call)
    bring_before(turn, problem, to, asker=turn.sender, decision=decision)
    turn.reply("problem.asked_up", problem=problem.tag, name=to.call)


def _is_asked_already(desk: Desk, problem: Problem, to: Person) -> bool:
    return any(
        each.answer is None and each.asking is Asking.DECISION and each.to_id == to.id
        for each in desk.tx.requests.of_problem(problem.id)
    )


def bring_before(
    desk: Desk, problem: Problem, to: Person, *, asker: Person | None = None, decision: str = ""
) -> None:
    """Put a problem before one of the heads; its holder goes on answering for it meanwhile.

    By itself it comes before nobody who is asked about it already.
    """
    if asker is None and _is_asked_already(desk, problem, to):
        return
    decision = decision or desk.say(None, "request.by_itself")
    request = desk.tx.requests.add(
        problem, Asking.DECISION, decision, desk.now, asker_id=asker.id if asker else None, to_id=to.id
    )
    desk.record(asker, "problem.asked_up", cards.subject(problem), to=to.id, reason=decision)
    desk.tell(
        to,
        f"request:{request.id}:{to.id}",
        dossier.text(desk, to, problem, request),
        buttons.answers_to(desk, to, request),
        subject=subject(request),
    )
    cards.refresh(desk, clocks.wind(desk, problem))


def subject(request: Request) -> str:
    """Return the name under which the dossier of a request is found again."""
    return f"request:{request.id}"


# --- answer -----------------------------------------------------------------------------


def asked_of(turn: Turn, problem: Problem) -> Request:
    """Return what the sender is asked about a problem; the oldest of several. Refuse if nothing."""
    asked = buttons.pending(turn, turn.sender, problem, ties.of(turn, turn.sender, problem))
    if not asked:
        raise Refused("request.nothing_asked", problem=problem.tag)
    return asked[0]


def not_so(_turn: Turn, _request: Request, problem: Problem) -> None:
    """Refuse an answer that does not fit what is asked: nobody confers about a few days more."""
    raise Refused("request.not_so", problem=problem.tag)


def settle(desk: Desk, request_id: int) -> None:
    """Take the buttons off the letters of a request that is answered, or lapsed, and say so there."""
    request = desk.tx.requests.get(request_id)
    if request is None or request.answer is None:
        return
    by = desk.tx.people.get(request.answered_by).call if request.answered_by else ""
    shown = {
        row.person_id: desk.tx.outbox.newest(row.id).text for row in desk.tx.outbox.live(subject(request))
    }

    def settled(person_id: int) -> tuple[str, Choices]:
        key = "request.settled" if by else "request.lapsed"
        end = desk.say(desk.tx.people.get(person_id), key, name=by, answer=request.answer)
        return f"{shown[person_id]}\n{end}", ()

    letters.replace(desk, subject(request), settled)


def lapse(desk: Desk, problem: Problem) -> None:
    """Let what is asked about a problem lapse: it is solved, or began anew."""
    waiting = [each for each in desk.tx.requests.of_problem(problem.id) if each.answer is None]
    desk.tx.requests.lapse(problem.id, desk.now)
    for each in waiting:
        settle(desk, each.id)


def agree(turn: Turn, request: Request, problem: Problem) -> None:
    """Agree to what was asked."""
    _answer(turn, request, problem, Answer.AGREED, "")


def confer(turn: Turn, request: Request, problem: Problem) -> None:
    """Call a meeting; the office sees to it."""
    _answer(turn, request, problem, Answer.CONFER, "")
    for colleague in turn.office:
        text = turn.say(
            colleague, "request.confer_for_office", name=turn.sender.call, problem=problem.tag,
            project=problem.project, decision=visible(request.text),
        )  # fmt: skip
        turn.tell(colleague, f"confer:{request.id}:{colleague.id}", text)


def ask_direct(turn: Turn, request: Request, problem: Problem) -> None:
    """Ask whom it should go to."""
    turn.ask("direct", request=request.id)
    turn.reply("request.ask_direct", problem=problem.tag)


def direct(turn: Turn, request: Request, problem: Problem) -> None:
    """Give the problem to whom the head names."""
    to, words = custody.named(turn, deeds.line(turn))
    custody.must_be_another(problem, to)
    _answer(turn, request, problem, Answer.DIRECTED, words, to=to)
    custody.hand(turn, problem, to, ended="directed", reason=words)


def ask_give_back(turn: Turn, request: Request, problem: Problem) -> None:
    """Ask why it comes back."""
    turn.ask("give_back", request=request.id)
    turn.reply("request.ask_give_back", problem=problem.tag)


def give_back(turn: Turn, request: Request, problem: Problem) -> None:
    """Send the request back, with a reason."""
    _answer(turn, request, problem, Answer.RETURNED, deeds.line(turn))


def _answer(
    turn: Turn, request: Request, problem: Problem, answer: Answer, words: str, *, to: Person | None = None
) -> None:
    """Keep the answer, and tell the holder, the reporter and who asked."""
    if not turn.tx.requests.answer(request, answer, words, turn.sender.id, turn.now):
        raise Refused("button.stale")
    turn.record(
        turn.sender,
        "problem.decided",
        cards.subject(problem),
        request=request.id,
        answer=str(answer),
        text=words,
    )
    key = f"request.{answer.name.lower()}"
    everybody = {problem.holder_id, problem.confirmer_id, *([request.asker_id] if request.asker_id else [])}
    for person_id in sorted(everybody - {turn.sender.id}):
        person = turn.tx.people.get(person_id)
        text = turn.say(
            person,
            key,
            name=turn.sender.call,
            problem=problem.tag,
            project=problem.project,
            decision=visible(prompts.shortened(request.text, 40)),
            to=to.call if to else "",
            words=visible(words),
        ).rstrip("：:")
        turn.tell(person, f"decided:{request.id}:{person.id}", text)
    settle(turn, request.id)
    turn.notice = turn.say(turn.sender, "request.kept")
    turn.reply("request.answer_kept", problem=problem.tag, giver=problem.giver, answer=answer)
    cards.refresh(turn, clocks.wind(turn, problem))

"""Who may do what: a right for each entry of the table of contents, judged before anything is done.

A right is one function of the turn. It raises Refused, or returns what it is about as it stands now –
the problem, the letter, the project – and that is what its handler is given: without the right there
is nothing to be done anything to. What people are to a problem decides `bot/domain/rights.py`.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVarTuple

from bot.domain import rights
from bot.domain.commons import Common, CommonState
from bot.domain.people import Role
from bot.domain.problems import Problem
from bot.domain.projects import Project
from bot.domain.requests import Request
from bot.domain.rights import Deed
from bot.errors import Refused
from handlers import buttons, deeds, prompts, ties
from handlers.turn import Turn
from storage.reports import Report

_NUMBERED = re.compile(r"(?:问题|任务)?\s*(?P<number>\d{4}-\d{3,})[\s，,：:]*(?P<words>.*)", re.DOTALL)

Ts = TypeVarTuple("Ts")


class Entry:
    """Something that can be said or pressed, and the right that it needs."""

    def __init__(self, right: Callable[[Turn], tuple[*Ts]], handler: Callable[[Turn, *Ts], None]) -> None:
        self.right: Callable[[Turn], tuple[Any, ...]] = right
        self.handler: Callable[..., None] = handler

    def __call__(self, turn: Turn) -> None:
        """Do it, if the sender may; raise Refused if not."""
        self.handler(turn, *self.right(turn))


class Answer(Entry):
    """The answer to a question: who has lost the right since it was asked reads why, and is asked no more."""

    def __call__(self, turn: Turn) -> None:
        """Take it, if the sender may still give it."""
        try:
            found = self.right(turn)
        except Refused as refusal:
            # Raised, it would leave the question open, which then catches every word.
            deeds.let_go(turn, refusal)
            return
        try:
            self.handler(turn, *found)
        except deeds.Final as refusal:
            deeds.let_go(turn, refusal)


# --- whoever it is ----------------------------------------------------------------------


def everybody(_turn: Turn) -> tuple[()]:
    """Let anybody of the roster: it shows or changes what is their own, and nothing of others comes of it."""
    return ()


def the_office(turn: Turn) -> tuple[()]:
    """Let the office."""
    if not turn.sender.is_office:
        raise Refused("office.only")
    return ()


def acting_office(turn: Turn) -> tuple[()]:
    """Let the office, and who stands in for somebody of it."""
    if not any(turn.tx.people.get(each).is_office for each in turn.selves(turn.sender)):
        raise Refused("office.only")
    return ()


def leaders(turn: Turn) -> tuple[()]:
    """Let lead leaders and the office, and who stands in for one of them."""
    selves = [turn.tx.people.get(each) for each in turn.selves(turn.sender)]
    if not any(each.has(Role.LEAD_LEADER, Role.OFFICE) for each in selves):
        raise Refused("releasing.not_yours")
    return ()


def recipient(turn: Turn) -> tuple[()]:
    """Let to whom something was handed, and who stands in for them."""
    if turn.tx.receipts.of(turn.argument).keys().isdisjoint(turn.selves(turn.sender)):
        raise Refused("button.not_yours")
    return ()


# --- problems ---------------------------------------------------------------------------


def may(deed: Deed) -> Callable[[Turn], tuple[Problem]]:
    """Let who may do something to the problem of a button, while it can be done."""
    return lambda turn: (_ready(turn, deed, turn.argument.partition(":")[0]),)


def may_still(deed: Deed) -> Callable[[Turn], tuple[Problem]]:
    """Let who may do it now, to the problem that the question was about."""
    return lambda turn: (_ready(turn, deed, turn.known["problem"]),)


def may_withdraw(turn: Turn) -> tuple[Problem, str]:
    """Let who may take back the problem that is named; without a reason nobody may."""
    problem, reason = _numbered(turn, "office.withdraw_usage", least=1)
    if not rights.may(turn.sender, Deed.WITHDRAW, problem, ties.of(turn, turn.sender, problem)):
        raise Refused("problem.not_yours", problem=problem.tag)
    return problem, reason


def may_see_numbered(turn: Turn) -> tuple[Problem]:
    """Let who may see the problem that is named."""
    problem, _ = _numbered(turn, "payout.usage")
    return (_allowed(turn, Deed.SEE, problem),)


def may_pay(turn: Turn) -> tuple[Problem, str]:
    """Let who may solve the problem that is named note what was paid."""
    problem, words = _numbered(turn, "payout.usage")
    return _allowed(turn, Deed.SOLVE, problem), words


def _numbered(turn: Turn, usage: str, least: int = 0) -> tuple[Problem, str]:
    """Return the problem that is named, and the words after it, of which so many letters are needed."""
    match = _NUMBERED.fullmatch(turn.argument)
    if match is None or len(match["words"].strip()) < least:
        raise Refused(usage)
    problem = turn.tx.problems.numbered(match["number"])
    if problem is None:
        raise Refused("problem.unknown", number=match["number"])
    return problem, match["words"].strip()


def _ready(turn: Turn, deed: Deed, problem_id: int | str) -> Problem:
    return _allowed(turn, deed, deeds.found(turn, problem_id))


def _allowed(turn: Turn, deed: Deed, problem: Problem) -> Problem:
    refusal = _refusal_of(turn, deed, problem)
    if refusal is not None:
        raise refusal
    return problem


def _refusal_of(turn: Turn, deed: Deed, problem: Problem) -> Refused | None:
    """Return why the sender cannot do something to a problem; None if they can.

    Whoever may see the problem hears how it stands; nobody else hears anything of it.
    """
    bound = ties.of(turn, turn.sender, problem)
    fits = rights.fits(deed, problem.state)
    if fits and rights.may(turn.sender, deed, problem, bound):
        return None
    if not rights.may(turn.sender, Deed.SEE, problem, bound):
        return Refused("problem.not_yours", problem=problem.tag)
    if not fits:
        return deeds.too_late(turn, problem)
    return Refused("problem.held_by", problem=problem.tag, name=problem.holder, state=problem.state)


def may_feed_back_common(turn: Turn) -> tuple[Common, list[Problem]]:
    """Let who may say a word about any of the problems that are one item; they say it about those."""
    return _common(turn, turn.argument)


def may_still_feed_back_common(turn: Turn) -> tuple[Common, list[Problem]]:
    """Let who may say it now, about the item that the question was about."""
    return _common(turn, turn.known["common"])


def _common(turn: Turn, common_id: int | str) -> tuple[Common, list[Problem]]:
    common = turn.tx.commons.get(int(common_id))
    if common is None:
        raise Refused("button.stale")
    if common.state is CommonState.CLOSED:
        raise Refused("common.card_closed", category=common.category)
    followers = [deeds.found(turn, each.id) for each in turn.tx.commons.followers(common.id)]
    refusals = [_refusal_of(turn, Deed.FEED_BACK, problem) for problem in followers]
    allowed = [problem for problem, refusal in zip(followers, refusals, strict=True) if refusal is None]
    if not allowed:
        raise next((refusal for refusal in refusals if refusal), Refused("button.stale"))
    return common, allowed


# --- decisions and more time ------------------------------------------------------------


def may_decide(turn: Turn) -> tuple[Request, Problem]:
    """Let who is asked for a decision, or for more time, answer it while it waits."""
    return _asked(turn, turn.argument)


def may_still_decide(turn: Turn) -> tuple[Request, Problem]:
    """Let who may answer it now."""
    return _asked(turn, turn.known["request"])


def may_grant(turn: Turn) -> tuple[Request, Problem]:
    """Let who may answer it, but nobody of the office what they asked for while a colleague could."""
    request, problem = _asked(turn, turn.argument)
    others = [each for each in turn.tx.people.with_role(Role.OFFICE) if each.id != turn.sender.id]
    if request.asker_id == turn.sender.id and others:
        raise Refused("extension.own")
    return request, problem


def _asked(turn: Turn, request_id: int | str) -> tuple[Request, Problem]:
    request = turn.tx.requests.get(int(request_id))
    if request is None:
        raise Refused("button.stale")
    problem = deeds.found(turn, request.problem_id)
    bound = ties.of(turn, turn.sender, problem)
    if request.answer is not None and request.answered_by:
        if not bound.is_asked and not turn.sender.is_office:
            raise Refused("request.not_yours", problem=problem.tag)
        by = turn.tx.people.get(request.answered_by).call
        raise Refused("request.answered", problem=problem.tag, name=by, answer=request.answer)
    if request.answer is not None or not problem.is_unsolved or problem.generation != request.generation:
        raise deeds.too_late(turn, problem)
    if request not in buttons.pending(turn, turn.sender, problem, bound):
        raise Refused("request.not_yours", problem=problem.tag)
    return request, problem


# --- projects ---------------------------------------------------------------------------


def liaison(turn: Turn) -> tuple[Project]:
    """Let who answers for the project of a button today."""
    return (_own(turn, int(turn.argument.partition(":")[0])),)


def liaison_if_named(turn: Turn) -> tuple[Project | None]:
    """Let who answers for the project of a button; one that names none is for anybody."""
    return liaison(turn) if turn.argument else (None,)


def liaison_still(turn: Turn) -> tuple[Project]:
    """Let who answers now for the project that the question was about."""
    return (_own(turn, int(turn.known["project"])),)


def may_speak(turn: Turn) -> tuple[Project]:
    """Let who answers for the project of a button, leads it, or is of the office."""
    return (_spoken_for(turn, int(turn.argument)),)


def may_still_speak(turn: Turn) -> tuple[Project]:
    """Let who may speak now for the project that the question was about."""
    return (_spoken_for(turn, int(turn.known["project"])),)


def may_still_step(turn: Turn) -> tuple[()]:
    """Let who may still say how far the project has come that the question was about: no leader."""
    is_open = turn.question is not None and turn.question.topic == "stage"
    if is_open and turn.known["project"] and not turn.sender.is_office:
        _own(turn, int(turn.known["project"]))
    return ()


def reporter(turn: Turn) -> tuple[Report]:
    """Let who said the figure that a button asks back."""
    report = turn.tx.reports.get(int(turn.argument))
    if report.person_id != turn.sender.id:
        raise Refused("button.not_yours")
    return (report,)


def reporter_and_liaison(turn: Turn) -> tuple[Report, Project]:
    """Let who said the figure, while they answer for its project."""
    (report,) = reporter(turn)
    return report, _own(turn, report.project_id)


def _own(turn: Turn, project_id: int) -> Project:
    """Return a project of the sender; its liaison may have changed since the button was sent."""
    for project in prompts.asked_of(turn, turn.sender):
        if project.id == project_id:
            return project
    raise Refused("progress.not_yours")


def _spoken_for(turn: Turn, project_id: int) -> Project:
    if turn.sender.is_office:
        return turn.tx.projects.get(project_id)
    try:
        return _own(turn, project_id)
    except Refused:
        if project_id not in turn.led:
            raise
        return turn.led[project_id][0]

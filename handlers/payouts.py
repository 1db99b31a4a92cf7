"""政策兑现: a policy promised to an enterprise is a task with an amount, until the money has come."""

import re

from bot.domain.figures import show_money
from bot.domain.payouts import amount_in, paid_after
from bot.domain.problems import Problem
from bot.domain.scope import Scope
from bot.errors import Refused
from handlers import cards, deeds, four_lists, pointing, problems, tasks
from handlers.access import Entry, may_pay, may_see_numbered
from handlers.project_access import papers_of
from handlers.task_access import may_give
from handlers.turn import Turn

PAPER = "政策兑现"
_WORD = "兑现"
_PARTS = 3
_NUMBERED = re.compile(r"(?P<number>\d{4}-\d{3,})[\s，,：:]*(?P<words>.*)", re.DOTALL)


def payout(turn: Turn) -> None:
    """Take 「兑现 XM-012 财政局 12月底前补助200万」 or 「兑现 2026-065 50万」; 「兑现」 orders the paper."""
    if numbered := _NUMBERED.fullmatch(turn.argument):
        READINGS["pay" if numbered["words"] else "show"](turn)
    else:
        READINGS["promise" if _is_promise(turn.argument) else "paper"](turn)


def is_meant(turn: Turn, rest: str) -> bool:
    """Tell whether 「兑现 …」 is the command: a liaison's 「兑现 奖补资金到账」 is an answer."""
    if _NUMBERED.fullmatch(rest) or turn.sender.is_office or turn.led:
        return True
    return not _is_promise(rest) and pointing.is_command(turn, rest)


def _is_promise(words: str) -> bool:
    return len(words.split(maxsplit=_PARTS - 1)) == _PARTS


def _order(turn: Turn, scope: Scope) -> None:
    four_lists.order(turn, scope, PAPER)


def _promise(turn: Turn, said: tasks.Said) -> None:
    promised = amount_in(said.text)
    if promised is None:
        raise Refused("payout.no_amount")
    task = tasks.assign_said(turn, said, f"person:{turn.sender.id}", promised)
    turn.reply_with(tasks.receipt(turn, task), subject=cards.subject(task))


# --- paid -------------------------------------------------------------------------------


def _pay(turn: Turn, problem: Problem, words: str) -> None:
    if problem.promised is None:
        raise Refused("payout.no_payout", problem=problem.tag)
    paid = paid_after(words, problem.promised, problem.paid)
    if paid is None:
        raise Refused("payout.pay_usage", number=problem.number)
    if paid > problem.promised:
        raise Refused("payout.too_much", problem=problem.tag, **sums(problem))
    if paid == problem.paid:
        raise Refused("payout.same", problem=problem.tag, **sums(problem))
    deeds.must_win(turn, problem, won=turn.tx.problems.pay(problem, paid))
    turn.record(
        turn.sender, "payout.paid", cards.subject(problem), before=problem.paid, paid=paid, text=words
    )
    _tell(turn, deeds.found(turn, problem.id))


def _tell(turn: Turn, problem: Problem) -> None:
    """Tell how far it is; what is paid in full is the enterprise's to confirm."""
    text = turn.say(turn.sender, "payout.paid", **sums(problem))
    if problem.outstanding:
        problems.feed_back(turn, problem, text)
        blanks = {"problem": problem.tag, **sums(problem)}
        turn.reply_with(turn.say(turn.sender, "payout.kept", **blanks))
    else:
        problems.call_solved(turn, problem, turn.say(turn.sender, "payout.paid_up", **sums(problem)))


def sums(problem: Problem) -> dict[str, object]:
    """Return what was promised, what is paid and what is left, as people read it."""
    return {
        "promised": show_money(problem.promised or 0),
        "paid": show_money(problem.paid),
        "left": show_money(problem.outstanding),
    }


READINGS = {
    "pay": Entry(may_pay, _pay),
    "show": Entry(may_see_numbered, problems.show),
    "promise": Entry(may_give("payout"), _promise),
    "paper": Entry(papers_of(_WORD), _order),
}
"""What the word may stand for, each with its own right."""

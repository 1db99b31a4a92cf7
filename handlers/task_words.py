"""What can be said and pressed about tasks and visits; the router has it in its tables."""

from collections.abc import Callable

from handlers import ledger, payouts, tasks, visits
from handlers.turn import Turn

Handler = Callable[[Turn], None]

COMMANDS: dict[str, Handler] = {
    **dict.fromkeys(("任务", "tasks"), tasks.listed),
    **dict.fromkeys(("交办", "assign"), tasks.give),
    **dict.fromkeys(("决议", "resolve"), tasks.resolve),
    **dict.fromkeys(("走访", "visit"), visits.visit),
    **dict.fromkeys(("兑现", "payout"), payouts.payout),
}

ACTIONS: dict[str, Handler] = {
    "tasks": ledger.turn_page_of_tasks,
    "resolve": tasks.ask_resolutions,
    "visit": visits.choose,
    "visit_on": visits.on_day,
    "visit_went": visits.went,
    "visit_later": visits.later,
    "visit_drop": visits.drop,
    "visit_how": visits.how,
    "visit_promised": visits.promised,
    "visit_nothing": visits.nothing_promised,
}

TOPICS: dict[str, Handler] = {
    "resolve": tasks.take_resolutions,
    "visit_day": visits.day_said,
    "visit_line": visits.take_line,
}

MEANT: dict[Handler, Callable[[Turn, str], bool]] = {payouts.payout: payouts.is_meant}
"""The commands that are also words of an answer, and what tells one from the other."""

ASIDES: frozenset[Handler] = frozenset({tasks.listed, ledger.turn_page_of_tasks})
"""What may be done while words wait for an answer."""

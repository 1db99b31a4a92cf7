"""What can be said and pressed about tasks and visits; the router has it in its tables."""

from collections.abc import Callable

from handlers import ledger, payouts, tasks, visits
from handlers.access import Answer, Entry, by_itself, everybody, the_office
from handlers.turn import Turn

Handler = Callable[[Turn], None]

COMMANDS: dict[str, Entry] = {
    **dict.fromkeys(("任务", "tasks"), Entry(everybody, tasks.listed)),
    **dict.fromkeys(("交办", "assign"), Entry(by_itself, tasks.give)),
    **dict.fromkeys(("决议", "resolve"), Entry(the_office, tasks.resolve)),
    **dict.fromkeys(("走访", "visit"), Entry(by_itself, visits.visit)),
    **dict.fromkeys(("兑现", "payout"), Entry(by_itself, payouts.payout)),
}

ACTIONS: dict[str, Entry] = {
    "tasks": Entry(everybody, ledger.turn_page_of_tasks),
    "resolve": Entry(the_office, tasks.ask_resolutions),
    "visit": Entry(by_itself, visits.choose),
    "visit_on": Entry(by_itself, visits.on_day),
    "visit_went": Entry(by_itself, visits.went),
    "visit_later": Entry(by_itself, visits.later),
    "visit_drop": Entry(by_itself, visits.drop),
    "visit_how": Entry(by_itself, visits.how),
    "visit_promised": Entry(by_itself, visits.promised),
    "visit_nothing": Entry(by_itself, visits.nothing_promised),
}

TOPICS: dict[str, Entry] = {
    "resolve": Answer(the_office, tasks.take_resolutions),
    "visit_day": Answer(by_itself, visits.day_said),
    "visit_line": Answer(by_itself, visits.take_line),
}

MEANT: dict[Handler, Callable[[Turn, str], bool]] = {
    payouts.payout: payouts.is_meant,
    tasks.resolve: tasks.is_resolution,
}
"""The commands that are also words of an answer, and what tells one from the other."""

ASIDES: frozenset[Handler] = frozenset({tasks.listed, ledger.turn_page_of_tasks})
"""What may be done while words wait for an answer."""

"""What can be said and pressed about tasks and visits; the router has it in its tables."""

from collections.abc import Callable

from handlers import ledger, payouts, tasks, visits
from handlers.access import Answer, Entry, everybody, the_office
from handlers.task_access import (
    leader,
    leader_on_day,
    leader_still,
    may_give,
    may_visit,
    visitor,
    visitor_still,
)
from handlers.turn import Turn

Handler = Callable[..., None]

COMMANDS: dict[str, Entry] = {
    **dict.fromkeys(("任务", "tasks"), Entry(everybody, tasks.listed)),
    **dict.fromkeys(("交办", "assign"), Entry(may_give("task"), tasks.give)),
    **dict.fromkeys(("决议", "resolve"), Entry(the_office, tasks.resolve)),
    **dict.fromkeys(("走访", "visit"), Entry(may_visit, visits.visit)),
    **dict.fromkeys(("兑现", "payout"), Entry(everybody, payouts.payout)),
}

ACTIONS: dict[str, Entry] = {
    "tasks": Entry(everybody, ledger.turn_page_of_tasks),
    "resolve": Entry(the_office, tasks.ask_resolutions),
    "visit": Entry(leader, visits.choose),
    "visit_on": Entry(leader_on_day, visits.on_day),
    "visit_went": Entry(visitor, visits.went),
    "visit_later": Entry(visitor, visits.later),
    "visit_drop": Entry(visitor, visits.drop),
    "visit_how": Entry(visitor, visits.how),
    "visit_promised": Entry(visitor, visits.promised),
    "visit_nothing": Entry(visitor, visits.nothing_promised),
}

TOPICS: dict[str, Entry] = {
    "resolve": Answer(the_office, tasks.take_resolutions),
    "visit_day": Answer(leader_still, visits.day_said),
    "visit_line": Answer(visitor_still, visits.take_line),
}

MEANT: dict[Handler, Callable[[Turn, str], bool]] = {
    payouts.payout: payouts.is_meant,
    tasks.resolve: tasks.is_resolution,
    tasks.give: tasks.is_giving,
    visits.visit: visits.is_meant,
}
"""The commands that are also words of an answer, and what tells one from the other."""

ASIDES: frozenset[Handler] = frozenset({tasks.listed, ledger.turn_page_of_tasks})
"""What may be done while words wait for an answer."""

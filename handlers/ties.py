"""What ties somebody to a problem: it decides, with their roles, what they may do."""

from bot.domain.people import Duty, Person
from bot.domain.problems import Problem
from bot.domain.rights import Ties
from handlers.turn import Desk
from storage.custody import Passed

_PASSED_ON = frozenset({"transferred", "returned", "assigned", "directed", "left", "handed_over"})


def of(desk: Desk, person: Person, problem: Problem) -> Ties:
    """Return what ties somebody to a problem through its project."""

    def has(duty: Duty) -> bool:
        on = desk.once(desk.tx.projects.on, (problem.project_id,), duty, desk.today)
        return not selves.isdisjoint(on.get(problem.project_id, ()))

    stands_for = desk.once(desk.tx.leaves.stands_for, person.id, desk.today)
    selves = stands_for | {person.id}
    passed = passed_on(desk, problem)
    return Ties(
        leads=has(Duty.LEAD_LEADER),
        liaises=has(Duty.LIAISON),
        owns=has(Duty.OWNER),
        has_held=not selves.isdisjoint(desk.once(desk.tx.custody.holders, problem.id)),
        passed_on=passed is not None and passed.how != "handed_over" and passed.person_id in selves,
        is_asked=any(each.to_id in selves for each in desk.once(desk.tx.requests.of_problem, problem.id)),
        stands_for=stands_for,
    )


def passed_on(desk: Desk, problem: Problem) -> Passed | None:
    """Return how its last holder passed it on; None if it came to its holder in another way."""
    passed = desk.once(desk.tx.custody.passed_on, problem.id, problem.generation)
    return passed if passed and passed.how in _PASSED_ON else None

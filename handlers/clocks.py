"""The clocks of a problem: who listens to them, which rung comes next, and when."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot.domain.county import County
from bot.domain.deadlines import Dues, dues, shifted
from bot.domain.ladder import BY_NAME, Climb, Climbing, Ear, Rung, climbed, next_climb
from bot.domain.people import Duty, Person, Role
from bot.domain.problems import Problem
from handlers.turn import Desk

_ROLES = {Ear.OFFICE: Role.OFFICE, Ear.DEPUTY_HEAD: Role.DEPUTY_HEAD, Ear.HEAD: Role.HEAD}


@dataclass
class Listeners:
    """Who listens with which ear; asked for many problems, everybody is looked up once."""

    desk: Desk
    _leads: dict[int, list[int]] = field(default_factory=dict)

    def expect(self, problems: Iterable[Problem]) -> None:
        """Look the lead leaders of many problems up at once."""
        ids = tuple({problem.project_id for problem in problems})
        found = self.desk.once(self.desk.tx.projects.on, ids, Duty.LEAD_LEADER, self.desk.today)
        self._leads |= {each: found.get(each, []) for each in ids}

    @cached_property
    def _by_role(self) -> dict[Ear, list[int]]:
        everybody = self.desk.once(self.desk.tx.people.with_role, *_ROLES.values())
        return {ear: [each.id for each in everybody if each.has(role)] for ear, role in _ROLES.items()}

    def of(self, problem: Problem, ear: Ear) -> list[int]:
        """Return who hears of a problem with an ear; nobody hears of what they hold themselves."""
        if ear is Ear.HOLDER:
            return [problem.holder_id]
        if ear is Ear.LEAD:
            if problem.project_id not in self._leads:
                self.expect([problem])
            found = self._leads[problem.project_id][:1]
        elif ear in _ROLES:
            found = self._by_role[ear]
        else:
            silent = unconfirmed(self.desk, problem)
            is_confirmer = ear is Ear.CONFIRMER
            return [each for each in silent if (each == problem.confirmer_id) == is_confirmer]
        return [each for each in found if each != problem.holder_id]

    def ears(self, problem: Problem) -> list[Ear]:
        """Return the ears that somebody listens with."""
        asked = () if problem.is_unsolved and problem.paused_at is None else (Ear.CONFIRMER, Ear.OWNER)
        ears = (Ear.HOLDER, Ear.LEAD, *_ROLES, *asked)
        return [ear for ear in ears if self.of(problem, ear)]

    def audience(self, problem: Problem, rung: Rung) -> list[int]:
        """Return who is to hear of a rung."""
        return list(dict.fromkeys(each for ear in rung.ears for each in self.of(problem, ear)))


def unconfirmed(desk: Desk, problem: Problem) -> list[int]:
    """Return who has yet to say whether it is solved: its reporter, and its project's owner within reach.

    Whether a task is done is for the one who gave it to say.
    """
    said = desk.once(desk.tx.problems.confirmed, problem)
    on = desk.once(desk.tx.projects.on, (problem.project_id,), Duty.OWNER, desk.today)
    owners = [] if problem.is_task else on.get(problem.project_id, [])
    silent = [problem.confirmer_id] if problem.confirmer_id not in said else []
    if problem.confirmer_id not in owners and said.isdisjoint(owners):
        silent += [each for each in owners if desk.once(desk.tx.people.address, each) is not None]
    return silent


def climbing(county: County) -> Climbing:
    """Return how a county climbs."""
    return Climbing(county.deadlines, county.calendar, county.step, county.climbs)


def wind(desk: Desk, problem: Problem | int, listeners: Listeners | None = None) -> Problem:
    """Set when the next rung of a problem comes, as it stands now; to be done after every change of it."""
    found = desk.tx.problems.get(problem if isinstance(problem, int) else problem.id)
    if found is None:
        raise LookupError(f"there is no problem {problem}")
    wound = with_next(desk, found, listeners or Listeners(desk))
    if wound != found:
        desk.tx.problems.wind(wound.id, wound.next_rung, wound.next_at)
    return wound


def with_next(desk: Desk, problem: Problem, listeners: Listeners) -> Problem:
    """Return a problem with the rung that comes next; nothing is written."""
    climb = _next(desk, problem, listeners) if problem.is_open else None
    return replace(problem, next_rung=climb.rung.name if climb else "", next_at=climb.at if climb else None)


def _next(desk: Desk, problem: Problem, listeners: Listeners) -> Climb | None:
    return next_climb(problem, listeners.ears(problem), climbing(desk.county))


def next_told(desk: Desk, problem: Problem) -> tuple[Climb, list[Person]] | None:
    """Return the next rung on which others than the holder hear of it, and who they are."""
    listeners = Listeners(desk)
    rung = BY_NAME.get(problem.next_rung)
    climb = Climb(rung, problem.next_at) if rung and problem.next_at else None
    while climb is not None:
        others = [each for each in listeners.audience(problem, climb.rung) if each != problem.holder_id]
        if others:
            return climb, [desk.once(desk.tx.people.get, each) for each in others]
        problem = climbed(problem, climb.rung, climb.at)
        climb = _next(desk, problem, listeners)
    return None


def new_dues(desk: Desk, problem: Problem) -> Dues:
    """Return the clocks of whoever gets a problem now; by when it must be solved does not change.

    What it stood still for the answer to a question does not count, though nobody answers it any more.
    """
    fresh = dues(problem.urgency, desk.now, desk.county.deadlines, desk.county.calendar)
    solve = resumed_dues(desk, problem).solve if problem.paused_at else problem.solve_due
    return replace(fresh, solve=solve or fresh.solve)


def resumed_dues(desk: Desk, problem: Problem) -> Dues:
    """Return the clocks of a paused problem that runs again: each later by as long as it stood still."""
    fresh = dues(problem.urgency, desk.now, desk.county.deadlines, desk.county.calendar)
    if problem.paused_at is None:
        return fresh
    stood = desk.now - problem.paused_at
    county = desk.county
    return Dues(
        *(
            shifted(due, stood, county.deadlines, county.calendar) if due else new
            for due, new in (
                (problem.accept_due, fresh.accept),
                (problem.feedback_due, fresh.feedback),
                (problem.solve_due, fresh.solve),
            )
        )
    )

"""The county as plain values: people, problems, and whose hands they are in. No bot, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.people import Duty, Person
from bot.domain.problems import Problem
from bot.domain.requests import Request
from bot.domain.rights import Deed, Ties, fits, may

_PASSED_ON = frozenset({"transferred", "returned", "assigned", "directed", "left"})


@dataclass(frozen=True, slots=True)
class Link:
    """One row of custody."""

    problem_id: int
    generation: int
    person_id: int
    until: datetime | None
    ended: str


@dataclass(frozen=True, slots=True)
class Climbed:
    """One row of the rungs climbed."""

    problem_id: int
    generation: int
    level: int
    rung: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """What the audit says was done to one problem, by whom; nobody's: the bot's own doing."""

    problem_id: int
    action: str
    actor_id: int | None
    detail: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """The county at one moment."""

    now: datetime
    people: Mapping[int, Person]
    problems: Mapping[int, Problem]
    custody: Mapping[int, Link]
    climbed: Mapping[int, Climbed]
    requests: Sequence[Request]
    duties: Mapping[tuple[int, Duty], frozenset[int]]
    stands_for: Mapping[int, frozenset[int]]

    def ties(self, person_id: int, problem: Problem) -> Ties:
        """Return what ties somebody to a problem, reckoned from the rows alone."""
        links = [link for link in self.custody.values() if link.problem_id == problem.id]
        ended = [link for link in links if link.until and link.generation == problem.generation]
        asked = {each.to_id for each in self.requests if each.problem_id == problem.id}
        return Ties(
            leads=person_id in self.duties.get((problem.project_id, Duty.LEAD_LEADER), ()),
            liaises=person_id in self.duties.get((problem.project_id, Duty.LIAISON), ()),
            owns=person_id in self.duties.get((problem.project_id, Duty.OWNER), ()),
            has_held=person_id in {link.person_id for link in links},
            passed_on=bool(ended) and ended[-1].ended in _PASSED_ON and ended[-1].person_id == person_id,
            is_asked=person_id in asked,
            stands_for=self.stands_for.get(person_id, frozenset()),
        )

    def can(self, person_id: int, deed: Deed, problem: Problem) -> bool:
        """Tell whether somebody has the right to do something now, and it fits."""
        right = may(self.people[person_id], deed, problem, self.ties(person_id, problem))
        return right and fits(deed, problem.state)

    def answers(self, person_id: int, problem: Problem) -> bool:
        """Tell whether somebody is asked to decide something about a problem, and has not yet."""
        selves = self.stands_for.get(person_id, frozenset()) | {person_id}
        is_office = self.people[person_id].is_office
        return any(
            each.answer is None and (each.to_id in selves or (each.to_id is None and is_office))
            for each in self.requests
            if each.problem_id == problem.id
        )

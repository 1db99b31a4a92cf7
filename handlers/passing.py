"""What is in somebody's hands, and how it passes to another, change by change, each in the audit."""

from dataclasses import dataclass

from bot.domain.census import HOLDERS
from bot.domain.people import Duty, Person, Role
from bot.domain.problems import Problem
from bot.domain.requests import Asking, Request
from bot.domain.words import visible
from bot.errors import Refused
from handlers import buttons, cards, common_cards, dossier, letters, missive_ties, requests
from handlers.turn import Desk
from storage.handovers import Hands
from storage.leaves import Leave
from storage.letters import Choices

_ROLES = {Duty.LIAISON: Role.LIAISON, Duty.LEAD_LEADER: Role.LEAD_LEADER, Duty.OWNER: Role.OWNER}
"""The roles that duties on projects need."""


def hands_of(desk: Desk, person: Person, taker: Person | None = None) -> Hands:
    """Return what is in somebody's hands now and may pass to another; to nobody in particular: all.

    A decision asked of a head passes to another head only; it stays with them for as long as they
    are there to decide.
    """
    asked = desk.tx.requests.pending_for([person.id])
    if taker is not None and person.active:
        asked = [each for each in asked if _may_answer(taker, each)]
    return Hands(
        duties=tuple(desk.tx.handovers.duties(person.id, desk.today)),
        held=tuple(desk.tx.problems.held_by(person.id)),
        to_confirm=tuple(desk.tx.problems.confirmed_by(person.id)),
        asked=tuple(asked),
        missives=tuple(missive_ties.open_to(desk, person)),
        routes=tuple(desk.tx.handovers.routes(person.id)),
        covers=tuple(desk.tx.leaves.covered_by(person.id, desk.today)),
    )


def _may_answer(person: Person, request: Request) -> bool:
    return request.asking is Asking.TIME or person.has(Role.DEPUTY_HEAD, Role.HEAD)


@dataclass(frozen=True, slots=True)
class Passing:
    """One handover on its way through the tables; without ``by`` the operator ordered it."""

    desk: Desk
    giver: Person
    taker: Person
    by: Person | None
    hands: Hands

    def all(self) -> None:
        """Pass everything; Raise Refused if somebody changed a problem meanwhile."""
        self._duties()
        self._problems()
        self._requests()
        self._missives()
        self._routes()
        self._covers()
        self._roles()
        self._record("handover.made", f"person:{self.giver.id}", to=self.taker.id)

    def _record(self, action: str, subject: str, **detail: object) -> None:
        via = {} if self.by else {"via": "cli"}
        self.desk.record(self.by, action, subject, **detail, **via)

    def _duties(self) -> None:
        desk, hands = self.desk, self.hands
        desk.tx.handovers.pass_duties(self.giver.id, self.taker.id, desk.today)
        for each in hands.duties:
            subject = f"project:{each.project_id}"
            self._record(
                "project.handed_over", subject, duty=each.duty, before=self.giver.id, to=self.taker.id
            )
        self._visits()

    def _visits(self) -> None:
        """Let the other go where a leader was to go; what is over, or asked about, stays as it was."""
        led = [each.project_id for each in self.hands.duties if each.duty is Duty.LEAD_LEADER]
        for visit in self.desk.tx.visits.ahead(self.giver.id, led, self.desk.today):
            if self.desk.tx.visits.pass_on(visit, self.taker.id):
                subject = f"project:{visit.project_id}"
                self._record("visit.handed_over", subject, day=str(visit.day), to=self.taker.id)

    def _problems(self) -> None:
        desk = self.desk
        reason = desk.say(None, "handover.reason")
        for problem in self.hands.held:
            _must_win(
                desk.tx.problems.succeed(problem, self.taker.id, desk.now, ended="handed_over", reason=reason)
            )
            self._record(
                "problem.handed_over", cards.subject(problem), before=self.giver.id, to=self.taker.id
            )
        for problem in self.hands.to_confirm:
            current = desk.tx.problems.get(problem.id) or problem
            _must_win(desk.tx.problems.amend(current, confirmer_id=self.taker.id))
            self._record(
                "problem.confirmer_changed", cards.subject(problem), before=self.giver.id, to=self.taker.id
            )
        common_cards.succeed(desk, self.giver, self.taker)

    def _routes(self) -> None:
        self.desk.tx.handovers.pass_routes(self.giver.id, self.taker.id)
        for route_id in self.hands.routes:
            subject = f"route:{route_id}"
            self._record("route.handed_over", subject, before=self.giver.id, to=self.taker.id)

    def _requests(self) -> None:
        for each in self.hands.asked:
            to = self.taker if _may_answer(self.taker, each) else None
            pass_request(self.desk, each, self.giver, to)
            subject = f"problem:{each.problem_id}"
            self._record("request.handed_over", subject, before=self.giver.id, to=to.id if to else None)

    def _missives(self) -> None:
        for each in self.hands.missives:
            self.desk.tx.receipts.hand(f"missive:{each.id}", [self.taker.id], self.desk.now)
            self._record("missive.handed_over", f"missive:{each.id}", before=self.giver.id, to=self.taker.id)

    def _covers(self) -> None:
        """Let the other stand in; nobody does so for themselves, or in a circle: then the leave ends."""
        desk = self.desk
        if self.hands.covers:
            desk.tx.leaves.alone()
        for cover in self.hands.covers:
            if _comes_round(desk, cover, self.taker.id):
                end_cover(desk, cover, self.giver, self.by)
                continue
            desk.tx.handovers.pass_cover(cover, self.taker.id)
            subject = f"person:{cover.person_id}"
            self._record("leave.handed_over", subject, before=self.giver.id, to=self.taker.id)

    def _roles(self) -> None:
        """Give the other the roles that what passed needs, and take those no longer needed here."""
        desk, hands = self.desk, self.hands
        passed = {_ROLES[each.duty] for each in hands.duties if each.duty in _ROLES}
        if Role.DEPARTMENT_LIAISON in self.giver.roles and (hands.held or hands.routes):
            passed.add(Role.DEPARTMENT_LIAISON)
        won = [role for role in Role if role in passed - self.taker.roles]
        for role in won:
            desk.tx.handovers.grant(self.taker.id, role)
        if won:
            self._record("person.roles_changed", f"person:{self.taker.id}", won=won)
        lost = [role for role in Role if role in passed & self.giver.roles]
        if _speaks_alone(desk, self.giver, passed):
            lost = [role for role in lost if role not in HOLDERS]
        for role in lost:
            desk.tx.handovers.revoke(self.giver.id, role)
        if lost:
            self._record("person.roles_changed", f"person:{self.giver.id}", lost=lost)


def _must_win(won: bool) -> None:  # noqa: FBT001 -- read with the change it wraps
    """Refuse when somebody else changed a problem meanwhile; nothing has passed then."""
    if not won:
        raise Refused("handover.changed")


def _comes_round(desk: Desk, cover: Leave, taker_id: int) -> bool:
    """Tell whether somebody would, through those who stand in for them, stand in for themselves."""
    seen: set[int] = set()
    ahead = [taker_id]
    while ahead:
        person_id = ahead.pop()
        if person_id == cover.person_id:
            return True
        if person_id not in seen:
            seen.add(person_id)
            ahead += desk.tx.handovers.substitutes(person_id, cover.first, cover.last)
    return False


def _speaks_alone(desk: Desk, giver: Person, passed: set[Role]) -> bool:
    """Tell whether without these roles of theirs nobody could hold what is routed to their unit."""
    unit_id = giver.unit_id
    if not giver.active or unit_id is None or not desk.tx.handovers.is_routed_to(unit_id):
        return False
    others = {each.id for role in HOLDERS for each in desk.tx.people.of_unit(unit_id, role)} - {giver.id}
    return not others and (giver.roles - passed).isdisjoint(HOLDERS)


def pass_request(desk: Desk, request: Request, giver: Person, taker: Person | None) -> None:
    """Let another answer what somebody was asked, with the same buttons; nobody: the office."""
    desk.tx.handovers.pass_request(request, taker.id if taker else None)
    problem = desk.tx.problems.get(request.problem_id)
    if problem is None:
        return
    subject = requests.subject(request)
    shown = {row.person_id: desk.tx.outbox.newest(row.id) for row in desk.tx.outbox.live(subject)}

    def without_buttons(person_id: int) -> tuple[str, Choices]:
        rows = () if person_id == giver.id else shown[person_id].buttons
        return shown[person_id].text, tuple(tuple((label, to) for label, to in line) for line in rows)

    letters.replace(desk, subject, without_buttons)
    for person in [taker] if taker else desk.office:
        if person.id != giver.id:
            desk.tell(
                person,
                f"request:{request.id}:{person.id}:{desk.now}",
                "\n".join(
                    [
                        desk.say(person, "handover.asked_now", name=giver.name),
                        _question(desk, person, request, problem),
                    ]
                ),
                buttons.answers_to(desk, person, request),
                subject=subject,
            )


def _question(desk: Desk, reader: Person, request: Request, problem: Problem) -> str:
    if request.asking is Asking.DECISION or request.until is None:
        return dossier.text(desk, reader, problem, request)
    return desk.say(
        reader,
        "handover.time",
        problem=problem.tag,
        project=problem.project,
        solve=cards.day(desk, problem.solve_due),
        until=desk.date(reader, request.until),
        plan=visible(request.text),
    )


def end_cover(desk: Desk, cover: Leave, substitute: Person, by: Person | None) -> None:
    """Cancel a leave whose substitute is gone, and tell the office to find another."""
    desk.tx.leaves.cancel(cover, desk.now)
    away = desk.tx.people.get(cover.person_id)
    desk.record(by, "leave.cancelled", f"person:{away.id}", leave=cover.id, substitute=substitute.id)
    for problem in desk.tx.problems.waiting_for(away.id):
        cards.refresh(desk, problem)
    for colleague in desk.office:
        if colleague.id == substitute.id:
            continue
        text = desk.say(
            colleague,
            "handover.cover_ended",
            name=away.placed,
            first=desk.date(colleague, cover.first),
            last=desk.date(colleague, cover.last),
            substitute=substitute.placed,
        )
        desk.tell(colleague, f"cover_ended:{cover.id}:{colleague.id}", text)

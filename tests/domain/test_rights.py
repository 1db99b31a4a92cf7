"""Who may do what to a problem: every role, deed, tie and state, against the rule said in other words."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from bot.domain.people import Person, Role
from bot.domain.problems import OPEN, Problem, State, Urgency
from bot.domain.requests import Asking, Request
from bot.domain.rights import Deed, Ties, fits, may, may_answer

ME, OTHER, AWAY = 1, 2, 3
AT = datetime(2026, 11, 23, tzinfo=UTC)
PROBLEM = Problem(
    id=1,
    number="2026-001",
    project_id=1,
    project="纯碱项目",
    place="大桥镇",
    category="用地",
    text="指标未批",
    urgency=Urgency.ORDINARY,
    state=State.WAITING,
    generation=1,
    reporter_id=OTHER,
    reporter="刘敏",
    holder_id=OTHER,
    holder="孙立新",
    confirmer_id=OTHER,
    confirmer="刘敏",
    opened_at=AT,
    began_at=AT,
    held_since=AT,
)
TIES = {
    "none": ({}, Ties()),
    "holds": ({"holder_id": ME}, Ties()),
    "reported": ({"reporter_id": ME, "confirmer_id": ME}, Ties()),
    "leads": ({}, Ties(leads=True)),
    "liaises": ({}, Ties(liaises=True)),
    "owns": ({}, Ties(owns=True)),
    "has held": ({}, Ties(has_held=True)),
    "passed it on": ({}, Ties(has_held=True, passed_on=True)),
    "is asked": ({}, Ties(is_asked=True)),
    "stands for the holder": ({"holder_id": AWAY}, Ties(stands_for=frozenset({AWAY}))),
    "stands for the reporter": ({"confirmer_id": AWAY}, Ties(stands_for=frozenset({AWAY}))),
    "stands for another": ({}, Ties(stands_for=frozenset({AWAY}))),
}
ANSWERING = {
    Deed.TAKE, Deed.TRANSFER, Deed.RETURN, Deed.SOLVE,
    Deed.FEED_BACK, Deed.ASK_UP, Deed.EXTEND, Deed.ASK_BACK,
}  # fmt: skip
ROLES: list[Role | None] = [None, *Role]
MATRIX = list(product(ROLES, Deed, TIES, State))


def expected(role: Role | None, deed: Deed, tie: str, state: State) -> bool:
    holds = tie in {"holds", "stands for the holder"}
    reports = tie in {"reported", "stands for the reporter"}
    office = role is Role.OFFICE
    answers = office or holds or tie == "leads" or (tie, state) == ("passed it on", State.WAITING)
    mine_and_new = reports and state is State.WAITING
    if deed in ANSWERING:
        return answers
    return {
        Deed.SEE: answers
        or tie not in {"none", "stands for another"}
        or role in {Role.DEPUTY_HEAD, Role.HEAD},
        Deed.SNOOZE: holds,
        Deed.ASSIGN: office,
        Deed.CONFIRM: reports or tie == "owns",
        Deed.REOPEN: reports or tie == "owns" or (office and state is State.CLOSED),
        Deed.CLASSIFY: answers or mine_and_new,
        Deed.WITHDRAW: office or mine_and_new,
    }[deed]


def person(role: Role | None, *, active: bool = True) -> Person:
    return Person(ME, "陈志远", roles=frozenset({role} if role else set()), active=active)


def test_every_right_is_as_the_rule_says() -> None:
    wrong = []
    for role, deed, tie, state in MATRIX:
        changes, ties = TIES[tie]
        problem = replace(PROBLEM, state=state, **changes)  # type: ignore[arg-type]
        if may(person(role), deed, problem, ties) is not expected(role, deed, tie, state):
            wrong.append((role, deed, tie, state))

    assert wrong == []
    assert len(MATRIX) == 8 * 15 * 12 * 5


def test_who_has_left_may_do_nothing() -> None:
    for role, deed, tie, state in MATRIX:
        changes, ties = TIES[tie]
        problem = replace(PROBLEM, state=state, **changes)  # type: ignore[arg-type]
        assert not may(person(role, active=False), deed, problem, ties)


def test_more_ties_never_take_a_right_away() -> None:
    everything = Ties(
        leads=True,
        liaises=True,
        owns=True,
        has_held=True,
        passed_on=True,
        is_asked=True,
        stands_for=frozenset({AWAY}),
    )
    for role, deed, tie, state in MATRIX:
        changes, ties = TIES[tie]
        problem = replace(PROBLEM, state=state, **changes)  # type: ignore[arg-type]
        if may(person(role), deed, problem, ties):
            assert may(person(role), deed, problem, everything)


@pytest.mark.parametrize(
    ("deed", "states"),
    [
        (Deed.SEE, set(State)),
        (Deed.TAKE, {State.WAITING}),
        *[
            (deed, {State.WAITING, State.WORKING})
            for deed in sorted(ANSWERING - {Deed.TAKE} | {Deed.ASSIGN, Deed.SNOOZE})
        ],
        (Deed.REOPEN, {State.CONFIRMING, State.CLOSED}),
        (Deed.CONFIRM, {State.CONFIRMING}),
        (Deed.CLASSIFY, set(OPEN)),
        (Deed.WITHDRAW, set(OPEN)),
    ],
)
def test_a_deed_fits_some_states_only(deed: Deed, states: set[State]) -> None:
    assert {state for state in State if fits(deed, state)} == states


def test_what_has_ended_can_be_looked_at_and_what_was_closed_reopened() -> None:
    assert [deed for deed in Deed if fits(deed, State.WITHDRAWN)] == [Deed.SEE]
    assert [deed for deed in Deed if fits(deed, State.CLOSED)] == [Deed.SEE, Deed.REOPEN]


@pytest.mark.parametrize("deed", [Deed.CONFIRM, Deed.REOPEN])
@pytest.mark.parametrize(("step", "decides"), [(0, False), (1, False), (2, True)])
def test_the_office_decides_only_after_a_long_silence(deed: Deed, step: int, decides: bool) -> None:
    waiting = replace(PROBLEM, state=State.CONFIRMING, step=step)

    assert may(person(Role.OFFICE), deed, waiting, Ties()) is decides


# --- who may answer what was asked ------------------------------------------------------

_HEAD, _LEAD, _OFFICE = (
    Person(each, "n", roles=frozenset({role}))
    for each, role in ((21, Role.DEPUTY_HEAD), (22, Role.LEAD_LEADER), (23, Role.OFFICE))
)
_DECISION = Request(1, 1, 1, Asking.DECISION, 22, 21, None, "t", AT)
_TIME = Request(2, 1, 1, Asking.TIME, 30, 22, None, "t", AT)


@pytest.mark.parametrize(
    ("person", "request_", "asked", "ties", "leads", "allowed"),
    [
        (_HEAD, _DECISION, _HEAD, Ties(), (), True),
        (_OFFICE, _DECISION, _HEAD, Ties(), (), False),
        (_OFFICE, _DECISION, _HEAD, Ties(stands_for=frozenset({21})), (), True),
        (_HEAD, _DECISION, replace(_HEAD, roles=frozenset()), Ties(), (), False),
        (replace(_HEAD, active=False), _DECISION, _HEAD, Ties(), (), False),
        (_LEAD, _TIME, _LEAD, Ties(leads=True), (22,), True),
        (_OFFICE, _TIME, _LEAD, Ties(), (22,), True),
        (_OFFICE, _TIME, None, Ties(), (22,), True),
        (_LEAD, _TIME, None, Ties(leads=True), (22,), False),
        # Who leads it no more grants nothing; the office does, or who leads it now, but not to themself.
        (_LEAD, _TIME, _LEAD, Ties(), (24,), False),
        (_OFFICE, _TIME, _LEAD, Ties(), (24,), True),
        (replace(_LEAD, id=24), _TIME, _LEAD, Ties(leads=True), (24,), True),
        (replace(_LEAD, id=30), _TIME, _LEAD, Ties(leads=True), (30,), False),
        (_OFFICE, _TIME, replace(_LEAD, active=False), Ties(), (22,), True),
        # Whoever asked does not grant it standing in for the one asked.
        (replace(_LEAD, id=30), _TIME, _LEAD, Ties(leads=True, stands_for=frozenset({22})), (22,), False),
    ],
)
def test_who_may_answer_what_was_asked(
    person: Person, request_: Request, asked: Person | None, ties: Ties, leads: tuple[int, ...], allowed: bool
) -> None:
    assert may_answer(person, request_, asked, ties, leads) is allowed

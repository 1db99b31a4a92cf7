"""Who may do what to a problem: every role, deed, tie and state, against the rule said in other words."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from bot.domain.people import Person, Role
from bot.domain.problems import OPEN, Problem, State, Urgency
from bot.domain.rights import Deed, Ties, fits, may

ME, OTHER = 1, 2
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
    opened_at=datetime(2026, 11, 23, tzinfo=UTC),
)
TIES = {
    "none": ({}, Ties()),
    "holds": ({"holder_id": ME}, Ties()),
    "reported": ({"reporter_id": ME}, Ties()),
    "leads": ({}, Ties(leads=True)),
    "liaises": ({}, Ties(liaises=True)),
    "owns": ({}, Ties(owns=True)),
    "has held": ({}, Ties(has_held=True)),
    "passed it on": ({}, Ties(has_held=True, passed_on=True)),
}
ANSWERING = {Deed.TAKE, Deed.TRANSFER, Deed.RETURN, Deed.SOLVE, Deed.FEED_BACK, Deed.ASK_UP}
ROLES: list[Role | None] = [None, *Role]
MATRIX = list(product(ROLES, Deed, TIES, State))


def expected(role: Role | None, deed: Deed, tie: str, state: State) -> bool:
    answers = (
        role is Role.OFFICE or tie in {"holds", "leads"} or (tie, state) == ("passed it on", State.WAITING)
    )
    mine_and_new = tie == "reported" and state is State.WAITING
    if deed in ANSWERING:
        return answers
    return {
        Deed.SEE: answers or tie != "none" or role in {Role.DEPUTY_HEAD, Role.HEAD},
        Deed.CONFIRM: tie in {"reported", "owns"},
        Deed.CLASSIFY: answers or mine_and_new,
        Deed.WITHDRAW: role is Role.OFFICE or mine_and_new,
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
    assert len(MATRIX) == 8 * 10 * 8 * 5


def test_who_has_left_may_do_nothing() -> None:
    for role, deed, tie, state in MATRIX:
        changes, ties = TIES[tie]
        problem = replace(PROBLEM, state=state, **changes)  # type: ignore[arg-type]
        assert not may(person(role, active=False), deed, problem, ties)


def test_more_ties_never_take_a_right_away() -> None:
    everything = Ties(leads=True, liaises=True, owns=True, has_held=True, passed_on=True)
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
        *[(deed, {State.WAITING, State.WORKING}) for deed in sorted(ANSWERING - {Deed.TAKE})],
        (Deed.CONFIRM, {State.CONFIRMING}),
        (Deed.CLASSIFY, set(OPEN)),
        (Deed.WITHDRAW, set(OPEN)),
    ],
)
def test_a_deed_fits_some_states_only(deed: Deed, states: set[State]) -> None:
    assert {state for state in State if fits(deed, state)} == states


@pytest.mark.parametrize("state", [State.CLOSED, State.WITHDRAWN])
def test_nothing_but_looking_can_be_done_to_what_has_ended(state: State) -> None:
    assert [deed for deed in Deed if fits(deed, state)] == [Deed.SEE]

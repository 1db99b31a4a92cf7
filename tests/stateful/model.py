"""What must be true of problems whatever happens to them, and who may do what (I10, I11).

A step is judged by what stood before it, what stands after it, and what the audit says of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.domain.problems import OPEN, UNSOLVED, Problem, State
from bot.domain.rights import Deed, may
from tests.stateful.seen import Done, Link, Seen

WAITING, WORKING, CONFIRMING = OPEN
_ANEW = dict.fromkeys(UNSOLVED, WAITING)
MOVES: dict[str, dict[State, State]] = {
    "taken": {WAITING: WORKING},
    "transferred": _ANEW,
    "returned": _ANEW,
    "assigned": _ANEW,
    "directed": _ANEW,
    "rerouted": {WAITING: WAITING},
    "left": {**_ANEW, CONFIRMING: CONFIRMING},
    "handed_over": {state: state for state in OPEN},
    "solved": dict.fromkeys(UNSOLVED, CONFIRMING),
    "closed": {CONFIRMING: State.CLOSED},
    "reopened": {CONFIRMING: WAITING, State.CLOSED: WAITING},
    "withdrawn": dict.fromkeys(OPEN, State.WITHDRAWN),
}
"""Every change of state or holder there is (I10); whatever else is done leaves both alone."""

DEEDS = {
    "taken": Deed.TAKE, "transferred": Deed.TRANSFER, "returned": Deed.RETURN, "assigned": Deed.ASSIGN,
    "rerouted": Deed.CLASSIFY, "classified": Deed.CLASSIFY, "solved": Deed.SOLVE, "closed": Deed.CONFIRM,
    "confirmed": Deed.CONFIRM, "reopened": Deed.REOPEN, "withdrawn": Deed.WITHDRAW,
    "feedback": Deed.FEED_BACK, "asked_up": Deed.ASK_UP, "extension_asked": Deed.EXTEND,
    "snoozed": Deed.SNOOZE, "asked_back": Deed.ASK_BACK, "added_to": Deed.SEE, "resumed": Deed.SEE,
}  # fmt: skip
"""The right that each deed needs (I11)."""

ANSWERS = frozenset({"decided", "directed", "extended", "extension_refused"})
OFFICES = frozenset({"handed_over", "confirmer_changed"})
BY_ITSELF = frozenset({"escalated", "resumed", "asked_up", "left", "confirmer_changed"})
"""What happens without anybody doing it."""

_MOVES_THE_DEADLINE = frozenset({"extended", "resumed", "classified", "rerouted", "reopened", "left"})


def is_legal(before: Seen, after: Seen, deeds: Iterable[Done], speakers: set[int]) -> None:
    """Judge one step: what was done was allowed, and nothing else has changed (I10, I11)."""
    touched: dict[int, list[Done]] = {}
    for deed in deeds:
        touched.setdefault(deed.problem_id, []).append(deed)
    assert before.problems.keys() <= after.problems.keys(), "a problem is gone"
    for problem_id, now in after.problems.items():
        was = before.problems.get(problem_id)
        if was is None:
            (first, *more) = touched[problem_id]
            assert first.action == "reported"
            assert first.actor_id in speakers
            assert (now.state, now.generation, now.reporter_id) == (WAITING, 1, first.actor_id)
            assert all(each.action in {"escalated", "left"} for each in more)
        elif problem_id not in touched:
            assert _bare(now) == _bare(was), f"{now.number} changed by itself"
        else:
            _has_moved(before, was, now, touched[problem_id], speakers)
    for key, link in before.custody.items():
        assert key in after.custody
        assert link.until is None or after.custody[key] == link, "a closed link of custody changed"


def _bare(problem: Problem) -> Problem:
    """Return a problem without what others' doings may change: who listens, and what it is merged with."""
    return replace(problem, next_at=None, next_rung="", common_id=None)


def _has_moved(before: Seen, was: Problem, now: Problem, deeds: Sequence[Done], speakers: set[int]) -> None:
    state, holder, generation = was.state, was.holder_id, was.generation
    for deed in deeds:
        _had_the_right(before, was, deed, speakers)
        if deed.action in MOVES:
            assert state in MOVES[deed.action], f"{now.number}: {deed.action} from {state}"
            state = MOVES[deed.action][state]
            holder = deed.detail.get("holder", deed.detail.get("to", holder))
            generation += deed.action == "reopened"
    assert (now.state, now.holder_id, now.generation) == (state, holder, generation), f"{now.number}: {deeds}"
    done = {deed.action for deed in deeds}
    if done.isdisjoint(_MOVES_THE_DEADLINE) and was.paused_at is None:
        assert now.solve_due == was.solve_due, f"{now.number}: the deadline moved by itself"
    assert now.extensions <= 2
    assert now.snoozes <= 2


def _had_the_right(before: Seen, was: Problem, deed: Done, speakers: set[int]) -> None:
    said = f"{was.number} {deed.action} by {deed.actor_id}"
    if deed.actor_id is None:
        assert deed.action in BY_ITSELF, said
        return
    assert deed.actor_id in speakers, said
    person = before.people[deed.actor_id]
    if deed.action in ANSWERS:
        assert before.answers(person.id, was), said
    elif deed.action in OFFICES:
        assert person.is_office, said
    elif deed.action in DEEDS:
        assert may(person, DEEDS[deed.action], was, before.ties(person.id, was)), said


# --- custody ----------------------------------------------------------------------------


def is_in_one_hand(seen: Seen) -> None:
    """Every open problem has one holder, who is there, and one open link that says so; a closed one none."""
    held: dict[int, list[Link]] = {}
    for link in seen.custody.values():
        if link.until is None:
            held.setdefault(link.problem_id, []).append(link)
    for problem in seen.problems.values():
        links = [(each.person_id, each.generation) for each in held.get(problem.id, [])]
        assert links == ([(problem.holder_id, problem.generation)] if problem.is_open else []), problem.number
        assert not problem.is_open or seen.people[problem.holder_id].active, problem.number

"""What must be true of the ladder: one rung at a time, in order, in time, of a wait that still waits."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from bot.domain.ladder import BY_NAME, Wait
from bot.domain.problems import UNSOLVED, Problem, Urgency
from tests.stateful.model import CONFIRMING, WAITING, WORKING
from tests.stateful.seen import Seen

GRACE = timedelta(minutes=15)
"""The shortest time from one rung of a problem to its next: a quarter of an hour's step (FAULTS D4)."""

_DUE = {Wait.ACCEPT: "accept_due", Wait.FEEDBACK: "feedback_due", Wait.SOLVE: "solve_due"}
_SINCE = {Wait.CONFIRM: "solved_at", Wait.ANSWER: "paused_at"}


def has_climbed(before: Seen, after: Seen, left: Collection[int], *, is_quiet: bool) -> None:
    """Judge the rungs of one beat: one a problem, in order, in time, of a wait that still waits (I5, I6).

    Whose holder turned out to have ``left`` as they were told is wound anew after the beat.
    """
    new = [after.climbed[key] for key in after.climbed.keys() - before.climbed.keys()]
    assert len({each.problem_id for each in new}) == len(new), "two rungs of one problem in one beat"
    for each in new:
        was = before.problems[each.problem_id]
        wait, said = BY_NAME[each.rung].wait, f"{was.number} {each.rung} at {each.at}"
        assert (each.generation, each.level, each.at) == (was.generation, was.level + 1, after.now), said
        assert _still_waits(was, wait), said
        assert not is_quiet or was.urgency is Urgency.TODAY, f"{said}: in quiet hours"
        due = getattr(was, _DUE.get(wait) or _SINCE[wait])
        assert due is not None, said
        assert due <= after.now if wait in _DUE else due < after.now - timedelta(hours=6), (
            f"{said}: too early"
        )
        assert was.snoozed_until is None or was.snoozed_until <= after.now, f"{said}: snoozed"
        assert was.rung_at is None or after.now - was.rung_at >= GRACE, f"{said}: no grace"
    climbed = {each.problem_id: each.rung for each in new}
    for problem in after.problems.values():
        _has_no_gap(problem, after)
        if (
            problem.is_open
            and problem.id not in left
            and not _begins_anew(before.problems[problem.id], problem, climbed)
        ):
            _is_not_overlooked(problem, after.now, is_quiet=is_quiet)


def _begins_anew(was: Problem, now: Problem, climbed: Mapping[int, str]) -> bool:
    """Tell whether this beat only set the clock anew: nobody was left to hear of the rung that had come."""
    return climbed.get(now.id) is None and was.next_rung != now.next_rung


def _still_waits(problem: Problem, wait: Wait) -> bool:
    if problem.paused_at is not None:
        return wait is Wait.ANSWER
    said, accepted = problem.feedback_at, problem.accepted_at
    # What others said before it was accepted is no word of its holder's.
    is_silent = said is None or (accepted is not None and said < accepted)
    return {
        Wait.ACCEPT: problem.state is WAITING,
        Wait.FEEDBACK: problem.state is WORKING and is_silent,
        Wait.SOLVE: problem.state in UNSOLVED,
        Wait.CONFIRM: problem.state is CONFIRMING,
        Wait.ANSWER: False,
    }[wait]


def _has_no_gap(problem: Problem, seen: Seen) -> None:
    by_generation: dict[int, list[int]] = {}
    for each in seen.climbed.values():
        if each.problem_id == problem.id:
            by_generation.setdefault(each.generation, []).append(each.level)
    for levels in by_generation.values():
        assert levels == list(range(1, len(levels) + 1)), f"{problem.number}: {levels}"
    assert problem.level == len(by_generation.get(problem.generation, ())), problem.number


def _is_not_overlooked(problem: Problem, now: datetime, *, is_quiet: bool) -> None:
    if is_quiet and problem.urgency is not Urgency.TODAY:
        return
    assert problem.next_at is None or problem.next_at > now, (
        f"{problem.number}: {problem.next_rung} was due at {problem.next_at}, it is {now}"
    )
    is_still = problem.paused_at is not None or (problem.snoozed_until or now) > now
    has_just_climbed = problem.rung_at is not None and now - problem.rung_at <= timedelta(hours=2)
    if is_still or has_just_climbed:
        return
    if problem.state is WAITING and problem.accept_due is not None and problem.accept_due <= now:
        assert problem.step >= 1, f"{problem.number} is not accepted in time and nobody was told"
    if problem.state in UNSOLVED and problem.solve_due is not None and problem.solve_due <= now:
        assert problem.late_step >= 1, f"{problem.number} is not solved in time and nobody was told"

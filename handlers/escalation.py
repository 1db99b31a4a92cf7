"""What is late climbs, one rung at a time, until somebody answers (DESIGN §3).

First the rungs are written, in chunks; then everybody who is to hear of them is told, each in one
message, however many problems it is about – so the morning after days of down time brings one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.domain.ladder import BY_NAME, DOSSIERS, Ear, Wait, climbed, near_wait
from bot.domain.people import Person
from bot.domain.problems import Problem, Urgency, counted
from handlers import buttons, cards, prompts, requests
from handlers.clocks import Listeners, resumed_dues, wind, with_next
from handlers.turn import Beat
from handlers.watch import Watch
from storage.escalations import Climb, Notice
from storage.letters import Letter

CHUNK = 200
"""Rungs of one transaction at most, so that a message never waits for a morning after."""

_PEOPLE = 10
"""So many are told at once: what each reads is put together where messages are handled too."""

_MOST_LINES = 8
_BRINGS_MORE = DOSSIERS | {"answer_2"}


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody is to be told: as the problems stood when it was written, None if it is all over."""

    notices: Sequence[Notice]
    problems: Sequence[Problem]
    letter: Letter | None


async def climb(watch: Watch) -> None:
    """Climb every rung that has come, and tell whoever is to hear of it."""
    while await watch.read(_has_rung):
        if await watch.perform(_climb_some) < CHUNK:
            break
    while drafts := await watch.read(_written):
        if await watch.perform(partial(_tell, drafts=drafts)) < _PEOPLE:
            break


def is_due(beat: Beat) -> bool:
    """Tell whether a rung has come, or somebody is still to hear of one."""
    return _has_rung(beat) or bool(beat.tx.escalations.untold(1))


def _has_rung(beat: Beat) -> bool:
    return bool(_due(beat, 1))


def _due(beat: Beat, most: int) -> list[Problem]:
    """Return the problems whose rung has come; up again at night, only what is 当天 does not wait."""
    return beat.tx.problems.due(beat.now, most, only_today=beat.county.calendar.is_quiet(beat.now))


def _climb_some(beat: Beat) -> int:
    listeners = Listeners(beat)
    due = _due(beat, CHUNK)
    held = {problem.id for problem in due}
    if held and beat.tx.escalations.hold(held, to_change=True):
        due = [problem for problem in _due(beat, CHUNK) if problem.id in held]
    listeners.expect(due)
    plain, others = [], []
    for problem in due:
        rung = BY_NAME.get(problem.next_rung)
        audience = listeners.audience(problem, rung) if rung else []
        if rung is None or rung.name in _BRINGS_MORE or not audience:
            others.append(problem)
        else:
            after = with_next(beat, climbed(problem, rung, beat.now), listeners)
            plain.append(Climb(after, rung, audience))
    # All at once; if one of them cannot be written, each by itself.
    done = len(plain) if plain and beat.each([plain], partial(_write, beat)) else 0
    if not done:
        done = beat.each([[each] for each in plain], partial(_write, beat))
    return done + beat.each(others, lambda problem: _climb(beat, problem, listeners))


def _write(beat: Beat, climbs: Sequence[Climb]) -> None:
    beat.tx.escalations.add(climbs, beat.now)
    for each in climbs:
        told = list(each.person_ids)
        beat.record(None, "problem.escalated", cards.subject(each.problem), rung=each.rung.name, to=told)


def _climb(beat: Beat, problem: Problem, listeners: Listeners) -> None:
    """Climb a rung that brings more than words; one that nobody hears of only sets the clock anew."""
    rung = BY_NAME.get(problem.next_rung)
    audience = listeners.audience(problem, rung) if rung else []
    if rung is not None and audience:
        _write(beat, [Climb(climbed(problem, rung, beat.now), rung, audience)])
        if rung.wait is Wait.ANSWER:
            beat.tx.problems.resume(problem, resumed_dues(beat, problem), beat.now)
            beat.record(None, "problem.resumed", cards.subject(problem))
        else:
            for person_id in audience:
                requests.bring_before(beat, problem, beat.tx.people.get(person_id))
    elif problem.solve_due is None and problem.is_unsolved:
        # Imported, or of an older release: its clocks begin now.
        due = resumed_dues(beat, problem)
        beat.tx.problems.amend(
            problem,
            accept_due=due.accept,
            feedback_due=due.feedback,
            solve_due=due.solve,
            first_due=due.solve,
        )
    wind(beat, problem, listeners)


# --- who hears of it --------------------------------------------------------------------


def _written(beat: Beat) -> list[Draft]:
    """Return what some of those still to be told are to read."""
    untold = beat.tx.escalations.untold(_PEOPLE)
    known = _known(beat, {each.problem_id for notices in untold.values() for each in notices})
    with beat.at_rest():
        return [_draft(beat, person_id, notices, known) for person_id, notices in untold.items()]


def _known(beat: Beat, problem_ids: Iterable[int]) -> dict[int, Problem]:
    return {each.id: each for each in beat.tx.problems.several(sorted(problem_ids))}


def _draft(beat: Beat, person_id: int, notices: Sequence[Notice], known: Mapping[int, Problem]) -> Draft:
    person = beat.tx.people.get(person_id)
    # Of two rungs of one problem the later says it all.
    latest = {each.problem_id: each for each in notices}
    found = [(each, known[each.problem_id]) for each in latest.values()]
    # A head reads the dossier instead, which says it all.
    still = [
        (notice, problem)
        for notice, problem in found
        if _still_true(problem, notice) and notice.rung not in DOSSIERS
    ]
    letter = None
    if still and person.active:
        letter = _of_one(beat, person, *still[0]) if len(still) == 1 else _of_many(beat, person, still)
    return Draft(notices, [problem for _, problem in found], letter)


def _still_true(problem: Problem, notice: Notice) -> bool:
    """Tell whether a rung is still worth hearing of: nobody has answered since it was climbed."""
    rung = BY_NAME[notice.rung]
    if problem.generation != notice.generation:
        return False
    if rung.wait is Wait.SOLVE:
        return problem.is_unsolved and problem.paused_at is None and problem.late_step >= rung.number
    if rung.wait is Wait.ANSWER and Ear.HOLDER in rung.ears:
        return problem.is_unsolved and problem.paused_at is None
    # Every change of hands takes the clock back to its foot.
    return near_wait(problem) is rung.wait and problem.step >= rung.number


def _of_one(beat: Beat, person: Person, notice: Notice, problem: Problem) -> Letter:
    """Return a fresh card with a sentence before it that says why."""
    reader = beat.stand_in(person)
    why = "solve_1_lead" if notice.rung == "solve_1" and person.id != problem.holder_id else notice.rung
    foreword = beat.say(
        reader, f"rung.{why}", noun=problem.noun, holder=problem.holder, confirmer=problem.confirmer
    )
    return beat.draft(
        person,
        f"escalation:{problem.id}:{notice.generation}:{notice.level}:{person.id}",
        f"{foreword}\n{cards.text(beat, reader, problem)}",
        buttons.choices(beat, reader, problem),
        subject=cards.subject(problem),
        disturb=problem.urgency is Urgency.TODAY,
    )


def _of_many(beat: Beat, person: Person, still: Sequence[tuple[Notice, Problem]]) -> Letter:
    """Return one message about many: a line each, the longest late first, and a button each."""
    reader = beat.stand_in(person)
    lines = "\n".join(
        beat.say(
            reader,
            "rung.line",
            light=cards.light(beat, reader, problem),
            number=problem.number,
            project=problem.project,
            category=problem.kind,
            holder=problem.holder,
            text=prompts.shortened(problem.text),
            why=beat.say(reader, f"rung.short_{notice.rung}"),
        )
        for notice, problem in still[:_MOST_LINES]
    )
    more = beat.say(reader, "list.more", count=len(still) - _MOST_LINES) if len(still) > _MOST_LINES else ""
    return beat.draft(
        person,
        f"escalations:{still[0][0].escalation_id}:{person.id}",
        beat.say(
            reader, "rung.many", counted=counted([each for _, each in still]), lines=lines, more=more
        ).strip(),
        tuple(((problem.number, f"show:{problem.id}"),) for _, problem in still[:_MOST_LINES]),
        disturb=any(problem.urgency is Urgency.TODAY for _, problem in still),
    )


def _tell(beat: Beat, drafts: Sequence[Draft]) -> int:
    """Owe the letters whose problems stand as they stood; the others are written anew."""
    ids = {problem.id for draft in drafts for problem in draft.problems}
    beat.tx.escalations.hold(ids)
    known = _known(beat, ids)
    true = [draft for draft in drafts if all(known[each.id] == each for each in draft.problems)]
    letters = [draft.letter for draft in true if draft.letter is not None]
    for letter in letters:
        beat.tx.outbox.add(letter, beat.now)
    beat.tx.outbox.give_way([each for each in letters if each.subject])
    if true:
        beat.tx.escalations.told([notice for draft in true for notice in draft.notices], beat.now)
    return len(true)


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return the next moment at which a rung comes, with the key of its name."""
    at = beat.tx.problems.next_rung_at(beat.now)
    return [(at, "event.escalation")] if at is not None else []

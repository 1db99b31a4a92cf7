"""What is seen of the county: the rows of its database, and nothing else."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text

from bot.domain.ladder import next_climb
from bot.domain.people import Duty
from bot.domain.problems import Urgency
from handlers.clocks import Listeners, climbing
from handlers.turn import Desk
from storage import tables
from storage.invariants import broken
from storage.tx import Tx
from tests.stateful.model import MOVES
from tests.stateful.seen import Climbed, Done, Link, Seen
from tests.world import World

_MAY_COME_AT_NIGHT = ("reply:", "left:", "prompt:", "remind:", "bind:")
"""Answers; who left, the same minute; the questions, which have an hour of their own; a new group."""


@dataclass
class Eyes:
    """Remembers how far the audit and the outbox were read."""

    last_entry: int = 0
    last_letter: int = 0
    deeds: list[Done] = field(default_factory=list)
    letters: list[Any] = field(default_factory=list)


def look(engine: Engine, eyes: Eyes, world: World) -> Seen:
    """Read the whole county, and what is new in its audit and outbox."""
    with engine.connect() as connection:
        tx, now = Tx(connection), world.clock.now()
        _read_on(connection, eyes)
        day = world.county.calendar.day_of(now)
        numbers = list(connection.execute(select(tables.problems.c.id)).scalars())
        return Seen(
            now=now,
            people={person.id: person for person in tx.people.everybody()},
            problems={problem.id: problem for problem in tx.problems.several(numbers)},
            custody={
                row.id: Link(row.problem_id, row.generation, row.person_id, row.until, row.ended)
                for row in connection.execute(select(tables.custody).order_by(tables.custody.c.id))
            },
            climbed={
                row.id: Climbed(row.problem_id, row.generation, row.level, row.rung, row.at)
                for row in connection.execute(select(tables.escalations).order_by(tables.escalations.c.id))
            },
            requests=[each for number in numbers for each in tx.requests.of_problem(number)],
            duties=_duties(connection, day),
            stands_for=_stand_ins(connection, day),
        )


def _read_on(connection: Connection, eyes: Eyes) -> None:
    audit, outbox = tables.audit, tables.outbox
    entries = connection.execute(select(audit).where(audit.c.id > eyes.last_entry).order_by(audit.c.id)).all()
    eyes.deeds = [
        Done(int(number), row.action.removeprefix("problem."), row.actor_id, row.detail)
        for row in entries
        if row.action.startswith("problem.")
        for number in [row.subject.removeprefix("problem:")]
    ]
    eyes.letters = list(
        connection.execute(select(outbox).where(outbox.c.id > eyes.last_letter).order_by(outbox.c.id))
    )
    eyes.last_entry = max((row.id for row in entries), default=eyes.last_entry)
    eyes.last_letter = max((row.id for row in eyes.letters), default=eyes.last_letter)


def _duties(connection: Connection, day: Any) -> dict[tuple[int, Duty], frozenset[int]]:
    found: dict[tuple[int, Duty], frozenset[int]] = {}
    for row in connection.execute(select(tables.assignments)):
        if row.since <= day and (row.until is None or row.until > day):
            key = (row.project_id, Duty(row.duty))
            found[key] = found.get(key, frozenset()) | {row.person_id}
    return found


def _stand_ins(connection: Connection, day: Any) -> dict[int, frozenset[int]]:
    found: dict[int, frozenset[int]] = {}
    for row in connection.execute(select(tables.leaves).where(tables.leaves.c.cancelled_at.is_(None))):
        if row.first <= day <= row.last:
            found[row.substitute_id] = found.get(row.substitute_id, frozenset()) | {row.person_id}
    return found


# --- clocks -----------------------------------------------------------------------------


def are_wound(engine: Engine, eyes: Eyes, seen: Seen, world: World) -> None:
    """Whatever was done to a problem, its next rung is the one that follows from how it stands now."""
    touched = [seen.problems[number] for number in {deed.problem_id for deed in eyes.deeds}]
    with engine.connect() as connection:
        desk = Desk(Tx(connection), world.county, world.watch.texts, seen.now)
        listeners = Listeners(desk)
        for problem in touched:
            climb = next_climb(problem, listeners.ears(problem), climbing(world.county))
            wanted = (climb.rung.name, climb.at) if climb and problem.is_open else ("", None)
            assert (problem.next_rung, problem.next_at) == wanted, f"{problem.number} is not wound"


# --- letters (I3, I21) ------------------------------------------------------------------


def letters_are_in_order(engine: Engine, eyes: Eyes, seen: Seen, world: World) -> None:
    """What was done was told in the same step, nothing due is left, nobody is woken at night."""
    outbox = tables.outbox
    with engine.connect() as connection:
        left = connection.execute(
            select(outbox.c.key, outbox.c.state, outbox.c.due_at).where(
                outbox.c.platform != "",
                outbox.c.state.in_(("claimed", "waiting")),
                outbox.c.due_at <= seen.now,
            )
        ).all()
        is_paused = connection.execute(
            select(tables.delivery_pauses).where(tables.delivery_pauses.c.until > seen.now)
        ).first()
        assert is_paused or not left, f"due and not sent: {left}"
        lost = tables.dead_letters
        buried = connection.execute(select(lost.c.raw, lost.c.reason).where(lost.c.raw != "")).all()
        assert not buried, buried
    done = {deed.action for deed in eyes.deeds}
    assert eyes.letters or done.isdisjoint(MOVES.keys() - {"left"}), f"nobody was told of {done}"
    for letter in eyes.letters:
        if world.county.calendar.is_quiet(letter.due_at) and letter.updates_id is None:
            assert _may_disturb(letter, seen), f"{letter.key} is to come at {letter.due_at}"


def _may_disturb(letter: Any, seen: Seen) -> bool:
    if letter.key.startswith(_MAY_COME_AT_NIGHT):
        return True
    today = {each.id for each in seen.problems.values() if each.urgency is Urgency.TODAY}
    if letter.key.startswith("escalations:"):
        return bool(today)
    named = {part for part in (*letter.key.split(":"), *letter.subject.split(":")) if part.isdecimal()}
    return bool(today & {int(part) for part in named})


def is_at_rest(engine: Engine, world: World) -> None:
    """Nobody is still to be told anything, and every chain holds (I3, I12, I18)."""
    now, outbox, notices = world.clock.now(), tables.outbox, tables.escalation_notices
    with engine.connect() as connection:
        owed = connection.execute(
            select(outbox.c.key).where(
                outbox.c.platform != "", outbox.c.state.in_(("claimed", "waiting")), outbox.c.due_at <= now
            )
        ).all()
        assert not owed, owed
        ends = set(connection.execute(select(outbox.c.state).distinct()).scalars())
        assert ends <= {"sent", "failed", "superseded", "waiting"}, ends
        untold = select(func.count()).select_from(notices).where(notices.c.told_at.is_(None))
        assert connection.execute(untold).scalar_one() == 0
        assert Tx(connection).audit.broken_at() is None
        assert list(broken(connection)) == []
        if engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []

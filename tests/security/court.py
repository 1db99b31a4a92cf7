"""A county in which everybody may try everything: each try is undone, and said how it ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from bot.chat import Address, Incoming
from bot.domain.deadlines import Dues
from bot.domain.missives import MissiveState
from bot.domain.people import Duty, Role
from bot.domain.problems import Problem, State, Urgency
from bot.domain.progress import Kind, Standing
from bot.domain.requests import Asking
from bot.errors import Refused
from handlers.turn import Turn
from storage import tables
from storage.problems import Reported
from storage.reports import Answered
from storage.tx import Tx
from tests.world import NAMES, World

MORE = {
    "yang": ("杨立", Role.LEAD_LEADER),
    "wu": ("吴畏", Role.DEPARTMENT_LIAISON),
    "tao": ("陶然", Role.OWNER),
    "ji": ("纪明", Role.LIAISON),
    "lin": ("林芳", Role.LIAISON),
}
"""Another of each: they have the role, and nothing to do with what is tried. 林芳 stands in for 孙立新."""
EVERYBODY = (*NAMES, *MORE)


@dataclass(frozen=True)
class Case:
    """Something to try: what follows the word or lies in the button, and what was asked before.

    ``refusal`` is how somebody may be refused who is not said to have tried what is not theirs.
    """

    allowed: frozenset[str]
    argument: str = ""
    text: str = ""
    known: Mapping[str, Any] = field(default_factory=dict)
    topic: str = ""
    refusal: str = ""


@dataclass(frozen=True)
class Ending:
    """How a try ended: refused with a sentence, denied for want of a right, or with something done."""

    refusal: str
    denied: bool
    done: tuple[str, ...]


class Undone(Exception):  # noqa: N818 -- what a try ends with, so that nothing of it stays
    """A try is over."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(str(ending))
        self.ending = ending


async def tries(world: World, who: str, handler: Callable[[Turn], None], case: Case) -> Ending:
    """Let somebody try something, undo it, and return how it ended."""

    def attempt(tx: Tx) -> None:
        now, account = world.clock.now(), world.account(who)
        said = Incoming("try", Address("fake", account), account, now, text=case.text)
        sender = tx.people.get(world.ids[who])
        if case.known:
            tx.conversations.ask(sender.id, case.topic, now, **case.known)
        before, asked = tx.mark(), tx.conversations.open(sender.id)
        turn = Turn(
            tx, world.county, world.watch.texts, now, incoming=said, sender=sender, text=case.text,
            argument=case.argument,
        )  # fmt: skip
        refusal, denied = "", False
        try:
            handler(turn)
        except Refused as refused:
            raise Undone(Ending(refused.key, refused.is_denial, ())) from None
        actions = [entry["action"] for entry in tx.audit._entries[before:]]
        denied = "access.denied" in actions
        done = [each for each in actions if each != "access.denied"]
        after = tx.conversations.open(sender.id)
        if after is not None and after != asked:
            done.append(f"asked {after.topic}")
        raise Undone(Ending(refusal, denied, tuple(done)))

    try:
        await world.store.perform(attempt)
    except Undone as undone:
        return undone.ending
    raise AssertionError("a try ends with being undone")


async def convene(world: World) -> None:
    """Fill the county with a problem in each state, what was asked about it, and more people."""
    await world.store.perform(lambda tx: _convene(world, tx))


def _convene(world: World, tx: Tx) -> None:
    now = world.clock.now()
    for who, (name, role) in MORE.items():
        person_id = _row(tx, tables.people, name=name, unit_id=1)
        world.ids[who] = person_id
        _row(tx, tables.roles, person_id=person_id, role=str(role))
        tx.people.bind(person_id, "fake", world.account(who), world.account(who), now)
    today = world.county.calendar.day_of(now)
    tx.leaves.add(
        world.ids["sun"], today, today + timedelta(days=3), world.ids["lin"], world.ids["zhao"], now
    )
    for who, key, duty in (
        ("qian", "#pump", Duty.OWNER),
        ("tao", "#park", Duty.OWNER),
        ("ji", "#pump", Duty.INSPECTOR),
    ):
        _row(
            tx, tables.assignments, project_id=world.ids[key], person_id=world.ids[who], duty=str(duty),
            since=date(2026, 1, 1),
        )  # fmt: skip
    for state in (State.WAITING, State.WORKING, State.CONFIRMING, State.CLOSED, State.WORKING, State.WORKING):
        _bring(tx, _reported(world, tx, now), state, world.ids["sun"], now)
    *_, asked, late = tx.problems.open()
    ids = world.ids
    tx.requests.add(asked, Asking.DECISION, "请求协调", now, asker_id=ids["chen"], to_id=ids["zhou"])
    _bring_papers(world, tx, now, today)
    until = today + timedelta(days=20)
    _row(tx, tables.commons, category="用地", holder_id=ids["sun"], state="merged", at=now)
    tx.commons.join(1, [2])
    tx.requests.add(late, Asking.TIME, "等批复", now, asker_id=ids["sun"], to_id=ids["chen"], until=until)


def _bring_papers(world: World, tx: Tx, now: datetime, today: date) -> None:
    """Bring in a figure of 刘敏, a visit, a handover, a letter that went out, a draft, and a paper."""
    ids = world.ids
    _row(tx, tables.handovers, from_id=ids["ji"], to_id=ids["wu"], at=now, projects=1, problems=0)
    tx.visits.plan(ids["chen"], ids["#pump"], today, now)
    said = Answered(
        project_id=ids["#pump"], day=today, kind=Kind.PROGRESS, text="封顶", standing=Standing(620, 0),
        person_id=ids["liu"], at=now,
    )  # fmt: skip
    tx.reports.add(said)
    unit_id = tx.people.get(ids["sun"]).unit_id
    for number, state in ((1, MissiveState.SENT), (None, MissiveState.DRAFT)):
        _row(
            tx, tables.missives, slot=f"m:{state}", kind="交办函", subject="开工", text="请尽快开工",
            state=str(state), year=number and 2026, sequence=number, project_id=ids["#pump"],
            unit_id=unit_id, drafted_at=now,
        )  # fmt: skip
    tx.receipts.hand("bulletin:1", [ids["sun"]], now)


async def convene_elsewhere(world: World) -> None:
    """Bring in problems of another project: 王强 reports them, 何建国 holds them, 陶然 is its owner."""

    def bring(tx: Tx) -> None:
        now, he = world.clock.now(), world.ids["he"]
        for state in (State.WAITING, State.WORKING, State.CONFIRMING):
            _bring(tx, _reported(world, tx, now, "#park", "wang", "he"), state, he, now)

    await world.store.perform(bring)


def _reported(
    world: World, tx: Tx, now: datetime, project: str = "#pump", reporter: str = "liu", holder: str = "sun"
) -> Problem:
    hour, day = timedelta(hours=1), timedelta(days=1)
    return tx.problems.add(
        Reported(
            project_id=world.ids[project],
            category="用地",
            text="用地指标未批",
            urgency=Urgency.ORDINARY,
            reporter_id=world.ids[reporter],
            holder_id=world.ids[holder],
            dues=Dues(now + 4 * hour, now + 3 * day, now + 7 * day),
            at=now,
        ),
        2026,
    )


def _bring(tx: Tx, problem: Problem, state: State, holder: int, now: datetime) -> None:
    if state is not State.WAITING:
        tx.problems.take(problem, holder, now)
    if state in {State.CONFIRMING, State.CLOSED}:
        tx.problems.solve(tx.problems.several([problem.id])[0], "已批复", now)
    if state is State.CLOSED:
        tx.problems.close(tx.problems.several([problem.id])[0], now)


def _row(tx: Tx, table: Any, **values: Any) -> int:
    key = tx.connection.execute(insert(table).values(**values)).inserted_primary_key
    return int(key[0]) if key else 0


__all__ = ["EVERYBODY", "Case", "Ending", "convene", "convene_elsewhere", "tries"]

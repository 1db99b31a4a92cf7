"""Everybody tries everything, in private and in a group; who has no right changes nothing (SECURITY row 6).

`tests/security/matrix.py` says who may. What it does not name fails here, so nothing new is let in unseen.
"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from inspect import unwrap
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.chat import Address, Incoming
from handlers import changes, contents, payouts
from handlers.access import Answer, Entry, everybody
from storage import tables
from storage.letters import Letter
from storage.tx import Tx
from tests.security import matrix
from tests.security.court import EVERYBODY, Case, convene, convene_elsewhere, tries
from tests.world import World

READINGS = {**payouts.READINGS, **changes.READINGS}

GUARDED = [
    *((f"button {verb}", contents.ACTIONS[verb], case) for verb, case in matrix.ACTIONS.items()),
    *((f"command {word}", contents.COMMANDS[word], case) for word, case in matrix.COMMANDS.items()),
    *((f"reading {name}", READINGS[name], case) for name, case in matrix.READINGS.items()),
    *(
        (f"answer {topic}", contents.TOPICS[topic], replace(case, topic=topic))
        for topic, case in matrix.TOPICS.items()
    ),
]


@pytest.fixture
async def court(world: World) -> World:
    await convene(world)
    return world


def first_words() -> dict[object, str]:
    """Return one word of each command, as the matrix calls it."""
    named = {*matrix.COMMANDS, *matrix.OWN_COMMANDS}
    return {handler: word for word, handler in contents.COMMANDS.items() if word in named}


def test_nothing_is_said_or_pressed_without_a_right() -> None:
    assert {type(each) for each in (*contents.COMMANDS.values(), *contents.ELSE.values())} == {Entry}
    assert {type(each) for each in contents.ACTIONS.values()} <= {Entry, Answer}
    assert {type(each) for each in contents.TOPICS.values()} == {Answer}


def test_every_action_is_somebodys() -> None:
    assert sorted([*matrix.ACTIONS, *matrix.OWN_ACTIONS]) == sorted(contents.ACTIONS)


def test_who_is_not_everybody_is_some_and_not_all() -> None:
    of_everybody = [
        *(contents.ACTIONS[verb] for verb in matrix.OWN_ACTIONS),
        *(contents.COMMANDS[word] for word in matrix.OWN_COMMANDS),
        *(contents.TOPICS[topic] for topic in matrix.OWN_TOPICS),
    ]

    assert {entry.right for entry in of_everybody} == {everybody}
    assert everybody not in {entry.right for _, entry, _ in GUARDED}
    assert [name for name, _, case in GUARDED if not frozenset() < case.allowed < matrix.ALL] == []


def test_every_command_and_every_answer_is_somebodys() -> None:
    assert set(contents.COMMANDS.values()) == set(first_words())
    assert not matrix.COMMANDS.keys() & matrix.OWN_COMMANDS
    assert sorted(matrix.READINGS) == sorted(READINGS)
    assert sorted([*matrix.TOPICS, *matrix.OWN_TOPICS]) == sorted(contents.TOPICS)


OF_A_PROBLEM = (matrix.ANSWERING, matrix.HOLDING, matrix.CONFIRMING, matrix.SEEING)


def elsewhere() -> Iterator[Any]:
    """Yield what needs a right to a problem, to be tried on those of another project."""
    for name, entry, case in GUARDED:
        number, colon, rest = case.argument.partition(":")
        is_asked = "problem" in case.known and not number
        if case.allowed in OF_A_PROBLEM and (is_asked or number in matrix.ELSEWHERE) and "common" not in name:
            known = {**case.known, "problem": 8} if is_asked else case.known
            argument = "" if is_asked else f"{matrix.ELSEWHERE[number]}{colon}{rest}"
            allowed = matrix.elsewhere(case.allowed)
            yield pytest.param(entry, replace(case, argument=argument, known=known, allowed=allowed), id=name)


@pytest.mark.parametrize(("entry", "case"), [*elsewhere()])
async def test_whoever_has_a_right_to_one_problem_has_none_to_another(
    court: World, entry: Entry, case: Case
) -> None:
    await convene_elsewhere(court)
    ended = {who: await tries(court, who, entry, case) for who in EVERYBODY}

    assert {who for who, ending in ended.items() if not ending.denied} == case.allowed, ended
    assert {who for who, ending in ended.items() if ending.denied and ending.done} == set()


WITH_A_RIGHT = {
    "leave": {"leave.end"},
    "missive_desk": {"missive_desk.show"},
    "missive_register": {"missive_desk.show"},
    "missive_replies": {"missive_replies.ask_reply"},
    "reporting": {"reporting.report_anyway"},
    "spoken": {"problems.give_feedback"},
}
"""Who calls a handler and not its entry, because another right, which is no weaker, was judged already."""


def called_in(path: Path) -> Iterator[str]:
    """Yield the functions that a module of the handlers calls: its own, and those of other modules."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = ast.unparse(node.func)
            yield called if "." in called else f"{path.stem}.{called}"


def test_no_handler_is_called_past_its_right() -> None:
    handlers = {unwrap(entry.handler) for _, entry, _ in GUARDED}
    guarded = {f"{each.__module__.removeprefix('handlers.')}.{each.__name__}" for each in handlers}
    past = {
        path.stem: found
        for path in (Path(__file__).parents[2] / "handlers").glob("*.py")
        if (found := guarded & {*called_in(path)})
    }

    assert past == WITH_A_RIGHT


@pytest.mark.parametrize(("entry", "case"), [pytest.param(*each, id=name) for name, *each in GUARDED])
async def test_whoever_has_no_right_is_refused_and_changes_nothing(
    court: World, entry: Entry, case: Case
) -> None:
    ended = {who: await tries(court, who, entry, case) for who in EVERYBODY}
    refused = {
        who for who, ending in ended.items() if ending.denied or ending.refusal in {case.refusal} - {""}
    }

    assert matrix.ALL - refused == case.allowed, ended
    assert {who for who in refused if ended[who].done} == set()


@pytest.mark.parametrize("verb", matrix.OWN_ACTIONS)
async def test_what_everybody_may_press_is_about_themselves(court: World, verb: str) -> None:
    case = Case(matrix.ALL, matrix.OWN_ACTIONS[verb])
    for who in EVERYBODY:
        ending = await tries(court, who, contents.ACTIONS[verb], case)

        assert not ending.denied
        assert set(ending.done) <= ({"report.added"} if (verb, who) == ("same", "wang") else set())


# --- in whose chat ----------------------------------------------------------------------


async def written(world: World) -> list[str]:
    entries = await world.asks(lambda tx: tx.audit.after(0, 100_000))
    return [each.action for each in entries]


@pytest.mark.parametrize("who", ["zhao", "chen", "sun", "liu"])
async def test_in_a_group_no_word_is_a_command(court: World, who: str) -> None:
    for called in (True, False):
        for word in contents.COMMANDS:
            await court.hears(who, f"{word} XM-002 2026-002", group="group1", called=called, settle=False)

    assert set(await written(court)) <= {"group.met", "group.named"}
    assert await court.asks(lambda tx: tx.connection.execute(select(tables.conversations)).all()) == []


async def offered(world: World, who: str) -> list[str]:
    """Put every button there is into somebody's chat, and return what each sends."""
    choices = tuple((("x", f"{verb}:1"),) for verb in contents.ACTIONS)

    def owe(tx: Tx) -> str:
        to = Address("fake", world.account(who))
        letter = Letter("all", to, "x", world.clock.now(), choices, person_id=world.ids[who])
        tx.outbox.add(letter, world.clock.now())
        return str(
            tx.connection.execute(
                select(tables.outbox.c.token).where(tables.outbox.c.key == "all")
            ).scalar_one()
        )

    token = await world.store.perform(owe)
    return [f"{token}.{place}" for place in range(len(choices))]


@pytest.mark.parametrize(
    ("who", "group"), [("wang", ""), ("zhou", ""), ("sun", ""), ("zhao", "group1"), ("wang", "group1")]
)
async def test_a_button_works_for_nobody_and_nowhere_but_for_whom_it_is(
    court: World, who: str, group: str
) -> None:
    account, now = court.account(who), court.clock.now()
    at = Address("fake", group or account)
    for data in await offered(court, "zhao"):
        said = Incoming(f"{who}:{data}", at, account, now, private=not group, button=data)

        assert await court.router.receive(said) == "这个按钮是发给别人的，没有任何改动。"

    assert await written(court) == ["access.denied"] * len(contents.ACTIONS)


async def test_a_button_whose_action_nobody_knows_does_nothing(court: World) -> None:
    def owe(tx: Tx) -> str:
        to, now = Address("fake", court.account("zhao")), court.clock.now()
        tx.outbox.add(
            Letter("odd", to, "x", now, ((("x", "become_root:1"),),), person_id=court.ids["zhao"]), now
        )
        return str(
            tx.connection.execute(
                select(tables.outbox.c.token).where(tables.outbox.c.key == "odd")
            ).scalar_one()
        )

    token = await court.store.perform(owe)
    account = court.account("zhao")
    await court.router.receive(
        Incoming("odd", Address("fake", account), account, court.clock.now(), button=f"{token}.0")
    )

    assert await written(court) == []
    assert await court.asks(lambda tx: tx.inbox.buried()) == 1

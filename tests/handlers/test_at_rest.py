"""What is asked again while nothing changes is answered from memory, and never a moment longer."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from handlers.turn import Desk
from tests.stories.test_reporting import LAND
from tests.world import World


async def at_desk(world: World, do: Callable[[Desk], None]) -> None:
    await world.store.perform(lambda tx: do(Desk(tx, world.county, world.watch.texts, world.clock.now())))


async def test_at_rest_a_question_is_asked_once_and_afterwards_again(world: World) -> None:
    asked: list[int] = []

    def question(number: int) -> int | None:
        asked.append(number)
        return None

    def ask(desk: Desk) -> None:
        desk.once(question, 1)
        with desk.at_rest():
            for number in (2, 2, 3):
                desk.once(question, number)
            with desk.at_rest():
                desk.once(question, 2)
            desk.once(question, 3)
        desk.once(question, 2)
        with pytest.raises(ValueError, match="broken"), desk.at_rest():
            raise ValueError("broken")
        desk.once(question, 2)

    await at_desk(world, ask)

    assert asked == [1, 2, 3, 2, 2]


async def statements(world: World, who: str, text: str = "", button: str = "") -> int:
    """Return how many statements one message takes."""
    seen: list[str] = []

    def see(*given: Any) -> None:
        seen.append(given[2])

    event.listen(world.store._writer, "before_cursor_execute", see)
    await world.hears(who, text, button=button, settle=False)
    event.remove(world.store._writer, "before_cursor_execute", see)
    await world.delivery.drain()
    return len(seen)


async def test_a_problem_is_looked_up_once_however_many_read_of_it(world: World) -> None:
    reported = await statements(world, "liu", LAND)
    taken = await statements(world, "sun", button="接办")
    passed_on = await statements(world, "sun", "转办 2026-001 周海涛 由县里协调")

    # Before anything was remembered it was 89, 89 and 135.
    assert reported < 60
    assert taken < 70
    assert passed_on < 80

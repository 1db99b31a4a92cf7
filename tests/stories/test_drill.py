"""The backup is rehearsed once a week; the office reads one line, and more only when it failed."""

from dataclasses import dataclass, field
from datetime import date

from bot.errors import PaperError
from handlers.drill import Drilling
from storage.backup import Drilled
from tests.world import World

MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)
NEXT_MONDAY, NEXT_SUNDAY = date(2026, 11, 30), date(2026, 12, 6)


@dataclass
class Rehearsal:
    """Rehearsals that end as they are told to."""

    outcomes: list[Drilled | Exception] = field(default_factory=list)
    held: int = 0

    async def __call__(self) -> Drilled:
        self.held += 1
        outcome = self.outcomes.pop(0) if self.outcomes else Drilled(12_345, (), "liaison.db.backup")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def at(world: World, drilling: Drilling, day: date, clock: str) -> None:
    await world.day_at(day, clock)
    await drilling.step()
    await world.settles()


async def test_it_is_rehearsed_once_in_the_night_to_sunday_and_a_line_says_so(world: World) -> None:
    rehearsal = Rehearsal()
    drilling = Drilling(world.watch, rehearsal)
    await at(world, drilling, MONDAY, "09:00")
    await at(world, drilling, SUNDAY, "02:59")
    assert rehearsal.held == 0

    await at(world, drilling, SUNDAY, "03:00")
    await at(world, drilling, SUNDAY, "09:00")
    assert rehearsal.held == 1
    before = len(world.said_to("zhao"))

    await world.day_at(NEXT_MONDAY, "09:00")
    await world.day_at(NEXT_MONDAY, "18:00")
    (summary,) = [text for text in world.said_to("zhao")[before:] if "备份" in text]
    assert "\n备份演练：通过，12,345 条。\n" in summary
    await world.day_at(date(2026, 12, 1), "09:00")
    await world.day_at(date(2026, 12, 1), "18:00")
    assert "备份" not in world.last("zhao")


async def test_what_a_night_off_missed_is_made_up_for_once(world: World) -> None:
    rehearsal = Rehearsal()
    drilling = Drilling(world.watch, rehearsal)
    await at(world, drilling, MONDAY, "09:00")

    await at(world, drilling, date(2026, 12, 8), "10:00")
    await at(world, drilling, date(2026, 12, 8), "10:01")

    assert rehearsal.held == 1


async def test_a_failure_is_told_in_the_morning_and_tried_again_every_night(world: World) -> None:
    fault = "audit: entry 2 does not follow from the one before"
    rehearsal = Rehearsal([Drilled(9, (fault,)), PaperError("drill failed: no room")])
    drilling = Drilling(world.watch, rehearsal)
    await at(world, drilling, MONDAY, "09:00")

    await at(world, drilling, SUNDAY, "03:00")
    assert not any("备份演练" in text for text in world.said_to("zhao"))
    await world.day_at(SUNDAY, "08:00")
    await at(world, drilling, NEXT_MONDAY, "03:00")
    await at(world, drilling, date(2026, 12, 1), "03:00")
    await at(world, drilling, date(2026, 12, 2), "03:00")

    assert rehearsal.held == 3
    await world.day_at(date(2026, 12, 1), "09:00")
    told = [text for text in world.said_to("zhao") if text.startswith("备份演练没有通过")]
    assert [fault in told[0], "no room" in told[1]] == [True, True]


async def test_what_was_only_looked_over_is_not_called_a_rehearsal(world: World) -> None:
    drilling = Drilling(world.watch, Rehearsal([Drilled(7)]))
    await at(world, drilling, MONDAY, "09:00")
    await at(world, drilling, SUNDAY, "03:00")

    await world.day_at(NEXT_MONDAY, "09:00")
    await world.day_at(NEXT_MONDAY, "18:00")

    assert "数据核对：通过，7 条。" in world.last("zhao")

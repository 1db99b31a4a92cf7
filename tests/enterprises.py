"""What the stories of enterprises share: more owners, an inspector, and the whole database as text."""

from typing import Any

from sqlalchemy import insert, select

from bot.domain.people import Duty, Role
from storage import tables
from storage.tx import Tx
from tests.world import World


async def has_owners(world: World, count: int) -> list[str]:
    """Let enterprises have owners with a contact: owner1, owner2, …"""

    def add(tx: Tx) -> None:
        for place in range(1, count + 1):
            who = f"owner{place}"
            world.ids[who] = _person(tx, f"业主{place}号", Role.OWNER)
            tx.people.bind(world.ids[who], "fake", world.account(who), world.account(who), world.clock.now())

    await world.store.perform(add)
    return [f"owner{place}" for place in range(1, count + 1)]


async def has_inspector(world: World, who: str = "ji", name: str = "纪明", project: str = "#soda") -> None:
    """Give a project an inspector within reach."""

    def add(tx: Tx) -> None:
        world.ids[who] = _person(tx, name, None)
        tx.people.bind(world.ids[who], "fake", world.account(who), world.account(who), world.clock.now())
        on_duty(world, tx, who, project, Duty.INSPECTOR)

    await world.store.perform(add)


def on_duty(world: World, tx: Tx, who: str, project: str, duty: Duty) -> None:
    """Let somebody have a duty on a project."""
    tx.connection.execute(
        insert(tables.assignments).values(
            project_id=world.ids[project],
            person_id=world.ids[who],
            duty=str(duty),
            since=world.clock.now().date(),
        )
    )


def _person(tx: Tx, name: str, role: Role | None) -> int:
    key = tx.connection.execute(insert(tables.people).values(name=name, title="")).inserted_primary_key
    assert key is not None
    if role is not None:
        tx.connection.execute(insert(tables.roles).values(person_id=key[0], role=str(role)))
    return int(key[0])


async def every_row(world: World) -> dict[str, list[dict[str, Any]]]:
    """Return the whole database, table by table."""
    return await world.asks(
        lambda tx: {
            table.name: [dict(row) for row in tx.connection.execute(select(table)).mappings()]
            for table in tables.metadata.sorted_tables
        }
    )

"""On a server the bot works as a role that can write rows and change no table (SECURITY row 24)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import ProgrammingError

from storage.migrate import migrate
from storage.moving import Place, move
from storage.store import Store
from tests.storage.everything import ROWS, STEP, filled
from tests.storage.test_moving import opened
from tests.world import World
from tests.world import world as make_world

pytestmark = pytest.mark.postgresql
SCRIPT = Path(__file__).parents[2] / "deploy" / "postgresql.sql"
FORBIDDEN = (
    "CREATE TABLE mine (id integer)",
    "ALTER TABLE people ADD COLUMN mine integer",
    "DROP TABLE people",
    "TRUNCATE people CASCADE",
    "DROP TRIGGER audit_sealed ON audit",
    "UPDATE audit SET action = 'nothing'",
    "DELETE FROM audit",
    "UPDATE alembic_version SET version_num = '9999'",
    "CREATE ROLE another",
    "COPY people TO PROGRAM 'cat'",
)


@pytest.fixture
def as_bot(postgresql_url: str) -> str:
    """The URL of a migrated database, for the role of `deploy/postgresql.sql`."""
    role = f"bot_{re.search(r'test_[0-9]+', postgresql_url)[0]}"  # type: ignore[index]
    script = re.sub(r"--.*", "", SCRIPT.read_text(encoding="utf-8"))
    script = script.replace(':"bot"', role).replace(':"schema"', "public")
    engine = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in filter(str.strip, script.split(";")):
            connection.exec_driver_sql(statement)
    engine.dispose()
    return re.sub(r"//[^@/]*@", f"//{role}@", postgresql_url)


@pytest.fixture
def engine(as_bot: str) -> Iterator[Engine]:
    engine = create_engine(as_bot, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


async def test_the_bot_works_as_a_role_without_ddl(as_bot: str) -> None:
    assert migrate(as_bot) == []
    async with Store(as_bot) as store:
        world: World = make_world(store)
        await world.is_peopled()
        await world.day_at(world.clock.now().date(), "09:00")
        await world.hears("liu", "2 问题 用地指标未批")
        await world.hears("sun", button="接办")

        assert "孙立新" in world.last("liu")
        assert await world.asks(lambda tx: tx.audit.broken_at()) is None


def test_it_may_take_a_county_in(as_bot: str, tmp_path: Path, empty_database: Path) -> None:
    (tmp_path / "full.db").write_bytes(empty_database.read_bytes())
    with opened(f"sqlite:///{tmp_path / 'full.db'}") as connection:
        filled(connection)

    assert move(Place(f"sqlite:///{tmp_path / 'full.db'}"), Place(as_bot)).afresh
    with opened(as_bot) as connection:
        assert connection.exec_driver_sql("SELECT nextval('units_id_seq')").scalar() == ROWS * STEP + 1


def test_it_can_change_no_table_and_nothing_of_the_trail(engine: Engine) -> None:
    with engine.connect() as connection:
        for statement in FORBIDDEN:
            with pytest.raises(ProgrammingError):
                connection.exec_driver_sql(statement)

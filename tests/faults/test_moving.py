"""`liaison migrate --to`, killed with -9 wherever it may be, and started again."""

from pathlib import Path

import pytest

from bot.commands.ending import DONE, UNUSABLE_STORAGE
from tests.command import liaison
from tests.storage.everything import ROWS, every_value, filled
from tests.storage.test_moving import TABLES, opened
from tests.test_command_line import configured

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]
KILLED = -9
PLACES = (
    "statement:kill@1",  # a migration is over, the locks are taken
    "statement:kill@90",  # in the middle of a table
    "statement:kill@150",  # more is there than is missing
    "commit:kill",
    "committed:kill",
)


@pytest.fixture
def county(tmp_path: Path, empty_database: Path) -> Path:
    """A folder with a configuration, a database in a folder of its own, and files that people sent."""
    place = tmp_path / "county"
    (place / "data" / "attachments").mkdir(parents=True)
    (place / "data" / "attachments" / "1.jpg").write_bytes(b"a picture")
    file = place / "data" / "liaison.db"
    file.write_bytes(empty_database.read_bytes())
    with opened(f"sqlite:///{file}") as connection:
        filled(connection)
    configured(place, database__url='"sqlite:///data/liaison.db"')
    return place


async def test_killed_anywhere_and_started_again_it_ends_with_the_same_copy(
    county: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(f"sqlite:///{county}/data/liaison.db") as connection:
        expected = every_value(connection)

    for place in PLACES:
        monkeypatch.setenv("FP", place)
        assert (await liaison("migrate", "--to", postgresql_url, cwd=county)).code == KILLED, place
        with opened(postgresql_url) as connection:
            found = every_value(connection)
            assert found == expected if place == "committed:kill" else not any(found.values()), place
    monkeypatch.delenv("FP")
    ended = await liaison("migrate", "--to", postgresql_url, cwd=county)

    assert ended.code == DONE, ended.err
    first, files, last = ended.out.splitlines()
    assert f"早已搬好，没有再动： {TABLES * ROWS} 行，逐行核对，两边一致，留痕码 3-" in first
    assert f"照片和文件 1 个，已复制到 {county}/attachments" in files
    assert f"请在 {county} 里启动机器人" in files
    assert (county / "attachments" / "1.jpg").read_bytes() == b"a picture"
    assert last.startswith("原来的数据库没有动。请在 config.toml 的 [database] 里写：url = ")
    with opened(postgresql_url) as connection:
        assert every_value(connection) == expected


async def test_the_copy_is_refused_where_something_else_is(county: Path, postgresql_url: str) -> None:
    with opened(postgresql_url) as connection:
        connection.exec_driver_sql("INSERT INTO units (name, kind) VALUES ('别县', '园区')")

    ended = await liaison("migrate", "--to", postgresql_url, cwd=county)

    assert (ended.code, ended.out) == (UNUSABLE_STORAGE, "")
    assert "holds something else already" in ended.err
    assert not (county / "attachments").exists()

"""Two counties of one process that have something in common are refused before either begins."""

from pathlib import Path

import pytest

from bot.commands.neighbours import refuse_shared
from bot.config import Settings
from bot.errors import ConfigurationError

ONE = {"county": "青禾县", "database": {"url": "sqlite:///one.db"}}
OTHER = {"county": "滕北县", "database": {"url": "sqlite:///other.db"}}
SERVER = "postgresql+psycopg://liaison@db/liaison"
APP = {
    "corp_id": "ww1234567890abcdef", "agent_id": 1000002, "secret": "s" * 43, "token": "", "aes_key": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "fault"),
    [
        (
            {"telegram": {"token": "42:AAAAAAAAAAAAAAAAAAAAAAAA"}},
            # Revoked or not, it is the token of the same bot.
            {"telegram": {"token": "42:BBBBBBBBBBBBBBBBBBBBBBBB"}},
            "telegram.token: is that of one.toml as well; make a bot for each county with @BotFather",
        ),
        (
            {"wecom": {"bot": {"bot_id": "B1", "secret": "s" * 20}}},
            {"wecom": {"bot": {"bot_id": "B1", "secret": "t" * 20}}},
            "wecom.bot.bot_id: is that of one.toml as well",
        ),
        ({"wecom": {"app": APP}}, {"wecom": {"app": APP}}, "wecom.app.agent_id: is that of one.toml as well"),
        (
            {"database": {"url": "sqlite:///one.db"}},
            {"database": {"url": "sqlite:///./one.db"}},
            "database: is that of one.toml as well; give each county a database.url or a database.schema",
        ),
        (
            {"database": {"url": SERVER}},
            {"database": {"url": "postgresql://other@db:5432/liaison", "schema": "public"}},
            "database: is that of one.toml as well",
        ),
        (
            {"database": {"url": SERVER, "schema": "qinghe"}},
            {"database": {"url": SERVER, "schema": "qinghe"}},
            "database: is that of one.toml as well",
        ),
    ],
    ids=["token", "bot", "app", "file", "server", "schema"],
)
def test_what_two_counties_share_is_refused_with_the_cure(
    one: dict[str, object], other: dict[str, object], fault: str
) -> None:
    every = [Settings(**ONE | one), Settings(**OTHER | other)]

    with pytest.raises(ConfigurationError) as caught:
        refuse_shared([Path("one.toml"), Path("other.toml")], every)

    assert str(caught.value).startswith("other.toml cannot be used:\n  - ")
    assert fault in str(caught.value)


def test_counties_that_meet_nowhere_may_be_neighbours() -> None:
    database = {"database": {"url": SERVER, "schema": "qinghe"}}
    more = {"database": {"url": SERVER, "schema": "tengbei"}, "telegram": {"token": "43:" + "A" * 24}}
    every = [Settings(**ONE | database), Settings(**OTHER | more)]

    refuse_shared([Path("one.toml"), Path("other.toml")], every)

"""What a column keeps: moments with their zone, and nothing naive."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from storage import tables
from storage.tx import Tx


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 1, 0, tzinfo=UTC),
        datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai")),
        datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(1990, 7, 1, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai")),  # China had summer time then
    ],
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(tx: Tx, moment: datetime) -> None:
    tx.connection.execute(insert(tables.inbox).values(key="k", at=moment, state="done"))

    kept = tx.connection.execute(select(tables.inbox.c.at)).scalar_one()

    assert kept == moment
    assert kept.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(tx: Tx) -> None:
    naive = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 -- this is what must be refused

    with pytest.raises(StatementError, match="without a zone cannot be stored"):
        tx.connection.execute(insert(tables.inbox).values(key="k", at=naive, state="done"))


def test_no_moment_comes_back_as_none(tx: Tx) -> None:
    tx.rounds.open(datetime(2026, 11, 23, tzinfo=UTC).date(), "asking", datetime(2026, 11, 23, tzinfo=UTC))

    assert tx.connection.execute(select(tables.rounds.c.closed_at)).scalar_one() is None

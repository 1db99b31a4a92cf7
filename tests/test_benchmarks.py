"""Every benchmark still runs; what it measures at this size means nothing."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import (
    chart,
    climbing,
    county,
    digest,
    fanout,
    growth,
    idle,
    papers,
    parts,
    report,
    rush,
    turn,
    wecom,
)
from benchmarks.climbing import Climbing
from benchmarks.fanout import Fanout
from benchmarks.idle import Idle
from benchmarks.kept import Kept, kept
from benchmarks.papers import Papers
from benchmarks.parts import Parts
from benchmarks.postgres import Shared
from benchmarks.results import Going, Papering, Resting, Results, Run, Size, Turning
from benchmarks.sides import BARE_GATHER
from benchmarks.turn import Turns
from benchmarks.wecom import Line
from bot.domain.sample import sample_county
from bot.papers.template import write_roster
from tests.at_length import takes_long

pytestmark = pytest.mark.slow

AT = datetime(2026, 11, 29, tzinfo=UTC)


def test_a_turn_is_measured_on_both_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What python-telegram-bot's side needs is installed here as well; aiogram is not.
    monkeypatch.setattr(turn, "PEERS", Path(sys.executable))
    database = tmp_path / "asked.db"
    county.fill(database, 3, 2)
    county.ask(database)

    for side in turn.sides(database, people=3)[:2]:
        folder = tmp_path / side.name
        folder.mkdir()
        found = turn.measure(side, folder, people=3, messages=4)

        assert found.rate > 0
        assert 0 < found.p50 <= found.p99


def test_the_statements_of_a_turn_are_counted(tmp_path: Path) -> None:
    found = turn.statements(tmp_path, people=3)

    assert found["INSERT"] >= 4  # inbox, report, audit, outbox
    assert 0 < found["COMMIT"] < found["INSERT"]


@pytest.mark.parametrize("limit", [fanout.BUCKET, fanout.UNLIMITED], ids=lambda limit: limit.name)
def test_a_round_is_measured(tmp_path: Path, limit: fanout.Limit) -> None:
    database = tmp_path / "county.db"
    county.fill(database, 4, 1)
    folder = tmp_path / "run"
    folder.mkdir()
    found = fanout.measure(fanout.ours(database, limit, timedelta(0)), folder, limit, 4)

    assert found.rate > 0
    assert found.refused == 0


def test_rest_is_measured(tmp_path: Path) -> None:
    roster = tmp_path / "roster.xlsx"
    write_roster(roster, sample_county())
    found = idle.at_rest(tmp_path / "county", roster, seconds=0.2)

    assert 0 <= found.cpu < 100  # per cent of a core
    assert found.memory > 0


def test_what_waking_costs_the_machine_is_measured() -> None:
    assert idle.waking(rest=0.001) > 0


def test_the_start_is_measured(tmp_path: Path) -> None:
    assert idle.first_poll(tmp_path, projects=5, rounds=1) > 0
    assert idle.first_help(1) > 0


def test_the_parts_are_measured(tmp_path: Path) -> None:
    found = parts.measure(tmp_path, rounds=1, items=30, trail=50)

    assert min(found.reading, found.grouped, found.single, found.fsync) > 0


@takes_long
def test_climbing_is_measured(tmp_path: Path) -> None:
    found = climbing.measure(tmp_path, rounds=1, problems=20, due=3, seconds=0.5)

    assert min(found.folded, found.single, found.late) > 0


def test_wecom_is_measured(tmp_path: Path) -> None:
    found = wecom.measure(tmp_path, prompts=20, rounds=1, megabytes=1, chunk_wait=0)

    assert min(found.bare, found.ours, found.share, found.bare_upload, found.our_upload, found.times) > 0


@takes_long
def test_papers_are_measured(tmp_path: Path) -> None:
    found = papers.measure(tmp_path, projects=6, days=4, rows=100)

    assert min(found.figures, found.evening, found.wait, *found.alone.values()) > 0
    assert found.handed_out >= 5


def test_growth_is_measured(tmp_path: Path) -> None:
    little, much = growth.measure(tmp_path, people=40, histories=(6_000, 60_000), rounds=1)

    assert (little.rows, much.rows) == (6_000, 60_000)
    assert 0 < much.steps <= little.steps * 1.2
    assert much.steps < 2_500  # no statement looks through what the county did since
    assert little.cpu > 0  # forty turns, since some machines count CPU by hundredths of a second


def test_a_rush_is_measured(tmp_path: Path) -> None:
    found = rush.measure(tmp_path, people=900, seconds=2)

    assert found.answers == 1
    assert found.lost == 0
    assert found.p99 > 0


def test_the_page_says_which_targets_are_missed() -> None:
    fast, slow = Turns(400, 1, 2, 1), Turns(100, 1, 2, 1)
    calm, late = Fanout(600, 28.6, 0, [0.01, 0.02, 0.03]), Fanout(600, 27.0, 1, [0.1, 0.4, 0.5], 40)
    us, ptb, jobs = "liaison-bot", "python-telegram-bot", "PgQueuer"
    results = Results(
        turn=Turning({us: [fast], ptb: [slow], "bare loop": [fast]}, {"SELECT": 9.0}),
        fanout=Going(
            paced={
                ("bucket", us): [calm, calm],
                ("bucket", ptb): [late],
                ("hard second", us): [late, calm, calm],
                ("paid", us): [Fanout(2_000, 960, 0, [])],
            },
            unlimited={("none", us): [calm], ("none", ptb): [late], ("none", BARE_GATHER): [calm]},
        ),
        rest=Resting({us: [Idle(0.4, 100)], ptb: [Idle(0.1, 50, 1)]}, waking=5.7, start=1.0, help=0.1),
        parts=Parts(100, 1000, 100, 0.2, 15),
        climbing=Climbing(60, 120, 0.1, 5.2),
        wecom=Line(1000, 900, 0.9, 1.0, 1.3, 1.3),
        papers=Papering(
            Papers({"旬督查表": 2.0, "季考评": 1.5}, 2.5, 7, 60, 0.2, 0.01, (2, 9)), digest.Figures(2, 1, 1)
        ),
        growth=(growth.Cost(10, 100, 1), growth.Cost(1_000, 110, 1.3)),
        postgresql=Shared(
            1000,
            dict.fromkeys((1, 2, 4), 200),
            {(us, n): 900.0 for n in (1, 2, 4)} | {(jobs, n): 200.0 for n in (1, 2, 4)},
        ),
        rush=rush.Rush(600, 60, 0.1, 0.3, 0, 120, 20),
    )

    page = report.written(Run(results, Size(), AT, took=1200, load=1))

    picture = chart.drawn(results) or b""
    assert picture.startswith(b"<svg")
    assert chart.drawn(Results()) is None
    assert "11 of 32 targets are missed." in page
    assert "| 600 prompts, 30/s (hard second): no 429 | 1 | **no** |" in page
    assert "| … at 95% of that rate, the slowest round | 90.0 % | **no** |" in page
    # Whom nobody waited for was not answered in time.
    assert "| … an answer typed meanwhile is replied to within 0.1 s (p99) | 0.000 s | **no** |" in page
    assert "| 2,000 prompts over WeCom: 0.8 × a bare loop | 0.90 × | yes |" in page
    assert "| … and no message delayed by more than 100 ms while papers are made | 200 ms | **no** |" in page
    assert "3 × the best bot library's (python-telegram-bot) | 4.0 × | yes |" in page
    assert "| 20,000 letters claimed and finished: 3 × PgQueuer | 4.5 × | yes |" in page
    assert "| … and 1.2 × the CPU | 1.30 × | **no** |" in page
    assert "- “… and 1.2 × the CPU” is missed: the steps are the same" in page
    assert "of a bare loop's” is missed" not in page


def test_what_was_not_measured_is_not_on_the_page() -> None:
    results = Results(growth=(growth.Cost(10, 100, 1), growth.Cost(1_000, 110, 1)))

    page = report.written(Run(results, Size(), AT, took=1, load=1))

    assert "## 9 What history costs" in page
    assert "## 2" not in page
    assert "All targets are met." in page


def test_the_page_quotes_the_last_run_of_make_faults() -> None:
    report_kept = """# Faults

## Killed at random

| when (UTC) | commit | load | kills | lost |
| --- | --- | --- | --- | --- |
| 2026-11-28 10:00 | abc | 1.0 | 12 | 0 |
| 2026-11-29 11:00 | abd | 2.0 | 300 | 0 |

## Power cuts

| when (UTC) | commit | load | cuts |
| --- | --- | --- | --- |
| 2026-11-29 12:00 | abd | 2.0 | 9 |
"""

    assert kept(report_kept) == [
        Kept("Killed at random", "2026-11-29 11:00", {"kills": "300", "lost": "0"}),
        Kept("Power cuts", "2026-11-29 12:00", {"cuts": "9"}),
    ]
    page = report.written(Run(Results(), Size(), AT, took=1, load=1))
    assert "| Killed at random in a burst of 500 updates" in page

"""Every benchmark still runs; what it measures at this size means nothing."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import climbing, county, fanout, idle, papers, parts, report, turn, wecom
from benchmarks.climbing import Climbing
from benchmarks.fanout import Fanout
from benchmarks.idle import Idle
from benchmarks.papers import Papers
from benchmarks.parts import Parts
from benchmarks.results import Results, Size
from benchmarks.turn import Turns
from benchmarks.wecom import Line

pytestmark = pytest.mark.slow


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


def test_a_round_is_measured(tmp_path: Path) -> None:
    database = tmp_path / "county.db"
    county.fill(database, 4, 1)
    folder = tmp_path / "run"
    folder.mkdir()
    found = fanout.measure(fanout.ours(database, timedelta(0)), folder, fanout.LIMITS["bucket"], 4)

    assert found.rate > 0
    assert found.refused == 0


def test_rest_is_measured(tmp_path: Path) -> None:
    (found,) = idle.at_rest(tmp_path, seconds=0.2, rounds=1)

    assert found.cpu >= 0
    assert found.memory > 0


def test_the_start_is_measured(tmp_path: Path) -> None:
    assert idle.first_poll(tmp_path, projects=5, rounds=1) > 0
    assert idle.first_help(1) > 0


def test_the_parts_are_measured(tmp_path: Path) -> None:
    found = parts.measure(tmp_path, rounds=1, items=30, trail=50)

    assert min(found.reading, found.grouped, found.single, found.fsync) > 0


def test_climbing_is_measured(tmp_path: Path) -> None:
    found = climbing.measure(tmp_path, rounds=1, problems=20, due=3, seconds=0.5)

    assert min(found.folded, found.single, found.late) > 0


def test_wecom_is_measured(tmp_path: Path) -> None:
    found = wecom.measure(tmp_path, prompts=20, rounds=1, megabytes=1, chunk_wait=0)

    assert min(found.bare, found.ours, found.share, found.bare_upload, found.our_upload, found.times) > 0


def test_papers_are_measured(tmp_path: Path) -> None:
    found = papers.measure(tmp_path, projects=6, days=4, rows=100)

    assert min(found.figures, found.evening, found.wait, *found.alone.values()) > 0
    assert found.handed_out >= 5


def test_the_page_says_which_targets_are_missed() -> None:
    fast, slow = Turns(400, 1, 2, 1), Turns(100, 1, 2, 1)
    calm, late = Fanout(27.95, 0, 9, 0.01, 0.02, 0.03), Fanout(27.0, 1, 9, 0.1, 0.4, 0.5)
    results = Results(
        turns={"liaison-bot": [fast], "python-telegram-bot": [slow], "aiogram": [slow], "bare loop": [fast]},
        statements={"SELECT": 9.0},
        rounds={("bucket", "liaison-bot"): [calm], ("hard second", "liaison-bot"): [late]},
        compared={("bucket", "python-telegram-bot"): [late]},
        idle=[Idle(0.4, 100)],
        start=1.0,
        help=0.1,
        parts=Parts(100, 1000, 100, 0.2, 15),
        climbing=Climbing(60, 120, 0.1, 5.2),
        wecom=Line(1000, 900, 0.9, 1.0, 1.3, 1.3),
        papers=Papers({"旬督查表": 2.0, "季考评": 1.5}, 2.5, 7, 60, 0.2, 0.01, (2, 9)),
    )

    page = report.written(results, Size(), datetime(2026, 11, 23, tzinfo=UTC), took=1200)

    assert "6 of 19 targets are missed." in page
    assert "| 5,000 prompts under a hard second: no 429 | 1 | **no** |" in page
    assert "| 5,000 prompts over WeCom: 0.8 × a bare loop | 0.90 × | yes |" in page
    assert "| … and no message delayed by more than 100 ms while papers are made | 200 ms | **no** |" in page
    assert "3 × the best bot library's (python-telegram-bot) | 4.0 × | yes |" in page

"""The service manager is told over its real socket; where there is none, nobody is troubled."""

import asyncio
import os
import socket
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

from bot import systemd


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


async def _told(manager: socket.socket) -> str:
    async with asyncio.timeout(10):
        return (await asyncio.get_running_loop().sock_recv(manager, 100)).decode()


async def test_what_is_said_arrives(manager: socket.socket) -> None:
    assert systemd.notify("READY=1")
    assert await _told(manager) == "READY=1"


async def test_an_abstract_address_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"liaison-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")

        assert systemd.notify("STOPPING=1")
        assert await _told(listening) == "STOPPING=1"


def test_where_there_is_no_manager_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not systemd.notify("READY=1")

    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert not systemd.notify("READY=1")


async def test_the_watchdog_is_fed_only_while_all_is_well(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = iter([False, False, True, True])
    monkeypatch.setenv("WATCHDOG_USEC", "2000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        await systemd.feed(lambda: next(health))

    assert [await _told(manager) for _ in range(2)] == ["WATCHDOG=1", "WATCHDOG=1"]
    with pytest.raises(BlockingIOError):
        manager.recv(100)


@pytest.mark.parametrize(
    "environment", [{}, {"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}]
)
async def test_without_a_watchdog_of_ours_nobody_is_fed(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    await systemd.feed(lambda: True)

    with pytest.raises(BlockingIOError):
        manager.recv(100)


def test_row_31_the_log_has_a_journal_that_keeps_it_for_half_a_year_and_not_for_ever() -> None:
    deploy = Path(__file__).parents[1] / "deploy"
    journal = ConfigParser()
    journal.read(deploy / "journald@liaison.conf", encoding="utf-8")

    term = journal["Journal"]["MaxRetentionSec"]

    assert "LogNamespace=liaison" in (deploy / "liaison.service").read_text(encoding="utf-8").splitlines()
    assert journal["Journal"]["Storage"] == "persistent"
    assert term.endswith("day")
    assert 184 <= int(term.removesuffix("day")) <= 1100

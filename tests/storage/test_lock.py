"""One `liaison run` for a database, whoever dies and however."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.errors import AlreadyServed, StorageError
from storage.lock import RunLock

HOLD = """
import sys
from storage.lock import RunLock
with RunLock(sys.argv[1], sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(url: str, schema: str = "") -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the lock."""
    command = [sys.executable, "-c", HOLD, url, schema]
    with subprocess.Popen(  # noqa: S603 -- our own lines
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_with_the_number_of_the_first(url: str) -> None:
    with held_elsewhere(url) as process:
        with pytest.raises(StorageError, match=f"process {process.pid}.*stop that one first"), RunLock(url):
            pass

        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with RunLock(url) as lock:
            assert lock.held


def test_a_lock_let_go_of_can_be_taken_again(url: str) -> None:
    lock = RunLock(url)
    assert not lock.held
    for _ in range(2):
        with lock:
            assert lock.held
            with pytest.raises(StorageError), RunLock(url):
                pass
        assert not lock.held


def test_to_let_go_of_what_was_never_taken_does_nothing(url: str) -> None:
    lock = RunLock(url)

    lock.__exit__(None, None, None)

    assert not lock.held


def test_two_names_of_one_file_meet_at_one_lock(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "liaison.db")

    with RunLock(sqlite_url), pytest.raises(StorageError), RunLock(f"sqlite:///{tmp_path}/link.db"):
        pass


def test_the_lock_file_says_who_holds_it_and_stays(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "liaison.db.lock"

    with RunLock(sqlite_url):
        assert file.read_text() == str(os.getpid())
    assert file.read_text() == ""


def test_a_folder_that_is_missing_is_a_plain_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match=r"liaison\.db\.lock cannot be written"),
        RunLock(f"sqlite:///{tmp_path}/nowhere/liaison.db"),
    ):
        pass


@pytest.mark.postgresql
def test_counties_of_one_server_do_not_lock_each_other(postgresql_url: str) -> None:
    with (
        RunLock(postgresql_url, "tengzhou"),
        RunLock(postgresql_url, "qinghe"),
        pytest.raises(StorageError, match="schema qinghe of the database is served"),
        RunLock(postgresql_url, "qinghe"),
    ):
        pass


@pytest.mark.postgresql
def test_a_lock_that_the_server_forgot_is_known_to_be_lost(postgresql_url: str) -> None:
    with RunLock(postgresql_url) as lock:
        connection = lock._lock._connection  # type: ignore[union-attr]
        assert connection is not None
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with held_by_nobody(postgresql_url, pid):
            assert not lock.held
            with RunLock(postgresql_url) as another:
                assert another.held


@contextmanager
def held_by_nobody(url: str, pid: int) -> Iterator[None]:
    """Let the server close a connection, as a restart does."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    yield


def test_a_server_that_cannot_be_reached_is_a_plain_sentence() -> None:
    with (
        pytest.raises(StorageError, match="cannot be reached"),
        RunLock("postgresql+psycopg://liaison@127.0.0.1:1/liaison?connect_timeout=2"),
    ):
        pass


@pytest.mark.postgresql
def test_several_may_serve_a_server_and_nobody_has_it_alone_meanwhile(postgresql_url: str) -> None:
    with RunLock(postgresql_url, shared=True) as one:
        assert not one.is_shared
        with RunLock(postgresql_url, shared=True) as another:
            assert one.is_shared
            assert another.is_shared
            with (
                pytest.raises(AlreadyServed, match=f"process {os.getpid()} on host"),
                RunLock(postgresql_url),
            ):
                pass
        while one.is_shared:  # until the server has noticed that the other's connection is closed
            pass


@pytest.mark.postgresql
def test_while_somebody_has_a_server_alone_it_is_not_served(postgresql_url: str) -> None:
    with RunLock(postgresql_url), pytest.raises(AlreadyServed), RunLock(postgresql_url, shared=True):
        pass


def test_of_a_file_there_is_one_server_however_it_asks(sqlite_url: str) -> None:
    with RunLock(sqlite_url, shared=True) as one:
        assert not one.is_shared
        with pytest.raises(AlreadyServed), RunLock(sqlite_url, shared=True):
            pass

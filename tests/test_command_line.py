"""`liaison …` as an operator meets it: real processes, their words, their files and their exit codes."""

import asyncio
import json
import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import aiohttp
import openpyxl
import pytest
import typer
from typer.core import TyperGroup

from bot.__main__ import app
from bot.clock import SystemClock
from bot.commands.ending import foreseen
from bot.domain.sample import sample_county
from bot.errors import BotError, ConfigurationError, StorageError
from bot.papers.template import write_roster
from tests.botapi import BotApi
from tests.command import PATIENCE, PROGRAM, ROOT, TOKEN, environment, liaison, started

# Every test here starts the real command in a process of its own.
pytestmark = pytest.mark.slow

PNG = b"\x89PNG\r\n\x1a\n"


SEARCHED = """
import gc, signal, sys
from bot.__main__ import main
def tell(*_):
    print("looks through", len(gc.get_objects()), file=sys.stderr, flush=True)
signal.signal(signal.SIGUSR1, tell)
main()
"""
"""The command, which says when asked how many objects a whole search for rubbish looks through."""


@pytest.fixture(scope="session")
def roster_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The roster of the sample county."""
    file = tmp_path_factory.mktemp("roster") / "roster.xlsx"
    write_roster(file, sample_county())
    return file


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory, roster_file: Path) -> Path:
    """The database of the sample county, imported once by the command itself."""
    folder = tmp_path_factory.mktemp("peopled")
    configured(folder)
    words = [*PROGRAM, "import", str(roster_file)]
    subprocess.run(words, cwd=folder, env=environment(), check=True, capture_output=True)  # noqa: S603 -- ours
    return folder / "liaison.db"


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(TOKEN) as server:
        yield server


@pytest.fixture
def county(tmp_path: Path, peopled: Path, api: BotApi) -> Path:
    """A folder with the sample county's database and a configuration that reaches the Bot API."""
    shutil.copyfile(peopled, tmp_path / "liaison.db")
    configured(tmp_path, api)
    return tmp_path


def configured(folder: Path, api: BotApi | None = None, *, token: str = TOKEN, **more: str) -> Path:
    """Write a config.toml that only we can read."""
    # The first of January is a day off by itself; named, its year is one that the county knows.
    new_year = SystemClock().now().date().replace(month=1, day=1)
    lines = {"county": '"青禾县"', "office.listen": '""', "calendar.removed": f"[{new_year}]"} | {
        name.replace("__", "."): value for name, value in more.items()
    }
    if api is not None:
        lines |= {"telegram.token": f'"{token}"', "telegram.api_base": f'"{api.base}"'}
    file = folder / "config.toml"
    file.write_text("\n".join(f"{name} = {value}" for name, value in lines.items()), encoding="utf-8")
    file.chmod(0o600)
    return file


def free_address() -> str:
    """Return an address nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


async def fetched(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


def count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 -- ours


# --- help and usage -----------------------------------------------------------------------


async def test_help_lists_every_command_in_both_languages(tmp_path: Path) -> None:
    script = str(Path(sys.executable).with_name("liaison"))
    ended = await liaison("--help", cwd=tmp_path, program=(script,))

    assert ended.code == 0
    assert re.findall(r"^  (\w+) +.+。$", ended.out, re.MULTILINE) == [
        "demo", "init", "check", "run", "import", "template", "invite", "handover", "forget", "export",
        "digest", "letter", "migrate", "backup", "restore", "verify",
    ]  # fmt: skip
    assert len(re.findall(r"^ {12}[A-Z][^。.]+\.$", ended.out, re.MULTILINE)) == 16


def test_every_command_takes_a_configuration_and_says_what_it_does_in_both_languages() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)

    for name, command in group.commands.items():
        assert re.fullmatch(r"[^a-zA-Z]*[。] [A-Z][^。]*\.", command.help or ""), name
        assert any("--config" in parameter.opts for parameter in command.params), name


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nonsense",),
        ("run", "--log", "xml"),
        ("invite",),
        ("handover", "刘敏"),
        ("export", "people", "out.xlsx"),
        ("export", "person", "out.xlsx"),
        ("export", "ledger", "刘敏", "out.xlsx"),
        ("digest", "out", "--week", "2026-W54"),
        ("check", "-c", "a.toml", "-c", "b.toml"),
    ],
)
async def test_wrong_usage_exits_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = await liaison(*words, cwd=tmp_path)

    assert ended.code == 2
    assert "Usage:" in ended.err + ended.out
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (StorageError("full"), ("full", 74)),
        (ConfigurationError("c.toml", ["a: wrong"]), ("c.toml cannot be used:\n  - a: wrong", 78)),
        (BotError("no"), ("no", 1)),
        (FileNotFoundError(2, "No such file or directory", "out/x"), ("out/x: No such file or directory", 1)),
        (ExceptionGroup("", [ExceptionGroup("", [StorageError("full")])]), ("full", 74)),
        (ExceptionGroup("", [StorageError("full"), ValueError("ours")]), None),
        (ConnectionResetError(104, "Connection reset by peer"), None),
        (ValueError("ours"), None),
    ],
)
def test_what_was_foreseen_has_a_sentence_and_a_code(
    error: Exception, ending: tuple[str, int] | None
) -> None:
    assert foreseen(error) == ending


# --- setting up ---------------------------------------------------------------------------


async def test_init_writes_a_file_that_only_we_can_read_and_never_over_another(tmp_path: Path) -> None:
    first = await liaison("init", cwd=tmp_path)
    file = tmp_path / "config.toml"
    file.write_text("mine", encoding="utf-8")
    second = await liaison("init", cwd=tmp_path)

    assert (first.code, file.stat().st_mode & 0o777) == (0, 0o600)
    assert "liaison check" in first.out
    assert second.code == 1
    assert second.err == "config.toml is there already; remove it first, or name another with -c\n"
    assert file.read_text(encoding="utf-8") == "mine"


async def test_check_says_what_is_missing_before_anything_is_set_up(tmp_path: Path) -> None:
    await liaison("init", cwd=tmp_path)
    checked = await liaison("check", cwd=tmp_path)

    assert checked.code == 1
    assert "✗ 没有配置聊天平台：请填 [wecom.bot] 的 bot_id 和 secret，或 [telegram] 的 token" in checked.out
    assert "✗ 数据库还没有建好或不是最新，请运行 liaison migrate" in checked.out


async def test_check_finds_a_county_that_is_ready(county: Path) -> None:
    checked = await liaison("check", cwd=county)

    assert "✓ Telegram：令牌有效，机器人是 @liaison_test_bot" in checked.out
    assert "✗" not in checked.out
    assert checked.code == 0


async def test_check_tells_a_wrong_token_in_a_sentence(county: Path, api: BotApi) -> None:
    configured(county, api, token="42:" + "wrong" * 7)
    checked = await liaison("check", cwd=county)

    assert checked.code == 1
    assert "✗ Telegram：Telegram 不接受这个机器人的令牌，请到 @BotFather 重新复制" in checked.out
    assert "wrong" not in checked.out + checked.err


async def test_a_secret_that_others_can_read_is_warned_about(county: Path) -> None:
    (county / "config.toml").chmod(0o644)
    verified = await liaison("verify", cwd=county)

    assert verified.code == 0
    assert (
        verified.err
        == "warning: config.toml holds a secret and can be read by others; run: chmod 600 config.toml\n"
    )


# --- the roster ---------------------------------------------------------------------------


async def test_a_template_is_written_empty_or_with_the_sample_county(tmp_path: Path) -> None:
    empty = await liaison("template", "empty.xlsx", cwd=tmp_path)
    sample = await liaison("template", "sample.xlsx", "--sample", cwd=tmp_path)

    assert (empty.code, sample.code) == (0, 0)
    rows = {
        name: openpyxl.load_workbook(tmp_path / name)["项目"].max_row
        for name in ("empty.xlsx", "sample.xlsx")
    }
    assert rows == {"empty.xlsx": 2, "sample.xlsx": 38}


async def test_an_import_is_looked_at_made_and_then_changes_nothing(
    tmp_path: Path, roster_file: Path
) -> None:
    configured(tmp_path)
    looked = await liaison("import", str(roster_file), "--dry-run", cwd=tmp_path)
    people_then = count(tmp_path / "liaison.db", "people")
    made = await liaison("import", str(roster_file), cwd=tmp_path)
    again = await liaison("import", str(roster_file), cwd=tmp_path)

    assert (looked.code, made.code, again.code) == (0, 0, 0)
    assert people_then == 0
    changes = len(looked.out.splitlines()) - 1
    assert looked.out.splitlines()[-1] == f"会有 {changes} 处改动。"
    assert made.out.splitlines() == [*looked.out.splitlines()[:-1], f"已作 {changes} 处改动。"]
    assert count(tmp_path / "liaison.db", "projects") == 37
    assert again.out == "没有改动。\n"
    assert (looked.err, made.err, again.err) == ("", "", "")


async def test_a_roster_with_many_faults_tells_them_all_and_imports_nothing(
    tmp_path: Path, roster_file: Path
) -> None:
    book = openpyxl.load_workbook(roster_file)
    for row in range(2, 34):
        book["项目"].cell(row, 11).value = f"一半多{row}"
    book.save(tmp_path / "faulty.xlsx")
    configured(tmp_path)
    refused = await liaison("import", "faulty.xlsx", cwd=tmp_path)

    assert refused.code == 1
    places = [line.partition(":")[0] for line in refused.out.splitlines()]
    assert places == [f"项目!K{row}" for row in range(2, 34)]
    assert refused.err == "faulty.xlsx: 32 处要改，一行都没有导入。\n"
    assert count(tmp_path / "liaison.db", "people") == 0


async def test_an_invitation_is_a_link_for_one_person(county: Path) -> None:
    one = await liaison("invite", "刘敏", cwd=county)
    every = await liaison("invite", "--all", cwd=county)
    nobody = await liaison("invite", "没有此人", cwd=county)

    assert re.fullmatch(r"刘敏（\S+）\thttps://t\.me/liaison_test_bot\?start=[\w-]{22}\n", one.out)
    assert len(every.out.splitlines()) == len(sample_county().people)
    assert "（）" not in every.out
    assert (nobody.code, nobody.err) == (1, "名册里没有「没有此人」；请核对姓名，或先导入名册。\n")


async def test_a_handover_is_done_and_said_and_what_cannot_be_is_said_too(county: Path) -> None:
    early = await liaison("handover", "刘敏", "王强（城建投集团）", cwd=county)
    unknown = await liaison("handover", "诸葛亮", "王强", cwd=county)
    with closing(sqlite3.connect(county / "liaison.db")) as connection:
        connection.execute(
            "INSERT INTO contacts (person_id, platform, account, chat, joined_at) "
            "SELECT id, 'telegram', '7', '7', '2026-11-23 01:00:00' FROM people WHERE name = '王强'"
        )
        connection.commit()
    done = await liaison("handover", "刘敏", "王强", cwd=county)
    again = await liaison("handover", "刘敏", "王强", cwd=county)

    assert (early.code, early.err) == (1, "王强还没有加入机器人（或已停用），请先发邀请。\n")
    assert (unknown.code, unknown.err) == (
        1,
        "名册里没有「诸葛亮」，请写全姓名；有重名的写成「姓名（单位）」。\n",
    )
    assert (done.code, done.err) == (0, "")
    summary = r"已把刘敏的 \d+ 个项目（联络员 \d+）移交给王强。双方会收到清单，都确认后告诉办公室。\n"
    assert re.fullmatch(summary, done.out)
    assert (again.code, again.err) == (1, "刘敏手里没有项目，也没有问题，不用移交。\n")
    with closing(sqlite3.connect(county / "liaison.db")) as connection:
        told = connection.execute("SELECT chat FROM outbox WHERE key = 'handover:1:taken'").fetchall()
        vias = connection.execute("SELECT detail FROM audit WHERE action = 'handover.made'").fetchall()
    assert told == [("7",)]
    assert [json.loads(via)["via"] for (via,) in vias] == ["cli"]


# --- papers -------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["ledger", "reports", "projects"])
async def test_an_export_opens_in_a_spreadsheet(county: Path, what: str) -> None:
    exported = await liaison("export", what, "out.xlsx", cwd=county)

    assert (exported.code, exported.err) == (0, "")
    assert openpyxl.load_workbook(county / "out.xlsx").sheetnames


async def test_row_30_a_person_is_exported_by_name_and_forgotten_when_nothing_rests_with_them(
    county: Path,
) -> None:
    exported = await liaison("export", "person", "傅春雷", "out.xlsx", cwd=county)
    unknown = await liaison("export", "person", "诸葛亮", "out.xlsx", cwd=county)
    held = await liaison("forget", "刘敏", "--yes", cwd=county)
    with closing(sqlite3.connect(county / "liaison.db")) as connection:
        connection.execute("INSERT INTO people (name, title, phone) VALUES ('萧何', '科员', '13900001111')")
        connection.commit()
    unsure = await liaison("forget", "萧何", cwd=county)
    done = await liaison("forget", "萧何", "--yes", cwd=county)
    verified = await liaison("verify", cwd=county)

    assert (exported.code, exported.err) == (0, "")
    sheet = openpyxl.load_workbook(county / "out.xlsx")["基本情况"]
    assert sheet["A2"].value == "傅春雷"
    assert (unknown.code, unknown.err) == (
        1,
        "名册里没有「诸葛亮」，请写全姓名；有重名的写成「姓名（单位）」。\n",
    )
    assert held.code == 1
    assert re.match(r"刘敏的 \d+ 个项目（联络员 \d+）.*还没有移交，不能删除。", held.err)
    assert "不能恢复。确定吗？" in unsure.out
    assert re.fullmatch(r"已删除，各处改称「人员 \d{4}」。.+\n", done.out)
    assert verified.code == 0
    with closing(sqlite3.connect(county / "liaison.db")) as connection:
        left = connection.execute("SELECT count(*) FROM people WHERE name = '萧何' OR phone LIKE '139%1111'")
        assert left.fetchone() == (0,)


async def test_a_digest_is_written_as_text_picture_and_workbook(county: Path) -> None:
    written = await liaison("digest", "out", "--week", "2026-W47", cwd=county)

    assert written.code == 0, written.err
    papers = {path.suffix: path for path in (county / "out").iterdir()}
    assert papers[".png"].read_bytes().startswith(PNG)
    assert openpyxl.load_workbook(papers[".xlsx"]).sheetnames
    assert "青禾县" in papers[".txt"].read_text(encoding="utf-8")
    assert written.out.split() == [f"out/{papers[end].name}" for end in (".txt", ".png", ".xlsx")]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("export", "ledger", "out.xlsx"), 74, "数据库还没有建好或不是最新"),
        (("digest", "out"), 74, "数据库还没有建好或不是最新"),
        (("backup", "copy.db"), 74, "there is no such database"),
        (("verify",), 74, "there is no such database"),
        (("restore", "copy.db"), 74, "copy.db: there is no such file"),
        (("invite", "--all"), 1, "名册还是空的"),
        (("import", "no.xlsx"), 1, "打不开「no.xlsx」"),
        (("template", "no/such/folder.xlsx"), 1, "no/such/folder.xlsx: No such file or directory"),
        (("demo", "--story", "config.toml"), 1, "config.toml: File exists"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(
    tmp_path: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    configured(tmp_path)
    ended = await liaison(*words, cwd=tmp_path)

    assert ended.code == code
    assert sentence in ended.out + ended.err
    assert "Traceback" not in ended.err


def test_a_bar_is_shown_to_who_watches(county: Path) -> None:
    watcher, terminal = pty.openpty()
    words = [*PROGRAM, "export", "ledger", "out.xlsx"]
    seeing = environment() | {"TERM": "xterm"}
    done = subprocess.run(  # noqa: S603 -- ours
        words, cwd=county, env=seeing, stdout=subprocess.PIPE, stderr=terminal, check=True
    )
    os.close(terminal)
    shown = os.read(watcher, 65_536).decode()
    os.close(watcher)

    assert "导出 ledger" in shown
    assert done.stdout.decode() == "out.xlsx 已写好。\n"


# --- the database -------------------------------------------------------------------------


async def test_a_backup_brings_a_damaged_database_back(county: Path) -> None:
    backed_up = await liaison("backup", "copy.db", cwd=county)
    database = county / "liaison.db"
    people = count(database, "people")
    with database.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 65_536)
    damaged = await liaison("verify", cwd=county)
    restored = await liaison("restore", "copy.db", cwd=county)
    verified = await liaison("verify", cwd=county)

    assert (backed_up.code, (county / "copy.db").stat().st_mode & 0o777) == (0, 0o600)
    assert damaged.code in {1, 74}
    assert "Traceback" not in damaged.err
    assert (restored.code, verified.code) == (0, 0), restored
    assert verified.out == "✓ 数据库完整，审计链没有断。\n"
    assert count(database, "people") == people


async def test_a_trail_that_was_changed_is_told(county: Path) -> None:
    with closing(sqlite3.connect(county / "liaison.db")) as connection:
        guards = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
        )
        for (guard,) in guards.fetchall():
            connection.execute(f"DROP TRIGGER {guard}")
        connection.execute("UPDATE audit SET action = 'nothing' WHERE id = (SELECT min(id) FROM audit)")
        connection.commit()
    verified = await liaison("verify", cwd=county)

    assert verified.code == 1
    assert "✗ audit: entry" in verified.out


async def test_an_anchor_that_the_office_kept_is_looked_for(county: Path) -> None:
    with closing(sqlite3.connect(county / "liaison.db")) as connection:
        number, code = connection.execute("SELECT id, hash FROM audit ORDER BY id DESC").fetchone()
    held = await liaison("verify", f"{number}-{code[:12]}", cwd=county)
    lost = await liaison("verify", f"{number + 1}-{code[:12]}", cwd=county)
    odd = await liaison("verify", "12", cwd=county)

    assert (held.code, lost.code, odd.code) == (0, 1, 1)
    assert "its end was cut off, or it was written anew" in lost.out
    assert "it stands in the office's day summary, such as 512-3fa9c2d41b07" in odd.out


# --- run: what keeps it from starting -----------------------------------------------------


async def test_an_unknown_setting_is_named_with_its_cure(tmp_path: Path) -> None:
    configured(tmp_path, prompts__ask_att='"09:00"')
    refused = await liaison("run", cwd=tmp_path)

    assert refused.code == 78
    assert (
        refused.err == "config.toml cannot be used:\n  - prompts.ask_att: unknown key; did you mean ask_at?\n"
    )


async def test_a_bot_that_nobody_could_talk_to_is_not_started(tmp_path: Path) -> None:
    configured(tmp_path)
    refused = await liaison("run", cwd=tmp_path)

    assert refused.code == 78
    assert "fill in [wecom.bot] or [telegram]" in refused.err


async def test_a_form_that_cannot_be_used_is_named_with_file_place_and_cure(
    county: Path, api: BotApi
) -> None:
    (county / "forms").mkdir()
    (county / "forms" / "征地进度.toml").write_text(
        'title = "征地进度"\n[tables.projects]\nname = "进度"\ncolumns = ["number", "nam"]\n',
        encoding="utf-8",
    )
    configured(county, api, rhythm__forms='"forms"')

    checked, refused = await liaison("check", cwd=county), await liaison("run", cwd=county)

    fault = "征地进度.toml: tables.projects.columns: there is no column 'nam'; did you mean name?"
    assert f"材料样式不能用：{fault}" in checked.out
    assert (checked.code, refused.code) == (1, 78)
    assert fault in refused.err
    assert "Traceback" not in refused.err


async def test_a_paper_that_has_no_form_is_named(county: Path, api: BotApi) -> None:
    configured(county, api, rhythm__papers='[{ paper = "征地进度", when = "每旬" }]')

    checked, refused = await liaison("check", cwd=county), await liaison("run", cwd=county)

    assert "没有「征地进度」这种材料样式" in checked.out
    assert (checked.code, refused.code) == (1, 78)
    assert "rhythm.papers: there is no form 征地进度" in refused.err


async def test_an_address_that_is_taken_is_said(county: Path, api: BotApi) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        configured(county, api, office__listen=f'"{address}"')
        refused = await liaison("run", cwd=county)

    assert refused.code == 78
    assert f"office.listen: {address} cannot be used (Address already in use)" in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.parametrize("place", ["folder", "/proc/nothing/liaison.db", "/dev/full"])
async def test_a_place_that_holds_no_database_is_said(tmp_path: Path, api: BotApi, place: str) -> None:
    (tmp_path / "folder").mkdir()
    configured(tmp_path, api, database__url=f'"sqlite:///{place}"')
    refused = await liaison("run", cwd=tmp_path)

    assert refused.code == 74
    assert place in refused.err
    assert "Traceback" not in refused.err
    assert api.calls == []


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("read_only", ["liaison.db", "."])
async def test_a_read_only_database_is_said_at_once(county: Path, read_only: str) -> None:
    mount = f"mount --bind {read_only} {read_only} && mount -o remount,ro,bind {read_only} && cd $PWD"
    inside = ("unshare", "-rm", "sh", "-c", f"{mount} && exec {' '.join(PROGRAM)} run")
    refused = await liaison(cwd=county, program=inside)

    assert refused.code == 74, refused.err
    assert re.search("read-?only|unable to open", refused.err, re.IGNORECASE)
    assert "Traceback" not in refused.err


# --- run: at work -------------------------------------------------------------------------


async def test_a_search_for_rubbish_passes_over_what_was_loaded(county: Path) -> None:
    program = (sys.executable, "-c", SEARCHED)
    async with started("run", cwd=county, program=program) as running:
        await running.has_said("is ready")
        running.told(signal.SIGUSR1)
        said = await running.has_said(r"looks through \d+")

    assert int(said.split()[-1]) < 20_000  # of 180,000


async def test_a_county_at_work_is_healthy_and_refuses_a_second_process(
    county: Path, api: BotApi, roster_file: Path
) -> None:
    address = free_address()
    configured(county, api, office__listen=f'"{address}"')
    async with started("run", cwd=county) as running:
        await running.has_said("is ready")
        await api.until(lambda: bool(api.polls), within=30)
        health = await fetched(f"http://{address}/healthz")
        measured, metrics = await fetched(f"http://{address}/metrics")
        second = await liaison("run", cwd=county)
        imported = await liaison("import", str(roster_file), cwd=county)
        backed_up = await liaison("backup", "copy.db", cwd=county)
        restored = await liaison("restore", "copy.db", cwd=county)
        code = await running.stopped(signal.SIGINT)

    assert health == (200, "ok")
    assert measured == 200
    assert "liaison_well 1\n" in metrics
    assert 'liaison_channel_up{channel="telegram"} 1\n' in metrics
    assert 'liaison_loop_age_seconds{loop="delivery telegram"} ' in metrics
    assert "liaison_dead_letters 0\n" in metrics
    assert second.code == 74
    assert re.fullmatch(
        r"\S+ is served by another `liaison run` \(process (\d+)\); stop that one first: kill \1\n",
        second.err,
    )
    assert (imported.code, imported.out) == (0, "没有改动。\n")
    assert (backed_up.code, restored.code) == (0, 74)
    assert code == 0
    assert "Traceback" not in running.err


async def test_sigterm_lets_everybody_who_wrote_have_their_answer(county: Path, api: BotApi) -> None:
    loop = asyncio.get_running_loop()
    async with started("run", cwd=county) as running:
        await api.until(lambda: bool(api.polls), within=30)
        for stranger in range(40):
            api.says(9000 + stranger, "你好")
        await api.accepted(3)
        began = loop.time()
        code = await running.stopped()
        took = loop.time() - began

    assert code == 0
    assert took < 10
    assert len(api.sent) == count(county / "liaison.db", "inbox")
    assert len({entry.chat for entry in api.sent}) == len(api.sent)


async def test_a_second_signal_ends_it_at_once(county: Path, api: BotApi) -> None:
    async with started("run", cwd=county) as running:
        await api.until(lambda: bool(api.polls), within=30)
        api.script("sendMessage", "HANG")
        api.says(9000, "你好")
        # Between two polls there is none to let go of.
        await api.until(lambda: "sendMessage" in api.calls and api._poller is not None)
        running.told(signal.SIGTERM)
        # The first has been heard when the poll is let go of.
        await api.until(lambda: api._poller is None)

        assert await running.stopped() == -signal.SIGTERM
    async with started("run", cwd=county):
        first, again = await api.accepted(2)

    assert re.fullmatch(f"（可能重复.*）\n{re.escape(first.text)}", again.text)


@pytest.mark.slow
async def test_sigterm_ends_it_in_ten_seconds_though_telegram_hangs(county: Path, api: BotApi) -> None:
    loop = asyncio.get_running_loop()
    async with started("run", cwd=county) as running:
        await api.until(lambda: bool(api.polls), within=30)
        api.script("sendMessage", "HANG", times=100)
        for stranger in range(20):
            api.says(9000 + stranger, "你好")
        await api.accepted(3)
        began = loop.time()
        code = await running.stopped()
        took = loop.time() - began
    doubted = {each.chat for each in api.sent}
    api.hears_again()
    async with started("run", cwd=county):
        await api.accepted(len(doubted) + 20, within=30)

    assert code == 0
    assert took < 12  # eight for the last words; the rest is the machine's
    for stranger in range(20):
        texts = [each.text for each in api.sent if each.chat == 9000 + stranger]
        assert len(texts) == 1 + (9000 + stranger in doubted)
        assert all("（可能重复" in text for text in texts[1:])


@pytest.mark.usefixtures("api")
async def test_systemd_hears_that_it_is_ready_lives_and_stops(
    county: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(county / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(county / "notify"))
        manager.setblocking(False)
        loop = asyncio.get_running_loop()
        async with started("run", cwd=county) as running, asyncio.timeout(PATIENCE):
            told = [await loop.sock_recv(manager, 100) for _ in range(3)]
            running.told(signal.SIGTERM)
            while told[-1] != b"STOPPING=1":
                told.append(await loop.sock_recv(manager, 100))
            assert await running.ended() == 0

    assert told[:3] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]


async def test_a_token_that_was_revoked_is_told_and_tried_again(county: Path, api: BotApi) -> None:
    address = free_address()
    configured(county, api, token="42:" + "wrong" * 7, office__listen=f'"{address}"')
    async with started("run", cwd=county) as running:
        await running.has_said("is not well: Telegram 不接受这个机器人的令牌，请到 @BotFather 重新复制")
        status, words = await fetched(f"http://{address}/healthz")
        code = await running.stopped()

    assert status == 503
    assert words.startswith("Telegram 不接受这个机器人的令牌")
    assert code == 0
    assert "wrong" not in running.err


LOUD = """
import logging, bot.logs
quiet = bot.logs.set_up
def loud(**how):
    quiet(**how)
    for name in (None, *logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(logging.DEBUG)
bot.logs.set_up = loud
"""
BROKEN = """
import bot.app
async def break_down(self):
    raise ValueError("broken while holding {token}")
bot.app.Bot.run = break_down
"""
MAIN = "from bot.__main__ import main; main()"


async def test_the_log_is_json_line_by_line_and_never_holds_the_token(county: Path, api: BotApi) -> None:
    api.script("sendMessage", "REFUSED", code=500, words=f"bad gateway for bot{TOKEN}")
    async with started(
        "run", "--log", "json", cwd=county, program=(sys.executable, "-c", LOUD + MAIN)
    ) as running:
        await api.until(lambda: bool(api.polls), within=30)
        api.says(9000, "你好")
        api.feeds({"message": f"not a message of {TOKEN}"})
        await api.until(lambda: "sendMessage" in api.calls)
        await api.until(lambda: not api.pending)
        code = await running.stopped()

    assert code == 0
    lines = [json.loads(line) for line in running.err.splitlines()]
    assert {"debug", "info", "warning"} <= {line["level"] for line in lines}
    assert all({"event", "logger", "timestamp"} <= line.keys() for line in lines)
    assert TOKEN not in running.err
    assert TOKEN.partition(":")[2] not in running.err


async def test_a_mistake_of_our_own_is_logged_with_its_trace_and_exits_1(county: Path) -> None:
    broken = BROKEN.format(token=TOKEN)
    async with started(
        "run", "--log", "json", cwd=county, program=(sys.executable, "-c", broken + MAIN)
    ) as running:
        code = await running.ended()

    assert code == 1
    last = json.loads(running.err.splitlines()[-1])
    assert last["event"] == "run.stopped_by_a_mistake_of_the"
    assert last["message"] == "stopped by a mistake of the program's own"
    assert "broken while holding ***" in last["exception"]
    assert TOKEN not in running.err


async def test_what_was_foreseen_is_a_line_of_json_too(tmp_path: Path, api: BotApi) -> None:
    (tmp_path / "folder").mkdir()
    configured(tmp_path, api, database__url='"sqlite:///folder"').chmod(0o644)
    async with started("run", "--log", "json", cwd=tmp_path) as running:
        code = await running.ended()

    assert code == 74
    assert [json.loads(line)["level"] for line in running.err.splitlines()] == ["warning", "critical"]


async def test_two_counties_are_served_by_one_process(county: Path, api: BotApi, tmp_path: Path) -> None:
    async with BotApi("43:" + "second" * 6) as other:
        (tmp_path / "second").mkdir()
        configured(tmp_path / "second", other, token=other.token)
        async with started("run", "-c", "config.toml", "-c", "second/config.toml", cwd=county) as running:
            await api.until(lambda: bool(api.polls and other.polls), within=30)
            code = await running.stopped()

    assert code == 0, running.err
    assert (tmp_path / "second" / "liaison.db").exists()


# --- the demo -----------------------------------------------------------------------------


async def test_the_story_of_a_week_leaves_its_papers(tmp_path: Path) -> None:
    told = await liaison("demo", "--story", "out", cwd=tmp_path)

    assert (told.code, told.err) == (0, "")
    assert "已记" in told.out
    papers = list((tmp_path / "out").iterdir())
    pictures = [path for path in papers if path.suffix == ".png"]
    assert pictures
    assert all(path.read_bytes().startswith(PNG) for path in pictures)
    workbooks = [path for path in papers if path.suffix == ".xlsx" and path.name != "roster.xlsx"]
    assert workbooks
    assert all(openpyxl.load_workbook(path).sheetnames for path in workbooks)
    transcript = (tmp_path / "out" / "transcript.txt").read_text(encoding="utf-8")
    assert "════" in transcript
    for readme in ("README.md", "README.zh-CN.md"):
        shown = [line for line in quoted(readme) if "…" not in line and line not in transcript]
        assert shown == [], f"{readme} tells what the story does not"


def quoted(readme: str) -> list[str]:
    """Return the lines of the story that a README shows."""
    blocks = re.findall(r"```text\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)
    return [line.strip() for block in blocks if "机器人 → " in block for line in block.splitlines()]


async def test_the_demo_answers_at_its_address_until_ctrl_c(tmp_path: Path) -> None:
    address = free_address()
    async with started("demo", "--listen", address, cwd=tmp_path) as running:
        await running.has_said(f"http://{address}/")
        status, page = await fetched(f"http://{address}/")
        taken = await liaison("demo", "--listen", address, cwd=tmp_path)
        code = await running.stopped(signal.SIGINT)

    assert (status, code) == (200, 0)
    assert "<title>" in page
    assert taken.code == 1
    assert taken.err.startswith(f"--listen: port {address.partition(':')[2]} is taken")
    assert running.err == ""

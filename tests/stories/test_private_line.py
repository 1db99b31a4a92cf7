"""密件: words for the inspector of a project, that no one else and nothing else ever has."""

import io
import logging
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.chat import Attachment, Event, Unreadable
from bot.commands.export import EXPORTS
from bot.config import Settings
from bot.errors import DeliveryError, Failure
from handlers import private_line
from storage import backup, tables
from storage.store import Store
from tests.enterprises import every_row, has_inspector
from tests.world import World
from tests.world import world as make_world

CANARY = "监理收了红包canary"
LONG = f"{CANARY}，{'前后经过如下。' * 900}"
KEPT_NOT = "没有转出，也没有留存"


def bytes_of(file: Path) -> bytes:
    return file.read_bytes()


def unpacked(workbook: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        return b"".join(parts.read(name) for name in parts.namelist())


async def held(world: World) -> str:
    return str(await every_row(world))


async def test_only_the_inspector_reads_it_and_answers(world: World) -> None:
    await has_inspector(world)
    await world.waits(minutes=10)

    await world.hears("liu", "找谁 1")
    assert "项目管家：还没有定\n项目警官：还没有定\n纪检监察员：纪明" in world.last("liu")
    await world.hears("liu", button="写密件")
    await world.hears("liu", f"2 问题 {CANARY}")
    assert world.last("ji").splitlines()[1] == f"刘敏（发展和改革局）：2 问题 {CANARY}"
    await world.hears("ji", button="密件回复")
    await world.hears("ji", "明天来谈canary")
    assert world.last("liu").splitlines()[1] == "纪明：明天来谈canary"
    await world.hears("liu", "密件回复 好的canary")
    assert world.last("ji").splitlines()[1] == "刘敏（发展和改革局）：好的canary"

    told = {who: "".join(world.said_to(who)) for who in ("zhao", "chen", "zhou", "he", "wang", "sun")}
    assert {who for who, text in told.items() if "canary" in text} == set()
    assert "canary" not in await held(world)
    passed = [row for row in (await every_row(world))["audit"] if row["action"] == "private.passed"]
    assert [(row["actor_id"], row["subject"], row["detail"]) for row in passed] == [(None, "county", {})] * 3


async def test_the_words_are_nowhere_once_they_have_arrived(
    empty_database: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "liaison.db"
    shutil.copyfile(empty_database, file)
    caplog.set_level(logging.DEBUG)
    async with Store(f"sqlite:///{file}") as store:
        world = make_world(store)
        await world.is_peopled()
        await has_inspector(world)
        for text in (f"密件 1 {CANARY}", f"密件 XM-001 {LONG[:2500]}", f"密件：年产100万吨纯碱项目 {CANARY}"):
            await world.hears("liu", text, settle=False)
            assert "canary" in await held(world)
        caplog.clear()
        await world.waits(minutes=10)

        assert sum("canary" in text for text in world.said_to("ji")) == 3
        assert "canary" not in await held(world)
        backup.backup(f"sqlite:///{file}", tmp_path / "copy.db")
    assert "canary" not in caplog.text
    assert [name for name in ("liaison.db", "copy.db") if b"canary" in bytes_of(tmp_path / name)] == []
    settings = Settings(county="青禾县", database={"url": f"sqlite:///{file}"})
    assert [name for name, make in EXPORTS.items() if b"canary" in unpacked(make(settings))] == []


async def test_a_substitute_does_not_get_it(world: World) -> None:
    await has_inspector(world)
    await world.waits(minutes=10)
    await world.hears("zhao", "请假 纪明 11-23 11-30 王强")

    await world.hears("liu", f"密件 1 {CANARY}")

    assert "canary" in world.last("ji")
    assert "canary" not in "".join(world.said_to("wang"))


@pytest.mark.parametrize(
    "failure", [Failure.REFUSED, Failure.UNREACHABLE, Failure.UNOPENED, Failure.RETRY], ids=str
)
async def test_what_cannot_arrive_is_erased_and_its_writer_told(
    world: World, failure: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    await has_inspector(world)
    await world.waits(minutes=10)
    world.platform.failures = [DeliveryError(failure, "no")] * (1 if failure is not Failure.RETRY else 4)

    await world.store.perform(
        lambda tx: tx.dispatch.pause("fake", world.account("liu"), world.clock.now() + timedelta(seconds=30))
    )
    await world.hears("liu", f"密件 1 {CANARY}")
    if failure is Failure.RETRY:
        world.platform.failures = [DeliveryError(failure, "no", after=timedelta(days=8))]
        await world.waits(minutes=2)
    if failure in {Failure.UNOPENED, Failure.RETRY}:
        assert "canary" in await held(world)
        await world.store.perform(
            lambda tx: tx.connection.execute(
                update(tables.outbox)
                .where(tables.outbox.c.subject == "private", tables.outbox.c.text.contains("canary"))
                .values(made_at=world.clock.now() - timedelta(days=7, minutes=1))
            )
        )
    await world.waits(minutes=2)

    assert "canary" not in await held(world)
    assert "纪明的密件没有送到，内容已经清除" in world.last("liu")
    assert "密件" not in "".join(world.said_to("zhao"))
    assert "canary" not in "".join(world.said_to("zhao")) + caplog.text


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"密件{CANARY}", "请写明是哪个项目"),
        (f"密件 2 {CANARY}", "还没有定纪检监察员"),
        (f"/密件 智慧物流 {CANARY}", "请写明是哪个项目"),
    ],
)
async def test_what_cannot_be_passed_on_is_not_kept(world: World, text: str, answer: str) -> None:
    await has_inspector(world, project="#park")
    await world.waits(minutes=10)

    await world.hears("liu", text)

    assert answer in world.last("liu")
    assert KEPT_NOT in world.last("liu")
    assert "canary" not in await held(world)


async def test_words_said_too_late_or_changed_or_with_a_picture_are_not_kept(world: World) -> None:
    await has_inspector(world)
    await world.waits(minutes=10)
    await world.hears("liu", "找谁 1")
    await world.hears("liu", button="写密件")
    await world.hears("liu", files=[Attachment("t1", "canary.jpg", "image/jpeg")])
    assert world.last("liu").startswith("密件只转文字")
    await world.hears("liu", "/没有这个命令 canary")
    assert world.last("liu").startswith("隔得太久")
    await world.hears("liu", button="写密件")
    await world.hears("liu", "照旧")
    assert world.last("liu").startswith("已记")
    await world.hears("liu", "找谁 1")
    await world.hears("liu", button="写密件")
    await world.waits(minutes=61)
    await world.hears("liu", CANARY)
    assert world.last("liu").startswith("隔得太久")
    await world.hears("liu", f"密件 1 {CANARY}", edited=True)
    assert world.last("liu").startswith("密件发出就改不了")

    assert world.said_to("ji") == []
    assert "canary" not in await held(world)


async def test_the_morning_question_does_not_take_the_words_for_an_answer(world: World) -> None:
    await has_inspector(world)
    await world.hears("liu", "找谁 1")
    await world.hears("liu", button="写密件")
    await world.waits(minutes=10)
    assert world.last("liu").startswith("早上好")

    await world.hears("liu", CANARY)

    assert "canary" in world.last("ji")
    assert "canary" not in await held(world)


async def test_what_fails_or_cannot_be_read_leaves_no_words(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await has_inspector(world)
    await world.waits(minutes=10)

    def fails(_turn: object, _project: object, words: str, _people: object) -> None:
        raise ValueError(words)

    monkeypatch.setattr(private_line, "_pass", fails)
    await world.hears("liu", f"密件 1 {CANARY}")
    await world.router.receive(Unreadable("odd:1", "fake", f'{{"text": "\\u5bc6\\u4ef6 {CANARY}"}}', CANARY))

    assert world.last("liu").startswith("抱歉，这条消息没有处理成功，内容没有留存")
    assert len((await every_row(world))["dead_letters"]) == 2
    assert "canary" not in await held(world) + caplog.text


async def test_an_inspector_out_of_reach_or_replaced_gets_nothing(world: World) -> None:
    await has_inspector(world)
    await world.waits(minutes=10)
    await world.hears("liu", f"密件 1 {CANARY}")
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.assignments)
            .where(tables.assignments.c.person_id == world.ids["ji"])
            .values(until=world.clock.now().date())
        )
    )
    await world.hears("ji", "密件回复 canary")
    assert "已经换人" in world.last("ji")
    await has_inspector(world, "jian", "简严")
    await world.happens(Event.BLOCKED, who="jian")
    await world.hears("liu", f"密件 1 {CANARY}")

    assert world.last("liu").startswith("简严还收不到机器人的消息")
    assert "canary" not in await held(world)


async def test_everybody_may_ask_whom_to_turn_to(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(update(tables.people).values(phone="13800001111"))
    )
    await world.waits(minutes=10)
    for who in ("qian", "sun", "zhao"):
        await world.hears(who, "找谁 智慧物流园")
        assert "牵头领导：陈志远（县政府）\n联络员：王强（经济开发区）" in world.last(who)
        assert "1380000" not in world.last(who)
    await world.hears("qian", "找谁")
    assert world.last("qian").startswith("请写明是哪个项目")

"""百企评百岗: everybody may say what they think, and nobody can find out what it was."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from handlers import ballots
from storage.store import Store
from tests.enterprises import every_row, has_owners
from tests.world import World
from tests.world import world as make_world

CALL = "评议 开 四季度：登记窗口、办税厅 到12月20日"
LABELS = ["很满意", "满意", "一般", "不满意", "很不满意", "没打过交道", "先到这里"]


async def opened(world: World, owners: int = 5, call: str = CALL) -> list[str]:
    voters = await has_owners(world, owners)
    await world.waits(minutes=10)
    await world.hears("zhao", call)
    await world.beats()
    return voters


async def test_an_owner_is_asked_post_by_post_and_may_stop(world: World) -> None:
    owner, *_ = await opened(world)

    assert world.messages(owner)[-1].labels == LABELS
    first = world.last(owner).splitlines()[1]
    assert first.startswith("1/2")
    assert await world.hears(owner, button="一般") == "已记，谢谢。"
    assert world.said_to(owner)[-2] == f"「{first.split('　')[1]}」评过了，谢谢。"
    assert world.last(owner).startswith("2/2")
    await world.hears(owner, button="先到这里")

    assert world.messages(owner)[-2].labels == []
    assert world.last(owner) == "好的，不再问了。评过的已经记上，谢谢。"


async def test_a_post_of_fewer_than_five_voters_stays_unknown(world: World) -> None:
    voters = await opened(world)
    await world.hears("zhao", "评议 结果")
    assert world.last("zhao") == "还没有结束过的评议。"
    for who, answers in zip(
        voters, (["5", "5"], ["4", "5"], ["很满意", "5"], ["1", "5"], ["3", "6"]), strict=True
    ):
        # Everybody begins with another post: what is said of 登记窗口 comes first or second.
        is_first = "登记窗口" in world.last(who)
        for text in answers if is_first else reversed(answers):
            await world.hears(who, text)
    await world.hears("zhao", "评议")
    assert world.last("zhao") == "「四季度」正在评，12月20日结束。结束前看不到任何结果。"
    await world.day_at(world.clock.now().date().replace(month=12, day=21), "07:30")

    assert world.said_to("zhao")[-1] == (
        "「四季度」评议结果（满分 5 分）：\n· 登记窗口：5 家，平均 3.6 分\n· 办税厅：不足 5 家，不公布"
    )
    rows = await every_row(world)
    assert rows["ballot_voters"] == []
    assert {row["post_id"] for row in rows["ballot_tallies"]} == {rows["ballot_posts"][0]["id"]}
    await world.hears("qian", button="很满意")
    assert world.last("qian") == "这次评议已经结束。"


async def test_a_pushed_clock_stops_where_a_ballot_ends(world: World) -> None:
    assert await world.watch.read(ballots.next_moments) == []
    await opened(world)

    ((_, name),) = await world.watch.read(ballots.next_moments)
    await world.day_at(date(2026, 12, 21), "00:00")

    assert name == "event.ballot"
    assert await world.watch.read(ballots.next_moments) == []


async def test_a_second_answer_is_not_counted(world: World) -> None:
    owner, *_ = await opened(world, call="评议 开 四季度：登记窗口 到12月20日")
    old, _ = world.find_button(owner, "很不满意")
    await world.hears(owner, "非常满意")
    world.platform.chats[world.account(owner)][0].data["又来"] = old
    world.platform.chats[world.account(owner)][0].labels.append("又来")
    await world.hears(owner, button="又来")
    assert world.last(owner) == "这一项已经评过了，没有重复计。"
    await world.hears(owner, "很不满意")

    assert world.last(owner) == "这一项已经评过了，没有重复计。"
    counts = {row["score"]: row["count"] for row in (await every_row(world))["ballot_tallies"]}
    assert counts == {1: 0, 2: 0, 3: 0, 4: 0, 5: 1}


async def voted(store: Store, choices: list[str], *, typed: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the whole database after five owners have voted, without what is random in it."""
    world = make_world(store)
    await world.is_peopled()
    for who, label in zip(await opened(world), choices, strict=True):
        for _ in range(2):
            await world.waits(minutes=1)
            await (world.hears(who, label) if typed else world.hears(who, button=label))
    rows = await every_row(world)
    for row in rows["outbox"]:
        row["token"] = row["token"] and "…"
    for row in rows["audit"]:
        row["detail"], row["hash"] = str(row["detail"]), ""
    return rows


@pytest.mark.parametrize("typed", [False, True])
async def test_the_database_is_the_same_whoever_said_what(copied: Callable[..., str], *, typed: bool) -> None:
    """Five owners give the five answers, then the same five the other way round: no row differs."""
    found = []
    for name, choices in (("one", LABELS[:5]), ("other", LABELS[4::-1])):
        async with Store(copied(name)) as store:
            found.append(await voted(store, choices, typed=typed))

    assert sum(row["count"] for row in found[0]["ballot_tallies"]) == 10
    assert found[0] == found[1]


@pytest.mark.postgresql
async def test_a_server_knows_no_more_which_row_a_voter_wrote(postgresql_url: str) -> None:
    async with Store(postgresql_url) as store:
        await voted(store, LABELS[:5], typed=False)
        rows = await store.read(
            lambda tx: (
                tx.connection.exec_driver_sql(
                    "SELECT count(DISTINCT xmin::text) FROM ballot_tallies GROUP BY post_id"
                )
                .scalars()
                .all()
            )
        )

    assert list(rows) == [1, 1]


async def test_a_vote_that_fails_leaves_nothing_of_itself(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    owner, other, *_ = await opened(world)

    def fails(turn: Any, post_id: int, score: int) -> None:
        raise ValueError(f"{post_id}:{score} of {turn.text}")

    monkeypatch.setattr(ballots, "_count", fails)
    pressed, _ = world.find_button(owner, "很不满意")
    await world.hears(owner, button="很不满意")
    await world.hears(other, "5")

    dead = (await every_row(world))["dead_letters"]
    assert len(dead) == 2
    kept = "".join(f"{row['raw']}{row['reason']}" for row in dead)
    assert pressed not in kept
    assert '"text": "5"' not in kept
    assert kept.count("ValueError at ") == 2
    assert ":1 of" not in caplog.text
    assert world.last(owner).startswith("抱歉，这条消息没有处理成功，内容没有留存")


async def test_words_about_a_post_are_not_kept(world: World) -> None:
    owner, *_ = await opened(world)

    await world.hears(owner, "态度很差，材料要了三遍")

    assert world.last(owner).startswith("请点上面的按钮")
    assert "三遍" not in str(await every_row(world))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("评议 开 四季度：登记窗口", "请写：评议 开"),
        ("评议 开 四季度：登记窗口 到2026年11月20日", "11月20日已经过了"),
        (CALL, "现在只有 1 位业主能收到消息"),
    ],
)
async def test_a_ballot_that_cannot_be_held_is_not_opened(world: World, text: str, answer: str) -> None:
    await world.hears("zhao", text)

    assert world.last("zhao").startswith(answer)
    assert (await every_row(world))["ballots"] == []


async def test_a_liaison_who_says_so_is_answering(world: World) -> None:
    await world.waits(minutes=10)
    await world.hears("wang", "评议 环评报告已通过")

    assert world.last("wang").startswith("已记")

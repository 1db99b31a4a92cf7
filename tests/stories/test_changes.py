"""变更登记: asked for with its reason, agreed to by the office, registered whatever becomes of it."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from storage import tables
from tests.stories.test_stages import has_milestones
from tests.world import World

SAID = "变更 1 年度计划 4亿，土地推迟交付"
NUMBER = "〔2026〕变更1号"


async def project(world: World, key: str = "park") -> Any:
    statement = select(tables.projects).where(tables.projects.c.id == world.ids[f"#{key}"])
    return await world.asks(lambda tx: tx.connection.execute(statement).one())


async def register(world: World) -> list[tuple[str, str, str, str]]:
    moves = tables.stage_moves
    statement = select(moves).where(moves.c.sequence.is_not(None)).order_by(moves.c.sequence)
    rows = await world.asks(lambda tx: tx.connection.execute(statement).all())
    return [(row.what, row.before, row.after, row.answer) for row in rows]


async def test_a_change_counts_once_the_office_has_agreed_and_everybody_concerned_is_told(
    world: World,
) -> None:
    await world.hears("wang", SAID)
    said, before = world.last("wang"), (await project(world)).planned
    await world.waits(minutes=10)
    asked = world.last("zhao")

    await world.hears("zhao", button="同意")

    assert said == (
        f"已记 {NUMBER}：「智慧物流园」年度计划 5.00 亿元 → 4.00 亿元。原因：土地推迟交付。\n"
        "等指挥部办公室同意后生效，结果会告诉您。"
    )
    assert before == 5_000_000
    assert asked == (
        f"{NUMBER}｜王强申请：「智慧物流园」年度计划 5.00 亿元 → 4.00 亿元。原因：土地推迟交付。\n"
        "同意后立即生效，记入变更登记。"
    )
    assert (await project(world)).planned == 4_000_000
    assert (
        world.last("wang") == f"赵文静同意 {NUMBER}：「智慧物流园」年度计划 5.00 亿元 → 4.00 亿元，已生效。"
    )
    assert world.last("chen").startswith(f"{NUMBER} 已生效（赵文静同意）：「智慧物流园」年度计划")
    trail = await world.asks(lambda tx: tx.audit.trail(f"project:{world.ids['#park']}"))
    assert [(step.action, step.detail["before"], step.detail["after"]) for step in trail] == [
        ("change.asked", "5000000", "4000000"),
        ("change.taken", "5000000", "4000000"),
    ]


async def test_what_is_not_agreed_to_changes_nothing_and_keeps_its_number(world: World) -> None:
    await world.hears("wang", SAID)
    await world.waits(minutes=10)

    await world.hears("zhao", button="不同意")
    await world.hears("chen", "变更 XM-003 建设内容 仓库 3 栋，原因：订单增加")

    assert (await project(world)).planned == 5_000_000
    assert f"赵文静没有同意 {NUMBER}" in world.last("wang")
    assert await register(world) == [
        ("年度计划", "5000000", "4000000", "不同意"),
        ("建设内容", "", "仓库 3 栋", ""),
    ]
    assert "〔2026〕变更2号：「智慧物流园」建设内容 未填 → 仓库 3 栋" in world.last("chen")


async def test_the_reason_is_asked_for(world: World) -> None:
    await world.hears("wang", "变更 1 计划竣工 2027年6月20日")
    asked = world.last("wang")

    await world.hears("wang", "因为征地推迟。")

    assert asked == "「智慧物流园」计划竣工 未填 → 2027-06-20，原因是什么？请回一句。"
    assert "计划竣工 未填 → 2027-06-20。原因：征地推迟。\n" in world.last("wang")


async def test_a_second_clerk_is_told_that_it_is_decided(world: World) -> None:
    await world.hears("wang", SAID)
    await world.waits(minutes=10)
    press, _ = world.find_button("zhao", "不同意")
    await world.hears("zhao", button="同意")

    world.messages("zhao")[0].data["不同意"] = press
    await world.hears("zhao", button="不同意")

    assert world.last("zhao") == "这一项已经定了，不用再点。"
    assert await register(world) == [("年度计划", "5000000", "4000000", "同意")]


async def test_where_another_value_stands_by_now_the_office_looks_again(world: World) -> None:
    await world.hears("wang", SAID)
    await world.waits(minutes=10)
    await world.hears("zhao", "变更 XM-003 年度计划 4.5亿 市里核减")

    await world.hears("zhao", button="同意")
    hindered = world.last("zhao")
    between = (await project(world)).planned
    await world.hears("zhao", button="同意")

    assert hindered == (
        f"{NUMBER} 还没有定：「智慧物流园」年度计划现在是 4.50 亿元，和申请时不一样了。"
        "还要改成 4.00 亿元，就再点一次「同意」。"
    )
    assert (between, (await project(world)).planned) == (4_500_000, 4_000_000)
    assert "年度计划 4.50 亿元 → 4.00 亿元。原因：土地推迟交付。 ——赵文静同意" in world.said_to("zhao")[0]
    assert [row[3] for row in await register(world)] == ["同意", "同意"]


async def test_a_project_completed_meanwhile_is_changed_no_more(world: World) -> None:
    await world.hears("wang", SAID)
    await world.waits(minutes=10)
    await world.hears("zhao", "竣工 XM-003 今天")

    await world.hears("zhao", button="同意")
    told = world.last("zhao")
    await world.hears("wang", "变更 1 总投资 9亿 决算")

    assert told.startswith("「智慧物流园」已经竣工，投资、工期和建设内容不再变更，没有改动。")
    assert (await project(world)).planned == 5_000_000
    assert world.last("wang") == told
    assert await register(world) == [("年度计划", "5000000", "4000000", "")]


async def test_asked_for_anew_the_earlier_word_waits_no_longer_but_that_of_others_does(world: World) -> None:
    await world.hears("wang", SAID)
    await world.hears("chen", "变更 XM-003 年度计划 3亿 分期建设")
    await world.hears("wang", "变更 1 年度计划 4.2亿 土地推迟交付")

    assert [row[2:] for row in await register(world)] == [
        ("4000000", "改报"),
        ("3000000", ""),
        ("4200000", ""),
    ]


@pytest.mark.parametrize(
    ("who", "said", "answer"),
    [
        ("wang", "变更 1 年度计划 5亿 没变", "「智慧物流园」的年度计划现在就是 5.00 亿元，没有登记。"),
        (
            "wang",
            "变更 1 总投资 4亿 缩减",
            "年度计划不能大于总投资，没有改动：改后「智慧物流园」总投资 4.00 亿元、",
        ),
        ("wang", "变更 1 总投资 八千", "没有看懂总投资改成多少，没有登记。请写变更后的数，带上单位"),
        ("wang", "变更 1 计划竣工 11月2日 笔误", "这一天已经过去了，没有改动。"),
        ("zhao", "变更 XM-003 计划竣工 尽快", "没有看懂计划竣工改到哪天，没有登记。"),
        ("zhao", "变更 XM-003 名称 物流园", "请写：变更 项目编号 改什么 改成多少 原因"),
        ("zhao", "变更 XM-003 建设内容", "请写变更后的建设内容和原因"),
        ("sun", "变更 XM-003 总投资 9亿 涨价", "这个项目不在您名下。发「变更」看您自己的"),
        ("chen", f"变更 XM-003 建设内容 {'长' * 101} 因为长", "太长了，请写在 100 字以内。"),
    ],
)
async def test_what_is_no_change_is_said_and_not_registered(
    world: World, who: str, said: str, answer: str
) -> None:
    await world.hears(who, said)

    assert world.last(who).startswith(answer)
    assert await register(world) == []


@pytest.mark.parametrize("words", ["变更 设计方案已报审", "变更 1 设计方案已报审", "变更手续在办"])
async def test_a_liaisons_words_about_a_change_are_an_answer(world: World, words: str) -> None:
    await world.waits(minutes=5)

    await world.hears("wang", words)

    assert world.last("wang").startswith("已记 智慧物流园：")
    assert await register(world) == []


async def test_days_that_the_office_moves_stand_in_the_register_where_there_was_one_before(
    world: World,
) -> None:
    await has_milestones(world, "主体封顶")

    await world.hears("zhao", "改期 XM-001 主体封顶 12月20日")
    await world.hears("zhao", "改期 XM-001 主体封顶 12月20日")
    await world.hears("zhao", "改期 XM-001 竣工 12月30日")

    assert await register(world) == [("主体封顶", "2026-12-10", "2026-12-20", "同意")]
    reason = select(tables.stage_moves.c.reason)
    assert await world.asks(lambda tx: tx.connection.execute(reason).scalar()) == "改期"


@pytest.mark.parametrize(
    ("who", "words", "scope"),
    [("zhao", "变更", "全县"), ("zhao", "变更 大桥镇", "属地:大桥镇"), ("wang", "变更 1", "专班:XM-003")],
)
async def test_the_register_comes_as_a_paper_of_the_year(
    world: World, who: str, words: str, scope: str
) -> None:
    await world.hears(who, words)
    await world.beats()

    assert world.press.drafted == [f"变更登记 {scope} 2026-01-01 {date(2026, 11, 23)}"]
    paper = world.messages(who)[-1].paper
    assert paper is not None
    assert paper.name.endswith(".xlsx")

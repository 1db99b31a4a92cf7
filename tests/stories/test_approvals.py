"""告知承诺、容缺、超时默认: past its day an approval is told of once, and a person decides."""

from datetime import date

import pytest

from tests.world import World

FRI, SAT, MON, TUE = (date(2026, 12, day) for day in (4, 5, 7, 8))
LACKING = "手续 XM-003 用地 容缺办理，缺环评批复，12月4日前补齐"
SILENT = "手续 XM-003 环评 受理，12月4日前办结"


def told(world: World, who: str) -> list[str]:
    return [text for text in world.said_to(who) if "手续" in text and "写上新日期" in text]


async def noted(world: World, item: str) -> tuple[str, date | None]:
    written = await world.asks(lambda tx: tx.elements.of(world.ids["#park"])[f"手续:{item}"])
    return written.text, written.due


async def test_office_and_department_are_told_once_on_the_next_working_morning(world: World) -> None:
    await world.hears("sun", LACKING)
    for day, clock in ((FRI, "23:00"), (SAT, "09:30"), (MON, "07:00")):
        await world.day_at(day, clock)
    before = [told(world, who) for who in ("zhao", "sun")]
    await world.day_at(MON, "08:00")
    await world.day_at(TUE, "09:00")

    assert before == [[], []]
    assert told(world, "zhao") == told(world, "sun")
    (text,) = told(world, "sun")
    assert text == (
        "「智慧物流园」的用地手续是容缺（告知承诺）办理的，12月4日前应补齐，还没有记补齐"
        "（孙立新记：容缺办理，缺环评批复，12月4日前补齐）。请核实后点一下。\n"
        "还要时间的，写上新日期：「手续 XM-003 用地 容缺办理，12月21日前补齐」。"
    )
    assert (await noted(world, "用地"))[0].startswith("容缺办理")
    await world.hears("wang", "手续 1")
    assert "🔴 用地：容缺办理，缺环评批复，12月4日前补齐（孙立新），已到期，待核定" in world.last("wang")


async def test_what_nobody_decided_stands_among_what_waits_for_the_office(world: World) -> None:
    await world.hears("sun", SILENT)
    await world.day_at(MON, "08:50")
    at_first = [text for text in world.said_to("zhao") if "等您定" in text]
    await world.day_at(TUE, "08:50")
    (waiting,) = [text for text in world.said_to("zhao") if "等您定" in text]

    await world.hears("zhao", button="1")
    await world.hears("zhao", button="视为同意")
    await world.day_at(date(2026, 12, 9), "08:50")

    assert at_first == []
    assert waiting.endswith("\n1 手续｜智慧物流园：环评（12月4日到期，待核定）")
    assert (await noted(world, "环评"))[0].startswith("已批（超时默认")
    assert len([text for text in world.said_to("zhao") if "等您定" in text]) == 1


@pytest.mark.parametrize(
    ("said", "button", "item", "words"),
    [
        (SILENT, "视为同意", "环评", "已批（超时默认，2026-12-07 定）"),
        (SILENT, "不予默认", "环评", "不予默认，继续办理（2026-12-07）"),
        (LACKING, "已补齐", "用地", "已批（容缺已补齐，2026-12-07）"),
        (LACKING, "没有补齐", "用地", "没有补齐，停止容缺办理（2026-12-07）"),
    ],
)
async def test_a_person_decides_and_nobody_is_told_again(
    world: World, said: str, button: str, item: str, words: str
) -> None:
    await world.hears("zhao", said)
    await world.day_at(MON, "08:00")

    await world.hears("zhao", button=button)
    await world.day_at(TUE, "08:00")

    assert await noted(world, item) == (words, None)
    assert told(world, "zhao") == []
    assert f"「智慧物流园」的{item}手续已经定了：{words}（赵文静记）。" in world.said_to("zhao")


async def test_of_two_who_decide_the_first_wins(world: World) -> None:
    await world.hears("zhao", LACKING)
    await world.day_at(MON, "08:00")
    press, _ = world.find_button("zhao", "没有补齐")

    await world.hears("sun", button="已补齐")
    world.messages("zhao")[-1].data["没有补齐"] = press
    await world.hears("zhao", button="没有补齐")

    assert world.last("zhao").startswith("「智慧物流园」的用地手续已经有人定了，没有改动。")
    assert (await noted(world, "用地"))[0] == "已批（容缺已补齐，2026-12-07）"


async def test_a_new_day_is_a_new_term(world: World) -> None:
    await world.hears("sun", LACKING)
    await world.day_at(MON, "08:00")
    await world.hears("sun", "手续 XM-003 用地 容缺办理，12月8日前补齐")
    await world.day_at(TUE, "09:00")
    between = told(world, "sun")
    await world.day_at(date(2026, 12, 9), "08:00")

    assert between == []
    assert len(told(world, "sun")) == 1
    assert "12月8日前应补齐" in told(world, "sun")[0]


async def test_what_is_granted_in_time_brings_no_notice(world: World) -> None:
    await world.hears("sun", LACKING)
    await world.hears("sun", button="用地 已批")

    await world.day_at(MON, "08:00")

    assert told(world, "zhao") == told(world, "sun") == []


@pytest.mark.parametrize("words", ["受理，2月30日前办结", "受理，11月2日前办结"])
async def test_a_day_that_is_none_or_past_is_refused(world: World, words: str) -> None:
    await world.hears("zhao", f"手续 XM-003 规划 {words}")

    assert world.last("zhao").startswith("日期已经过去了，或者没有这一天，没有记。")
    assert await world.asks(lambda tx: tx.elements.of(world.ids["#park"])) == {}

"""What our messages look like on WeCom: words, cards and files, within its limits and harmless."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import Address, Button, Outgoing, Paper
from bot.clock import VirtualClock
from bot.errors import DeliveryError, Failure
from bot.platforms.wecom.parts import Hints, changed, parts, plain
from bot.platforms.wecom.ration import Ration

HERE = Address("wecom", "liumin")
HINTS = Hints(typed="另有{}，直接回复即可。".format, numbered="更多选择，回复数字即可：{}".format)
PROMPT = """早上好，刘敏。11月23日 周一，您有 4 个项目：
1 年产100万吨纯碱项目｜落地开工｜形象进度 58%｜累计 12.60 亿元（年计划 63%）
2 泵业智造产业园｜竣工投产｜上周五：二期封顶
3 智慧物流园｜落地开工｜形象进度 30%
4 新材料产业园｜规划选址｜形象进度 0%
也可以直接回一句：「1 主体封顶，形象进度62%，本月完成3200万」「2 问题 用地指标未批」"""


def message(text: str, *labels: str, mark: str = "", paper: Paper | None = None) -> Outgoing:
    buttons = tuple((Button(label, f"Tok-en_1.{place}"),) for place, label in enumerate(labels))
    return Outgoing(HERE, text, buttons, paper, mark)


def test_words_alone_are_one_message() -> None:
    (part,) = parts(message("已记 1 纯碱项目：主体封顶。"), 20_480, HINTS)

    assert part.text == "已记 1 纯碱项目：主体封顶。"
    assert part.card is None


def test_a_short_message_with_buttons_is_one_card_that_shows_every_word() -> None:
    (part,) = parts(message("哪个项目？\n用地指标未批", "纯碱项目", "智造产业园"), 20_480, HINTS)

    assert part.card == {
        "card_type": "button_interaction",
        "main_title": {"title": "哪个项目？"},
        "sub_title_text": "用地指标未批",
        "button_list": [
            {"text": "纯碱项目", "style": 1, "key": "Tok-en_1.0"},
            {"text": "智造产业园", "style": 2, "key": "Tok-en_1.1"},
        ],
        "task_id": "Tok-en_1",
    }


def test_words_that_no_card_holds_go_before_it() -> None:
    words, card = parts(message(PROMPT, "全部照旧"), 20_480, HINTS)

    assert words.text.startswith("早上好，刘敏。")
    assert "2 泵业智造产业园" in words.text
    assert card.card is not None
    assert card.card["main_title"]["title"].startswith("早上好，刘敏。")
    assert "sub_title_text" not in card.card


def test_buttons_over_six_are_written_out_to_be_typed() -> None:
    labels = [f"{place} {word}" for place in (1, 2, 3, 4) for word in ("有进展", "有问题")]

    words, card = parts(message(PROMPT, "全部照旧", *labels), 20_480, HINTS)

    assert card.card is not None
    assert [each["text"] for each in card.card["button_list"]] == ["全部照旧", *labels[:5]]
    assert words.text.endswith("另有「3 有问题」「4 有进展」「4 有问题」，直接回复即可。")


def test_buttons_over_six_without_numbers_of_their_own_get_their_place() -> None:
    labels = ["全县", "属地", "行业", "专班", "用地", "征拆", "规划", "审批"]

    (part,) = parts(message("归哪类？", *labels), 20_480, HINTS)

    assert part.card is not None
    assert part.card["sub_title_text"] == "更多选择，回复数字即可：7 规划，8 审批"


def test_a_paper_goes_before_the_words() -> None:
    paper = Paper("周报.png", "image/png", b"png")

    assert [bool(each.paper) for each in parts(message("图", paper=paper), 100, HINTS)] == [True, False]
    assert [bool(each.paper) for each in parts(message("", paper=paper), 100, HINTS)] == [True]


def test_long_words_are_cut_by_bytes_between_letters_and_numbered() -> None:
    found = parts(message("用地指标未批👨‍👩‍👧。" * 200), 2048, HINTS)

    assert len(found) > 1
    assert max(len(each.text.encode()) for each in found) <= 2048
    assert [each.text.partition("）")[0] for each in found][:2] == [f"（1/{len(found)}", f"（2/{len(found)}"]


@given(st.text(max_size=400))
def test_no_word_is_lost_in_parts(text: str) -> None:
    found = [each.text for each in parts(message(text), 200, HINTS)]

    whole = "".join(each.partition("）")[2] for each in found) if len(found) > 1 else "".join(found)
    assert whole == plain(text)
    assert all(len(each.encode()) <= 200 for each in found)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<@all> 看一下", "＜@all＞ 看一下"),
        ("[点我](http://x)", "［点我］(http://x)"),
        ("# 大字", "＃ 大字"),
        ("**粗** _斜_ `码`", "＊＊粗＊＊ ＿斜＿ ｀码｀"),
        ("1. 一", "1． 一"),
        ("- 一\n+ 二", "－ 一\n＋ 二"),
        ("| a |", "｜ a |"),
        ("形象进度 62%（+4）；1 主体封顶", "形象进度 62%（+4）；1 主体封顶"),
    ],
)
def test_nothing_anybody_typed_is_markup(typed: str, shown: str) -> None:
    assert plain(typed) == shown


def test_a_repeat_is_marked_and_is_another_card() -> None:
    twice = message("哪个？", "甲", mark="（可能重复）")

    (marked,) = parts(twice, 2048, HINTS)
    (same,) = parts(twice, 2048, HINTS, mark=False)

    assert marked.card is not None
    assert same.card is not None
    assert (marked.card["main_title"]["title"], marked.card["task_id"]) == ("（可能重复）", "Tok-en_1@2")
    assert same == parts(message("哪个？", "甲"), 2048, HINTS)[0]


def test_a_changed_card_tells_its_last_line_however_long_the_ones_before() -> None:
    text = f"问题 2026-063｜泵业智造产业园｜用地｜一般\n{'用地指标未批' * 30}\n已接办，请 11-26 前反馈。"

    card = changed(message(text, "已解决"), "T1", HINTS).card

    assert card is not None
    assert card["sub_title_text"].endswith("已接办，请 11-26 前反馈。")
    assert len(card["sub_title_text"]) <= 112
    assert (card["task_id"], card["button_list"][0]["key"]) == ("T1", "Tok-en_1.0")


def test_a_card_with_nothing_left_to_do_loses_its_buttons() -> None:
    card = changed(message("已销号"), "T1", HINTS).card

    assert card is not None
    assert card["card_type"] == "text_notice"
    assert "button_list" not in card
    assert card["card_action"]["type"] == 1


MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_conversation_takes_thirty_messages_a_minute() -> None:
    clock = VirtualClock(MONDAY)
    ration = Ration(clock, ((30, timedelta(minutes=1)), (1000, timedelta(hours=1))))
    for _ in range(30):
        ration.take("a")

    with pytest.raises(DeliveryError) as full:
        ration.take("a")
    ration.take("b")
    clock.set(MONDAY + timedelta(minutes=1))
    ration.take("a")

    assert (full.value.kind, full.value.after) == (Failure.RETRY, timedelta(minutes=1))


def test_a_conversation_takes_a_thousand_messages_an_hour() -> None:
    clock = VirtualClock(MONDAY)
    ration = Ration(clock, ((30, timedelta(minutes=1)), (1000, timedelta(hours=1))))
    for place in range(1000):
        clock.set(MONDAY + timedelta(seconds=3 * place))
        ration.take("a")

    with pytest.raises(DeliveryError) as full:
        ration.take("a")

    assert full.value.after == timedelta(seconds=3600 - 3 * 999)


def test_a_changed_card_tells_what_to_type_for_the_button_it_has_no_room_for() -> None:
    labels = ["反馈", "转办", "已解决", "提请", "延期", "退回", "问反映人"]

    card = changed(message("问题 2026-063\n已接办", *labels), "T1", HINTS).card

    assert card is not None
    assert card["sub_title_text"] == "已接办\n更多选择，回复数字即可：7 问反映人"

"""What the ledger can be asked for."""

import pytest

from bot.domain.wanted import NotAskedError, Wanted, read_wanted

PLACES = ("大桥镇", "大浦镇", "经开区", "龙泉街道")
CATEGORIES = ("用地", "用水", "其他")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Wanted()),
        ("未销号", Wanted(words=("未销号",))),
        ("我的", Wanted(mine=True, words=("我的",))),
        ("mine", Wanted(mine=True, words=("mine",))),
        ("超期", Wanted(overdue=True, words=("超期",))),
        ("OVERDUE", Wanted(overdue=True, words=("OVERDUE",))),
        ("已销号", Wanted(closed=True, words=("已销号",))),
        ("大桥镇", Wanted(places=("大桥镇",), words=("大桥镇",))),
        ("龙泉", Wanted(places=("龙泉街道",), words=("龙泉街道",))),  # a piece of one name only
        ("用地", Wanted(categories=("用地",), words=("用地",))),
        ("我的 超期", Wanted(mine=True, overdue=True, words=("我的", "超期"))),
        ("大桥镇，用地", Wanted(places=("大桥镇",), categories=("用地",), words=("大桥镇", "用地"))),
        ("用地、用水", Wanted(categories=("用地", "用水"), words=("用地", "用水"))),
        ("已销号 未销号", Wanted(words=("已销号", "未销号"))),  # the last word counts
    ],
)
def test_words_are_read_alone_and_together(text: str, expected: Wanted) -> None:
    assert read_wanted(text, PLACES, CATEGORIES) == expected


def test_what_was_said_reads_as_the_same_again() -> None:
    wanted = read_wanted("龙泉 我的、用水", PLACES, CATEGORIES)

    assert read_wanted(" ".join(wanted.words), PLACES, CATEGORIES) == wanted


@pytest.mark.parametrize(
    ("text", "word"),
    [("红色", "红色"), ("超期 红色", "红色"), ("大", "大"), ("镇", "镇"), ("用", "用"), ("x' OR 1=1", "x'")],
)
def test_a_word_that_means_nothing_or_two_things_is_named(text: str, word: str) -> None:
    with pytest.raises(NotAskedError) as error:
        read_wanted(text, PLACES, CATEGORIES)

    assert str(error.value) == word

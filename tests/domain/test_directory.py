"""A name somebody typed, found among the names there are."""

import pytest

from bot.domain.directory import best_match

NAMES = (
    "孙立新",
    "孙立",
    "自然资源局",
    "住房和城乡建设局",
    "城市管理局",
    "生态环境局",
    "年产100万吨纯碱项目",
    "Li Wei",
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("孙立", "孙立"),  # typed exactly, although it is a piece of another
        (" 孙立新 ", "孙立新"),
        ("纯碱", "年产100万吨纯碱项目"),
        ("资源局", "自然资源局"),
        ("自然资源和规划局", "自然资源局"),
        ("生态环保局", "生态环境局"),
        ("li wei", "Li Wei"),
        ("局", None),  # a piece of four
        ("钱学森", None),
        ("", None),
        ("  ", None),
    ],
)
def test_a_name_means_the_closest_or_nobody(typed: str, meant: str | None) -> None:
    assert best_match(typed, NAMES) == meant


def test_among_nobody_nobody_is_meant() -> None:
    assert best_match("孙立新", ()) is None

"""Amounts of 政策兑现: what is promised, and what is paid after what somebody says."""

import pytest

from bot.domain.payouts import amount_in, paid_after, payout_in


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12月31日前兑付设备补助200万", 20_000),
        ("2027年3月底前拨付开工奖励30.5万元", 3_050),
        ("贴息八十万", 8_000),
        ("设备补助", None),
        ("设备补助200万、奖励50万", None),  # which of them is paid?
        ("补助比例 20%", None),
    ],
)
def test_one_amount_is_promised(text: str, amount: int | None) -> None:
    assert amount_in(text) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12月31日前兑付设备补助200万", 20_000),
        ("落实补助资金200万的兑现", 20_000),
        ("12月31日前完成投资200万", None),
        ("12月31日前兑付设备补助", None),
    ],
)
def test_a_promise_is_one_of_money_if_it_says_so(text: str, amount: int | None) -> None:
    assert payout_in(text) == amount


@pytest.mark.parametrize(
    ("text", "paid"),
    [
        ("50万", 9_000),
        ("今天又付了 50 万元", 9_000),
        ("第二笔50万，走的专户", 9_000),
        ("累计150万", 15_000),
        ("累计已兑付 30万", 3_000),
        ("付清", 20_000),
        ("已全部兑付。", 20_000),
        ("180万", 22_000),  # more than was promised: for the handler to refuse
        ("50", None),
        ("-50万", None),
        ("退回50万", None),
        ("还没付清", None),
        ("未付 50万", None),
        ("付了一半", None),
    ],
)
def test_what_is_paid_by_now(text: str, paid: int | None) -> None:
    assert paid_after(text, promised=20_000, paid=4_000) == paid

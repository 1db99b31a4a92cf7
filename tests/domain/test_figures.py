"""Figures as liaisons type them: what is read, and what is left alone."""

import time
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.figures import Figures, Money, Span, read_figures, show_money, show_permille
from bot.domain.numerals import chinese_number, half_width, number_of
from bot.domain.quantities import quantities_in

WAN = 100
YI = 10_000 * WAN


@pytest.mark.parametrize(
    ("text", "permille"),
    [
        ("62%", 620),
        ("６２％", 620),
        ("62.5 %", 625),
        ("６２．５％", 625),
        ("62.55%", 626),  # half a thousandth rounds up
        ("0%", 0),
        ("100%", 1000),
        ("百分之六十二", 620),
        ("百分之六十二点五", 625),
        ("百分之62", 620),
        ("百分之62.5", 625),
        ("百分之百", 1000),
        ("百分之一百", 1000),
        ("六成", 600),
        ("六成五", 650),
        ("六成半", 650),
        ("6成", 600),
        ("十成", 1000),
        ("形象进度六成左右", 600),
        ("形象进度62%", 620),
        ("形象进度：62%", 620),
        ("形象进度 62%（+4）；累计 12.92 亿元（+0.32）", 620),  # our own answer, sent back
        ("形象进度百分之六十二", 620),
        ("形象进度（62%）", 620),
        ("形象进度已达62%以上", 620),
        ("62%的形象进度", 620),
        ("已有60%左右的总体进度，土建完成80%", 600),
        ("目前总进度62%", 620),
        ("目前进度62%", 620),
        ("工程进度到62%了", 620),
        ("进度目前已达到 62%", 620),
        ("主体封顶，62%", 620),
        ("主体完成80%", 800),
        ("已完成总工程量的62%", 620),
        ("今天62%", 620),
        ("今日累计完成62%", 620),
        ("占地1200亩 完成62%", 620),
        # the percent sign forgotten
        ("形象进度62", 620),
        ("进度到62", 620),
        ("进度到62了", 620),
        ("形象进度：62，本月完成3200万", 620),
        ("进度 62 主体封顶", 620),
        ("形象进度62.5", 625),
        ("形象进度162", None),
        ("进度62层", None),
        ("进度到12月5日", None),
        ("进度一般", None),
        # where it came from and where it is
        ("形象进度由58%提升到62%", 620),
        ("形象进度从58%到62%", 620),
        ("形象进度58%→62%", 620),
        ("形象进度58% -> 62%", 620),
        ("较上周提高4%，达62%", 620),
        ("形象进度62%，较上周提高4%", 620),
        ("形象进度62%提升4个百分点", 620),
        ("形象进度62%，上周58%", 620),
        # of a range the lower end, which is surely reached
        ("60-65%", 600),
        ("60%-65%", 600),
        ("形象进度60%～65%", 600),
        ("60至65%", 600),
        ("1-62%", 620),  # no range: nobody is that unsure
        # the visible progress among others
        ("完成投资12.6亿元，占年计划的63%，形象进度62%", 620),
        ("年计划63% 形象进度62%", 620),
        ("形象进度62% 完成投资63%", 620),
        ("征地完成80%，形象进度12%", 120),
        ("主体完成80%，总进度62%", 620),
        ("进度62%，进度62%", 620),
        ("主体60%、装修20%", None),  # which of them?
        ("一期形象进度80%，二期形象进度40%", None),
        # about something else
        ("62个百分点", None),
        ("提高4个百分点", None),
        ("形象进度提高4%", None),
        ("同比增长27.3%", None),
        ("环比下降3%", None),
        ("占比62%", None),
        ("利率3.5%", None),
        ("完成率62%", None),
        ("开工率88.9%", None),
        ("完成年计划63%", None),
        ("年计划完成63%", None),
        ("完成投资63%", None),
        ("完成投资12.60亿元（年计划 63%）", None),
        ("进度款支付80%", None),
        ("征地完成80%", None),
        ("首付30%", None),
        ("30%的设备已到场", None),
        ("完成62%的土地征收", None),
        ("本周完成4%", None),
        ("还差8%", None),
        ("预计年底形象进度达到80%", None),
        ("形象进度120%", None),
        ("偏差-5%", None),
        ("六七成", None),
        # characters that look like it
        ("项目二成功签约", None),
        ("公司一成立就开工", None),
        ("建成3成品库", None),
        ("第三成", None),
        ("3200", None),
        ("", None),
    ],
)
def test_the_visible_progress_is_read(text: str, permille: int | None) -> None:
    assert read_figures(text).permille == permille


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("3200万", 3200 * WAN),
        ("３２００万", 3200 * WAN),
        ("3200 万", 3200 * WAN),
        ("3200万元", 3200 * WAN),
        ("3200万元左右", 3200 * WAN),
        ("3200万人民币", 3200 * WAN),
        ("3200w", 3200 * WAN),
        ("3200W元", 3200 * WAN),
        ("3,200万", 3200 * WAN),
        ("3.2千万", 3200 * WAN),
        ("32百万", 3200 * WAN),
        ("三千二百万", 3200 * WAN),
        ("三千二百万元", 3200 * WAN),
        ("3千2百万", 3200 * WAN),
        ("0.32亿", 3200 * WAN),
        ("零点三二亿", 3200 * WAN),
        ("3200.55万", 320_055),
        ("两千万", 2000 * WAN),
        ("二十万", 20 * WAN),
        ("50万多", 50 * WAN),
        ("50多万", 50 * WAN),
        ("50余万元", 50 * WAN),
        ("三千多万", 3000 * WAN),
        ("近3200万", 3200 * WAN),
        ("差不多3200万", 3200 * WAN),
        ("1.2亿元", 12_000 * WAN),
        ("12亿", 12 * YI),
        ("12亿6000万", 126 * YI // 10),
        ("12亿6千万", 126 * YI // 10),
        ("12亿零500万", 12 * YI + 500 * WAN),
        ("十二亿六千万", 126 * YI // 10),
        ("一亿二千万", 12_000 * WAN),
        ("一亿二", 12_000 * WAN),
        ("一个亿", YI),
        ("1.5个亿", 15_000 * WAN),
        ("1个多亿", YI),
        ("32000000元", 3200 * WAN),
        ("32,000,000元", 3200 * WAN),
        ("3万5000元", 350),
        ("三万五千元", 350),
        ("3万2", 320),
        ("花了5万块钱", 5 * WAN),
        ("5000块钱", 50),
        ("149元", 1),  # 0.0149 万元, to the nearest hundredth
        ("0万", 0),
        ("3000-3500万", 3000 * WAN),
        ("3000万到3500万", 3000 * WAN),
        ("3000万～3500万元", 3000 * WAN),
        ("1-3200万", 3200 * WAN),
        ("本月3200万2号楼封顶", 3200 * WAN),
        ("完成总投资3.2亿", 32_000 * WAN),
        ("完成年度计划投资3.2亿", 32_000 * WAN),
        ("固定资产投资完成3.2亿", 32_000 * WAN),
    ],
)
def test_an_amount_is_read(text: str, amount: int) -> None:
    assert [money.amount for money in read_figures(text).money] == [amount]


@pytest.mark.parametrize(
    "text",
    [
        "3200",
        "1200亩",
        "3栋",
        "5层",
        "11月",
        "100万吨",
        "年产 100 万 吨",
        "50万立方",
        "20万方",
        "3万平方米",
        "1万2千平方米",
        "1亿2000万吨",
        "100万千瓦",
        "5万千瓦时",
        "10万公里",
        "30万人",
        "2亿件",
        "3000万度电",
        "500万美元",
        "200万元/亩",
        "3万分之一",
        "千万不要停工",
        "几千万",
        "几百万",
        "数十万",
        "元旦前开工",
        "3元件",
        "2号楼3单元",
        "1万亿",
        "10000亿",
        "1234567890123万",  # nobody has so much
        # money, but not investment done
        "总投资12亿",
        "计划投资5亿元",
        "年计划12.6亿",
        "资金缺口3200万",
        "还差3200万",
        "欠工程款50万",
        "需资金3200万",
        "贷款5000万",
        "3200万贷款还没批下来",
        "3200万到位",
        "3200万元资金已到位",
        "资金到位2000万",
        "产值5000万",
        "产值完成5000万",
        "税收300万元",
        "签约5亿元",
        "预计完成3200万",
        "年底前完成3200万",
        "上月完成3200万",
        "去年完成5亿",
        "核减200万",
    ],
)
def test_what_is_no_investment_done_is_left_alone(text: str) -> None:
    assert read_figures(text).money == ()


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("完成3200万", [Span.UNSAID]),
        ("累计12.92亿", [Span.TOTAL]),
        ("累计完成投资12.92亿元", [Span.TOTAL]),
        ("开工以来完成12.92亿", [Span.TOTAL]),
        ("年初以来完成投资12.92亿元", [Span.TOTAL]),
        ("总共12.92亿", [Span.TOTAL]),
        ("截至目前完成12.92亿", [Span.TOTAL]),
        ("截至11月23日累计完成12.92亿", [Span.TOTAL]),
        ("今年完成投资12.92亿", [Span.TOTAL]),
        ("1-11月完成投资12.92亿元", [Span.TOTAL]),
        ("1至11月完成投资12.92亿元", [Span.TOTAL]),
        ("本月完成3200万", [Span.MONTH]),
        ("当月完成投资3200万元", [Span.MONTH]),
        ("这个月3200万", [Span.MONTH]),
        ("11月份完成投资3200万", [Span.MONTH]),
        ("十一月完成3200万", [Span.MONTH]),
        ("今日完成200万", [Span.DAY]),
        ("今天200万", [Span.DAY]),
        ("当日投资200万", [Span.DAY]),
        ("11月23日完成200万", [Span.DAY]),
        ("本月完成3200万，累计12.92亿", [Span.MONTH, Span.TOTAL]),
        ("累计12.92亿，其中本月3200万", [Span.TOTAL, Span.MONTH]),
        ("累计12.92亿，其中设备3亿", [Span.TOTAL]),
        ("本月完成投资3200万元，产值5000万", [Span.MONTH]),
        ("年度计划5亿元已完成3200万", [Span.UNSAID]),
        ("今日200万、本月3200万、累计12.92亿", [Span.DAY, Span.MONTH, Span.TOTAL]),
        ("总投资12亿，本月完成3200万", [Span.MONTH]),
    ],
)
def test_the_time_an_amount_covers_is_read(text: str, spans: list[Span]) -> None:
    assert [money.span for money in read_figures(text).money] == spans


def test_the_example_of_the_morning_question_is_read() -> None:
    assert read_figures("主体封顶，形象进度62%，本月完成3200万") == Figures(
        620, (Money(3200 * WAN, Span.MONTH),)
    )


def test_a_flood_of_figures_is_read_only_so_far() -> None:
    assert len(read_figures("完成3200万，" * 500).money) == 64


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "一",
        "3200万",
        "62%",
        "进度",
        "1,",
        "111,",
        "1.",
        "1-",
        "百分之",
        "一亿",
        "千百十",
        "形象进度到达为是",
        "3万5",
        " ",
        "\n",
    ],
)
def test_no_text_however_hostile_is_slow(piece: str) -> None:
    text = (piece * 8192)[:8192]
    fastest = min(_seconds(text) for _ in range(3))

    assert fastest < 0.05  # ten times what it takes on a loaded machine, a tenth of what anyone notices


def _seconds(text: str) -> float:
    started = time.perf_counter()
    read_figures(text)
    return time.perf_counter() - started


FRAGMENTS = [
    *"0123456789一二三十百千万亿点成%.,，-到元 多个",
    "百分之",
    "进度",
    "形象",
    "完成",
    "累计",
    "本月",
    "\x00",
    "\ud800",
    "％",
]


@settings(max_examples=300)
@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)))
@example("0.0000000亿")
@example("٣٢٠٠万")
def test_every_text_can_be_read(text: str) -> None:
    figures = read_figures(text)

    assert figures.permille is None or 0 <= figures.permille <= 1000
    assert all(0 <= money.amount < 10**10 for money in figures.money)


@given(st.text(alphabet="0123456789一二三千百十万亿%成元-~.", max_size=60))
def test_quantities_stand_in_order_and_do_not_overlap(text: str) -> None:
    found = list(quantities_in(text))

    assert all(one.end <= other.start for one, other in pairwise(found))


@given(st.integers(0, 999_999))
def test_an_amount_shown_is_read_again(amount: int) -> None:
    assert read_figures(f"累计{show_money(amount)}").money == (Money(amount, Span.TOTAL),)


@given(st.integers(0, 1000))
def test_a_percentage_shown_is_read_again(permille: int) -> None:
    assert read_figures(f"形象进度 {show_permille(permille)}").permille == permille


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (12_600_000, "12.60 亿元"),
        (12_920_000, "12.92 亿元"),
        (1_000_000, "1.00 亿元"),
        (1_005_000, "1.01 亿元"),  # half of 0.01 rounds up
        (1_004_999, "1.00 亿元"),
        (999_999, "9999.99 万元"),
        (320_000, "3200 万元"),
        (320_050, "3200.5 万元"),
        (320_005, "3200.05 万元"),
        (5, "0.05 万元"),
        (0, "0 万元"),
        (-320_050, "-3200.5 万元"),
        (-12_600_000, "-12.60 亿元"),
    ],
)
def test_money_is_shown_as_people_write_it(amount: int, shown: str) -> None:
    assert show_money(amount) == shown


@pytest.mark.parametrize(
    ("permille", "shown"),
    [(620, "62%"), (625, "62.5%"), (0, "0%"), (1000, "100%"), (-40, "-4%"), (-5, "-0.5%")],
)
def test_thousandths_are_shown_as_a_percentage(permille: int, shown: str) -> None:
    assert show_permille(permille) == shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("六十二", 62),
        ("十二", 12),
        ("二十", 20),
        ("一百零五", 105),
        ("一百五", 150),
        ("三千二百", 3200),
        ("三千二", 3200),
        ("三万二", 32_000),
        ("一万二千", 12_000),
        ("三千二百万", 32_000_000),
        ("十二亿六千万", 1_260_000_000),
        ("一万亿", 10**12),
        ("两千", 2000),
        ("百", 100),
        ("二〇二六", 2026),
        ("6千5百", 6500),
        ("六十二点五", Decimal("62.5")),
        ("零点零五", Decimal("0.05")),
        ("一百点二五", Decimal("100.25")),
        ("点五", None),
        ("六十二吨", None),
        ("", None),
    ],
)
def test_a_number_in_characters_has_a_value(text: str, value: Decimal | int | None) -> None:
    assert chinese_number(text) == value


@given(st.text(alphabet="零〇一二两三四五六七八九十百千万亿点0123456789", max_size=50))
def test_every_row_of_numerals_has_a_value_or_none(text: str) -> None:
    value = chinese_number(text)

    assert value is None or value >= 0


def test_digits_and_characters_mean_the_same() -> None:
    assert number_of("3,200.5") == Decimal("3200.5")
    assert number_of("三千二百点五") == Decimal("3200.5")
    assert number_of("3,20") is None


@given(st.text())
def test_half_width_keeps_every_character_in_its_place(text: str) -> None:
    assert len(half_width(text)) == len(text)

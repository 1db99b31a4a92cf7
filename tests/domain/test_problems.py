"""What category a problem's words point to, and when its clock has run out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.problems import CATEGORIES, OPEN, OTHER, Problem, State, Urgency, guessed_category

ALL = (*CATEGORIES, OTHER)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PROBLEM = Problem(
    id=1,
    number="2026-063",
    project_id=2,
    project="泵业智造产业园",
    place="城关镇",
    category="用地",
    text="用地指标未批",
    urgency=Urgency.ORDINARY,
    state=State.WAITING,
    generation=1,
    reporter_id=1,
    reporter="刘敏",
    holder_id=2,
    holder="陈志远",
    confirmer_id=1,
    confirmer="刘敏",
    opened_at=NOON,
    began_at=NOON,
    held_since=NOON,
    accept_due=NOON + timedelta(hours=4),
    solve_due=NOON + timedelta(days=7),
)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("用地指标未批，影响二期开挖", "用地"),
        ("土地还没摘牌", "用地"),
        ("林地手续没批下来", "用地"),
        ("占补平衡指标不足", "用地"),
        ("农转用报件在省厅", "用地"),
        ("供地合同没签", "用地"),
        ("三户群众不肯搬迁", "征拆"),
        ("青苗补偿款谈不拢", "征拆"),
        ("有两座坟没迁", "征拆"),
        ("村民阻工", "征拆"),
        ("房屋征收还剩5户", "征拆"),
        ("控规调整没批", "规划"),
        ("总平图方案还没过会", "规划"),
        ("容积率要调整", "规划"),
        ("施工许可证没下来", "审批"),
        ("图审卡了半个月", "审批"),
        ("立项备案办不了", "审批"),
        ("土方外运路线没批", "审批"),
        ("消防验收不通过", "审批"),
        ("资金缺口3200万", "资金"),
        ("银行贷款没批", "资金"),
        ("欠施工方工程款", "资金"),
        ("专项债还没拨付", "资金"),
        ("缺钱", "资金"),
        ("施工用水接不上", "用水"),
        ("自来水管压力不够", "用水"),
        ("工地没水", "用水"),
        ("变压器容量不够", "用电"),
        ("10千伏专线没架设", "用电"),
        ("高压线迁改没人管", "用电"),
        ("工地老停电", "用电"),
        ("接电手续慢", "用电"),  # both 接电 and 手续: the first named hurts most
        ("招不到工人", "用工"),
        ("缺电焊工", "用工"),
        ("农民工工资没发", "用工"),
        ("能耗指标没批", "环保"),
        ("环评批复没下来", "环保"),
        ("扬尘管控停工", "环保"),
        ("水土保持方案没批", "环保"),
        ("进场道路没修通", "配套"),
        ("雨污管网没接", "配套"),
        ("天然气没接通", "配套"),
        ("有人强揽工程", "治安"),
        ("村民堵门", "治安"),
        ("材料被盗", "治安"),
        ("设备厂家延期交货", OTHER),
        ("连日下雨", OTHER),
        ("", OTHER),
    ],
)
def test_the_words_point_to_the_category(text: str, category: str) -> None:
    assert guessed_category(text, ALL) == category


def test_the_name_of_a_category_outweighs_one_word_of_another() -> None:
    assert guessed_category("手续齐了，资金", ALL) == "资金"
    assert guessed_category("防汛，道路排水", ("配套", "防汛", OTHER)) == "防汛"


def test_only_the_countys_own_categories_are_guessed() -> None:
    assert guessed_category("变压器容量不够", ("用地", OTHER)) == OTHER
    assert guessed_category("防汛物资", ("用地", "防汛", OTHER)) == "防汛"
    assert guessed_category("用地", ()) == OTHER


def test_no_word_points_to_two_categories() -> None:
    words = [word for group in CATEGORIES.values() for word in group]

    assert len(words) == len(set(words))


@given(st.text(max_size=60))
def test_every_text_has_a_category(text: str) -> None:
    assert guessed_category(text, ALL) in ALL


@pytest.mark.parametrize(
    ("state", "waited", "overdue"),
    [
        (State.WAITING, timedelta(hours=3, minutes=59), False),
        (State.WAITING, timedelta(hours=4), True),
        (State.WORKING, timedelta(hours=5), False),  # accepted: that clock has stopped
        (State.WORKING, timedelta(days=7), True),
        (State.CONFIRMING, timedelta(days=30), False),  # the reporter is to answer now
        (State.CLOSED, timedelta(days=30), False),
        (State.WITHDRAWN, timedelta(days=30), False),
    ],
)
def test_only_the_clock_of_the_state_runs_out(state: State, waited: timedelta, *, overdue: bool) -> None:
    assert replace(PROBLEM, state=state).is_overdue(NOON + waited) is overdue


def test_without_a_due_moment_nothing_is_overdue() -> None:
    assert not replace(PROBLEM, accept_due=None, solve_due=None).is_overdue(NOON + timedelta(days=365))


@pytest.mark.parametrize("state", State)
def test_a_problem_is_open_until_it_is_closed_or_withdrawn(state: State) -> None:
    assert replace(PROBLEM, state=state).is_open is (state in OPEN)

"""A change of a plan, as people say it: what, to what, why; and what cannot be."""

from dataclasses import replace
from datetime import date

import pytest

from bot.domain.changes import Change, Item, obstacle, read_change, standing
from bot.domain.projects import Project, ProjectClass

TODAY = date(2026, 11, 23)
TOTAL, PLANNED, START, END = Item.TOTAL, Item.PLANNED, Item.START, Item.COMPLETION
PROJECT = Project(
    1, "XM-001", "智慧物流园", total=5_000_000, planned=1_000_000, planned_completion=date(2027, 6, 30)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("总投资 8.2亿，增加二期厂房", Change(TOTAL, "8200000", "增加二期厂房")),
        ("总投资额调整为 8.2 亿元 因为增加二期厂房。", Change(TOTAL, "8200000", "增加二期厂房")),
        ("总投资由5亿调整为6.2亿，涨价", Change(TOTAL, "6200000", "涨价")),
        ("年度计划 7000万 市里核减2亿", Change(PLANNED, "700000", "市里核减2亿")),
        ("年计划改为七千万，原因：市里核减", Change(PLANNED, "700000", "市里核减")),
        ("总投资 82000", Change(TOTAL, "", "")),  # of what?
        ("总投资增加5000万 涨价", Change(TOTAL, "", "")),  # a difference is no value
        ("总投资 -5亿 涨价", Change(TOTAL, "", "")),
        ("总投资 0亿 不建了", Change(TOTAL, "", "")),
        ("总投资 20000亿 笔误", Change(TOTAL, "", "")),
        ("总投资 由5亿涨价", Change(TOTAL, "", "")),
        ("计划竣工 2027年6月20日，征地推迟", Change(END, "2027-06-20", "征地推迟")),
        ("竣工推迟到2027年6月20日", Change(END, "2027-06-20", "")),
        ("开工 12月5日 场地已交", Change(START, "2026-12-05", "场地已交")),
        ("计划竣工 2月30日 笔误", Change(END, "", "")),
        ("计划竣工 明年再说", Change(END, "", "")),
        ("建设内容 厂房 3 栋，因订单增加", Change(Item.CONTENT, "厂房 3 栋", "订单增加")),
        ("建设规模 厂房 3 栋、冷库 2 栋", Change(Item.CONTENT, "厂房 3 栋、冷库 2 栋", "")),
        ("设计方案已报审", None),
        ("", None),
    ],
)
def test_what_is_said(text: str, said: Change | None) -> None:
    assert read_change(text, TODAY) == said


@pytest.mark.parametrize(
    ("changed", "item", "value", "why"),
    [
        ({}, TOTAL, "1000000", ""),
        ({}, TOTAL, "999999", "plan_above_total"),
        ({}, PLANNED, "5000001", "plan_above_total"),
        ({"total": 0}, PLANNED, "5000001", ""),  # nothing to be above
        ({}, END, "2026-11-22", "past"),
        ({}, END, "2026-11-23", ""),
        ({"planned_start": date(2027, 1, 1)}, END, "2027-01-01", "ends_before_start"),
        ({"actual_start": date(2026, 3, 1), "planned_start": date(2027, 1, 1)}, END, "2026-12-31", ""),
        ({}, START, "2027-06-29", ""),
        ({}, START, "2027-06-30", "ends_before_start"),
        ({"actual_start": date(2026, 3, 1)}, START, "2026-12-01", "started"),
        ({"actual_completion": TODAY}, TOTAL, "9000000", "completed"),
        ({"kind": ProjectClass.BUILT}, Item.CONTENT, "冷库", "completed"),
        ({}, Item.CONTENT, "冷库", ""),
    ],
)
def test_what_cannot_be(changed: dict[str, object], item: Item, value: str, why: str) -> None:
    assert obstacle(replace(PROJECT, **changed), item, value, TODAY) == why  # type: ignore[arg-type]


def test_what_stands_nowhere_is_empty() -> None:
    assert [standing(PROJECT, item) for item in (TOTAL, START, END)] == ["5000000", "", "2027-06-30"]
    assert standing(replace(PROJECT, total=0), TOTAL) == ""

"""What liaisons answer, as they type it, and what is understood."""

import time
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.answers import Answer, Listed, read_answers, read_until
from bot.domain.figures import Money, Span
from bot.domain.progress import Kind

TODAY = date(2026, 11, 23)  # a Monday
SODA = Listed(1, 11, "XM-012", "年产100万吨纯碱项目")
PUMPS = Listed(2, 22, "XM-013", "泵业智造产业园")
TWO = (SODA, PUMPS)
PETS = Listed(3, 33, "2026-07", "宠物食品产业园一期")
PETS_2 = Listed(4, 44, "2026-08", "宠物食品产业园二期")
FOUR = (*TWO, PETS, PETS_2)

SAME, NEWS, PROBLEM = Kind.UNCHANGED, Kind.PROGRESS, Kind.PROBLEM


def understood(text: str, listed: tuple[Listed, ...] = TWO) -> list[tuple[int | None, Kind, str]]:
    """What is read, in short: position, kind, words."""
    return [
        (answer.listed.position if answer.listed else None, answer.kind, answer.text)
        for answer in read_answers(text, listed, TODAY)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "照旧",
        "照旧。",
        "全部照旧",
        "都照旧",
        "都没变化",
        "都没有变化",
        "两个项目都没什么变化",
        "无变化",
        "暂无变化",
        "没变",
        "不变",
        "无明显进展",
        "没进展",
        "无",
        "同昨天",
        "和昨天一样",
        "老样子",
        "一切正常",
        "正常推进",
        "正常推进，无变化",
        "照旧，无问题",
        "进度无变化",
        "no change",
        "Same as yesterday",
        "领导早上好，照旧",
    ],
)
def test_no_news_in_short_is_no_news_of_every_project(text: str) -> None:
    assert [(one, kind) for one, kind, _ in understood(text)] == [(1, SAME), (2, SAME)]


@pytest.mark.parametrize(
    "text",
    [
        "照旧施工，主体到三层",
        "没变化的是二期，一期封顶了",
        "没问题",
        "进度不变的前提下先做绿化，绿化完成一半",
        "正常推进，围挡完成，桩基进场，图审通过",
        "无土可取",
    ],
)
def test_what_says_more_than_no_news_is_news(text: str) -> None:
    assert understood(text, (SODA,)) == [(1, NEWS, text)]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("1照旧", [(1, SAME, "照旧")]),
        ("１照旧", [(1, SAME, "照旧")]),
        ("1 照旧 2 主体封顶，形象进度62%", [(1, SAME, "照旧"), (2, NEWS, "主体封顶，形象进度62%")]),
        ("1照旧2主体封顶", [(1, SAME, "照旧"), (2, NEWS, "主体封顶")]),
        ("1照旧，2主体封顶", [(1, SAME, "照旧"), (2, NEWS, "主体封顶")]),
        ("1、主体封顶；2、问题：用地指标未批", [(1, NEWS, "主体封顶"), (2, PROBLEM, "用地指标未批")]),
        ("1.主体封顶\n2.照旧", [(1, NEWS, "主体封顶"), (2, SAME, "照旧")]),
        ("1. 主体封顶。2. 照旧。", [(1, NEWS, "主体封顶"), (2, SAME, "照旧")]),
        ("1）主体封顶 2）照旧", [(1, NEWS, "主体封顶"), (2, SAME, "照旧")]),
        ("（1）照旧（2）封顶", [(1, SAME, "照旧"), (2, NEWS, "封顶")]),
        ("【1】照旧", [(1, SAME, "照旧")]),
        ("①照旧②设备进场", [(1, SAME, "照旧"), (2, NEWS, "设备进场")]),
        ("一、照旧\n二、设备进场", [(1, SAME, "照旧"), (2, NEWS, "设备进场")]),
        ("第一个照旧，第二个主体封顶", [(1, SAME, "照旧"), (2, NEWS, "主体封顶")]),
        ("第2个项目封顶", [(2, NEWS, "封顶")]),
        ("项目1照旧", [(1, SAME, "照旧")]),
        ("项目二有困难：缺电", [(2, PROBLEM, "缺电")]),
        ("2号项目封顶", [(2, NEWS, "封顶")]),
        ("1：主体封顶", [(1, NEWS, "主体封顶")]),
        ("1、 主体封顶； 2、 照旧", [(1, NEWS, "主体封顶"), (2, SAME, "照旧")]),
        ("1、主体封顶2、照旧", [(1, NEWS, "主体封顶"), (2, SAME, "照旧")]),
        ("1. 已到2台 2. 照旧", [(1, NEWS, "已到2台"), (2, SAME, "照旧")]),
        ("1-主体封顶", [(1, NEWS, "主体封顶")]),
        ("01 照旧", [(1, SAME, "照旧")]),
        ("2 照旧\n1 封顶", [(2, SAME, "照旧"), (1, NEWS, "封顶")]),
        ("1 主体封顶\n砌体开始\n2 照旧", [(1, NEWS, "主体封顶\n砌体开始"), (2, SAME, "照旧")]),
        ("1 有进展", [(1, NEWS, "")]),
        ("2 有问题", [(2, PROBLEM, "")]),
        ("1 有进展 主体封顶", [(1, NEWS, "主体封顶")]),
        ("1", [(1, NEWS, "")]),
        ("1 纯碱项目主体封顶", [(1, NEWS, "主体封顶")]),
        ("1 泵业配件已到", [(1, NEWS, "泵业配件已到")]),  # the position has decided
        ("领导好，1照旧，2封顶", [(1, SAME, "照旧"), (2, NEWS, "封顶")]),
        ("@联络员机器人 1照旧", [(1, SAME, "照旧")]),
        ("今日情况汇报：1照旧 2封顶", [(1, SAME, "照旧"), (2, NEWS, "封顶")]),
        ("1 same 2 problem: no water", [(1, SAME, "same"), (2, PROBLEM, "no water")]),
        # several at once, and the others
        ("1、2照旧", [(1, SAME, "照旧"), (2, SAME, "照旧")]),
        ("1和2都照旧", [(1, SAME, "都照旧"), (2, SAME, "都照旧")]),
        ("1 2 照旧", [(1, SAME, "照旧"), (2, SAME, "照旧")]),
        ("1-2照旧", [(1, SAME, "照旧"), (2, SAME, "照旧")]),
        ("1主体封顶，其余照旧", [(1, NEWS, "主体封顶"), (2, SAME, "照旧")]),
        ("2 封顶；其他都没变化", [(2, NEWS, "封顶"), (1, SAME, "没变化")]),
        ("都照旧，2主体封顶", [(1, SAME, "都照旧"), (2, NEWS, "主体封顶")]),
        # words that begin like a measure
        ("1 人员到位 2 方案已批", [(1, NEWS, "人员到位"), (2, NEWS, "方案已批")]),
        ("2天然气接通", [(2, NEWS, "天然气接通")]),
        ("1 62%", [(1, NEWS, "62%")]),
        ("1:62%", [(1, NEWS, "62%")]),
        ("1，3200万到位", [(1, NEWS, "3200万到位")]),
        ("1 2台设备进场", [(1, NEWS, "2台设备进场")]),
        ("1主体封顶，2号楼开挖", [(1, NEWS, "主体封顶，2号楼开挖")]),
        ("1 主体封顶\n2台设备进场", [(1, NEWS, "主体封顶\n2台设备进场")]),
        ("1 形象进度 2 主体封顶", [(1, NEWS, "形象进度 2 主体封顶")]),
        ("1 已完成 2", [(1, NEWS, "已完成 2")]),
        ("1 照旧 1 封顶", [(1, NEWS, "照旧 1 封顶")]),
    ],
)
def test_a_position_points_to_the_project(text: str, answers: list[tuple[int, Kind, str]]) -> None:
    assert understood(text) == answers


@pytest.mark.parametrize(
    "text",
    [
        "3200万到位",
        "2台设备进场",
        "2号楼封顶",
        "完成地下室2、主楼",
        "2日前已进场",
        "2栋主体封顶",
        "1200亩土地已交",
        "1期封顶",
        "2层浇筑完成",
        "2.5公里路基完成",
        "1,200万已付",
        "1-11月完成投资12.92亿",
        "1至11月完成投资12.92亿",
        "2月底投产",
        "1% 左右",
        "9:30开会",
        "3D打印设备进场",
        "第一个车间封顶",
        "项目一直正常施工，桩基进场",
        "项目2台设备进场",
        "主体封顶",
        "完成 2 栋主体",
        "7榀屋架吊装",
        "12-05投产",
        "1/2完成",
        "二期封顶",
        "收到",
        "好的，谢谢领导",
    ],
)
def test_without_a_clue_the_words_are_kept_and_the_project_is_asked_for(text: str) -> None:
    (answer,) = read_answers(text, TWO, TODAY)

    assert (answer.listed, answer.kind, answer.text) == (None, NEWS, text)
    assert answer.candidates == TWO


def test_a_position_out_of_the_list_is_asked_for() -> None:
    assert understood("7 封顶") == [(None, NEWS, "封顶")]
    assert understood("1 照旧；7、封顶") == [(1, SAME, "照旧"), (None, NEWS, "封顶")]
    assert read_answers("0 封顶", TWO, TODAY)[0].candidates == TWO
    assert understood("1 照旧 7 封顶") == [(1, NEWS, "照旧 7 封顶")]


def test_words_before_the_first_position_are_not_lost() -> None:
    assert understood("昨天下雨，1 照旧") == [(None, NEWS, "昨天下雨"), (1, SAME, "照旧")]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("泵业 二期封顶", [(2, NEWS, "二期封顶")]),
        ("泵业：二期封顶", [(2, NEWS, "二期封顶")]),
        ("泵业二期封顶", [(2, NEWS, "泵业二期封顶")]),
        ("泵业厂房封顶", [(2, NEWS, "泵业厂房封顶")]),
        ("泵业工程款未付", [(2, NEWS, "泵业工程款未付")]),
        ("纯碱项目部进场", [(1, NEWS, "纯碱项目部进场")]),
        ("纯碱厂照旧 泵业厂房封顶", [(1, SAME, "照旧"), (2, NEWS, "泵业厂房封顶")]),
        ("泵业智造产业园二期封顶", [(2, NEWS, "二期封顶")]),
        ("泵业园照旧", [(2, SAME, "照旧")]),
        ("泵业", [(2, NEWS, "")]),
        ("纯碱项目 形象进度62%", [(1, NEWS, "形象进度62%")]),
        ("纯碱项目的问题：缺电", [(1, PROBLEM, "缺电")]),
        ("年产100万吨纯碱项目照旧", [(1, SAME, "照旧")]),
        ("泵业照旧；纯碱封顶", [(2, SAME, "照旧"), (1, NEWS, "纯碱封顶")]),
        ("泵业照旧，纯碱项目形象进度62%", [(2, SAME, "照旧"), (1, NEWS, "形象进度62%")]),
        ("泵业到12月5日前无变化", [(2, SAME, "到12月5日前无变化")]),
        ("纯碱封顶\n砌体开始\n泵业照旧", [(1, NEWS, "纯碱封顶\n砌体开始"), (2, SAME, "照旧")]),
        ("泵业封顶，泵业设备进场", [(2, NEWS, "泵业封顶，泵业设备进场")]),
        ("XM-012 封顶", [(1, NEWS, "封顶")]),
        ("xm013设备进场", [(2, NEWS, "设备进场")]),
        ("ＸＭ－０１３：照旧", [(2, SAME, "照旧")]),
        ("项目XM012照旧", [(1, SAME, "照旧")]),
        ("2026-08 封顶", [(4, NEWS, "封顶")]),
        ("宠物食品产业园二期 封顶", [(4, NEWS, "封顶")]),
        # misspelt
        ("纯硷项目 封顶", [(1, NEWS, "封顶")]),
        ("碰业产业园 二期封顶", [(2, NEWS, "二期封顶")]),
        ("碰业智造 二期封顶", [(2, NEWS, "二期封顶")]),
        ("泵业智早产业园 封顶", [(2, NEWS, "封顶")]),
    ],
)
def test_a_number_or_a_piece_of_the_name_points_to_the_project(
    text: str, answers: list[tuple[int | None, Kind, str]]
) -> None:
    assert understood(text, FOUR) == answers


def test_a_piece_that_two_names_share_leaves_those_two_to_choose_from() -> None:
    (answer,) = read_answers("宠物食品 设备进场", FOUR, TODAY)

    assert (answer.listed, answer.text, answer.candidates) == (None, "设备进场", (PETS, PETS_2))


def test_a_misspelling_that_fits_two_names_points_to_neither() -> None:
    assert understood("充物食品产业园 封顶", FOUR) == [(None, NEWS, "充物食品产业园 封顶")]


def test_a_name_in_the_middle_is_offered_but_not_taken() -> None:
    (answer,) = read_answers("今天泵业那边封顶了", FOUR, TODAY)

    assert (answer.listed, answer.candidates) == (None, (PUMPS,))


@pytest.mark.parametrize(
    "text", ["项目进展顺利", "产业园照常施工，已封顶", "泵业务员到场", "二期 封顶", "新建厂房 封顶"]
)
def test_words_that_many_names_have_point_to_none(text: str) -> None:
    assert all(answer.listed is None for answer in read_answers(text, FOUR, TODAY))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("问题 用地指标未批", "用地指标未批"),
        ("问题：用地指标未批", "用地指标未批"),
        ("有问题：缺电", "缺电"),
        ("有困难，缺电", "缺电"),
        ("有个问题，缺电", "缺电"),
        ("目前存在的问题是缺电", "缺电"),
        ("困难是缺电", "缺电"),
        ("难题：缺电", "缺电"),
        ("遇到困难：缺电", "缺电"),
        ("需协调 电力迁改", "电力迁改"),
        ("需协调电力迁改", "电力迁改"),
        ("需要协调：电力迁改", "电力迁改"),
        ("请领导协调解决电力迁改", "电力迁改"),
        ("卡在用地指标", "用地指标"),
        ("有问题", ""),
        ("Problem: no water", "no water"),
    ],
)
def test_a_problem_is_known_by_how_it_begins(text: str, problem: str) -> None:
    assert understood(text, (SODA,)) == [(1, PROBLEM, problem)]
    assert understood(f"2 {text}") == [(2, PROBLEM, problem)]
    assert understood(text) == [(None, PROBLEM, problem)]


@pytest.mark.parametrize(
    "text",
    [
        "问题已解决",
        "困难不大",
        "没有问题，主体封顶",
        "问题清单已上报",
        "主体封顶，有问题及时汇报",
        "没有困难，正在砌体",
    ],
)
def test_a_problem_that_is_none_is_news(text: str) -> None:
    assert understood(text, (SODA,)) == [(1, NEWS, text)]


def test_news_and_a_problem_in_one_breath_are_two_answers_with_the_same_figures() -> None:
    news, problem, other = read_answers("1 主体封顶，形象进度62%，但存在问题：用地未批。2 照旧", TWO, TODAY)

    assert (news.listed, news.kind, news.text) == (SODA, NEWS, "主体封顶，形象进度62%")
    assert (problem.listed, problem.kind, problem.text) == (SODA, PROBLEM, "用地未批")
    assert news.figures.permille == problem.figures.permille == 620
    assert (other.listed, other.kind) == (PUMPS, SAME)


def test_no_news_and_a_problem_are_both_heard() -> None:
    assert understood("照旧，需要协调用电", (SODA,)) == [(1, SAME, "照旧"), (1, PROBLEM, "用电")]
    assert understood("；问题：缺电；问题：缺水", (SODA,)) == [(1, PROBLEM, "缺电"), (1, PROBLEM, "缺水")]


def test_the_figures_go_with_their_project() -> None:
    first, second = read_answers("1 形象进度62%，本月完成3200万；2 形象进度９５％", TWO, TODAY)

    assert (first.figures.permille, first.figures.money) == (620, (Money(320_000, Span.MONTH),))
    assert (second.figures.permille, second.figures.money) == (950, ())


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("主体封顶，形象进度62%", [(1, NEWS, "主体封顶，形象进度62%")]),
        ("2台设备进场", [(1, NEWS, "2台设备进场")]),
        ("7 封顶", [(1, NEWS, "7 封顶")]),
        ("1 封顶", [(1, NEWS, "封顶")]),
        ("1、主体封顶", [(1, NEWS, "主体封顶")]),
        ("1、2号楼封顶", [(1, NEWS, "1、2号楼封顶")]),
        ("1、主体封顶\n2、设备进场", [(1, NEWS, "1、主体封顶\n2、设备进场")]),
        ("纯碱项目：封顶", [(1, NEWS, "封顶")]),
        ("纯碱照旧", [(1, SAME, "照旧")]),
        ("纯碱主体封顶", [(1, NEWS, "纯碱主体封顶")]),
        ("有进展：封顶", [(1, NEWS, "封顶")]),
        ("收到", [(None, NEWS, "收到")]),  # received is not reported
        ("", []),
        (" \n ", []),
        ("早上好！", []),
    ],
)
def test_the_only_project_needs_no_number(text: str, answers: list[tuple[int | None, Kind, str]]) -> None:
    assert understood(text, (SODA,)) == answers


def test_with_nothing_listed_the_words_are_still_kept() -> None:
    assert understood("照旧", ()) == [(None, SAME, "照旧")]
    assert understood("1 封顶", ()) == [(None, NEWS, "封顶")]


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("到12月5日前无变化", date(2026, 12, 5)),
        ("12月5日前照旧", date(2026, 12, 5)),
        ("12月5号之前没变化", date(2026, 12, 5)),
        ("到12月5日无变化", date(2026, 12, 5)),
        ("12-05 之前没变化", date(2026, 12, 5)),
        ("12/5前无变化", date(2026, 12, 5)),
        ("12.5前无变化", date(2026, 12, 5)),
        ("2026年12月5日前无变化", date(2026, 12, 5)),
        ("2026-12-05前无变化", date(2026, 12, 5)),
        ("十二月五日前无变化", date(2026, 12, 5)),
        ("１２月５日前无变化", date(2026, 12, 5)),
        ("预计到12月5日（周六）之前都没变化", date(2026, 12, 5)),
        ("11月23日前无变化", TODAY),
        ("1月5日前无变化", date(2027, 1, 5)),  # crosses the year
        ("下周三前无变化", date(2026, 12, 2)),
        ("本周五前无变化", date(2026, 11, 27)),
        ("周五前无变化", date(2026, 11, 27)),
        ("下下周一前无变化", date(2026, 12, 7)),
        ("月底前无变化", date(2026, 11, 30)),
        ("本月底前无变化", date(2026, 11, 30)),
        ("下月底前无变化", date(2026, 12, 31)),
        ("2月底前无变化", date(2027, 2, 28)),
        ("年底前无变化", date(2026, 12, 31)),
        ("28号前无变化", date(2026, 11, 28)),
        ("5号前无变化", date(2026, 12, 5)),
        ("5日前无变化", date(2026, 12, 5)),
        ("照旧（到12月5日前无变化）", date(2026, 12, 5)),
        # past, impossible: still no news, but the question comes again
        ("11月20日前无变化", None),
        ("2025年12月5日前无变化", None),
        ("2月30日前无变化", None),
        ("13月5日前无变化", None),
        ("13月底前无变化", None),
        ("10月底前无变化", None),
        ("2月29日前无变化", None),
        ("本周日前无变化", date(2026, 11, 29)),
        ("照旧", None),
    ],
)
def test_no_news_until_a_day_names_the_day(text: str, until: date | None) -> None:
    assert read_until(text, TODAY) == until
    assert read_answers(text, TWO, TODAY) == (
        Answer(SODA, SAME, text, until=until),
        Answer(PUMPS, SAME, text, until=until),
    )


def test_a_weekday_already_gone_is_next_weeks_unless_this_week_is_said() -> None:
    friday = date(2026, 11, 27)

    assert read_until("周三前无变化", friday) == date(2026, 12, 2)
    assert read_until("本周三前无变化", friday) is None


def test_until_belongs_to_its_own_project() -> None:
    first, second = read_answers("1 到12月5日前无变化 2 封顶", TWO, TODAY)

    assert (first.listed, first.kind, first.until) == (SODA, SAME, date(2026, 12, 5))
    assert (second.listed, second.kind, second.until) == (PUMPS, NEWS, None)
    assert read_answers("1 12-05之前没变化", TWO, TODAY)[0].until == date(2026, 12, 5)
    assert read_answers("1到12-05前没变化", TWO, TODAY)[0].until == date(2026, 12, 5)


def test_a_day_with_news_is_news() -> None:
    (answer,) = read_answers("1 12月5日前完成设备安装", TWO, TODAY)

    assert (answer.kind, answer.text, answer.until) == (NEWS, "12月5日前完成设备安装", None)


FRAGMENTS = [
    *"0123456789一二三、，。；：:.- \n（）①%",
    *(
        "照旧",
        "无变化",
        "问题",
        "有困难：",
        "需协调",
        "其余",
        "到12月5日前",
        "泵业",
        "纯碱项目",
        "XM-012",
        "主体封顶",
        "和",
        "万",
        "台",
    ),
    *("\x00", "\ud800", "项目", "第", "个", "都", "收到", "领导好，", "13月40日前"),
]


@settings(max_examples=400)
@given(
    st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)),
    st.sampled_from([(), (SODA,), TWO, FOUR]),
)
@example("一、二号楼封顶", TWO)
def test_every_text_is_read(text: str, listed: tuple[Listed, ...]) -> None:
    for answer in read_answers(text, listed, TODAY):
        assert answer.listed is None or answer.listed in listed
        assert answer.text in text
        assert answer.until is None or (answer.kind is SAME and answer.until >= TODAY)


NEWS_WORDS = st.text(alphabet="墙梁柱板瓦沟渠井", min_size=1, max_size=8)


@given(st.lists(NEWS_WORDS, min_size=2, max_size=4), st.sampled_from([" ", "、", ".", "：", "，", ""]))
def test_nothing_typed_is_lost(words: list[str], after: str) -> None:
    text = "\n".join(f"{place}{after}{said}" for place, said in enumerate(words, start=1))

    assert understood(text, FOUR) == [(place, NEWS, said) for place, said in enumerate(words, start=1)]


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "1，",
        "照旧",
        " ",
        "\n1",
        "泵业，",
        "；问题：",
        "早上好，",
        "项目一",
        "其余都的",
        "和1",
        "a ，，，",
        "嗯",
        "1 到12月",
    ],
)
def test_no_answer_however_hostile_is_slow(piece: str) -> None:
    text = (piece * 8192)[:8190] + "x"
    started = time.perf_counter()
    read_answers(text, FOUR, TODAY)

    assert time.perf_counter() - started < 1
    assert read_answers("a" + " " * 8000 + "b", FOUR, TODAY)


@pytest.mark.parametrize("text", ["2 问题 塔吊开不起来", "2、问题：塔吊开不起来", "问题 塔吊开不起来"])
def test_with_one_project_a_number_before_the_kind_is_not_part_of_the_words(text: str) -> None:
    only = [Listed(1, 7, "XM-007", "智慧物流园")]

    (answer,) = read_answers(text, only, date(2026, 11, 23))

    assert (answer.kind, answer.text) == (Kind.PROBLEM, "塔吊开不起来")

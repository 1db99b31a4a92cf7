"""Tasks: given by the office, a lead leader or a consultation; they climb as problems do, count as none."""

from datetime import date

import pytest
from sqlalchemy import select

from bot.domain.rhythm import Rhythm, When
from bot.domain.scope import Scope
from bot.domain.week import Week
from storage import tables
from storage.datasets import DATASETS
from storage.ledger import Ledger
from storage.store import Store
from storage.tx import Tx
from tests.storage.test_figures import question
from tests.world import World
from tests.world import county as settings
from tests.world import world as county_at

THU, FRI = date(2026, 11, 26), date(2026, 11, 27)
NEXT_MON, NEXT_WED = date(2026, 12, 7), date(2026, 12, 9)
LAND = "1 问题 用地指标未批"
GIVEN = "交办 王强 XM-003 12月7日前报齐图纸"


async def test_a_promise_climbs_the_ladder_and_is_closed_by_the_one_who_gave_it(world: World) -> None:
    await world.hears("chen", "走访 物流园 周四")
    await world.day_at(THU, "16:30")
    await world.hears("chen", button="去了")
    await world.hears("chen", button="有困难")
    await world.hears("chen", "自然资源局 12月7日前完成勘界")
    card = world.last("sun")
    await world.hears("sun", button="接办")
    taken = world.last("chen")
    await world.day_at(NEXT_MON, "17:59")
    before = len(world.said_to("sun"))
    await world.day_at(NEXT_MON, "18:00")
    late = world.said_to("sun")[before:]
    for clock in ("09:00", "12:00"):
        await world.day_at(NEXT_WED, clock)
    office = "\n".join(world.said_to("zhao"))

    await world.hears("sun", "已解决 2026-001 勘界图已报")
    asked, labels = world.last("chen"), world.messages("chen")[-1].labels
    await world.hears("chen", button="销号")

    assert card.startswith(
        "任务 2026-001｜智慧物流园｜🟢 正常\n12月7日前完成勘界（陈志远 11-26 16:30 交办）\n"
    )
    assert taken == "任务 2026-001（智慧物流园）已由孙立新接办，12-07 前解决。"
    assert late[-1].startswith("解决时限已到。")
    assert "有个任务超期未解决（孙立新），请协调：\n任务 2026-001" in office
    assert asked.startswith("孙立新说这个任务解决了。")
    assert labels == ["销号", "没解决"]
    assert world.last("chen") == "已记：任务 2026-001 已销号，谢谢确认。"
    assert world.last("sun").startswith("任务 2026-001（智慧物流园）已由陈志远（副县长）确认解决")


async def test_what_somebody_promised_themself_is_closed_when_it_is_done(world: World) -> None:
    await world.hears("chen", "交办 陈志远 XM-003 12月7日前协调用电")
    given = world.last("chen")

    await world.hears("chen", "已解决 2026-001 电接通了")

    assert given == "已记 任务 2026-001｜智慧物流园：12月7日前协调用电\n由您办理，12-07 前完成。"
    assert world.last("chen") == "已记：任务 2026-001 已销号，谢谢确认。"


async def test_tasks_share_the_numbers_of_problems_and_have_pages_of_their_own(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("zhao", GIVEN)
    await world.hears("zhao", "交办 XM-002 自然资源局 办妥复核")

    pages = {}
    for who in ("zhao", "chen", "wang", "sun", "zhou"):
        await world.hears(who, "任务")
        pages[who] = [line.split("｜")[0][-8:] for line in world.last(who).splitlines() if "｜" in line]
    await world.hears("zhao", "台账")
    ledger = world.last("zhao")
    await world.hears("wang", "任务 已销号")
    none = world.last("wang")
    await world.hears("wang", "任务 2026-002")

    assert pages["zhao"] == pages["chen"] == pages["zhou"] == ["2026-002", "2026-003"]
    assert (pages["wang"], pages["sun"]) == (["2026-002"], ["2026-003"])
    assert ledger.startswith("未销号问题 1 个")
    assert none == "没有这样的任务（已销号）。"
    assert world.last("wang").startswith("任务 2026-002｜智慧物流园")


@pytest.mark.parametrize(
    ("who", "said", "answer"),
    [
        ("zhao", "交办 王强", "请写：交办 给谁 项目编号 做什么，如「交办 李强 XM-012 12月5日前协调用电」。"),
        (
            "zhao",
            "交办 王强 XM-003 11月2日前报图纸",
            "日期已经过去了，或者没有这一天，没有记。请写今天或以后的日期。",
        ),
        ("zhao", "交办 牛二 XM-003 报图纸", "没有找到「牛二」。请写全姓名或单位名称。"),
        ("zhao", "交办 王强 XM-999 报图纸", "没有找到项目「XM-999」，请写项目编号，或写全名称。"),
        ("zhao", "决议 XM-003 王强 报图纸", "还没有发布过会商议题，没有记。会后要办的事，也可以发「交办」。"),
        (
            "zhou",
            "交办 王强 XM-003 报图纸",
            "没看懂这句话：「交办 王强 XM-003 报图纸」。要转给指挥部办公室吗？",
        ),
    ],
)
async def test_what_is_no_task_is_said_and_nothing_is_numbered(
    world: World, who: str, said: str, answer: str
) -> None:
    await world.hears(who, said)

    assert world.last(who) == answer
    assert await world.asks(lambda tx: tx.problems.numbered("2026-001")) is None


async def test_a_leader_gives_tasks_on_projects_they_lead_and_the_owner_sees_none(world: World) -> None:
    def other(tx: Tx) -> None:
        tx.connection.execute(
            tables.assignments.update()
            .where(
                tables.assignments.c.project_id == world.ids["#park"], tables.assignments.c.duty == "牵头领导"
            )
            .values(person_id=world.ids["qian"], duty="业主")
        )

    await world.hears("zhao", GIVEN)
    await world.store.perform(other)

    await world.hears("chen", "交办 王强 XM-003 报图纸")
    refused = world.last("chen")
    await world.hears("qian", "2026-001")

    assert refused == "任务由指挥部办公室或项目的牵头领导交办。要反映问题，发「问题」。"
    assert world.last("qian") == "任务 2026-001 不由您办理，没有改动。"


async def test_a_liaisons_answer_may_begin_with_the_same_words(world: World) -> None:
    await world.hears("wang", "任务 完成八成，主体封顶")
    first = world.last("wang")
    await world.hears("liu", "1 交办事项已落实")

    assert first.startswith("已记")
    assert world.last("liu").startswith("已记")


async def test_what_the_consultation_resolved_becomes_tasks_of_that_paper(open_store: Store) -> None:
    agenda = Rhythm("月会商", When.parse("每月末"), to=("牵头领导", "指挥部办公室"))
    world = county_at(open_store, settings=settings(rhythms=(agenda,)))
    await world.is_peopled()
    await world.beats()
    await world.day_at(date(2026, 11, 30), "16:00")
    await world.hears("zhao", button="发布")
    await world.beats()

    await world.hears("zhao", button="记决议")
    await world.hears("zhao", "XM-001 自然资源局 12月10日前完成组卷\nXM-003 王某 报图纸")
    wrong = world.last("zhao")
    await world.hears("zhao", "XM-001 自然资源局 12月10日前完成组卷\nXM-003 王强 报图纸")
    both = world.last("zhao")
    await world.hears("zhao", "决议 XM-002 王强 12月9日前通水")

    assert wrong == "没有找到「王某」。请写全姓名或单位名称。"
    assert both.count("已记 任务 2026-00") == 2
    numbers = select(tables.problems.c.number, tables.problems.c.nature, tables.problems.c.origin)
    found = await world.asks(lambda tx: tx.connection.execute(numbers.order_by(tables.problems.c.id)).all())
    assert [tuple(row) for row in found] == [(f"2026-00{place}", "任务", "bulletin:1") for place in (1, 2, 3)]


async def test_what_somebody_owes_includes_their_tasks(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("zhao", "交办 自然资源局 XM-003 12月7日前完成勘界")
    await world.hears("zhao", "交办 陈志远 XM-003 12月7日前协调用电")
    await world.hears("sun", "今日")
    waiting = world.last("sun")
    await world.day_at(date(2026, 11, 24), "07:50")
    morning = world.last("chen")
    await world.hears("zhao", "移交 孙立新 王强")

    assert waiting.startswith("有 2 件事等您：")
    assert "2026-003｜智慧物流园：12月7日前协调用电" in morning
    assert "新报 1 个：2026-001" in morning
    assert "手里的 1 个问题、1 个任务" in world.last("zhao")


# --- what counts problems leaves them out -----------------------------------------------


@pytest.fixture
async def mixed(world: World) -> World:
    """A county with one open problem, and a task that is closed and one that is late."""
    await world.hears("liu", LAND)
    await world.hears("chen", "交办 陈志远 XM-001 11月23日 协调用地")
    await world.hears("chen", "已解决 2026-002 好了")
    await world.hears("zhao", "交办 自然资源局 XM-001 11月24日前完成用地勘界")
    await world.day_at(FRI, "12:00")
    return world


async def test_the_digest_and_the_solved_rate_count_no_tasks(mixed: World) -> None:
    digest = await mixed.asks(
        lambda tx: Ledger(tx.connection).digest(
            Scope.parse("全县"), Week(2026, 48), county=mixed.county, now=mixed.clock.now()
        )
    )

    assert [line.number for line in digest.problems] == ["2026-001"]
    assert (len(digest.opened), len(digest.closed), digest.solved_permille) == (1, 0, 0)


async def test_the_exported_ledger_and_its_custody_hold_no_tasks(mixed: World) -> None:
    now = mixed.clock.now()

    def numbers(tx: Tx) -> tuple[list[str], list[str]]:
        ledger = Ledger(tx.connection)
        problems = [line.number for line in ledger.problems(mixed.county, now)]
        return problems, [line.number for line in ledger.steps(mixed.county, now)]

    assert await mixed.asks(numbers) == (["2026-001"], ["2026-001"])


async def test_the_figures_of_papers_count_tasks_apart(mixed: World) -> None:
    asked = question(date(2026, 11, 1), FRI, mixed.clock.now())

    def figures(tx: Tx) -> dict[str, object]:
        lines = {
            name: list(DATASETS[name].lines(tx.connection, asked))
            for name in ("projects", "problems", "factors", "tasks")
        }
        project = next(line for line in lines["projects"] if line["number"] == "XM-001")
        factor = next(line for line in lines["factors"] if line["category"] == "用地")
        return {
            "project": [project[key] for key in ("opened", "closed", "open")],
            "factor": [factor[key] for key in ("opened", "closed", "open")],
            "problems": [line["number"] for line in lines["problems"]],
            "tasks": [(line["number"], line["origin"], line["late"]) for line in lines["tasks"]],
        }

    assert await mixed.asks(figures) == {
        "project": [1, 0, 1],
        "factor": [1, 0, 1],
        "problems": ["2026-001"],
        "tasks": [("2026-003", "person", 1), ("2026-002", "person", 0)],
    }


async def test_a_task_is_neither_similar_to_a_problem_nor_common_with_some(world: World) -> None:
    for number in ("XM-001", "XM-002", "XM-003"):
        await world.hears("zhao", f"交办 自然资源局 {number} 用地指标未批")
    await world.hears("liu", LAND)
    receipt = world.last("liu")
    await world.beats()

    assert receipt.startswith("已记 问题 2026-004")
    assert not any("共性问题" in said for said in world.said_to("zhao"))

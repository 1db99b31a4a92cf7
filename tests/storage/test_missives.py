"""The register on both databases: a slot once, a number once, and this year's money."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import update

from bot.domain.calendar import Calendar
from bot.domain.county import County as Settings
from bot.domain.missives import Missive, MissiveKind, MissiveState
from bot.domain.scope import Scope
from storage import tables
from storage.dataset import Question
from storage.missive_figures import missive_lines
from storage.missive_register import Counter, Sought
from storage.missives import Draft, subject
from storage.tx import Tx
from tests.storage.county import DAY, NOW, TODAY, County

SLOT = "交办函:1:开工:2026-11-01"


def draft(county: County, slot: str = SLOT, **changes: object) -> Draft:
    kept = Draft(slot, MissiveKind.ASSIGNMENT, "关于开工", "请开工", "开工", county.pump, county.park)
    return replace(kept, **changes)  # type: ignore[arg-type]


def drafted(tx: Tx, county: County, slot: str = SLOT, **changes: object) -> Missive:
    missive = tx.missives.draft(draft(county, slot, **changes), NOW)
    assert missive is not None
    return missive


def fresh(tx: Tx, missive: Missive) -> Missive:
    found = tx.missives.get(missive.id)
    assert found is not None
    return found


def out(tx: Tx, county: County, slot: str, sequence: int, **changes: object) -> Missive:
    missive = drafted(tx, county, slot, **changes)
    assert tx.missives.approve(missive, county.zhao, NOW)
    sent = tx.missives.send(missive, (2026, sequence), NOW, unit_id=county.park, reply_due=TODAY + 5 * DAY)
    assert sent
    tx.receipts.hand(subject(missive.id), [county.liu], NOW)
    return fresh(tx, missive)


def test_a_slot_is_filled_once_and_comes_back_only_after_it_was_withdrawn(tx: Tx, county: County) -> None:
    missive = drafted(tx, county)
    assert tx.missives.draft(draft(county), NOW) is None
    assert tx.missives.taken([SLOT, "another"]) == {SLOT}

    assert tx.missives.withdraw(missive, "计划日期改了", NOW)
    assert tx.missives.taken([SLOT]) == set()
    again = drafted(tx, county)
    assert (again.id, again.state, again.reason, again.version) == (missive.id, MissiveState.DRAFT, "", 2)


def test_of_two_who_decide_one_wins_and_old_words_are_not_released(tx: Tx, county: County) -> None:
    missive = drafted(tx, county)
    assert tx.missives.reword(missive, "请尽快开工")
    assert not tx.missives.approve(missive, county.zhao, NOW)
    reworded = fresh(tx, missive)
    assert tx.missives.approve(reworded, county.zhao, NOW)
    assert not tx.missives.approve(reworded, county.chen, NOW)
    assert not tx.missives.decline(reworded, county.chen, "不用", NOW)
    assert fresh(tx, missive).decider == "赵文静"


def test_numbers_follow_one_another_for_each_kind_and_year(tx: Tx, county: County) -> None:
    first = out(tx, county, "a", 1)
    second = drafted(tx, county, "b")
    tx.missives.approve(second, county.zhao, NOW)

    assert tx.missives.next_sequence(MissiveKind.ASSIGNMENT, 2026) == 2
    assert tx.missives.next_sequence(MissiveKind.ASSIGNMENT, 2027) == 1
    for taken in (1, 3):
        assert not tx.missives.send(second, (2026, taken), NOW, unit_id=county.park, reply_due=None)
    assert fresh(tx, second).number == ""
    assert tx.missives.send(second, (2026, 2), NOW, unit_id=county.park, reply_due=None)
    assert (first.number, fresh(tx, second).number) == ("〔2026〕交办1号", "〔2026〕交办2号")
    assert tx.missives.numbered(MissiveKind.ASSIGNMENT, 2) == [fresh(tx, second)]


def test_the_register_counts_and_shows_each_their_own(tx: Tx, county: County) -> None:
    late = out(tx, county, "a", 1)
    answered = out(tx, county, "b", 2)
    hint = out(tx, county, "c", 1, kind=MissiveKind.HINT, matter="", project_id=None)
    drafted(tx, county)
    tx.missives.receive(answered, county.liu, NOW)
    assert tx.missives.answer(fresh(tx, answered), "已开工", county.liu, NOW)
    week = TODAY + 6 * DAY

    assert tx.missive_register.counters(2026, week) == [
        Counter(MissiveKind.ASSIGNMENT, sent=2, received=1, replied=1, overdue=1),
        Counter(MissiveKind.HINT, sent=1, received=0, replied=0, overdue=1),
    ]
    assert [each.id for each in tx.missives.overdue(week)] == [late.id, hint.id]

    def shown(**sought: object) -> list[int]:
        wanted = Sought(**sought)  # type: ignore[arg-type]
        found = tx.missive_register.page(wanted, week, skip=0, most=9)
        assert len(found) == tx.missive_register.count(wanted, week)
        return [each.id for each in found]

    assert shown() == [hint.id, answered.id, late.id]
    assert shown(overdue=True, kind=MissiveKind.ASSIGNMENT) == [late.id]
    assert shown(seers=[county.liu]) == [hint.id, answered.id, late.id]
    assert shown(seers=[county.wang]) == []
    assert shown(seers=[county.wang], project_ids=[county.pump]) == [answered.id, late.id]
    assert len(shown(drafts=True)) == 1


def test_a_paper_has_the_letters_of_its_days_and_its_scope(tx: Tx, county: County) -> None:
    sent = out(tx, county, "a", 1)
    out(tx, county, "b", 1, kind=MissiveKind.HINT, matter="", project_id=None)
    whole = Settings(name="青禾县", calendar=Calendar(ZoneInfo("Asia/Shanghai")))

    def told(scope: str, last: date) -> list[object]:
        question = Question(Scope.parse(scope), TODAY, last, whole, NOW + 6 * DAY)
        return [
            (line["missive"], line["sent"], line["reply_late"])
            for line in missive_lines(tx.connection, question)
        ]

    assert told("全县", TODAY) == [
        (sent.number, "2026-11-23", 1),
        ("〔2026〕提示1号", "2026-11-23", 1),
    ]
    assert told("行业:装备", TODAY) == [(sent.number, "2026-11-23", 1)]
    assert told("行业:化工", TODAY) == []


def test_the_money_of_last_year_does_not_count(tx: Tx, county: County) -> None:
    def invested(day: date) -> int:
        return tx.missives.project(county.soda, day).cumulative

    mine = update(tables.projects).where(tables.projects.c.id == county.soda)
    tx.connection.execute(mine.values(cumulative=1_000_000, last_day=date(2026, 11, 20)))

    assert invested(TODAY) == 1_000_000
    assert invested(date(2027, 4, 1)) == 0
    watched = [each.id for each in tx.missives.watched(TODAY)]
    assert watched == [county.soda, county.pump]

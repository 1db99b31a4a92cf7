"""The daily round: versions, standings, and who is still to be asked."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.domain.cadence import due
from bot.domain.people import Duty
from bot.domain.progress import Kind, Standing
from storage import tables
from storage.rounds import Prompt, Round
from storage.tx import Tx
from tests.storage.county import DAY, HOUR, NOW, TODAY, County, assigned, problem, report, unasked

YESTERDAY = TODAY - DAY


def test_answering_again_revises_and_keeps_every_version(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.soda, county.liu, TODAY, text="二层", standing=Standing(600, 1_100_000)))
    tx.reports.add(report(county.soda, county.wang, TODAY, text="三层", standing=Standing(610, 1_150_000)))

    kept = tx.connection.execute(select(tables.reports).order_by(tables.reports.c.version)).all()
    assert [(row.version, row.text, row.current) for row in kept] == [(1, "二层", False), (2, "三层", True)]
    current = tx.reports.on([county.soda], TODAY)[county.soda]
    assert (current.version, current.text, current.person) == (2, "三层", "王强")
    assert tx.reports.get(current.id) == current
    project = tx.projects.get(county.soda)
    assert (project.permille, project.cumulative, project.last_text, project.last_day) == (
        610, 1_150_000, "三层", TODAY,
    )  # fmt: skip


def test_an_answer_without_words_leaves_the_last_words(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.soda, county.liu, YESTERDAY, text="封顶"))
    tx.reports.add(report(county.soda, county.liu, TODAY, text="", standing=Standing(7, 8)))

    project = tx.projects.get(county.soda)
    assert (project.last_text, project.last_day) == ("封顶", YESTERDAY)
    assert (project.permille, project.cumulative) == (7, 8)


def test_a_day_without_change_leaves_the_last_words_even_with_words_of_its_own(
    tx: Tx, county: County
) -> None:
    tx.reports.add(report(county.soda, county.liu, YESTERDAY, text="封顶"))
    tx.reports.add(report(county.soda, county.liu, TODAY, kind=Kind.UNCHANGED, text="照旧，谢谢"))

    assert tx.projects.get(county.soda).last_text == "封顶"


def test_a_report_that_does_not_count_is_only_kept(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.soda, county.liu, TODAY, text="封顶"))
    late = tx.reports.add(
        report(county.soda, county.wang, TODAY, text="没封顶", standing=Standing(1, 1)), counts=False
    )

    assert tx.reports.on([county.soda], TODAY)[county.soda].text == "封顶"
    assert tx.projects.get(county.soda).permille == 620
    assert (tx.reports.get(late).version, tx.reports.get(late).text) == (2, "没封顶")


def test_a_project_has_one_counting_report_a_day(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.soda, county.liu, TODAY))

    with pytest.raises(IntegrityError):
        tx.connection.execute(
            insert(tables.reports).values(
                project_id=county.soda,
                day=TODAY,
                version=2,
                current=True,
                kind="照旧",
                permille=0,
                cumulative=0,
                odd=[],
                person_id=county.liu,
                at=NOW,
            )
        )


def test_a_report_comes_back_as_it_was_given(tx: Tx, county: County) -> None:
    given = report(
        county.soda, county.liu, TODAY, source="fake:liu:7", entered_by=county.zhao, odd=("percent_fell",)
    )
    report_id = tx.reports.add(given)

    kept = tx.reports.get(report_id)

    assert (kept.kind, kept.text, kept.standing) == (given.kind, given.text, given.standing)
    assert (kept.person_id, kept.entered_by, kept.at) == (county.liu, county.zhao, given.at)
    assert kept.odd == ("percent_fell",)
    tx.reports.confirm(report_id)
    assert tx.reports.get(report_id).odd == ()


def test_an_edited_message_finds_the_counting_reports_it_made(tx: Tx, county: County) -> None:
    for project in (county.soda, county.pump):
        tx.reports.add(report(project, county.liu, TODAY, source="fake:liu:7"))
    tx.reports.add(report(county.pump, county.liu, TODAY, source="fake:liu:8"))

    assert [found.project_id for found in tx.reports.from_source("fake:liu:7")] == [county.soda]


def test_the_latest_report_is_that_of_the_last_day(tx: Tx, county: County) -> None:
    assert tx.reports.latest(county.soda) is None
    for day in (TODAY, YESTERDAY):
        tx.reports.add(report(county.soda, county.liu, day))

    latest = tx.reports.latest(county.soda)
    assert latest is not None
    assert latest.day == TODAY


def test_the_words_of_a_report_stay_when_its_figures_are_taken_back(tx: Tx, county: County) -> None:
    odd = tx.reports.add(
        report(county.soda, county.liu, TODAY, standing=Standing(62, 1), odd=("percent_fell",))
    )

    tx.reports.restore(tx.reports.get(odd), Standing(620, 1_200_000), NOW + HOUR)

    current = tx.reports.on([county.soda], TODAY)[county.soda]
    assert (current.version, current.text, current.standing) == (2, "主体封顶", Standing(620, 1_200_000))
    assert (current.odd, current.at) == ((), NOW + HOUR)


@pytest.mark.parametrize(
    ("project", "reported", "day", "expected"),
    [
        ("soda", [], TODAY, Standing(500, 1_000_000)),  # imported this year: its starting values
        ("pump", [], TODAY, Standing(300, 0)),  # imported last year: money begins at zero on 1 January
        ("soda", [(YESTERDAY, 600, 1_100_000)], TODAY, Standing(600, 1_100_000)),
        ("soda", [(TODAY, 600, 1_100_000)], TODAY, Standing(500, 1_000_000)),  # today's own does not count
        (
            "soda",
            [(TODAY - 9 * DAY, 560, 9), (YESTERDAY, 600, 10), (TODAY, 700, 11)],
            TODAY,
            Standing(600, 10),
        ),
        ("pump", [(date(2025, 12, 31), 450, 700_000)], date(2026, 1, 1), Standing(450, 0)),
        ("pump", [(date(2025, 12, 31), 450, 700_000), (date(2026, 1, 1), 451, 5)], TODAY, Standing(451, 5)),
        ("pump", [(date(2025, 12, 30), 450, 700_000)], date(2025, 12, 31), Standing(450, 700_000)),
    ],
)
def test_where_a_project_stood_before_a_day(
    tx: Tx,
    county: County,
    project: str,
    reported: list[tuple[date, int, int]],
    day: date,
    expected: Standing,
) -> None:
    project_id = getattr(county, project)
    for on, permille, cumulative in reported:
        tx.reports.add(report(project_id, county.liu, on, standing=Standing(permille, cumulative)))

    assert tx.reports.standing_before(project_id, day) == expected


# --- the round --------------------------------------------------------------------------


def test_a_round_begins_once(tx: Tx) -> None:
    assert tx.rounds.get(TODAY) is None
    assert tx.rounds.last_day() is None

    assert tx.rounds.open(TODAY, "asking", NOW)
    assert not tx.rounds.open(TODAY, "asking", NOW)
    assert tx.rounds.open(YESTERDAY, "missed", NOW)

    assert tx.rounds.get(TODAY) == Round(TODAY, "asking", reminded=False)
    assert tx.rounds.last_day() == TODAY
    tx.rounds.mark(TODAY, state="asked", reminded_at=NOW + 2 * HOUR)
    assert tx.rounds.get(TODAY) == Round(TODAY, "asked", reminded=True)


def test_everybody_is_asked_about_all_their_projects_in_one_go(tx: Tx, county: County) -> None:
    assert unasked(tx) == {county.liu: [county.soda, county.pump], county.wang: [county.bridge]}


DULL = due(TODAY + DAY, TODAY)
"""A Tuesday: neither a week's turn nor a month's."""


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"kind": "在建"}, True),
        ({"kind": "储备"}, False),
        ({"kind": "储备", "planned_start": TODAY + 8 * DAY}, True),
        ({"kind": "储备", "planned_start": TODAY + 9 * DAY}, False),
        ({"kind": "储备", "planned_start": TODAY + 8 * DAY, "actual_start": TODAY}, False),
        ({"kind": "储备", "planned_completion": TODAY - 6 * DAY}, True),
        ({"kind": "储备", "planned_completion": TODAY - 7 * DAY}, False),
        ({"kind": "储备", "planned_completion": TODAY + 8 * DAY, "quiet_until": TODAY + 9 * DAY}, False),
    ],
)
def test_a_class_is_asked_in_its_turn_or_when_a_day_is_near(
    tx: Tx, county: County, changes: dict[str, Any], asked: bool
) -> None:
    bridge = tables.projects.c.id == county.bridge
    tx.connection.execute(update(tables.projects).where(bridge).values(**changes))

    assert (county.wang in unasked(tx, day=TODAY + DAY, due_then=DULL)) is asked


@pytest.mark.parametrize(
    ("planned", "done", "asked"),
    [
        (TODAY + 8 * DAY, None, True),
        (TODAY + 9 * DAY, None, False),
        (TODAY - 6 * DAY, None, True),
        (TODAY - 7 * DAY, None, False),
        (TODAY + 8 * DAY, TODAY, False),
    ],
)
def test_a_milestone_that_is_near_makes_it_daily(
    tx: Tx, county: County, planned: date, done: date | None, asked: bool
) -> None:
    tx.connection.execute(
        update(tables.projects).where(tables.projects.c.id == county.bridge).values(kind="储备")
    )
    row = {"project_id": county.bridge, "name": "主体封顶", "planned": planned, "done": done}
    tx.connection.execute(insert(tables.milestones), row)

    assert (county.wang in unasked(tx, day=TODAY + DAY, due_then=DULL)) is asked


def test_an_open_problem_makes_it_daily_until_it_is_withdrawn(tx: Tx, county: County) -> None:
    tx.connection.execute(update(tables.projects).values(kind="储备"))
    reported = problem(tx, county)

    assert unasked(tx, day=TODAY + DAY, due_then=DULL) == {county.liu: [county.pump]}
    tx.connection.execute(update(tables.problems).values(nature="任务"))
    assert unasked(tx, day=TODAY + DAY, due_then=DULL) == {}
    tx.connection.execute(update(tables.problems).values(nature="问题"))
    tx.problems.withdraw(reported, NOW, "报重了")
    assert unasked(tx, day=TODAY + DAY, due_then=DULL) == {}


def test_a_missed_round_was_none(tx: Tx) -> None:
    tx.rounds.open(TODAY - 3 * DAY, "asking", NOW)
    tx.rounds.open(TODAY, "missed", NOW)

    assert tx.rounds.last_held(TODAY + DAY) == TODAY - 3 * DAY
    assert tx.rounds.last_held(TODAY - 3 * DAY) is None


def test_an_assignment_of_the_past_or_of_the_future_asks_nothing(tx: Tx, county: County) -> None:
    assert county.soda in unasked(tx, day=date(2026, 10, 31))[county.wang]
    assert unasked(tx, day=date(2026, 11, 1))[county.wang] == [county.bridge]
    assert unasked(tx, day=date(2025, 12, 31)) == {}


def test_several_liaisons_of_a_project_are_all_asked(tx: Tx, county: County) -> None:
    assigned(tx, county.bridge, county.liu, Duty.LIAISON)

    assert unasked(tx) == {
        county.liu: [county.soda, county.pump, county.bridge],
        county.wang: [county.bridge],
    }


def test_who_was_asked_is_not_asked_again_that_day(tx: Tx, county: County) -> None:
    assert tx.rounds.ask({county.liu: [county.soda, county.pump]}, TODAY, NOW) == {county.liu}
    both = {county.liu: [county.soda], county.sun: [county.bridge]}
    assert tx.rounds.ask(both, TODAY, NOW) == {county.sun}
    assert tx.rounds.prompt(county.liu, TODAY) == Prompt(
        county.liu, (county.soda, county.pump), answered=False
    )

    assert list(unasked(tx)) == [county.wang]
    assert list(unasked(tx, day=TODAY + DAY)) == [county.liu, county.wang]


def test_who_cannot_be_reached_or_has_no_duties_is_not_asked(tx: Tx, county: County) -> None:
    tx.people.reachable("fake", "刘敏", yes=False)
    tx.connection.execute(update(tables.people).where(tables.people.c.id == county.wang).values(active=False))

    assert unasked(tx) == {}


@pytest.mark.parametrize(("until", "asked"), [(TODAY + DAY, False), (TODAY, True), (YESTERDAY, True)])
def test_a_project_that_rests_is_asked_about_again_on_its_day(
    tx: Tx, county: County, until: date, asked: bool
) -> None:
    tx.projects.rest(county.soda, until)

    assert (county.soda in unasked(tx)[county.liu]) is asked


@pytest.mark.parametrize(
    ("whom", "name", "expected"),
    [
        ("county", "", set()),
        ("person", "liu", {"bridge"}),
        ("unit", "bureau", {"pump", "bridge"}),  # its project; and bridge is of no unit
        ("unit", "park", set()),  # its project and its people, Liu and Wang
    ],
)
def test_the_office_pauses_the_asking_until_a_day(
    tx: Tx, county: County, whom: str, name: str, expected: set[str]
) -> None:
    number = str(getattr(county, name)) if name else ""
    everything = {county.soda, county.pump, county.bridge}

    def asked(day: date) -> set[int]:
        return {project for projects in unasked(tx, day=day).values() for project in projects}

    tx.rounds.pause(whom, number, TODAY + 9 * DAY, county.zhao, NOW)
    tx.rounds.pause(whom, number, TODAY + DAY, county.zhao, NOW)

    assert asked(TODAY) == {getattr(county, project) for project in expected}
    assert asked(TODAY + DAY) == everything
    assert tx.rounds.resume(whom, number)
    assert not tx.rounds.resume(whom, number)
    assert asked(TODAY) == everything


def test_with_a_pilot_list_only_these_are_asked(tx: Tx, county: County) -> None:
    assert not tx.rounds.has_pilots()

    tx.rounds.set_pilots([county.liu, county.sun])
    tx.rounds.set_pilots([county.wang])

    assert tx.rounds.has_pilots()
    assert list(unasked(tx, pilots_only=True)) == [county.wang]
    assert list(unasked(tx)) == [county.liu, county.wang]
    tx.rounds.set_pilots([])
    assert not tx.rounds.has_pilots()


def asked(tx: Tx, county: County) -> None:
    """Ask Liu at nine and Wang at ten."""
    tx.rounds.ask({county.liu: [county.soda, county.pump]}, TODAY, NOW)
    tx.rounds.ask({county.wang: [county.bridge]}, TODAY, NOW + HOUR)


def unreminded(tx: Tx, asked_before: datetime = NOW + 9 * HOUR, most: int = 10) -> list[int]:
    return [prompt.person_id for prompt in tx.rounds.unreminded(TODAY, asked_before, most)]


def test_a_prompt_is_reminded_once_and_only_while_it_is_open(tx: Tx, county: County) -> None:
    asked(tx, county)
    tx.rounds.answered(county.liu, TODAY, NOW + HOUR)
    tx.rounds.answered(county.liu, TODAY, NOW + 2 * HOUR)
    assert unreminded(tx) == [county.wang]

    assert not tx.rounds.remind(county.liu, TODAY, NOW + 2 * HOUR)
    assert tx.rounds.remind(county.wang, TODAY, NOW + 2 * HOUR)
    assert not tx.rounds.remind(county.wang, TODAY, NOW + 3 * HOUR)

    assert unreminded(tx) == []
    liu = Prompt(county.liu, (county.soda, county.pump), answered=True)
    assert tx.rounds.asked(TODAY) == [liu, Prompt(county.wang, (county.bridge,), answered=False)]
    assert tx.rounds.prompt(county.liu, TODAY) == liu
    assert tx.rounds.prompt(county.liu, YESTERDAY) is None


def test_only_who_was_asked_before_a_moment_is_reminded(tx: Tx, county: County) -> None:
    asked(tx, county)

    assert unreminded(tx) == [county.liu, county.wang]
    assert unreminded(tx, most=1) == [county.liu]
    assert unreminded(tx, asked_before=NOW + HOUR) == [county.liu]
    assert unreminded(tx, asked_before=NOW) == []


def test_who_may_not_be_asked_is_not_reminded_either(tx: Tx, county: County) -> None:
    asked(tx, county)
    tx.rounds.pause("person", str(county.liu), TODAY + DAY, county.zhao, NOW)
    assert unreminded(tx) == [county.wang]

    tx.people.reachable("fake", "王强", yes=False)
    assert unreminded(tx) == []

    tx.rounds.resume("person", str(county.liu))
    tx.rounds.pause("county", "", TODAY + DAY, county.zhao, NOW)
    assert unreminded(tx) == []


def test_the_first_round_that_was_begun_and_not_closed_is_found(tx: Tx) -> None:
    assert tx.rounds.first_unclosed() is None
    for days, state in enumerate(("asking", "asked", "closed", "missed")):
        tx.rounds.open(TODAY - days * DAY, state, NOW)

    assert tx.rounds.first_unclosed() == YESTERDAY

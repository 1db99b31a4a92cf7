"""Papers handed over, and attachments to be fetched before their links die."""

from sqlalchemy import select

from bot.chat import Attachment, Paper
from storage import tables
from storage.tx import Tx
from tests.storage.county import HOUR, NOW, County, problem, report

PICTURE = Attachment("token", "工地.jpg", "image/jpeg", 2048)


def test_a_paper_is_kept_once_and_whole(tx: Tx) -> None:
    paper = Paper("周报.png", "image/png", bytes(range(256)))

    first = tx.papers.add("digest:1:2026-W47", paper, NOW)
    again = tx.papers.add("digest:1:2026-W47", Paper("other", "text/plain", b""), NOW)

    assert first == again
    assert tx.papers.get(first) == paper


def test_an_attachment_is_fetched_until_it_is_had_or_given_up(tx: Tx, county: County) -> None:
    report_id = tx.reports.add(report(county.soda, county.liu, NOW.date()))
    tx.attachments.belong(tx.attachments.add("fake", PICTURE, county.liu, NOW), report_id=report_id)
    tx.attachments.add("other", PICTURE, county.liu, NOW)

    (first,) = tx.attachments.wanted(["fake"], NOW, 10)
    assert (first.platform, first.attachment, first.tries) == ("fake", PICTURE, 0)
    assert (first.person_id, first.at) == (county.liu, NOW)
    assert len(tx.attachments.wanted(["fake", "other"], NOW, 10)) == 2
    assert len(tx.attachments.wanted(["fake", "other"], NOW, 1)) == 1
    assert tx.attachments.wanted(["fake"], NOW - HOUR, 10) == []

    tx.attachments.postpone(first.id, NOW + HOUR)
    assert tx.attachments.wanted(["fake"], NOW, 10) == []
    assert [wanted.tries for wanted in tx.attachments.wanted(["fake"], NOW + HOUR, 10)] == [1]

    tx.attachments.postpone(first.id, None)
    assert tx.attachments.wanted(["fake"], NOW + HOUR, 10) == []


def test_an_attachment_may_belong_to_a_report_and_to_several_problems(tx: Tx, county: County) -> None:
    report_id = tx.reports.add(report(county.soda, county.liu, NOW.date()))
    first, second = problem(tx, county).id, problem(tx, county).id
    picture = tx.attachments.add("fake", PICTURE, county.liu, NOW)
    tx.attachments.fetched(picture, "12.jpg", "ab" * 32, 2050)

    tx.attachments.belong(picture, report_id=report_id)
    for problem_id in (first, first, second):
        tx.attachments.belong(picture, problem_id=problem_id)

    rows = tx.connection.execute(select(tables.attachments).order_by(tables.attachments.c.id)).all()
    assert [(row.report_id, row.problem_id, row.path) for row in rows] == [
        (report_id, first, "12.jpg"),
        (None, second, "12.jpg"),
    ]


def test_only_what_is_old_and_belongs_to_nothing_is_forgotten(tx: Tx, county: County) -> None:
    stray, young, kept = (
        tx.attachments.add("fake", PICTURE, county.liu, at) for at in (NOW, NOW + HOUR, NOW)
    )
    tx.attachments.belong(kept, problem_id=problem(tx, county).id)

    assert tx.attachments.strays(NOW + HOUR, 10) == {stray: ""}
    tx.attachments.forget([stray, kept])

    left = tx.connection.execute(select(tables.attachments.c.id).order_by(tables.attachments.c.id)).scalars()
    assert list(left) == [young, kept]


def test_an_attachment_that_was_fetched_says_where_it_lies(tx: Tx, county: County) -> None:
    tx.attachments.add("fake", PICTURE, county.liu, NOW)
    (wanted,) = tx.attachments.wanted(["fake"], NOW, 10)

    tx.attachments.fetched(wanted.id, "12.jpg", "ab" * 32, 2050)

    row = tx.connection.execute(select(tables.attachments)).one()
    assert (row.state, row.path, row.sha256, row.size) == ("fetched", "12.jpg", "ab" * 32, 2050)
    assert tx.attachments.wanted(["fake"], NOW + HOUR, 10) == []

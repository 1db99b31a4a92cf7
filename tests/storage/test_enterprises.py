"""Ballots and bookings on either database: counted apart from whoever voted, one booking a day."""

from datetime import date, timedelta

from bot.domain.ballots import Result
from bot.domain.reception import State
from storage.letters import PRIVATE, Letter
from storage.tx import Tx
from tests.storage.county import NOW, County

DAY = date(2026, 12, 8)


def test_a_vote_counts_once_and_a_closed_ballot_shows_no_few(tx: Tx, county: County) -> None:
    voters = [county.zhao, county.chen, county.sun, county.liu, county.wang]
    ballot = tx.ballots.open(
        "四季度", ["登记窗口", "办税厅"], voters, county.zhao, NOW, NOW + timedelta(days=1)
    )
    (first, _), (second, _) = tx.ballots.posts(ballot.id)
    assert tx.ballots.unasked(ballot.id, 9) == sorted(voters)
    tx.ballots.ask(ballot.id, county.sun, second)
    assert tx.ballots.before(county.sun) == second
    assert tx.ballots.unasked(ballot.id, 9) == sorted(set(voters) - {county.sun})

    assert [
        tx.ballots.vote(first, each, score) for each, score in zip(voters, (5, 4, 4, 3, 1), strict=True)
    ] == [True] * 5
    assert not tx.ballots.vote(first, county.sun, 5)
    assert all(tx.ballots.vote(second, each, 5) for each in voters[:4])
    assert tx.ballots.stop(ballot.id, county.wang)
    assert not tx.ballots.vote(second, county.wang, 5)
    assert tx.ballots.results(ballot.id) == []
    assert tx.ballots.due(NOW) is None
    assert tx.ballots.close(ballot.id, NOW)
    assert not tx.ballots.close(ballot.id, NOW)

    assert tx.ballots.results(ballot.id) == [Result("登记窗口", 5, 17), Result("办税厅", 0, 0)]
    assert tx.ballots.running() is None


def test_a_booking_made_anew_is_the_same_booking(tx: Tx, county: County) -> None:
    assert tx.bookings.book(DAY, county.liu, "用电", NOW)
    assert not tx.bookings.book(DAY, county.liu, "用水", NOW)
    booking = tx.bookings.coming(county.liu, DAY)
    assert booking is not None
    assert tx.bookings.settle(booking.id, State.CANCELLED)
    assert not tx.bookings.settle(booking.id, State.RECEIVED)
    assert tx.bookings.of_day(DAY) == []
    assert tx.bookings.book(DAY, county.liu, "贷款", NOW)

    assert [(each.topic, each.state) for each in tx.bookings.of_day(DAY)] == [("贷款", State.BOOKED)]


def test_what_is_private_is_erased_only_when_it_did_not_arrive(tx: Tx, county: County) -> None:
    at = tx.people.address(county.liu)
    assert at is not None
    tx.outbox.add(Letter("private:1", at, "密", NOW, person_id=county.liu, subject=PRIVATE), NOW)
    tx.outbox.add(
        Letter("other:1", at, "明", NOW - timedelta(days=9), person_id=county.liu), NOW - timedelta(days=9)
    )
    assert tx.dispatch.stranded(NOW) == []
    (letter,) = tx.dispatch.stranded(NOW + timedelta(seconds=1))
    tx.dispatch.erase(letter.id)

    assert tx.dispatch.stranded(NOW + timedelta(days=9)) == []
    found = tx.outbox.get(letter.id)
    assert found is not None
    assert (found.state, found.text) == ("failed", "")

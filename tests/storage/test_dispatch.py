"""What delivery leaves behind: leases, private words, what is stranded, and how much is behind."""

from datetime import timedelta
from functools import partial

from bot.chat import Address
from storage.dispatch import Backlog
from storage.letters import PRIVATE, Lane, Letter
from storage.tx import Tx
from tests.storage.county import HOUR, NOW, County
from tests.storage.test_outbox import LEASE, LIU, WANG, claim, delivered, owed, state


def text(tx: Tx, letter_id: int) -> str:
    row = tx.outbox.get(letter_id)
    assert row is not None
    return str(row.text)


def test_a_lease_is_given_with_a_claim_and_ends_with_it(tx: Tx) -> None:
    letter = owed(tx, "a")

    def lease() -> object:
        row = tx.outbox.get(letter)
        return row and row.leased_until

    for end in (tx.dispatch.release, tx.dispatch.doubt, partial(tx.dispatch.fail, reason="gone")):
        claim(tx)
        assert lease() == NOW + LEASE
        end([letter])
        assert lease() is None


def test_private_words_are_gone_once_they_have_arrived_and_others_stay(tx: Tx) -> None:
    private, other = owed(tx, "private", subject=PRIVATE), owed(tx, "other", WANG)
    delivered(tx, private, other)

    assert (text(tx, private), text(tx, other)) == ("", "other")


def test_what_is_private_and_does_not_arrive_is_stranded(tx: Tx) -> None:
    def owe(key: str, made_at: object = NOW) -> int:
        assert tx.outbox.add(Letter(key, LIU, key, NOW, subject=PRIVATE), made_at)  # type: ignore[arg-type]
        return tx.connection.exec_driver_sql("SELECT max(id) FROM outbox").scalar_one()

    failed, back, old, new = owe("failed"), owe("back"), owe("old", NOW - HOUR), owe("new")
    tx.dispatch.fail([failed, owed(tx, "not private")], "gone")
    tx.outbox.supersede([back])
    tx.dispatch.fail([erased := owe("erased")], "gone")
    tx.dispatch.erase(erased)

    assert [row.id for row in tx.dispatch.stranded(NOW)] == [failed, back, old]
    assert state(tx, new) == "waiting"


def test_only_what_is_not_on_its_way_and_not_with_its_reader_is_erased(tx: Tx) -> None:
    sent = owed(tx, "sent")
    delivered(tx, sent)
    claimed, waiting = owed(tx, "claimed"), owed(tx, "waiting", WANG)
    claim(tx, most=1)

    for each in (sent, claimed, waiting):
        tx.dispatch.erase(each)

    assert [text(tx, each) for each in (sent, claimed, waiting)] == ["sent", "claimed", ""]
    assert [state(tx, each) for each in (sent, claimed, waiting)] == ["sent", "claimed", "failed"]


def test_orphans_come_the_longest_due_first(tx: Tx) -> None:
    owed(tx, "later", due_at=NOW)
    owed(tx, "earlier", WANG, due_at=NOW - HOUR)
    claim(tx)

    assert [letter.key for letter in tx.dispatch.orphans("fake")] == ["earlier", "later"]


def test_what_was_delivered_at_a_moment_was_not_delivered_since(tx: Tx) -> None:
    letter = owed(tx, "a")
    delivered(tx, letter)
    change = owed(tx, "change", updates_id=letter)
    delivered(tx, change)

    assert tx.dispatch.lately("fake", NOW) == []
    assert tx.dispatch.lately("fake", NOW - timedelta(seconds=1)) == [("liu", NOW)]
    assert tx.dispatch.lately("other", NOW - HOUR) == []


def test_a_pause_that_is_over_wakes_the_delivery(tx: Tx) -> None:
    tx.dispatch.pause("fake", "liu", NOW + HOUR)
    assert not tx.dispatch.returned

    tx.dispatch.resume("fake", "liu")

    assert tx.dispatch.returned


def test_how_much_is_behind_is_known_by_platform_and_lane(tx: Tx, county: County) -> None:
    owed(tx, "first", due_at=NOW - HOUR)
    owed(tx, "second")
    owed(tx, "round", WANG, lane=Lane.ROUND)
    owed(tx, "not due", due_at=NOW + HOUR)
    owed(tx, "nowhere", Address("", ""), person_id=county.liu)
    claim(tx, most=1)

    assert tx.dispatch.backlog(NOW) == [
        Backlog("fake", Lane.NOW, 2, NOW - HOUR),
        Backlog("fake", Lane.ROUND, 1, NOW),
    ]


def test_a_lane_is_due_when_something_waits_in_it_whose_time_has_come(tx: Tx) -> None:
    owed(tx, "now")
    owed(tx, "not yet", WANG, lane=Lane.ROUND, due_at=NOW + HOUR)
    owed(tx, "taken", lane=Lane.PAPER)
    claim(tx, Lane.PAPER)

    assert tx.dispatch.lanes_due("fake", NOW) == {Lane.NOW}
    assert tx.dispatch.lanes_due("fake", NOW + HOUR) == {Lane.NOW, Lane.ROUND}
    assert tx.dispatch.lanes_due("other", NOW) == set()


def test_only_the_letters_named_are_put_back(tx: Tx) -> None:
    mine, other = owed(tx, "mine"), owed(tx, "other", WANG)
    claim(tx)

    tx.dispatch.release([mine])
    assert (state(tx, mine), state(tx, other)) == ("waiting", "claimed")

    tx.dispatch.returned = False
    tx.dispatch.doubt([other])
    assert tx.dispatch.returned
    assert tx.dispatch.in_doubt("fake") == [(Lane.NOW, "wang", NOW)]
    assert tx.dispatch.in_doubt("other") == []


def test_a_chat_that_has_taken_something_once_is_known(tx: Tx) -> None:
    owed(tx, "waits", WANG)
    letter = owed(tx, "arrives")
    while (taken := claim(tx, most=1)) and taken[0].id != letter:
        pass
    tx.dispatch.sent([(letter, "m")], NOW)

    assert tx.dispatch.has_arrived(LIU)
    assert not tx.dispatch.has_arrived(WANG)
    assert not tx.dispatch.has_arrived(Address("other", "liu"))


def test_what_is_claimed_or_due_is_pending_and_nothing_else(tx: Tx) -> None:
    delivered(tx, owed(tx, "sent"))
    owed(tx, "due")
    owed(tx, "later", WANG, due_at=NOW + HOUR)

    assert tx.dispatch.pending(["fake"], NOW) == 1


def test_who_took_all_that_is_due_knows_it(tx: Tx) -> None:
    for number in range(6):
        owed(tx, f"liu {number}")
    owed(tx, "wang", WANG)

    def more(most: int, *busy: str) -> bool:
        letters, may_be_more = tx.dispatch.claim("fake", Lane.NOW, most, NOW, LEASE, busy)
        tx.dispatch.release([letter.id for letter in letters])
        return may_be_more

    # One of each chat: eight are looked at, two taken, and none is left for another chat.
    assert not more(8)
    # Of two there is room for the second chat, and it is found: no more room, no more to know.
    assert not more(2)
    # Nobody is left but a chat that has one on its way.
    assert not more(2, "liu", "wang")


def test_who_looked_past_a_crowded_chat_often_enough_knows_that_there_may_be_more(tx: Tx) -> None:
    for chat in ("a", "b", "c", "d", "e"):
        for number in range(9):
            owed(tx, f"{chat} {number}", Address("fake", chat))

    letters, may_be_more = tx.dispatch.claim("fake", Lane.NOW, 9, NOW, LEASE)

    assert [letter.to.chat for letter in letters] == ["a", "b", "c", "d"]
    assert may_be_more

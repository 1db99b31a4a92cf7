"""What we owe: each slot once, in order, and never sent while it must not be."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.chat import Address, Button, Outgoing, Ref
from storage.letters import WHOLE_BOT, Claimed, Lane, Letter
from storage.tx import Tx
from tests.storage.county import DAY, HOUR, NOW, County

LIU = Address("fake", "liu")
WANG = Address("fake", "wang")
LEASE = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
CARD = ((("接办", "take:1"), ("转办", "hand:1")), (("退回", "return:1"),))


def owed(tx: Tx, key: str, to: Address = LIU, due_at: Any = NOW, **values: Any) -> int:
    """Owe a letter and return its id."""
    assert tx.outbox.add(Letter(key, to, values.pop("text", key), due_at, **values), NOW)
    return tx.connection.exec_driver_sql("SELECT max(id) FROM outbox").scalar_one()


def claim(tx: Tx, lane: Lane = Lane.NOW, most: int = 10, now: Any = NOW, **busy: Any) -> list[Claimed]:
    return tx.dispatch.claim("fake", lane, most, now, LEASE, **busy)[0]


def taken(tx: Tx, lane: Lane = Lane.NOW, most: int = 10, now: Any = NOW, **busy: Any) -> list[str]:
    return [letter.key for letter in claim(tx, lane, most, now, **busy)]


def delivered(tx: Tx, *letter_ids: int) -> None:
    """Let letters be claimed and arrive."""
    while claimed := claim(tx):
        tx.dispatch.sent([(letter.id, f"m{letter.id}") for letter in claimed], NOW)
    assert all(state(tx, letter_id) == "sent" for letter_id in letter_ids)


def state(tx: Tx, letter_id: int) -> str:
    row = tx.outbox.get(letter_id)
    assert row is not None
    return str(row.state)


def test_a_slot_is_filled_once(tx: Tx) -> None:
    first = Letter("prompt:1:2026-11-23", LIU, "good morning", NOW)

    assert tx.outbox.add(first, NOW)
    assert not tx.outbox.add(Letter("prompt:1:2026-11-23", WANG, "again", NOW), NOW)

    assert tx.outbox.has("prompt:1:2026-11-23")
    assert not tx.outbox.has("prompt:1:2026-11-24")
    assert [letter.message for letter in claim(tx)] == [
        Outgoing(LIU, "good morning", key="prompt:1:2026-11-23")
    ]


def test_only_a_slot_that_was_free_wakes_the_delivery(tx: Tx) -> None:
    owed(tx, "a")
    another = Tx(tx.connection)

    another.outbox.add(Letter("a", LIU, "again", NOW), NOW)

    assert tx.owes
    assert not another.owes


def test_a_claimed_letter_says_everything_that_delivery_must_know(tx: Tx, county: County) -> None:
    letter_id = owed(
        tx, "card", Address("fake", "group", "7"), text="问题 2026-001", choices=CARD, in_group=True,
        person_id=county.sun, subject="problem:1", lane=Lane.ROUND,
    )  # fmt: skip

    (letter,) = claim(tx, Lane.ROUND)

    assert (letter.id, letter.key, letter.lane) == (letter_id, "card", Lane.ROUND)
    assert (letter.in_group, letter.subject, letter.person_id) == (True, "problem:1", county.sun)
    assert (letter.attempts, letter.doubts, letter.paper_id, letter.updates) == (1, 0, None, None)
    assert letter.to == Address("fake", "group", "7")
    assert [[button.label for button in line] for line in letter.message.buttons] == [
        ["接办", "转办"],
        ["退回"],
    ]
    assert len({button.data for line in letter.message.buttons for button in line}) == 3


def test_letters_are_taken_by_lane_the_longest_due_first(tx: Tx) -> None:
    for number, (key, due) in enumerate([("b", -MINUTE), ("c", -MINUTE), ("a", -HOUR), ("d", MINUTE)]):
        owed(tx, key, Address("fake", str(number)), NOW + due)
    owed(tx, "digest", Address("fake", "group"), NOW - DAY, lane=Lane.PAPER)
    owed(tx, "elsewhere", Address("other", "liu"))

    assert taken(tx, most=2) == ["a", "b"]
    assert taken(tx) == ["c"]
    assert taken(tx) == []
    assert taken(tx, Lane.PAPER) == ["digest"]
    assert taken(tx, now=NOW + MINUTE) == ["d"]


def test_a_chat_gives_one_letter_at_a_time_and_holds_up_nobody(tx: Tx) -> None:
    for number in range(10):
        owed(tx, f"liu{number}", due_at=NOW - HOUR)
    owed(tx, "wang", WANG)

    assert taken(tx, most=3) == ["liu0", "wang"]
    assert taken(tx, busy=["liu", "wang"]) == []


def test_a_claim_looks_past_a_few_crowded_chats_and_takes_the_others_next_time(tx: Tx) -> None:
    for chat in "abcdef":
        for number in range(5):
            owed(tx, f"{chat}{number}", Address("fake", chat))

    first = taken(tx, most=5)
    assert first == ["a0", "b0", "c0", "d0"]
    assert taken(tx, most=5, busy="abcd") == ["e0", "f0"]


@pytest.mark.parametrize(
    ("chat", "expected"),
    [("liu", ["wang"]), (WHOLE_BOT, []), ("zhao", ["liu", "wang"])],
)
def test_nothing_goes_to_what_is_paused_until_the_pause_ends(
    tx: Tx, chat: str, expected: Sequence[str]
) -> None:
    tx.dispatch.pause("fake", chat, NOW + 37 * MINUTE)
    owed(tx, "liu")
    owed(tx, "wang", WANG)

    assert taken(tx, now=NOW + 36 * MINUTE) == expected
    assert sorted([*expected, *taken(tx, now=NOW + 37 * MINUTE)]) == ["liu", "wang"]


def test_a_pause_is_made_longer_and_never_shorter(tx: Tx) -> None:
    for minutes in (5, 30, 10):
        tx.dispatch.pause("fake", "liu", NOW + minutes * MINUTE)
    owed(tx, "a")

    assert taken(tx, now=NOW + 29 * MINUTE) == []
    assert taken(tx, now=NOW + 30 * MINUTE) == ["a"]


def test_what_the_platform_wants_us_to_wait_is_waited_whoever_writes(tx: Tx) -> None:
    owed(tx, "liu")
    tx.dispatch.pause("fake", "liu", NOW + DAY)

    tx.dispatch.resume("fake", "liu")

    assert taken(tx) == []


def test_an_update_waits_until_its_original_has_arrived_and_names_it(tx: Tx) -> None:
    card = owed(tx, "card")
    owed(tx, "card:2", updates_id=card)

    (original,) = claim(tx)
    assert taken(tx) == []
    tx.dispatch.sent([(original.id, "m1")], NOW)

    (update,) = claim(tx)
    assert update.updates == Ref(LIU, "m1")
    assert tx.outbox.updates(card) == 1


def test_a_newer_update_takes_the_place_of_those_not_sent(tx: Tx) -> None:
    card = owed(tx, "card")
    old = owed(tx, "card:2", updates_id=card)

    tx.outbox.supersede_updates(card)
    new = owed(tx, "card:3", updates_id=card)

    assert [state(tx, letter) for letter in (card, old, new)] == ["waiting", "superseded", "waiting"]


def test_the_newest_wording_of_a_letter_is_that_of_its_last_update_not_taken_back(tx: Tx) -> None:
    card = owed(tx, "card")
    assert tx.outbox.newest(card).key == "card"

    owed(tx, "card:2", updates_id=card)
    assert tx.outbox.newest(card).key == "card:2"

    tx.outbox.supersede_updates(card)
    assert tx.outbox.newest(card).key == "card"


def test_a_letter_can_be_rewritten_until_it_goes_out(tx: Tx) -> None:
    letter_id = owed(tx, "card")
    assert tx.outbox.rewrite(letter_id, "new", ((("销号", "close:1"),),))

    (letter,) = claim(tx)
    assert letter.message.text == "new"
    assert not tx.outbox.rewrite(letter_id, "too late", ())


def test_a_letter_taken_back_is_not_sent_and_its_buttons_are_dead(tx: Tx) -> None:
    gone = owed(tx, "sent", choices=CARD)
    delivered(tx, gone)
    data = button(tx, gone)
    waiting = owed(tx, "waiting")

    tx.outbox.supersede([gone, waiting])

    assert taken(tx) == []
    pressed = tx.outbox.pressed(data)
    assert pressed is not None
    assert pressed.superseded


def button(tx: Tx, letter_id: int, place: int = 0) -> str:
    row = tx.outbox.get(letter_id)
    assert row is not None
    return f"{row.token}.{place}"


def test_a_pressed_button_is_found_by_its_data_alone(tx: Tx, county: County) -> None:
    letter_id = owed(tx, "card", choices=CARD, person_id=county.sun, subject="problem:1")

    pressed = tx.outbox.pressed(button(tx, letter_id, 2))

    assert pressed is not None
    assert (pressed.letter_id, pressed.action, pressed.label) == (letter_id, "return:1", "退回")
    assert (pressed.person_id, pressed.to, pressed.subject) == (county.sun, LIU, "problem:1")
    assert not pressed.superseded


@pytest.mark.parametrize(
    "data", ["", ".", "x.0", "{token}", "{token}.", "{token}.3", "{token}.-1", "{token}.x"]
)
def test_button_data_that_was_never_ours_is_nothing(tx: Tx, data: str) -> None:
    token = button(tx, owed(tx, "card", choices=CARD)).partition(".")[0]

    assert tx.outbox.pressed(data.format(token=token)) is None


def test_the_data_of_a_button_fits_into_every_platform(tx: Tx) -> None:
    owed(tx, "card", choices=CARD)

    (letter,) = claim(tx)

    assert all(len(button.data.encode()) <= 64 for line in letter.message.buttons for button in line)
    assert all(isinstance(button, Button) for line in letter.message.buttons for button in line)


def test_a_typed_word_meets_the_buttons_last_offered_to_who_types_it(tx: Tx, county: County) -> None:
    liu = county.liu
    owed(tx, "old", choices=((("接办", "take:1"),),), person_id=liu)
    owed(tx, "new", WANG, choices=((("接办", "take:2"), ("转办", "hand:2")),), person_id=liu)
    owed(tx, "words only", person_id=liu)
    owed(tx, "another's", choices=((("接办", "take:3"),),), person_id=county.wang)
    owed(tx, "in a group", choices=((("接办", "take:4"),),), person_id=liu, in_group=True)
    delivered(tx)
    owed(tx, "not sent yet", choices=((("接办", "take:5"),),), person_id=liu)

    assert [offer.action for offer in tx.outbox.offered(liu)] == ["take:2", "hand:2", "take:1"]
    assert [offer.action for offer in tx.outbox.offered(liu, most=1)] == ["take:2", "hand:2"]


def test_the_live_letters_about_a_subject_are_those_that_somebody_sees_or_will_see(tx: Tx) -> None:
    sent = owed(tx, "sent", subject="problem:1")
    delivered(tx, sent)
    waiting = owed(tx, "waiting", WANG, subject="problem:1")
    owed(tx, "update", subject="problem:1", updates_id=sent)
    owed(tx, "other", subject="problem:2")
    back = owed(tx, "taken back", subject="problem:1")
    tx.outbox.supersede([back])

    assert [row.id for row in tx.outbox.live("problem:1")] == [sent, waiting]


def test_a_letter_to_somebody_without_a_contact_waits_until_they_join(tx: Tx, county: County) -> None:
    nowhere = Address("", "")
    owed(tx, "for liu", nowhere, person_id=county.liu)
    owed(tx, "for wang", nowhere, person_id=county.wang)
    assert taken(tx) == []

    assert tx.outbox.address(county.liu, LIU) == 1

    assert [(letter.key, letter.to) for letter in claim(tx)] == [("for liu", LIU)]


def test_what_waits_follows_a_chat_to_its_new_id(tx: Tx) -> None:
    old = Address("fake", "old")
    sent = owed(tx, "sent", old)
    delivered(tx, sent)
    owed(tx, "claimed", old)
    claim(tx)
    owed(tx, "waiting", old)

    tx.outbox.move("fake", "old", "new")

    chats = {row.key: row.chat for row in tx.connection.exec_driver_sql("SELECT key, chat FROM outbox")}
    assert chats == {"sent": "old", "claimed": "new", "waiting": "new"}


def test_only_who_holds_a_letter_can_mark_it(tx: Tx) -> None:
    letter_id = owed(tx, "a")

    tx.dispatch.sent([(letter_id, "m1")], NOW)
    assert state(tx, letter_id) == "waiting"

    claim(tx)
    tx.dispatch.sent([(letter_id, "m1")], NOW)
    tx.dispatch.sent([], NOW)
    assert state(tx, letter_id) == "sent"

    tx.dispatch.release([letter_id])
    tx.dispatch.doubt([letter_id])
    tx.dispatch.fail([letter_id], "too late")
    assert state(tx, letter_id) == "sent"


def test_a_letter_put_back_goes_out_at_its_time_or_later(tx: Tx) -> None:
    letter_id = owed(tx, "a")
    claim(tx)
    tx.dispatch.release([letter_id])
    assert taken(tx) == ["a"]

    tx.dispatch.release([letter_id], NOW + HOUR)

    assert taken(tx) == []
    (again,) = claim(tx, now=NOW + HOUR)
    assert again.attempts == 3


def test_what_was_held_when_we_died_is_in_doubt_and_sent_again(tx: Tx) -> None:
    letter_id = owed(tx, "a")
    owed(tx, "other", WANG)
    claim(tx, most=1)

    assert [letter.key for letter in tx.dispatch.orphans("fake")] == ["a"]
    assert tx.dispatch.orphans("other") == []
    tx.dispatch.doubt([letter_id])

    again = next(letter for letter in claim(tx) if letter.key == "a")
    assert (again.doubts, again.attempts) == (1, 2)


def test_a_letter_given_up_keeps_the_reason(tx: Tx) -> None:
    letter_id = owed(tx, "a")

    tx.dispatch.fail([letter_id], "chat not found")

    row = tx.outbox.get(letter_id)
    assert row is not None
    assert (row.state, row.error) == ("failed", "chat not found")
    assert taken(tx) == []


def test_of_what_waits_for_the_unreachable_only_problems_wait_on(tx: Tx, county: County) -> None:
    card = owed(tx, "card", subject="problem:1", person_id=county.liu)
    update = owed(tx, "update", subject="problem:1", updates_id=card, person_id=county.liu)
    prompt = owed(tx, "prompt", subject="prompt:2026-11-23", person_id=county.liu)
    other = owed(tx, "other", WANG)

    tx.outbox.unaddress("fake", "liu")

    assert [state(tx, letter) for letter in (card, update, prompt, other)] == [
        "waiting", "failed", "failed", "waiting",
    ]  # fmt: skip
    tx.outbox.address(county.liu, Address("fake", "liu again"))
    assert {letter.to.chat for letter in claim(tx)} == {"liu again", "wang"}


def test_what_waits_for_an_unopened_chat_waits_for_its_person_and_a_change_stays_behind(
    tx: Tx, county: County
) -> None:
    shown = owed(tx, "shown", person_id=county.liu)
    delivered(tx, shown)
    waiting = owed(tx, "waiting", person_id=county.liu)
    owed(tx, "change of what waits", updates_id=waiting, person_id=county.liu)
    owed(tx, "change of what is shown", updates_id=shown, person_id=county.liu)
    owed(tx, "nobody's")
    owed(tx, "of the group", person_id=county.liu, in_group=True)
    owed(tx, "another's", WANG, person_id=county.wang)

    tx.outbox.recall("fake", "liu")
    tx.outbox.address(county.liu, Address("other", "liu"))

    at = tx.connection.exec_driver_sql("SELECT key, platform FROM outbox ORDER BY id").all()
    assert [key for key, platform in at if platform == "other"] == ["waiting", "change of what waits"]
    assert [key for key, platform in at if platform == ""] == []


def test_what_waits_follows_to_the_platform_somebody_has_chosen(tx: Tx, county: County) -> None:
    there = Address("other", "liu")
    shown = owed(tx, "shown", person_id=county.liu)
    delivered(tx, shown)
    owed(tx, "change of what is shown", updates_id=shown, person_id=county.liu)
    owed(tx, "card", person_id=county.liu, due_at=NOW + HOUR)
    owed(tx, "of the group", person_id=county.liu, in_group=True)
    owed(tx, "another's", WANG, person_id=county.wang)
    owed(tx, "there already", Address("other", "liu too"), person_id=county.liu)

    tx.outbox.redirect(county.liu, there)

    moved = tx.connection.exec_driver_sql("SELECT key FROM outbox WHERE platform = 'other' AND chat = 'liu'")
    assert moved.scalars().all() == ["card"]
    assert tx.owes


def test_a_chat_that_is_opened_is_sent_to_before_its_pause_is_over(tx: Tx) -> None:
    owed(tx, "liu")
    tx.dispatch.pause("fake", "liu", NOW + DAY, until_heard=True)
    tx.dispatch.pause("fake", "wang", NOW + DAY, until_heard=True)
    owed(tx, "wang", WANG)
    before = taken(tx)

    tx.dispatch.resume("fake", "liu")

    assert (before, taken(tx)) == ([], ["liu"])


def test_the_delivery_knows_what_is_due_and_what_comes_next(tx: Tx) -> None:
    assert tx.dispatch.next_due(NOW) is None
    owed(tx, "due")
    owed(tx, "later", due_at=NOW + HOUR)
    owed(tx, "much later", due_at=NOW + DAY)
    owed(tx, "nowhere", Address("", ""), due_at=NOW + MINUTE)
    owed(tx, "claimed", WANG)
    claim(tx, most=1)

    assert tx.dispatch.pending(["fake"], NOW) == 2
    assert tx.dispatch.pending(["fake", ""], NOW + HOUR) == 4
    assert tx.dispatch.next_due(NOW) == NOW + HOUR
    assert tx.dispatch.next_due(NOW + HOUR) == NOW + DAY


def test_a_letter_that_does_not_exist_is_none(tx: Tx) -> None:
    assert tx.outbox.get(404) is None

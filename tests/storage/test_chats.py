"""Groups: met, bound by the office once, moved, left, and met again."""

from bot.chat import Address
from storage.chats import Chat
from storage.tx import Tx
from tests.storage.county import HOUR, NOW, County

GROUP = Address("fake", "-100")
OTHER = Address("fake", "-200")


def test_a_group_is_met_once(tx: Tx) -> None:
    assert tx.chats.at(GROUP) is None

    met = tx.chats.meet(GROUP, "全县项目群", NOW)

    assert met == Chat(met.id, GROUP, "全县项目群", "", "met", None, NOW)
    assert tx.chats.meet(GROUP, "another title", NOW + HOUR) == met
    assert tx.chats.at(GROUP) == tx.chats.get(met.id) == met
    assert tx.chats.get(404) is None


def test_a_group_is_bound_by_the_first_who_says_its_scope(tx: Tx, county: County) -> None:
    group, other = tx.chats.meet(GROUP, "a", NOW), tx.chats.meet(OTHER, "b", NOW)

    assert tx.chats.bind(group.id, "全县", county.zhao, NOW + HOUR)
    assert not tx.chats.bind(group.id, "属地:经开区", county.zhao, NOW + HOUR)

    assert [(chat.at, chat.scope, chat.bound_at) for chat in tx.chats.bound()] == [
        (GROUP, "全县", NOW + HOUR)
    ]
    assert [chat.id for chat in tx.chats.all()] == [group.id, other.id]


def test_a_group_that_was_left_is_met_again_without_its_scope(tx: Tx, county: County) -> None:
    group = tx.chats.meet(GROUP, "a", NOW)
    tx.chats.bind(group.id, "全县", county.zhao, NOW)

    assert tx.chats.leave(GROUP)
    assert not tx.chats.leave(GROUP)
    assert tx.chats.bound() == tx.chats.all() == []
    assert not tx.chats.bind(group.id, "全县", county.zhao, NOW)

    again = tx.chats.meet(GROUP, "b", NOW + HOUR)
    assert (again.id, again.title, again.scope, again.state) == (group.id, "b", "", "met")


def test_a_group_keeps_its_scope_under_a_new_id(tx: Tx, county: County) -> None:
    group = tx.chats.meet(GROUP, "a", NOW)
    tx.chats.bind(group.id, "全县", county.zhao, NOW)

    assert tx.chats.move(GROUP, "-100123")
    assert not tx.chats.move(GROUP, "-100123")

    assert [(chat.id, chat.at.chat) for chat in tx.chats.bound()] == [(group.id, "-100123")]


def test_a_group_met_under_its_new_id_before_we_heard_of_the_move_is_the_same_group(
    tx: Tx, county: County
) -> None:
    old, new = tx.chats.meet(GROUP, "a", NOW), tx.chats.meet(OTHER, "a", NOW)
    tx.chats.bind(new.id, "全县", county.zhao, NOW + HOUR)

    assert tx.chats.move(GROUP, OTHER.chat)

    (only,) = tx.chats.all()
    assert (only.id, only.at, only.scope, only.state, only.bound_at) == (
        old.id,
        OTHER,
        "全县",
        "bound",
        NOW + HOUR,
    )


def test_a_group_without_a_scope_that_moves_has_none_afterwards(tx: Tx) -> None:
    tx.chats.meet(GROUP, "a", NOW)

    assert tx.chats.move(GROUP, OTHER.chat)
    assert not tx.chats.move(OTHER, OTHER.chat)

    assert [(chat.at, chat.scope, chat.state) for chat in tx.chats.all()] == [(OTHER, "", "met")]


def test_a_group_takes_nothing_from_a_refusal_until_it_is_heard(tx: Tx, county: County) -> None:
    group, other = tx.chats.meet(GROUP, "a", NOW), tx.chats.meet(OTHER, "b", NOW)
    tx.chats.bind(group.id, "全县", county.zhao, NOW)
    assert not tx.chats.hear(GROUP, NOW)

    assert tx.chats.unhear(GROUP)
    assert not tx.chats.unhear(GROUP)
    assert tx.chats.unhear(OTHER)

    assert [chat.id for chat in tx.chats.unheard()] == [group.id]
    assert tx.chats.hear(GROUP, NOW + HOUR)
    assert tx.chats.unheard() == []
    assert [chat.heard_at for chat in tx.chats.all()] == [NOW + HOUR, None]
    tx.chats.leave(OTHER)
    assert not tx.chats.hear(OTHER, NOW)
    assert tx.chats.meet(OTHER, "c", NOW + HOUR).heard_at == NOW + HOUR
    tx.chats.rename(other.id, "大桥镇工作群")
    assert [chat.title for chat in tx.chats.all()] == ["a", "大桥镇工作群"]


def test_what_was_heard_of_either_of_two_that_are_one_counts(tx: Tx) -> None:
    tx.chats.meet(GROUP, "a", NOW)
    tx.chats.unhear(GROUP)
    tx.chats.meet(OTHER, "a", NOW + HOUR)

    tx.chats.move(GROUP, OTHER.chat)

    assert [chat.heard_at for chat in tx.chats.all()] == [NOW + HOUR]

"""Forgetting a person, as the operator orders: refused while anything still rests with them."""

from bot.domain.people import Person, Role
from bot.errors import Refused
from handlers import cards, handover, passing
from handlers.turn import Desk


def alias_of(desk: Desk, person: Person) -> str:
    """Return what somebody will be called once they are forgotten: 人员 0042."""
    return desk.say(None, "forget.alias", number=f"{person.id:04}")


def ready(desk: Desk, person: Person) -> None:
    """Raise Refused, with the cure, where somebody cannot be forgotten yet."""
    if person.name == alias_of(desk, person):
        raise Refused("forget.already", name=person.name)
    if [each.id for each in desk.tx.people.with_role(Role.OFFICE)] == [person.id]:
        raise Refused("forget.last_of_office", name=person.name)
    hands = passing.hands_of(desk, person)
    if not hands.is_empty:
        parts = handover.told(desk, None, "holds", person, person, hands)
        raise Refused("forget.holds", name=person.name, held=parts)


def forget(desk: Desk, person: Person) -> str:
    """Forget somebody and Return what became of them: the pseudonym that stands in their place."""
    ready(desk, person)
    alias = alias_of(desk, person)
    desk.tx.erasure.forget(person.id, alias, desk.today, desk.now)
    desk.record(None, "person.forgotten", f"person:{person.id}", via="cli")
    for problem in desk.tx.problems.of_reporter(person.id):
        if problem.is_open:
            cards.refresh(desk, problem)
    # Only now: a card that says so already would not be changed where it stands.
    left = desk.tx.erasure.rename(person, alias)
    told = desk.say(None, "forget.done", alias=alias)
    return f"{told}{desk.say(None, 'forget.left', name=person.name, count=left)}" if left else told

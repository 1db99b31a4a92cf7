"""The letters about a common problem (共性问题): the offer to the office, the card of the holder."""

from bot.domain.commons import Common, CommonState, Follower, projects_of
from bot.domain.people import Person
from bot.domain.words import visible
from handlers import letters, prompts
from handlers.turn import Desk
from storage.letters import Choices

_MOST = 10


def subject(common_id: int) -> str:
    """Return the name under which the holder's card is found again."""
    return f"common:{common_id}"


def offer_subject(common_id: int) -> str:
    """Return the name under which the offers to the office are found again."""
    return f"common_offer:{common_id}"


def offer(desk: Desk, reader: Person, common: Common, found: list[Follower]) -> str:
    """Return what the office is asked."""
    shown = desk.say(reader, "common.comma").join(
        f"{each.number} {prompts.shortened(each.project, 14)}" for each in found[:_MOST]
    )
    return desk.say(
        reader,
        "common.offer" if len(found) <= _MOST else "common.offer_among",
        category=common.category,
        holder=common.holder,
        projects=projects_of(found),
        problems=shown,
        count=len(found),
    )


def offer_choices(desk: Desk, reader: Person, common: Common) -> Choices:
    """Return the two answers; none once there is one."""
    if common.state is not CommonState.OFFERED:
        return ()
    return (
        (
            (desk.say(reader, "common.merge"), f"merge:{common.id}"),
            (desk.say(reader, "common.decline"), f"keep_apart:{common.id}"),
        ),
    )


def answered(desk: Desk, reader: Person, common: Common) -> str:
    """Return what an offer says once somebody has answered it."""
    state = common.state if common.state is CommonState.DECLINED else CommonState.MERGED
    return desk.say(
        reader,
        f"common.{state}",
        category=common.category,
        holder=common.holder,
        name=common.decided_by,
    )


def text(desk: Desk, reader: Person, common: Common) -> str:
    """Return what the holder reads: every follower and how it stands."""
    followers = desk.tx.commons.followers(common.id)
    if common.state is CommonState.CLOSED:
        return desk.say(reader, "common.card_closed", category=common.category)
    lines = [
        desk.say(
            reader,
            "common.line",
            number=each.number,
            project=prompts.shortened(each.project, 16),
            state=each.state,
            text=visible(prompts.shortened(each.text)),
        )
        for each in followers[:_MOST]
    ]
    if len(followers) > _MOST:
        lines.append(desk.say(reader, "list.more", count=len(followers) - _MOST).strip())
    return desk.say(
        reader,
        "common.card",
        category=common.category,
        projects=projects_of(followers),
        lines="\n".join(lines),
    )


def choices(desk: Desk, reader: Person, common: Common) -> Choices:
    """Return the one thing that can be done for all of them at once."""
    if common.state is not CommonState.MERGED:
        return ()
    return (((desk.say(reader, "button.feedback"), f"common_feedback:{common.id}"),),)


def send(desk: Desk, common: Common) -> None:
    """Give the holder the card."""
    holder = desk.tx.people.get(common.holder_id)
    desk.tell(
        holder,
        f"common:{common.id}:{holder.id}",
        text(desk, holder, common),
        choices(desk, holder, common),
        subject=subject(common.id),
    )


def succeed(desk: Desk, giver: Person, taker: Person) -> None:
    """Let a successor have the common problems of somebody whose work they take over."""
    for common_id in desk.tx.commons.succeed(giver.id, taker.id):
        common = desk.tx.commons.get(common_id)
        if common is not None and common.state is CommonState.MERGED:
            send(desk, common)
            refresh(desk, common_id)


def refresh(desk: Desk, common_id: int) -> None:
    """Bring the holder's card up to date in place."""
    common = desk.tx.commons.get(common_id)
    if common is None:
        return

    def card(person_id: int) -> tuple[str, Choices]:
        reader = desk.tx.people.get(person_id)
        return text(desk, reader, common), choices(desk, reader, common)

    letters.replace(desk, subject(common_id), card)


def refresh_offers(desk: Desk, common: Common) -> None:
    """Let every offer say how it was answered."""

    def told(person_id: int) -> tuple[str, Choices]:
        reader = desk.tx.people.get(person_id)
        return answered(desk, reader, common), offer_choices(desk, reader, common)

    letters.replace(desk, offer_subject(common.id), told)

"""Both sides of a handover say that they are through with it: 已交清, 已接清."""

from bot.domain.people import Person
from bot.errors import Refused
from handlers import letters
from handlers.turn import Desk, Turn
from storage.handovers import Handover, Hands
from storage.letters import Choices

_MOST_LINES = 12


def ask(desk: Desk, handover_id: int, giver: Person, taker: Person, hands: Hands) -> None:
    """Tell both sides what has passed, and ask each to say when it is complete."""
    for reader, other, side in ((giver, taker, "given"), (taker, giver, "taken")):
        desk.tell(
            reader,
            f"handover:{handover_id}:{side}",
            desk.say(reader, f"handover.{side}", name=other.placed, lines=_lines(desk, reader, hands)),
            _button(desk, reader, handover_id, side),
            subject=_subject(handover_id),
            # No substitute can say that somebody has explained, or understood, what has passed.
            in_person=True,
        )


def _lines(desk: Desk, reader: Person, hands: Hands) -> str:
    """Return what has passed, a line each: the projects by name, the problems by number."""
    lines = [
        desk.say(
            reader,
            "handover.project_line",
            name=duties[0].project,
            duties="、".join(str(each.duty) for each in duties),
        )
        for duties in hands.projects.values()
    ]
    lines += [
        desk.say(
            reader,
            "handover.problem_line",
            problem=each.tag,
            project=each.project,
            category=each.kind,
            state=each.state,
        )
        for each in hands.problems.values()
    ]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], desk.say(reader, "handover.among", count=len(lines))]
    counts = {
        "asked": len(hands.asked),
        "missives": len(hands.missives),
        "routes": len(hands.routes),
        "covers": len(hands.covers),
    }
    if any(counts.values()):
        more = [desk.say(reader, f"handover.{each}", count=count) for each, count in counts.items() if count]
        lines.append(
            desk.say(reader, "handover.besides", parts=desk.say(reader, "handover.comma").join(more))
        )
    return "\n".join(lines)


def _subject(handover_id: int) -> str:
    return f"handover:{handover_id}"


def _button(desk: Desk, reader: Person, handover_id: int, side: str) -> Choices:
    return (((desk.say(reader, f"handover.button_{side}"), f"handover_{side}:{handover_id}"),),)


def given(turn: Turn, handover: Handover) -> None:
    """Note that the one who gave is through with it."""
    _sign(turn, handover, "given", is_news=turn.tx.handovers.given(handover, turn.now))


def taken(turn: Turn, handover: Handover) -> None:
    """Note that the one who took is through with it."""
    _sign(turn, handover, "taken", is_news=turn.tx.handovers.taken(handover, turn.now))


def _sign(turn: Turn, handover: Handover, side: str, *, is_news: bool) -> None:
    if not is_news:
        raise Refused("handover.signed_already")
    turn.record(turn.sender, f"handover.{side}", _subject(handover.id))
    handover = turn.tx.handovers.get(handover.id) or handover
    _rewrite(turn, handover)
    turn.notice = turn.say(turn.sender, "handover.signed_notice")
    turn.reply("handover.signed")
    _tell_office(turn, handover)


def _rewrite(desk: Desk, handover: Handover) -> None:
    """Let both letters show what was said, with a button only for who has not said so yet."""
    texts = {row.person_id: row.text for row in desk.tx.outbox.live(_subject(handover.id))}
    moments = {
        handover.giver_id: ("given", handover.given_at),
        handover.taker_id: ("taken", handover.taken_at),
    }

    def slip(person_id: int) -> tuple[str, Choices]:
        reader = desk.tx.people.get(person_id)
        side, at = moments[person_id]
        if at is None:
            return texts[person_id], _button(desk, reader, handover.id, side)
        return f"{texts[person_id]}\n{desk.say(reader, f'handover.mark_{side}', at=desk.clock(at))}", ()

    letters.replace(desk, _subject(handover.id), slip)


def _tell_office(desk: Desk, handover: Handover) -> None:
    """Tell the office when both are through, once; who has left is not waited for."""
    giver, taker = (desk.tx.people.get(each) for each in (handover.giver_id, handover.taker_id))
    is_gone = not giver.active or desk.tx.people.address(giver.id) is None
    if handover.taken_at is None or (handover.given_at is None and not is_gone):
        return
    key = "handover.complete" if handover.given_at else "handover.complete_without"
    for colleague in desk.office:
        text = desk.say(colleague, key, giver=giver.name, taker=taker.name)
        desk.tell(colleague, f"handover:{handover.id}:complete:{colleague.id}", text)

"""What is left to the office: not handled, not delivered, owed at a backup – one card, 重试 or 作废."""

from datetime import timedelta

from bot.domain.people import Person
from bot.domain.reference import reference
from bot.domain.words import visible
from bot.errors import Cause, Refused
from handlers import letters, prompts
from handlers.turn import Beat, Desk, Turn
from handlers.watch import Watch
from storage.leftovers import SUBJECT, Kind, Leftover, kept
from storage.letters import Choice, Choices

_SHOWN = 5
_WORDS = 40
_APART = timedelta(hours=1)
"""Between two cards: what comes meanwhile is on the next one."""


# --- the office is told -----------------------------------------------------------------


async def tell(watch: Watch) -> None:
    """Tell the office of what is new."""
    if await watch.read(is_due):
        await watch.perform(show)


def is_due(beat: Beat) -> bool:
    """Tell whether the office has not been told of something, and was left alone for an hour."""
    return beat.tx.leftovers.has_news() and _may_come(beat)


def _may_come(desk: Desk) -> bool:
    told_at = desk.tx.leftovers.told_at()
    return told_at is None or desk.now - told_at >= _APART


def show(desk: Desk) -> None:
    """Give everybody of the office the card, in the place of the one before."""
    if not _may_come(desk):
        return
    old = [row.id for row in desk.tx.outbox.live(SUBJECT)]
    for colleague in desk.office:
        text, choices = _card(desk, colleague)
        desk.tell(colleague, f"{SUBJECT}:{desk.now}:{colleague.id}", text, choices, subject=SUBJECT)
    desk.tx.outbox.supersede(old)
    desk.tx.leftovers.tell()


def list_all(turn: Turn) -> None:
    """List what waits for the office (待核)."""
    text, choices = _card(turn, turn.sender)
    turn.reply_with(text, choices, subject=SUBJECT)


def _card(desk: Desk, reader: Person) -> tuple[str, Choices]:
    left = desk.tx.leftovers
    count = left.count()
    if not count:
        return desk.say(reader, "leftovers.none"), ()
    shown = left.waiting(_SHOWN)
    lines = [desk.say(reader, "leftovers.head", count=count)]
    lines += [f"{place}. {_line(desk, reader, each)}" for place, each in enumerate(shown, 1)]
    if count > len(shown):
        lines.append(desk.say(reader, "leftovers.more", count=count - len(shown)))
    lines.append(desk.say(reader, "leftovers.foot"))
    rows = [_buttons(desk, reader, place, each) for place, each in enumerate(shown, 1)]
    if count > 1:
        through = f"-{left.last()}"
        rows.append(
            (
                (desk.say(reader, "leftovers.retry_all"), f"retry:{through}"),
                (desk.say(reader, "leftovers.discard_all"), f"discard:{through}"),
            )
        )
    return "\n".join(lines), tuple(rows)


def _buttons(desk: Desk, reader: Person, place: int, each: Leftover) -> tuple[Choice, ...]:
    again = "resend" if each.kind is Kind.RESTORED else "retry"
    return (
        (desk.say(reader, f"leftovers.{again}", place=place), f"retry:{each.id}"),
        (desk.say(reader, "leftovers.discard", place=place), f"discard:{each.id}"),
    )


def _line(desk: Desk, reader: Person, each: Leftover) -> str:
    name, words = _whose(desk, reader, each)
    return desk.say(
        reader,
        f"leftovers.{each.kind}" if words else f"leftovers.{each.kind}_wordless",
        name=name,
        text=words,
        cause=desk.say(reader, f"leftovers.cause_{each.cause or Cause.REFUSED}"),
        reason=prompts.shortened(visible(each.reason), _WORDS),
        at=desk.clock(each.at),
        ref=reference(each.key),
    )


def _whose(desk: Desk, reader: Person, each: Leftover) -> tuple[str, str]:
    """Return whom something is for, or from whom it came, and its first words."""
    if each.to is not None:
        chat = desk.tx.chats.at(each.to)
        name = chat.title if chat else each.to.chat
        if each.person_id is not None and chat is None:
            name = desk.tx.people.get(each.person_id).call
        return name, prompts.shortened(visible(each.text), _WORDS)
    told = kept(each.raw)
    known = desk.tx.people.at(each.platform, str(told["sender"])) if told else None
    name = known.person.call if known else desk.platform(reader, each.platform)
    return name, prompts.shortened(visible(str(told.get("text", ""))), _WORDS) if told else ""


# --- and decides ------------------------------------------------------------------------


def retry(turn: Turn) -> None:
    """Handle or send something once more: the cause is gone."""
    found = _meant(turn)
    for each in found:
        if each.kind is Kind.UNREAD:
            turn.tx.leftovers.settle(each, "retrying")
        else:
            turn.tx.leftovers.settle(each, "settled")
            is_own = each.person_id is not None and turn.tx.chats.at(each.to or turn.incoming.at) is None
            to = turn.tx.people.address(each.person_id) if is_own and each.person_id else None
            turn.tx.leftovers.send_again(each, to, turn.now)
            turn.tx.outbox.added = True
        turn.record(turn.sender, "leftover.retried", f"leftover:{each.id}", key=each.key)
    _bring_up_to_date(turn)
    turn.reply("leftovers.retried", count=len(found))


def ask_discard(turn: Turn) -> None:
    """Ask once more before something is given up for good."""
    found = _meant(turn)
    buttons = (
        turn.choice("discard_sure", f"discard_sure:{turn.argument}"),
        turn.choice("drop", "drop"),
    )
    turn.reply("leftovers.sure", (buttons,), count=len(found), line=_line(turn, turn.sender, found[0]))


def discard(turn: Turn) -> None:
    """Give something up for good; what was kept of it stays."""
    found = _meant(turn)
    for each in found:
        turn.tx.leftovers.settle(each, "discarded")
        turn.record(turn.sender, "leftover.discarded", f"leftover:{each.id}", key=each.key)
    _bring_up_to_date(turn)
    turn.reply("leftovers.discarded", count=len(found))


def _meant(turn: Turn) -> list[Leftover]:
    """Return what a button is about: one, or all that stood there when it was shown."""
    first, _, last = turn.argument.partition("-")
    found = turn.tx.leftovers.of(int(first or 0), int(last or first))
    if not found:
        raise Refused("leftovers.settled")
    return found


def _bring_up_to_date(turn: Turn) -> None:
    letters.replace(turn, SUBJECT, lambda reader: _card(turn, turn.tx.people.get(reader)))

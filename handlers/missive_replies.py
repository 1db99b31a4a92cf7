"""A missive is received and answered by the people of its unit, and closed or given back by the office."""

from bot.domain.missives import Missive, MissiveState
from bot.domain.people import Person
from bot.errors import Refused
from handlers import deeds, missive_cards, missive_desk, missive_post, missive_ties, progress
from handlers.turn import Turn
from storage.missives import subject


def receive(turn: Turn, missive: Missive) -> None:
    """Note that somebody has received a letter (签收)."""
    key = "missive.received_already"
    if _sign(turn, missive):
        missive_ties.record(turn, turn.sender, "received", missive)
        missive_cards.refresh(turn, missive.id)
        key = "missive.received"
    turn.notice = turn.say(turn.sender, key, call=missive.call)
    if not turn.incoming.button:
        turn.reply_with(turn.notice)


def ask_reply(turn: Turn, missive: Missive) -> None:
    """Ask for the reply (回复)."""
    _must_await_reply(missive)
    turn.ask("missive_reply", missive=missive.id)
    turn.reply("missive.ask_reply", call=missive.number)


@deeds.answering
def reply(turn: Turn, missive: Missive) -> None:
    """Read the reply that was asked for."""
    _must_await_reply(missive)
    _reply(turn, missive, turn.text)


def reply_typed(turn: Turn, missive: Missive | None, words: str) -> None:
    """Answer a letter by its number: 「回复 交办3号 已于…」; the only one that waits needs no number."""
    if missive is None:
        # 「回复 主体封顶」 is a liaison's answer.
        turn.text = words
        progress.answer(turn)
    elif words:
        _must_await_reply(missive)
        _reply(turn, missive, words)
    else:
        ask_reply(turn, missive)


def waiting(turn: Turn) -> list[Missive]:
    """Return the letters that wait for the sender's reply."""
    selves = set(turn.selves(turn.sender))
    return [
        each
        for each in turn.tx.missives.in_state(MissiveState.SENT)
        if each.awaits_reply
        and (mine := selves & turn.tx.receipts.of(subject(each.id)).keys())
        and mine - turn.tx.receipts.handed_on(subject(each.id))
    ]


def _sign(turn: Turn, missive: Missive) -> bool:
    """Note that the sender has a letter, also where it has become theirs since; False if they had."""
    selves = missive_ties.answering(turn, missive, turn.sender)
    turn.tx.receipts.hand(subject(missive.id), selves, turn.now)
    is_news = turn.tx.receipts.sign(subject(missive.id), selves, turn.now)
    if is_news:
        turn.tx.missives.receive(missive, turn.sender.id, turn.now)
    return is_news


def _must_await_reply(missive: Missive) -> None:
    if not missive.awaits_reply:
        raise Refused("missive.needs_no_reply", call=missive.number, state=missive.state)


def _reply(turn: Turn, missive: Missive, words: str) -> None:
    """Keep a reply, and give it to the office; who has answered has received."""
    if not turn.tx.missives.answer(missive, words, turn.sender.id, turn.now):
        raise Refused("button.stale")
    _sign(turn, missive)
    missive_ties.record(turn, turn.sender, "replied", missive, text=words)
    replied = missive_desk.found(turn, missive.id)
    for colleague in turn.office:
        foreword = turn.say(colleague, "missive.replied", name=turn.sender.placed, call=missive.number)
        missive_cards.send(turn, colleague, replied, f"replied:{turn.incoming.key}", foreword)
    turn.reply("missive.reply_kept", call=missive.number)
    missive_cards.refresh(turn, missive.id)


# --- the office -------------------------------------------------------------------------


def close(turn: Turn) -> None:
    """Close a letter (办结)."""
    missive = _unclosed(turn, turn.argument)
    if not turn.tx.missives.close(missive, turn.now):
        raise Refused("button.stale")
    missive_ties.record(turn, turn.sender, "closed", missive)
    missive_cards.refresh(turn, missive.id)
    if replier := _replier(turn, missive):
        told = turn.say(replier, "missive.closed_for_you", call=missive.number)
        turn.tell(replier, f"missive:{missive.id}:closed:{replier.id}", told)
    turn.reply("missive.closed_now", call=missive.number)


def ask_return(turn: Turn) -> None:
    """Ask what is missing in the reply (退回)."""
    missive = _unclosed(turn, turn.argument)
    turn.ask("missive_return", missive=missive.id)
    turn.reply("missive.ask_return", call=missive.number)


@deeds.answering
def give_back(turn: Turn) -> None:
    """Ask the unit for another reply, by a new day."""
    missive = _unclosed(turn, turn.known["missive"])
    reason, due = turn.text, missive_post.in_workdays(turn)
    if not turn.tx.missives.give_back(missive, due):
        raise Refused("button.stale")
    missive_ties.record(turn, turn.sender, "returned", missive, reason=reason, until=str(due))
    returned = missive_desk.found(turn, missive.id)
    for person in missive_ties.summoned(turn, missive):
        foreword = turn.say(person, "missive.returned", call=missive.number, reason=reason)
        missive_cards.send(turn, person, returned, f"returned:{turn.incoming.key}", foreword)
    turn.reply("missive.returned_now", call=missive.number, day=turn.date(turn.sender, due))
    missive_cards.refresh(turn, missive.id)


def _unclosed(turn: Turn, missive_id: int | str) -> Missive:
    missive = missive_desk.found(turn, missive_id)
    if not missive.is_out or missive.state is MissiveState.CLOSED:
        raise Refused("button.stale")
    return missive


def _replier(turn: Turn, missive: Missive) -> Person | None:
    person = turn.tx.people.get(missive.replied_by) if missive.replied_by else None
    return person if person and person.active and person.id != turn.sender.id else None

"""What the office decides about a draft: release it, put figures right, or let it be."""

from dataclasses import replace

from bot.domain.amending import left_as_drafted, meant
from bot.domain.bulletins import Amendment, Bulletin, Stage
from bot.domain.document import Document, Kind
from bot.domain.words import visible
from bot.errors import Refused
from handlers import bulletins, deeds, letters, objections
from handlers.turn import Turn
from storage.letters import Choices


class _Unread(Refused):
    """A polite no that other words would change: the question is asked again."""


def release(turn: Turn) -> None:
    """Let a draft go out (发布): at once, or after the time in which it may be objected to."""
    number, _, version = turn.argument.partition(":")
    bulletin = bulletins.found(turn, number)
    if bulletin.stage is not Stage.DRAFT:
        raise bulletins.too_late(turn, bulletin)
    if version != str(bulletin.version) or bulletin.printed < bulletin.version:
        raise Refused("releasing.changed", title=bulletin.title)
    post_at = turn.county.calendar.open_after(turn.now, bulletin.hold) if bulletin.hold else turn.now
    released = turn.tx.bulletins.release(bulletin, turn.sender.id, turn.now, post_at)
    if released is None:
        raise Refused("releasing.changed", title=bulletin.title)
    turn.record(turn.sender, "bulletin.released", bulletin.subject, version=bulletin.version)
    if released.hold:
        until = turn.clock(post_at)
        objections.show(turn, released, until)
        _reply_shown(turn, released)
        _settle_cards(turn, released, "releasing.shown_by", until=until)
    else:
        turn.reply("releasing.released", title=bulletin.title, to="、".join(bulletin.audience))
        _settle_cards(turn, bulletin, "releasing.released_by")


def show(turn: Turn) -> None:
    """Show a draft again as it stands, or what is objected to, with what the office may do about it."""
    bulletin = bulletins.found(turn, turn.argument)
    bulletins.must_be_changeable(turn, bulletin)
    if bulletin.stage is Stage.SHOWN:
        _reply_shown(turn, bulletin)
        objections.show_again(turn, bulletin)
        return
    subject = bulletins.card(bulletin.id)
    cards = turn.tx.outbox.live(subject)
    mine = [each for each in cards if each.person_id == turn.sender.id] or cards
    if not mine:
        # It was amended, and the new version is not on paper yet.
        raise Refused("releasing.changed", title=bulletin.title)
    text = turn.tx.outbox.newest(mine[-1].id).text
    turn.reply_with(text, bulletins.choices(turn, turn.sender, bulletin), subject=subject)


def _reply_shown(turn: Turn, bulletin: Bulletin) -> None:
    """Tell the office when a paper goes out by itself, with what it may still do until then."""
    until = turn.clock(bulletin.post_at) if bulletin.post_at else ""
    text = turn.say(turn.sender, "releasing.shown", title=bulletin.title, until=until)
    offered = bulletins.choices(turn, turn.sender, bulletin)
    turn.reply_with(text, offered, subject=bulletins.card(bulletin.id))


def _settle_cards(turn: Turn, bulletin: Bulletin, key: str, **blanks: object) -> None:
    """Let every draft in the office's chats say what became of it, with what may still be done."""

    def settled(person_id: int) -> tuple[str, Choices]:
        reader = turn.tx.people.get(person_id)
        text = turn.say(reader, key, title=bulletin.title, name=turn.sender.name, **blanks)
        return text, bulletins.choices(turn, reader, bulletin) if bulletin.stage is Stage.SHOWN else ()

    letters.replace(turn, bulletins.card(bulletin.id), settled)


# --- figures put right ------------------------------------------------------------------


def ask_amendment(turn: Turn) -> None:
    """Ask which figure of a draft is to be put right (改数)."""
    bulletin = bulletins.found(turn, turn.argument)
    bulletins.must_be_changeable(turn, bulletin)
    turn.ask("amend", bulletin=bulletin.id)
    turn.reply("releasing.amend_how", title=bulletin.title, example=_example(bulletin.document))


def _example(document: Document) -> str:
    for table in document.tables:
        summed = next((each for each in table.headings if each.summed), None)
        if summed and table.rows:
            return f"{table.rows[0].key} {summed.title} 3200万（漏报）"
    return "XM-001 …"


@deeds.answering
def amend(turn: Turn) -> None:
    """Put figures of a draft right, one a line; each keeps what it was, and is marked."""
    bulletin = bulletins.found(turn, str(turn.known["bulletin"]))
    try:
        _amend(turn, bulletin, turn.text)
    except _Unread:
        turn.ask("amend", bulletin=bulletin.id)
        raise


def amend_typed(turn: Turn) -> None:
    """Put a figure right in the one draft that has it: 「改数 XM-012 本期完成 3200万（漏报）」."""
    waiting = turn.tx.bulletins.drafts()
    if not waiting:
        raise Refused("releasing.none")
    fitting = (
        [each for each in waiting if meant(turn.argument.splitlines()[0], each.document)]
        if turn.argument
        else []
    )
    if not fitting:
        raise Refused("releasing.amend_unread", example=_example(waiting[-1].document))
    if len(fitting) > 1:
        raise Refused("releasing.amend_which", titles="、".join(each.title for each in fitting))
    _amend(turn, fitting[0], turn.argument)


def _amend(turn: Turn, bulletin: Bulletin, words: str) -> None:
    bulletins.must_be_changeable(turn, bulletin)
    document = bulletin.document
    changes: list[Amendment] = []
    for line in filter(None, map(str.strip, words.splitlines())):
        change = _read(line, document)
        amended = document.amended(change.line, change.figure.key, change.value)
        if amended is None:
            raise _unread(document)
        document = amended
        changes.append(change)
    if not changes:
        raise _unread(document)
    if not turn.tx.bulletins.amend(bulletin, document, changes, turn.sender.id, turn.now):
        raise Refused("releasing.changed", title=bulletin.title)
    done = [
        {"line": each.line, "figure": each.figure.key, "value": each.value, "reason": each.reason}
        for each in changes
    ]
    turn.record(turn.sender, "bulletin.amended", bulletin.subject, changes=done)
    for person_id in objections.settle(turn, bulletin, "已改", "releasing.amended_by"):
        objections.tell(turn, person_id, bulletin, "releasing.objection_met")
    objections.settle_previews(turn, bulletin, "releasing.preview_amended")
    _settle_cards(turn, replace(bulletin, stage=Stage.DRAFT), "releasing.amended_by")
    said = [turn.say(turn.sender, "releasing.amended", title=bulletin.title, count=len(changes))]
    if left := left_as_drafted(document, changes):
        said.append(turn.say(turn.sender, "releasing.amend_left", figures="、".join(left)))
    turn.reply_with("\n".join(said))


def _read(line: str, document: Document) -> Amendment:
    """Return what a line puts right; refuse what no one can put right, and what cannot be read."""
    found = meant(line, document)
    if found is None:
        raise _unread(document)
    if parts := document.parts(found.line, found.figure.key):
        raise _Unread("releasing.amend_reckoned", figure=found.figure.title, parts="、".join(parts))
    if found.figure.kind is Kind.LIGHT:
        raise _Unread("releasing.amend_light", figure=found.figure.title)
    change = found.amendment()
    if change is None:
        raise _unread(document)
    return change


def _unread(document: Document) -> _Unread:
    return _Unread("releasing.amend_unread", example=_example(document))


# --- not sent ---------------------------------------------------------------------------


def ask_drop(turn: Turn) -> None:
    """Ask why a draft is not to go out (不发)."""
    bulletin = bulletins.found(turn, turn.argument)
    bulletins.must_be_changeable(turn, bulletin)
    turn.ask("drop_bulletin", bulletin=bulletin.id)
    turn.reply("releasing.drop_why", title=bulletin.title)


@deeds.answering
def drop(turn: Turn) -> None:
    """Let a draft go out to nobody, or one that is shown no further; the reason is kept."""
    bulletin = bulletins.found(turn, str(turn.known["bulletin"]))
    bulletins.must_be_changeable(turn, bulletin)
    if not turn.tx.bulletins.drop(bulletin, turn.sender.id, turn.text, turn.now):
        raise Refused("releasing.changed", title=bulletin.title)
    turn.record(turn.sender, "bulletin.dropped", bulletin.subject, reason=turn.text)
    reason = visible(turn.text)
    objectors = objections.settle(turn, bulletin, "不发", "releasing.dropped_by")
    for person_id in objectors:
        objections.tell(turn, person_id, bulletin, "releasing.objection_dropped", reason=reason)
    for person_id in objections.settle_previews(turn, bulletin, "releasing.preview_over") - {*objectors}:
        objections.tell(turn, person_id, bulletin, "releasing.preview_dropped", reason=reason)
    _settle_cards(turn, replace(bulletin, stage=Stage.DROPPED), "releasing.dropped_by")
    turn.reply("releasing.dropped", title=bulletin.title)

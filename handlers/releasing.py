"""What the office decides about a draft: release it, put figures right, or let it be; and objections."""

from bot.domain.amending import left_as_drafted, meant
from bot.domain.bulletins import Amendment, Bulletin, Stage
from bot.domain.document import Document, Kind
from bot.domain.people import Duty, Person, Role
from bot.domain.scope import Scope, ScopeKind
from bot.domain.words import visible
from bot.errors import Refused
from handlers import bulletins, deeds, letters
from handlers.turn import Desk, Turn
from storage.letters import Choices


class _Unread(Refused):
    """A polite no that other words would change: the question is asked again."""


def release(turn: Turn) -> None:
    """Let a draft go out (发布): at once, or after the time in which it may be objected to."""
    number, _, version = turn.argument.partition(":")
    bulletin = _of_office(turn, number)
    if bulletin.stage is not Stage.DRAFT:
        raise _too_late(bulletin)
    if version != str(bulletin.version) or bulletin.printed < bulletin.version:
        raise Refused("releasing.changed", title=bulletin.title)
    post_at = turn.county.calendar.open_after(turn.now, bulletin.hold) if bulletin.hold else turn.now
    released = turn.tx.bulletins.release(bulletin, turn.sender.id, turn.now, post_at)
    if released is None:
        raise Refused("releasing.changed", title=bulletin.title)
    turn.record(turn.sender, "bulletin.released", bulletin.subject, version=bulletin.version)
    if released.hold:
        until = turn.clock(post_at)
        _show_to_leaders(turn, released, until)
        turn.reply("releasing.shown", title=bulletin.title, until=until)
        _settle_cards(turn, bulletin, "releasing.shown_by", until=until)
    else:
        turn.reply("releasing.released", title=bulletin.title, to="、".join(bulletin.audience))
        _settle_cards(turn, bulletin, "releasing.released_by")


def _show_to_leaders(turn: Turn, bulletin: Bulletin, until: str) -> None:
    for leader in _leaders_of(turn, bulletin.scope):
        if turn.tx.people.address(leader.id) is None:
            continue
        text = turn.say(leader, "releasing.preview", title=bulletin.title, until=until)
        offered: Choices = (((turn.say(leader, "button.object"), f"object:{bulletin.id}"),),)
        slot = f"{bulletin.subject}:{bulletin.version}:preview"
        turn.tell(leader, f"{slot}:{leader.id}", text, offered, subject=f"{bulletin.subject}:preview")
        bulletins.hand_over(turn, leader, bulletin, f"{bulletin.version}:preview", ("pages",))


def _leaders_of(turn: Turn, scope: str) -> list[Person]:
    """Return the lead leaders whom a paper of a scope concerns."""
    kind, value = Scope.parse(scope).kind, Scope.parse(scope).value
    every = turn.tx.people.with_role(Role.LEAD_LEADER)
    if kind not in {ScopeKind.PLACE, ScopeKind.INDUSTRY}:
        return every
    covered = [each.id for each in turn.tx.projects.all() if value in {each.place, each.industry}]
    on = turn.tx.projects.on(covered, Duty.LEAD_LEADER, turn.today)
    leading = {person_id for ids in on.values() for person_id in ids}
    return [each for each in every if each.id in leading]


def _settle_cards(turn: Turn, bulletin: Bulletin, key: str, **blanks: object) -> None:
    """Let every draft in the office's chats say what became of it, without its buttons."""

    def settled(person_id: int) -> tuple[str, Choices]:
        reader = turn.tx.people.get(person_id)
        return turn.say(reader, key, title=bulletin.title, name=turn.sender.name, **blanks), ()

    letters.replace(turn, bulletins.card(bulletin.id), settled)


# --- figures put right ------------------------------------------------------------------


def ask_amendment(turn: Turn) -> None:
    """Ask which figure of a draft is to be put right (改数)."""
    bulletin = _of_office(turn, turn.argument)
    _must_be_changeable(bulletin)
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
    bulletin = _of_office(turn, str(turn.known["bulletin"]))
    try:
        _amend(turn, bulletin, turn.text)
    except _Unread:
        turn.ask("amend", bulletin=bulletin.id)
        raise


def amend_typed(turn: Turn) -> None:
    """Put a figure right in the one draft that has it: 「改数 XM-012 本期完成 3200万（漏报）」."""
    _must_be_office(turn)
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
    _must_be_changeable(bulletin)
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
    for person_id in turn.tx.bulletins.settle(bulletin.id, "已改", turn.sender.id, turn.now):
        _tell_objector(turn, person_id, bulletin, "releasing.objection_met")
    _settle_cards(turn, bulletin, "releasing.amended_by")
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
    bulletin = _of_office(turn, turn.argument)
    _must_be_changeable(bulletin)
    turn.ask("drop_bulletin", bulletin=bulletin.id)
    turn.reply("releasing.drop_why", title=bulletin.title)


@deeds.answering
def drop(turn: Turn) -> None:
    """Let a draft go out to nobody; the reason is kept."""
    bulletin = _of_office(turn, str(turn.known["bulletin"]))
    _must_be_changeable(bulletin)
    if not turn.tx.bulletins.drop(bulletin, turn.sender.id, turn.text, turn.now):
        raise Refused("releasing.changed", title=bulletin.title)
    turn.record(turn.sender, "bulletin.dropped", bulletin.subject, reason=turn.text)
    for person_id in turn.tx.bulletins.settle(bulletin.id, "不发", turn.sender.id, turn.now):
        _tell_objector(turn, person_id, bulletin, "releasing.objection_dropped", reason=visible(turn.text))
    _settle_cards(turn, bulletin, "releasing.dropped_by")
    turn.reply("releasing.dropped", title=bulletin.title)


# --- objections -------------------------------------------------------------------------


def ask_objection(turn: Turn) -> None:
    """Ask a leader what is wrong with what is about to be posted (有异议)."""
    bulletin = _shown(turn, turn.argument)
    turn.ask("object", bulletin=bulletin.id)
    turn.reply("releasing.object_what", title=bulletin.title)


@deeds.answering
def object_to(turn: Turn) -> None:
    """Take an objection to the office; nothing is posted before it is answered."""
    bulletin = _shown(turn, str(turn.known["bulletin"]))
    number = turn.tx.bulletins.object(bulletin.id, turn.sender.id, turn.text, turn.now)
    turn.record(turn.sender, "bulletin.objected", bulletin.subject, text=turn.text)
    for colleague in turn.office:
        text = turn.say(
            colleague,
            "releasing.objection",
            title=bulletin.title,
            name=turn.sender.call,
            text=visible(turn.text),
        )
        offered: Choices = (
            (
                (turn.say(colleague, "button.uphold"), f"uphold:{number}"),
                (turn.say(colleague, "button.amend"), f"amend:{bulletin.id}"),
            ),
        )
        turn.tell(
            colleague, f"objection:{number}:{colleague.id}", text, offered, subject=f"objection:{number}"
        )
    turn.reply("releasing.objected", title=bulletin.title)


def ask_uphold(turn: Turn) -> None:
    """Ask the office why the paper stays as it is (维持)."""
    _must_be_office(turn)
    _open_objection(turn, turn.argument)
    turn.ask("uphold", objection=int(turn.argument))
    turn.reply("releasing.uphold_why")


@deeds.answering
def uphold(turn: Turn) -> None:
    """Answer an objection: the paper stays as it is, and why."""
    _must_be_office(turn)
    number = int(turn.known["objection"])
    bulletin, person_id = _open_objection(turn, str(number))
    if not turn.tx.bulletins.answer(number, turn.text, turn.sender.id, turn.now):
        raise Refused("releasing.objection_answered")
    turn.record(turn.sender, "bulletin.upheld", bulletin.subject, objection=number, reason=turn.text)
    _tell_objector(turn, person_id, bulletin, "releasing.upheld", reason=visible(turn.text))
    turn.reply("releasing.upheld_now", title=bulletin.title)


def _tell_objector(turn: Turn, person_id: int, bulletin: Bulletin, key: str, **blanks: object) -> None:
    person = turn.tx.people.get(person_id)
    slot = f"{bulletin.subject}:{bulletin.version}:answer:{turn.incoming.key}:{person_id}"
    turn.tell(person, slot, turn.say(person, key, title=bulletin.title, **blanks))


# --- what they share --------------------------------------------------------------------


def _must_be_office(desk: Turn) -> None:
    if not desk.sender.is_office:
        raise Refused("office.only")


def _of_office(turn: Turn, number: str) -> Bulletin:
    _must_be_office(turn)
    return _bulletin(turn, number)


def _bulletin(turn: Desk, number: str) -> Bulletin:
    bulletin = turn.tx.bulletins.get(int(number)) if number.isdecimal() else None
    if bulletin is None:
        raise Refused("button.stale")
    return bulletin


def _must_be_changeable(bulletin: Bulletin) -> None:
    if bulletin.stage not in {Stage.DRAFT, Stage.SHOWN} or bulletin.posted_at is not None:
        raise _too_late(bulletin)


def _too_late(bulletin: Bulletin) -> Refused:
    return Refused("releasing.decided", title=bulletin.title, state=str(bulletin.stage))


def _shown(turn: Turn, number: str) -> Bulletin:
    selves = [turn.tx.people.get(each) for each in turn.selves(turn.sender)]
    if not any(each.has(Role.LEAD_LEADER, Role.OFFICE) for each in selves):
        raise Refused("releasing.not_yours")
    bulletin = _bulletin(turn, number)
    if bulletin.stage is not Stage.SHOWN or bulletin.posted_at is not None:
        raise _too_late(bulletin)
    return bulletin


def _open_objection(turn: Turn, number: str) -> tuple[Bulletin, int]:
    found = turn.tx.bulletins.objection(int(number)) if number.isdecimal() else None
    if found is None:
        raise Refused("button.stale")
    bulletin_id, person_id, _, answer = found
    if answer:
        raise Refused("releasing.objection_answered")
    return _bulletin(turn, str(bulletin_id)), person_id

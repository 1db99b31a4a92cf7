"""A paper that stands open to objections: shown to the leaders it concerns, objected to, upheld."""

from bot.domain.bulletins import Bulletin, Stage
from bot.domain.people import Duty, Person, Role
from bot.domain.scope import Scope, ScopeKind
from bot.domain.words import visible
from bot.errors import Refused
from handlers import bulletins, deeds, letters
from handlers.turn import Desk, Turn
from storage.letters import Choices


def show(turn: Turn, bulletin: Bulletin, until: str) -> None:
    """Show leaders what is about to be posted, each with the button to object."""
    for leader in _leaders_of(turn, bulletin.scope):
        if turn.tx.people.address(leader.id) is None:
            continue
        text = turn.say(leader, "releasing.preview", title=bulletin.title, until=until)
        offered: Choices = (((turn.say(leader, "button.object"), f"object:{bulletin.id}"),),)
        slot = f"{bulletin.subject}:{bulletin.version}:preview"
        turn.tell(leader, f"{slot}:{leader.id}", text, offered, subject=_preview(bulletin))
        bulletins.hand_over(turn, leader, bulletin, f"{bulletin.version}:preview", ("pages",))


def settle_previews(desk: Desk, bulletin: Bulletin, key: str) -> set[int]:
    """Let every preview say what became of it, without its button; Return who was shown one."""
    shown = {each.person_id for each in desk.tx.outbox.live(_preview(bulletin))}

    def settled(person_id: int) -> tuple[str, Choices]:
        return desk.say(desk.tx.people.get(person_id), key, title=bulletin.title), ()

    letters.replace(desk, _preview(bulletin), settled)
    return shown


def _preview(bulletin: Bulletin) -> str:
    return f"{bulletin.subject}:preview"


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


# --- objected to ------------------------------------------------------------------------


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
        text, offered = _card(turn, colleague, bulletin, number, turn.sender, turn.text)
        turn.tell(colleague, f"{_subject(number)}:{colleague.id}", text, offered, subject=_subject(number))
    turn.reply("releasing.objected", title=bulletin.title)


def show_again(turn: Turn, bulletin: Bulletin) -> None:
    """Show the office every objection that has no answer yet."""
    for number, person_id, words in turn.tx.bulletins.unanswered(bulletin.id):
        by = turn.tx.people.get(person_id)
        text, offered = _card(turn, turn.sender, bulletin, number, by, words)
        turn.reply_with(text, offered, subject=_subject(number))


def _card(
    turn: Turn, reader: Person, bulletin: Bulletin, number: int, by: Person, words: str
) -> tuple[str, Choices]:
    text = turn.say(reader, "releasing.objection", title=bulletin.title, name=by.call, text=visible(words))
    uphold = (turn.say(reader, "button.uphold"), f"uphold:{number}")
    amend = (turn.say(reader, "button.amend"), f"amend:{bulletin.id}")
    return text, ((uphold, amend),)


def _subject(number: int) -> str:
    return f"objection:{number}"


def ask_uphold(turn: Turn) -> None:
    """Ask the office why the paper stays as it is (维持)."""
    _open_objection(turn, turn.argument)
    turn.ask("uphold", objection=int(turn.argument))
    turn.reply("releasing.uphold_why")


@deeds.answering
def uphold(turn: Turn) -> None:
    """Answer an objection: the paper stays as it is, and why."""
    number = int(turn.known["objection"])
    bulletin, person_id = _open_objection(turn, str(number))
    if not turn.tx.bulletins.answer(number, turn.text, turn.sender.id, turn.now):
        raise Refused("releasing.objection_answered")
    _settle_card(turn, bulletin, number, "releasing.upheld_by")
    turn.record(turn.sender, "bulletin.upheld", bulletin.subject, objection=number, reason=turn.text)
    tell(turn, person_id, bulletin, "releasing.upheld", reason=visible(turn.text))
    turn.reply("releasing.upheld_now", title=bulletin.title)


def settle(turn: Turn, bulletin: Bulletin, answer: str, key: str) -> set[int]:
    """Answer every open objection by what was done about the paper; Return who made them."""
    unanswered = turn.tx.bulletins.unanswered(bulletin.id)
    turn.tx.bulletins.settle(bulletin.id, answer, turn.sender.id, turn.now)
    for number, _, _ in unanswered:
        _settle_card(turn, bulletin, number, key)
    return {person_id for _, person_id, _ in unanswered}


def _settle_card(turn: Turn, bulletin: Bulletin, number: int, key: str) -> None:
    """Let an objection say to every colleague who answered it and how, without its buttons."""

    def settled(person_id: int) -> tuple[str, Choices]:
        reader = turn.tx.people.get(person_id)
        return turn.say(reader, key, title=bulletin.title, name=turn.sender.name), ()

    letters.replace(turn, _subject(number), settled)


def tell(turn: Turn, person_id: int, bulletin: Bulletin, key: str, **blanks: object) -> None:
    """Tell somebody what became of their objection, or of what they were shown."""
    person = turn.tx.people.get(person_id)
    slot = f"{bulletin.subject}:{bulletin.version}:answer:{turn.incoming.key}:{person_id}"
    turn.tell(person, slot, turn.say(person, key, title=bulletin.title, **blanks))


def _shown(turn: Turn, number: str) -> Bulletin:
    bulletin = bulletins.found(turn, number)
    if bulletin.stage is not Stage.SHOWN or bulletin.posted_at is not None:
        raise bulletins.too_late(turn, bulletin)
    return bulletin


def _open_objection(turn: Turn, number: str) -> tuple[Bulletin, int]:
    found = turn.tx.bulletins.objection(int(number)) if number.isdecimal() else None
    if found is None:
        raise Refused("button.stale")
    bulletin_id, person_id, _, answer = found
    if answer:
        raise Refused("releasing.objection_answered")
    return bulletins.found(turn, str(bulletin_id)), person_id

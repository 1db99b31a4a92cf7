"""Released papers go to the groups and people they are for; people sign for them with one tap."""

import logging
from functools import partial

from bot.domain.bulletins import Bulletin, Stage
from bot.domain.people import Person, Role
from bot.domain.tasks import AGENDA
from bot.domain.timetable import GROUPS
from bot.errors import PaperError, Refused
from handlers import bulletins, letters, objections
from handlers.turn import Beat, Turn
from handlers.watch import Printed, Watch
from storage.chats import Chat
from storage.letters import Choices, Lane, Letter

log = logging.getLogger(__name__)


async def post(watch: Watch) -> None:
    """Post what is released and whose moment has come; what is for one person holds their lines only."""
    for bulletin in await watch.read(to_post):
        try:
            if bulletin.personal:
                await _post_to_each(watch, bulletin)
            else:
                printed = await watch.press.print(bulletin.content)
                await watch.perform(partial(_post, bulletin, printed))
        except PaperError:
            log.exception("bulletin %d could not be printed; tried again", bulletin.id)
            await watch.perform(partial(bulletins.put_off_printing, bulletin))


def to_post(beat: Beat) -> list[Bulletin]:
    """Return what is released and whose moment has come."""
    found = [beat.tx.bulletins.get(each) for each in beat.tx.bulletins.to_post(beat.now)]
    return [each for each in found if each is not None]


async def _post_to_each(watch: Watch, bulletin: Bulletin) -> None:
    for person in await watch.read(lambda beat: _readers(beat, bulletin)):
        printed = await _print_for(watch, bulletin, person)
        if printed is not None:
            await watch.perform(partial(_hand, bulletin, person, printed))
    await watch.perform(partial(_done, bulletin))


async def _print_for(watch: Watch, bulletin: Bulletin, person: Person) -> Printed | None:
    if person.is_office:
        return await watch.press.print(bulletin.content)
    return await watch.press.print_for(person.id, bulletin.content)


def _post(bulletin: Bulletin, printed: Printed, beat: Beat) -> None:
    if not _done(bulletin, beat):
        return
    bulletins.keep(beat, bulletin, printed)
    with beat.at_rest():
        for person in _readers(beat, bulletin):
            _tell(beat, bulletin, person, printed)
            if not person.is_office:
                bulletins.hand_over(beat, person, bulletin, "posted", ("pages",))
    groups = [chat for chat in beat.tx.chats.bound() if chat.scope == bulletin.scope]
    if GROUPS in bulletin.audience:
        for chat in groups:
            _post_to_group(beat, bulletin, chat, printed)
        if not groups:
            _tell_of_no_group(beat, bulletin)


def _tell_of_no_group(beat: Beat, bulletin: Bulletin) -> None:
    """Tell the office that a paper for the groups has reached none, for none is bound to its scope."""
    for colleague in beat.office:
        scope = bulletin.scope.replace(":", "：")
        text = beat.say(colleague, "releasing.no_group", title=bulletin.title, scope=scope)
        beat.tell(colleague, f"{bulletin.subject}:no_group:{colleague.id}", text)


def _done(bulletin: Bulletin, beat: Beat) -> bool:
    if not beat.tx.bulletins.posted(bulletin, beat.now):
        return False
    beat.record(None, "bulletin.posted", bulletin.subject, version=bulletin.version)
    if bulletin.stage is Stage.SHOWN:
        objections.settle_previews(beat, bulletin, "releasing.posted")
        letters.replace(
            beat,
            bulletins.card(bulletin.id),
            lambda person_id: (
                beat.say(beat.tx.people.get(person_id), "releasing.posted", title=bulletin.title),
                (),
            ),
        )
    return True


def _readers(beat: Beat, bulletin: Bulletin) -> list[Person]:
    """Return the people a bulletin is for, each once; who has not joined need not read it later."""
    roles = [Role(each) for each in bulletin.audience if each != GROUPS]
    people = {
        person.id: person
        for role in roles
        for person in (beat.office if role is Role.OFFICE else beat.tx.people.with_role(role))
    }
    return [person for person in people.values() if beat.once(beat.tx.people.address, person.id)]


def _hand(bulletin: Bulletin, person: Person, printed: Printed, beat: Beat) -> None:
    """Hand somebody their own lines of a paper."""
    _tell(beat, bulletin, person, printed)
    if person.is_office:
        bulletins.keep(beat, bulletin, printed)
        return
    slot = f"{bulletin.subject}:own:{person.id}"
    paper_id = beat.tx.papers.add(slot, printed.pages, beat.now)
    bulletins.owe(beat, person, slot, paper_id, in_person=True)


def _tell(beat: Beat, bulletin: Bulletin, person: Person, printed: Printed) -> None:
    choices: Choices = ()
    if person.is_office:
        row = [bulletins.files_choice(beat, person, bulletin)]
        if bulletin.form == AGENDA:
            row.insert(0, (beat.say(person, "button.resolve"), f"resolve:{bulletin.id}"))
        choices = (tuple(row),)
    elif beat.tx.receipts.hand(bulletin.subject, [person.id], beat.now):
        choices = (((beat.say(person, "button.sign"), f"sign:{bulletin.subject}"),),)
    # Somebody's own lines are not their substitute's.
    beat.tell(
        person,
        f"{bulletin.subject}:posted:{person.id}",
        printed.text,
        choices,
        subject=f"{bulletin.subject}:posted",
        lane=Lane.PAPER,
        in_person=bulletin.personal,
    )


def _post_to_group(beat: Beat, bulletin: Bulletin, chat: Chat, printed: Printed) -> None:
    slot = f"{bulletin.subject}:group:{chat.id}"
    parts = (
        (slot, printed.text, None),
        (f"{slot}:pages", "", bulletins.kept(beat, bulletin, "pages")),
        (f"{slot}:book", "", bulletins.kept(beat, bulletin, "workbook")),
    )
    for key, text, paper_id in parts:
        letter = Letter(
            key=key,
            to=chat.at,
            text=text,
            due_at=beat.county.calendar.next_open(beat.now),
            in_group=True,
            lane=Lane.PAPER,
            paper_id=paper_id,
        )
        beat.tx.outbox.add(letter, beat.now)


def sign(turn: Turn) -> None:
    """Sign for what one was handed, and for those in whose place one stands (签收)."""
    subject = turn.argument
    if not turn.tx.receipts.sign(subject, turn.selves(turn.sender), turn.now):
        raise Refused("receipt.signed_already")
    turn.record(turn.sender, "receipt.signed", subject)
    turn.notice = turn.say(turn.sender, "receipt.signed")

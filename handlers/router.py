"""The way of a message: admitted once, to the handler it belongs to, and the boundary for errors.

What there is to say stands in `handlers/contents.py`.
"""

import dataclasses
import logging
import re
from collections.abc import Callable, Sequence
from functools import partial

from bot.chat import Event, Incoming, Unreadable
from bot.clock import Clock
from bot.domain.county import County
from bot.domain.people import Language, Person
from bot.domain.reference import reference
from bot.domain.words import clean
from bot.errors import Refused, StorageError, Unrecognised
from bot.texts import Texts
from handlers import (
    attachments,
    ballots,
    deeds,
    departure,
    edits,
    groups,
    offers,
    pictures,
    private_line,
    progress,
    secrecy,
    spoken,
    welcome,
)
from handlers.access import Entry
from handlers.contents import ACTIONS, ASIDES, BARE, COMMANDS, ELSE, MEANT, TOPICS, WORDLESS
from handlers.flood import Gate
from handlers.turn import Desk, Turn
from storage.conversations import Question
from storage.letters import Letter, Pressed
from storage.people import Known
from storage.store import Store
from storage.tx import Tx

log = logging.getLogger(__name__)

EVENTS: dict[Event, Callable[[Desk, Incoming], None]] = {
    Event.JOINED_GROUP: groups.joined,
    Event.LEFT_GROUP: groups.left,
    Event.MOVED: groups.moved,
    Event.ALTERED: groups.altered,
    Event.BLOCKED: departure.blocked,
    Event.UNBLOCKED: departure.unblocked,
}

LONGEST = 8 * 1024
"""Bytes of one message that are taken in; a longer one is refused with a sentence (SECURITY row 14)."""

_COMMAND = re.compile(r"/?(?P<word>[A-Za-z]+|\S+?)(?:@\w+)?(?:[\s:：,，]+(?P<rest>.*))?", re.DOTALL)


class Router:
    """Takes everything that reaches us, on any platform."""

    def __init__(self, store: Store, county: County, texts: Texts, clock: Clock) -> None:
        self._store = store
        self._county = county
        self._texts = texts
        self._clock = clock
        self._gate = Gate()

    async def receive(self, incoming: Incoming | Unreadable) -> str:
        """Handle what reached us, once; Return a notice for whoever pressed a button.

        Raise StorageError or Unrecognised when it must be offered again: not stored, or nobody known.
        """
        if isinstance(incoming, Unreadable):
            await self._store.perform(partial(self._bury_unreadable, incoming))
            return ""
        now = self._clock.now()
        if not self._gate.admits(incoming, now):
            return await self._slow_down(incoming)
        if not (self._gate.has_room_for_strangers(incoming, now) or await self._knows(incoming)):
            return ""
        try:
            notice = await self._take_in(incoming)
        except (StorageError, Unrecognised):
            self._gate.give_back(incoming)
            raise
        if notice is None:
            self._gate.give_back(incoming)
        return notice or ""

    async def _take_in(self, incoming: Incoming) -> str | None:
        """Return the notice; None when this was here before."""
        try:
            return await self._store.perform(partial(self._handle, incoming))
        except (StorageError, Unrecognised):
            raise
        except Refused as refusal:
            return await self._store.perform(partial(self._refuse, incoming, refusal))
        except Exception as error:  # noqa: BLE001 -- the boundary; what may be logged of it `_apologise` knows
            return await self._store.perform(partial(self._apologise, incoming, error))

    async def again(self, incoming: Incoming) -> None:
        """Handle once more what could not be handled; raise Unrecognised if nobody knows who wrote it."""
        try:
            await self._store.perform(partial(self._revived, self._handle, incoming))
        except (StorageError, Unrecognised):
            raise
        except Refused as refusal:
            refuse = partial(self._refuse, refusal=refusal)
            await self._store.perform(lambda tx: self._revived(refuse, incoming, tx))
        except Exception as error:  # noqa: BLE001 -- the boundary, as in `receive`
            await self._store.perform(partial(self._apologise, incoming, error))

    async def _slow_down(self, incoming: Incoming) -> str:
        """Say once a minute that nothing more is taken in; to nobody whom we do not know."""
        if self._gate.is_told(incoming):
            return ""
        self._gate.tell(incoming)
        log.warning("too much came at once from an account on %s; it waits a minute", incoming.at.platform)
        try:
            return await self._store.perform(partial(self._ask_to_wait, incoming))
        except StorageError:
            self._gate.tell(incoming, told=False)
            raise

    async def _knows(self, incoming: Incoming) -> bool:
        """Tell whether somebody has an account, while too many strangers write to ask the writer."""
        return await self._store.read(lambda tx: _known(tx, incoming)) is not None

    # --- on the writer's thread ---------------------------------------------------------

    def _revived(self, do: Callable[..., str | None], incoming: Incoming, tx: Tx) -> str | None:
        tx.inbox.revive(incoming.key)
        return do(incoming, tx=tx)

    def _handle(self, incoming: Incoming, tx: Tx) -> str | None:
        now = self._clock.now()
        if not tx.inbox.admit(incoming.key, now):
            return None
        desk = Desk(tx, self._county, self._texts, now)
        if incoming.event is not None:
            return _happened(desk, incoming, incoming.event)
        text = clean(incoming.text).strip()
        known, incoming = _recognised(tx, incoming, text)
        if not incoming.private:
            groups.listen(desk, incoming, known.person if known else None, text)
        if known is None or not (incoming.private or incoming.button):
            if incoming.private:
                welcome.stranger(desk, incoming, text)
            return ""
        self._gate.knows(incoming)
        turn = Turn(tx, self._county, self._texts, now, incoming=incoming, sender=known.person, text=text)
        if incoming.private:
            _let_in(turn, known)
        if len(text.encode()) > LONGEST:
            raise Refused("text.too_long", kb=LONGEST // 1024)
        attachments.arrive(turn)
        _dispatch(turn)
        if not (incoming.shows_notice or turn.has_replied):
            turn.send_notice()
        return turn.notice

    def _refuse(self, incoming: Incoming, refusal: Refused, tx: Tx) -> str:
        now = self._clock.now()
        tx.inbox.admit(incoming.key, now)
        sender = self._sender(tx, incoming)
        text = self._texts.say(self._language(sender), refusal.key, **refusal.blanks)
        desk = Desk(tx, self._county, self._texts, now)
        if sender is not None and refusal.is_denial:
            pressed = tx.outbox.pressed(incoming.button) if incoming.button else None
            deeds.note_denial(desk, sender, refusal, pressed.action.partition(":")[0] if pressed else "")
        # In a group only the one who pressed is told: by the notice, else in their own chat.
        if incoming.private:
            self._owe(tx, f"reply:{incoming.key}", incoming, sender, text)
        elif sender is not None and not incoming.shows_notice:
            desk.tell(sender, f"notice:{incoming.key}", text, disturb=True, in_person=True)
        return text

    def _ask_to_wait(self, incoming: Incoming, tx: Tx) -> str:
        """Return what somebody reads who sends too much: it is not taken in, so it may come again."""
        known = _known(tx, incoming)
        if known is None:
            return ""
        now, text = self._clock.now(), self._texts.say(known.person.language, "text.too_many")
        if incoming.private:
            slot = f"slow:{known.person.id}:{now.timestamp():.0f}"
            tx.outbox.add(Letter(slot, incoming.at, text, now, person_id=known.person.id), now)
        return text

    def _apologise(self, incoming: Incoming, error: Exception, tx: Tx) -> str:
        now = self._clock.now()
        sender = self._sender(tx, incoming)
        # Of a stranger's words nothing is kept, not even here; nor of what is secret.
        hidden = sender is None or secrecy.is_secret(tx, incoming, sender)
        kept = secrecy.without_words(incoming) if hidden else incoming
        reason = secrecy.place_of(error) if hidden else repr(error)
        log.error(
            "message %s (%s) could not be handled and was kept as a dead letter: %s",
            incoming.key,
            reference(incoming.key),
            reason,
            exc_info=None if hidden else error,
        )
        tx.inbox.bury(incoming.key, incoming.at.platform, dataclasses.asdict(kept), reason, now)
        if sender is not None and incoming.private:
            key = "error.apology_unkept" if hidden else "error.apology"
            text = self._texts.say(self._language(sender), key, ref=reference(incoming.key))
            # Not the slot of an answer: handled once more, there may be one.
            self._owe(tx, f"reply:{incoming.key}:sorry", incoming, sender, text)
        return ""

    def _bury_unreadable(self, unreadable: Unreadable, tx: Tx) -> None:
        secret = secrecy.may_hold_secrets(tx, unreadable.raw)
        raw, reason = ("", "") if secret else (unreadable.raw, unreadable.reason)
        tx.inbox.bury(unreadable.key, unreadable.platform, raw, reason, self._clock.now())

    def _owe(self, tx: Tx, slot: str, incoming: Incoming, sender: Person | None, text: str) -> None:
        now = self._clock.now()
        person_id = sender.id if sender else None
        if sender is not None:
            # They have written, whatever became of it: their chat takes messages now.
            tx.dispatch.resume(incoming.at.platform, incoming.at.chat)
        tx.outbox.add(Letter(slot, incoming.at, text, now, person_id=person_id), now)

    def _sender(self, tx: Tx, incoming: Incoming) -> Person | None:
        known = _known(tx, incoming)
        return known.person if known else None

    def _language(self, person: Person | None) -> Language:
        return person.language if person else self._county.language


def _let_in(turn: Turn, known: Known) -> None:
    """Send whoever writes in their own chat what waited for that."""
    if known.is_awaited:
        turn.tx.dispatch.resume(turn.incoming.at.platform, known.chat)
    if known.is_back:
        departure.unblocked(turn, turn.incoming)
    if known.is_new:
        welcome.greet(turn)


def _known(tx: Tx, incoming: Incoming) -> Known | None:
    """Return whose account something came from, by either of its ids; None for a stranger."""
    platform = incoming.at.platform
    known = tx.people.at(platform, incoming.sender, incoming.alias)
    if known and incoming.alias not in {"", known.chat, known.account} and not known.is_new:
        # One day the second id may be all that the platform can tell.
        tx.people.rename_chat(platform, known.account, incoming.alias)
    return known


def _recognised(tx: Tx, incoming: Incoming, text: str) -> tuple[Known | None, Incoming]:
    """Return whose account something came from, and the same under the name of that account.

    Raise Unrecognised if the name of a stranger may be that of somebody: a code lets anybody in.
    """
    known = _known(tx, incoming)
    if known is not None:
        is_itself = incoming.sender == known.account
        return known, incoming if is_itself else dataclasses.replace(incoming, sender=known.account)
    if incoming.is_disguised and not welcome.brings_code(text):
        raise Unrecognised
    return None, incoming


def _happened(desk: Desk, incoming: Incoming, event: Event) -> str:
    """Take in what nobody said; Return what the one it happened to is shown."""
    if event is Event.OPENED:
        return welcome.opened(desk, incoming)
    EVENTS[event](desk, incoming)
    return ""


def _dispatch(turn: Turn) -> None:
    """Hand a message to the one handler it belongs to."""
    incoming = turn.incoming
    if incoming.button:
        _press(turn, turn.tx.outbox.pressed(incoming.button))
        return
    if private_line.is_meant(turn):
        private_line.hear(turn)
        return
    if incoming.edited:
        edits.revise(turn)
        return
    if welcome.brings_code(turn.text):
        welcome.again(turn)
    elif command := _command(turn):
        command(turn)
    elif pressed := offers.typed_label(turn):
        _press(turn, pressed)
    elif spoken.named_in(turn) or ballots.overheard(turn):
        return
    elif question := turn.question:
        _answer(turn, question)
    elif meant := offers.typed_place(turn):
        _press_one_of(turn, meant)
    else:
        progress.answer(turn)


def _answer(turn: Turn, question: Question) -> None:
    if not turn.text and question.topic not in WORDLESS:
        pictures.wait(turn)
        return
    turn.close_question()
    TOPICS[question.topic](turn)


def _command(turn: Turn) -> Entry | None:
    """Return what a text that begins with a command word stands for."""
    match = _COMMAND.fullmatch(turn.text)
    if match is None:
        return None
    entry = COMMANDS.get(match["word"].lower())
    rest = (match["rest"] or "").strip()
    # 「项目 主体封顶」 is an answer, not the command 项目.
    if entry is None or (rest and entry.handler in BARE and not turn.text.startswith("/")):
        return None
    if entry.handler in MEANT and not MEANT[entry.handler](turn, rest):
        entry = ELSE.get(entry.handler)
        if entry is None:
            return None
    turn.argument = rest
    _turn_away_from(turn, entry)
    return entry


def _press(turn: Turn, pressed: Pressed | None) -> None:
    if pressed is None:
        raise Refused("button.unknown")
    if not offers.is_for(turn, pressed):
        raise Refused("button.not_yours")
    verb, _, turn.argument = pressed.action.partition(":")
    _turn_away_from(turn, ACTIONS[verb])
    try:
        ACTIONS[verb](turn)
    except deeds.Final as refusal:
        # Of an open question: raised, it would leave it open, which then catches every word.
        if turn.question is None:
            raise
        deeds.let_go(turn, refusal)


def _press_one_of(turn: Turn, meant: Sequence[Pressed]) -> None:
    if len(meant) > 1:
        offers.ask_which(turn, meant)
    else:
        _press(turn, meant[0])


def _turn_away_from(turn: Turn, entry: Entry) -> None:
    """Close the open question when something else is begun; not for an aside, if it keeps words."""
    if entry.handler not in ASIDES or not turn.known.get("text"):
        turn.close_question()

"""The private line to a project's 纪检监察员 (MISSION row 4): nobody else reads it, nothing of it is kept.

The words pass through one letter of the outbox and are erased from it when they have arrived, or cannot.
No log, audit, ledger, question or dead letter has them, and no substitute gets them.
"""

from collections.abc import Iterable
from datetime import timedelta

from bot.domain.answers import read_answers
from bot.domain.people import Duty, Person
from bot.domain.progress import Kind
from bot.domain.projects import Project
from bot.domain.words import visible
from bot.errors import Refused
from handlers import deeds, offers, pointing, progress, secrecy, whom
from handlers.access import Entry
from handlers.people_access import pair
from handlers.turn import Beat, Desk, Turn
from handlers.undelivered import LONGEST_OWED
from handlers.watch import Watch
from storage.letters import PRIVATE, Choices

_WAITS = timedelta(hours=1)
"""So long words after 〔写密件〕 are taken for it; later they are asked for again, and not kept."""


def is_meant(turn: Turn) -> bool:
    """Tell whether a message is for the private line, before anything else can take it for its own."""
    if secrecy.PREFIX.match(turn.text):
        return True
    if turn.incoming.edited or turn.found is None or turn.found.topic != PRIVATE or turn.text.startswith("/"):
        return False
    return not _is_plain(turn)


def _is_plain(turn: Turn) -> bool:
    """Tell whether words are no secret: the label of another button, or just 「照旧」."""
    answers = read_answers(turn.text, progress.numbered(progress.listed(turn)), turn.today)
    if answers and all(each.kind is Kind.UNCHANGED for each in answers):
        return True
    return offers.typed_label(turn) is not None


def hear(turn: Turn) -> None:
    """Pass on what somebody says in private; what is refused is asked for no more, and not kept."""
    if turn.incoming.edited:
        raise Refused("private.no_edit")
    if turn.files or not turn.text:
        raise Refused("private.words_only")
    try:
        _hear(turn)
    except Refused as refusal:
        if _is_open(turn):
            turn.tx.conversations.end(turn.sender.id)
        deeds.let_go(turn, refusal)


def _hear(turn: Turn) -> None:
    words = secrecy.PREFIX.sub("", turn.text, count=1).strip(" \t\r\n\u3000:：,，")
    begins = secrecy.PREFIX.match(turn.text) is not None
    if begins and (turn.text.startswith("密件回复") or not words):
        _answer_or_ask(turn, words.removeprefix("回复").strip(" \t\r\n\u3000:：,，"))
    elif begins:
        project, words = _named(turn, words)
        if project is None or not words:
            raise Refused("private.which")
        turn.tx.conversations.end(turn.sender.id)
        _pass(turn, project, words, inspectors(turn, project))
    else:
        _take_answer(turn)


def _answer_or_ask(turn: Turn, words: str) -> None:
    """Answer the last private message (密件回复), or ask what there is to say (密件)."""
    if turn.text.startswith("密件回复"):
        found = (each.action for each in turn.tx.outbox.offered(turn.sender.id))
        action = next((each for each in found if each.startswith("private_reply:")), None)
        if action is None:
            raise Refused("private.nothing_to_answer")
        turn.argument = action.partition(":")[2]
        if words:
            turn.tx.conversations.end(turn.sender.id)
            project, peer = pair(turn)
            _pass(turn, project, words, [peer])
        else:
            REPLY(turn)
        return
    only = whom.only(turn)
    if only is None:
        raise Refused("private.which")
    turn.argument = str(only.id)
    ask(turn)


def _named(turn: Turn, words: str) -> tuple[Project | None, str]:
    """Return the project that private words begin with; only a name that is exact may point beyond one's own.

    A guess would show them to the inspector of another project.
    """
    project, rest = pointing.among(words, whom.mine(turn))
    if project is not None:
        return project, rest
    number, _, rest = words.partition(" ")
    if (numbered := turn.tx.projects.numbered(number.upper())) is not None:
        return numbered, rest.strip()
    if named := [each for each in turn.tx.projects.all() if words.startswith(each.name)]:
        longest = max(named, key=lambda each: len(each.name))
        return longest, words[len(longest.name) :].strip(" ，,：:")
    return whom.only(turn), words


def ask(turn: Turn) -> None:
    """Ask what to pass on to the inspector (写密件)."""
    project = turn.tx.projects.get(int(turn.argument))
    people = inspectors(turn, project)
    turn.ask(PRIVATE, project=project.id)
    _say(turn, "private.what", project=project.name, name=_names(people))


def ask_reply(turn: Turn, project: Project, peer: Person) -> None:
    """Ask for an answer to a private message (密件回复)."""
    turn.ask(PRIVATE, project=project.id, peer=peer.id)
    _say(turn, "private.answer", project=project.name, name=peer.name)


REPLY = Entry(pair, ask_reply)


def _take_answer(turn: Turn) -> None:
    """Pass on the words that were asked for."""
    question = turn.tx.conversations.open(turn.sender.id)
    if question is None or turn.now - question.asked_at > _WAITS:
        turn.tx.conversations.end(turn.sender.id)
        _say(turn, "private.too_late")
        return
    if turn.text.lower() in {"取消", "cancel", "不用了"}:
        turn.tx.conversations.end(turn.sender.id)
        _say(turn, "private.dropped")
        return
    project = turn.tx.projects.get(int(question.data["project"]))
    if "peer" in question.data:
        turn.argument = f"{project.id}:{question.data['peer']}"
        people = [pair(turn)[1]]
    else:
        people = inspectors(turn, project)
    turn.tx.conversations.end(turn.sender.id)
    _pass(turn, project, turn.text, people)


def answered(turn: Turn) -> None:
    """Take what was no secret – 「照旧」 – for what it is, though private words were waited for."""
    if _is_plain(turn):
        progress.answer(turn)
    else:
        _say(turn, "private.too_late")


def _pass(turn: Turn, project: Project, words: str, people: Iterable[Person]) -> None:
    """Owe the words to those they are for, in person; the trail says that something was passed, no more."""
    reached = turn.tx.people.addresses([each.id for each in people])
    readers = [each for each in people if each.id in reached]
    if not readers:
        raise Refused("private.not_reached", name=_names(people))
    for reader in readers:
        text = turn.say(
            reader, "private.message", project=project.name, name=turn.sender.placed, text=visible(words)
        )
        answer: Choices = (
            ((turn.say(reader, "button.private_reply"), f"private_reply:{project.id}:{turn.sender.id}"),),
        )
        slot = f"private:{turn.incoming.key}:{reader.id}"
        turn.tell(reader, slot, text, answer, subject=PRIVATE, in_person=True)
    turn.record(None, "private.passed", "county")
    _say(turn, "private.passed", project=project.name, name=_names(readers))


def inspectors(turn: Turn, project: Project) -> list[Person]:
    """Return a project's inspectors, without whoever asks."""
    found = [turn.tx.people.get(each) for each in whom.on(turn, project, Duty.INSPECTOR)]
    others = [each for each in found if each.id != turn.sender.id]
    if not others:
        raise Refused("private.no_inspector", project=project.name)
    return others


def _is_open(turn: Turn) -> bool:
    question = turn.tx.conversations.open(turn.sender.id)
    return question is not None and question.topic == PRIVATE


def _names(people: Iterable[Person]) -> str:
    return "、".join(each.name for each in people)


def _say(turn: Turn, key: str, **blanks: object) -> None:
    """Answer the sender; that they wrote at all is erased with the rest."""
    turn.reply_with(turn.say(turn.sender, key, **blanks), subject=PRIVATE)


# --- what did not arrive ----------------------------------------------------------------


async def keep(watch: Watch) -> None:
    """Erase what could not be delivered, and tell whoever wrote it."""
    if await watch.read(has_stranded):
        await watch.perform(_erase)


def has_stranded(beat: Beat) -> bool:
    """Tell whether something private could not be delivered for too long."""
    return bool(beat.tx.dispatch.stranded(beat.now - LONGEST_OWED))


def _erase(beat: Beat) -> None:
    for letter in beat.tx.dispatch.stranded(beat.now - LONGEST_OWED):
        beat.tx.dispatch.erase(letter.id)
        writer = _writer(beat, letter.buttons)
        if writer is not None:
            reader = beat.tx.people.get(letter.person_id)
            text = beat.say(writer, "private.lost", name=reader.name, at=beat.clock(letter.made_at))
            beat.tell(writer, f"private:lost:{letter.id}", text, subject=PRIVATE, in_person=True)


def _writer(desk: Desk, buttons: Choices) -> Person | None:
    """Return who wrote a private message: the one to whom its button answers."""
    actions = [action.split(":") for line in buttons for _, action in line]
    return desk.tx.people.find(int(actions[0][-1])) if actions else None

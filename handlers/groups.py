"""Group chats: met when the bot is added or called, bound to a scope by one tap of the office."""

from bot.chat import Address, Incoming
from bot.domain.answers import is_receipt
from bot.domain.people import Duty, Person
from bot.domain.scope import Scope, ScopeKind
from bot.domain.words import clean, visible
from bot.errors import Refused
from handlers import letters, prompts
from handlers.turn import Desk, Turn, rows_of
from storage.chats import Chat
from storage.letters import Choices, Letter

_MOST = 24
_LONGEST_TITLE = 20
_WITH_VALUES = (ScopeKind.PLACE, ScopeKind.INDUSTRY, ScopeKind.TASK_FORCE)


def joined(desk: Desk, incoming: Incoming) -> None:
    """Ask the office, each in their own chat, what the group is for."""
    _heard(desk, incoming.at)
    _meet(desk, incoming, visible(clean(incoming.detail)) or incoming.at.chat)


def _meet(desk: Desk, incoming: Incoming, title: str) -> Chat:
    chat = desk.tx.chats.meet(incoming.at, title, desk.now)
    desk.tx.dispatch.resume(incoming.at.platform, incoming.at.chat)
    desk.record(None, "group.met", f"chat:{chat.id}", title=title)
    if chat.scope:
        return chat
    choices = _scopes(desk, chat.id, "")
    for colleague in desk.office:
        desk.tell(
            colleague,
            f"bind:{chat.id}:{incoming.key}:{colleague.id}",
            desk.say(colleague, "group.ask", title=title),
            choices,
            subject=_subject(chat),
            disturb=True,
        )
    return chat


def _subject(chat: Chat) -> str:
    return f"group:{chat.id}"


def listen(desk: Desk, incoming: Incoming, person: Person | None, words: str) -> None:
    """Take in that somebody pressed a button in a group, or spoke to the bot there."""
    if incoming.button:
        _heard(desk, incoming.at)
    elif incoming.called and not incoming.edited:
        _called(desk, incoming, person, words)


def _called(desk: Desk, incoming: Incoming, person: Person | None, words: str) -> None:
    """Answer somebody who spoke to the bot; a group that no platform told of is met now.

    A stranger gets no answer, and nothing of what they say is kept.
    """
    _heard(desk, incoming.at)
    is_name = person is not None and not is_receipt(words)
    title = prompts.shortened(words, _LONGEST_TITLE) if is_name else ""
    chat = desk.tx.chats.at(incoming.at)
    if chat is None or chat.state == "left":
        chat = _meet(desk, incoming, title or _nameless(desk, incoming.at))
    elif title and chat.title == _nameless(desk, chat.at):
        _rename(desk, chat, title)
    if person is not None:
        _introduce(desk, incoming, chat)


def _nameless(desk: Desk, at: Address) -> str:
    """Return how a group is called whose name nobody has said."""
    return desk.say(None, "group.nameless", platform=desk.platform(None, at.platform), tail=at.chat[-4:])


def _rename(desk: Desk, chat: Chat, title: str) -> None:
    """Give a group the name that was said now; what the office was asked says it too."""
    desk.tx.chats.rename(chat.id, title)
    desk.record(None, "group.named", f"chat:{chat.id}", title=title)
    if chat.scope:
        return
    choices = _scopes(desk, chat.id, "")

    def asked(person_id: int) -> tuple[str, Choices]:
        return desk.say(desk.tx.people.get(person_id), "group.ask", title=title), choices

    letters.replace(desk, _subject(chat), asked)


def _introduce(desk: Desk, incoming: Incoming, chat: Chat) -> None:
    """Say, once a day, what the bot does in a group and where progress and problems are told."""
    weekday = desk.say(None, f"weekday.{desk.county.digest_weekday}")
    text = desk.say(
        None,
        "group.here" if chat.scope else "group.here_unbound",
        county=desk.county.name,
        weekday=weekday,
        scope=_spoken(chat.scope),
    )
    letter = Letter(f"here:{chat.id}:{desk.today}", incoming.at, text, desk.now, in_group=True)
    desk.tx.outbox.add(letter, desk.now)


def _heard(desk: Desk, at: Address) -> None:
    """Note that a group takes messages again, and send what waits for it."""
    if desk.tx.chats.hear(at, desk.now):
        desk.tx.dispatch.resume(at.platform, at.chat)


def unheard(desk: Desk, at: Address) -> None:
    """Note that a group takes nothing until somebody there calls the bot; the office hears of it once."""
    chat = desk.tx.chats.at(at)
    if chat is not None and desk.tx.chats.unhear(at):
        desk.record(None, "group.unheard", f"chat:{chat.id}")
        ask_to_call(desk, chat)


def ask_to_call(desk: Desk, chat: Chat) -> None:
    """Give the office the sentence that makes a group take messages; once a day at most."""
    for colleague in desk.office:
        how = desk.say(colleague, "group.how_to_call")
        text = desk.say(colleague, "group.unheard", title=chat.title, how=how)
        desk.tell(colleague, f"unheard:{chat.id}:{desk.today}:{colleague.id}", text)


def _spoken(scope: str) -> str:
    return scope.replace(":", "：")


def _scopes(desk: Desk, chat_id: int, kind: str) -> Choices:
    """Return the scopes to choose from: first the kinds with few values, then those of one kind."""
    projects = desk.tx.projects.all()
    places = dict.fromkeys(project.place for project in projects if project.place)
    industries = dict.fromkeys(project.industry for project in projects if project.industry)
    if kind == ScopeKind.PLACE:
        names = list(places)
    elif kind == ScopeKind.INDUSTRY:
        names = list(industries)
    elif kind == ScopeKind.TASK_FORCE:
        on = desk.tx.projects.on([project.id for project in projects], Duty.LEAD_LEADER, desk.today)
        leads = dict.fromkeys(person_id for ids in on.values() for person_id in ids)
        names = [desk.tx.people.get(person_id).name for person_id in leads]
    else:
        county = (str(ScopeKind.COUNTY), f"bind:{chat_id}:{ScopeKind.COUNTY}")
        return ((county,), tuple((f"{each}…", f"bind:{chat_id}:{each}") for each in _WITH_VALUES))
    return rows_of([(name, f"bind:{chat_id}:{kind}:{name}") for name in names[:_MOST]], 3)


def bind(turn: Turn) -> None:
    """Give a group its scope, or show the values of a kind of scope."""
    number, _, name = turn.argument.partition(":")
    chat = turn.tx.chats.get(int(number))
    if chat is None or chat.state == "left":
        raise Refused("group.gone")
    if name in _WITH_VALUES:
        turn.reply("group.ask_value", _scopes(turn, chat.id, name), title=chat.title, kind=name)
        return
    scope = Scope.parse(name)
    if not turn.tx.chats.bind(chat.id, str(scope), turn.sender.id, turn.now):
        raise Refused("group.bound_already", title=chat.title, scope=_spoken(chat.scope))
    turn.record(turn.sender, "group.bound", f"chat:{chat.id}", scope=str(scope))
    name, title = turn.sender.name, chat.title

    def settled(person_id: int) -> tuple[str, Choices]:
        reader = turn.tx.people.get(person_id)
        return turn.say(reader, "group.bound_by", name=name, title=title, scope=_spoken(str(scope))), ()

    letters.replace(turn, _subject(chat), settled)
    weekday = turn.say(turn.sender, f"weekday.{turn.county.digest_weekday}")
    turn.reply("group.bound", title=chat.title, scope=_spoken(str(scope)), weekday=weekday)


def left(desk: Desk, incoming: Incoming) -> None:
    """Note that the bot was taken out of a group."""
    lost(desk, incoming.at)


def lost(desk: Desk, at: Address) -> None:
    """Note that a group takes no messages any more; the office hears of it."""
    chat = desk.tx.chats.at(at)
    if chat is None or not desk.tx.chats.leave(at):
        return
    desk.record(None, "group.left", f"chat:{chat.id}")
    for colleague in desk.office:
        text = desk.say(colleague, "group.left", title=chat.title)
        desk.tell(colleague, f"left:{chat.id}:{desk.now}:{colleague.id}", text)


def altered(desk: Desk, incoming: Incoming) -> None:
    """Post nothing more to a group that has another name or owner, until the office says what it is now.

    Whoever was let in may have changed with it (SECURITY row 25).
    """
    chat = desk.tx.chats.at(incoming.at)
    if chat is None or chat.state == "left":
        return
    title = visible(clean(incoming.detail)) or chat.title
    if title != chat.title:
        desk.tx.chats.rename(chat.id, title)
        desk.record(None, "group.named", f"chat:{chat.id}", title=title)
    if not desk.tx.chats.unbind(chat.id):
        return
    desk.record(None, "group.paused", f"chat:{chat.id}", scope=chat.scope)
    for colleague in desk.office:
        still = (
            desk.say(colleague, "button.still", scope=_spoken(chat.scope)),
            f"bind:{chat.id}:{chat.scope}",
        )
        desk.tell(
            colleague,
            f"bind:{chat.id}:{incoming.key}:{colleague.id}",
            desk.say(colleague, "group.altered", before=chat.title, title=title),
            ((still,), *_scopes(desk, chat.id, "")),
            subject=_subject(chat),
            disturb=True,
        )


def moved(desk: Desk, incoming: Incoming) -> None:
    """Follow a group that got a new id; what waits for it goes there."""
    follow(desk, incoming.at.platform, incoming.at.chat, incoming.detail)


def follow(desk: Desk, platform: str, chat: str, to: str) -> None:
    """Give a group and all that waits for it their new id."""
    at = Address(platform, chat)
    if desk.tx.chats.move(at, to):
        desk.record(None, "group.moved", f"chat:{chat}", to=to)
    desk.tx.outbox.move(platform, chat, to)

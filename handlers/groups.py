"""Group chats: met when the bot is added, bound to a scope by one tap of the office."""

from bot.chat import Address, Incoming
from bot.domain.people import Duty
from bot.domain.scope import Scope, ScopeKind
from bot.domain.words import clean, visible
from bot.errors import Refused
from handlers.turn import Desk, Turn, rows_of
from storage.letters import Choices

_MOST = 24
_WITH_VALUES = (ScopeKind.PLACE, ScopeKind.INDUSTRY, ScopeKind.TASK_FORCE)


def joined(desk: Desk, incoming: Incoming) -> None:
    """Ask the office, each in their own chat, what the group is for."""
    title = visible(clean(incoming.detail)) or incoming.at.chat
    chat = desk.tx.chats.meet(incoming.at, title, desk.now)
    desk.record(None, "group.met", f"chat:{chat.id}", title=title)
    if chat.scope:
        return
    choices = _scopes(desk, chat.id, "")
    for colleague in desk.office:
        desk.tell(
            colleague,
            f"bind:{chat.id}:{incoming.key}:{colleague.id}",
            desk.say(colleague, "group.ask", title=title),
            choices,
            subject=f"group:{chat.id}",
            disturb=True,
        )


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
    if not turn.sender.is_office:
        raise Refused("office.only")
    number, _, name = turn.argument.partition(":")
    chat = turn.tx.chats.get(int(number))
    if chat is None or chat.state == "left":
        raise Refused("group.gone")
    if name in _WITH_VALUES:
        turn.reply("group.ask_value", _scopes(turn, chat.id, name), title=chat.title, kind=name)
        return
    scope = Scope.parse(name)
    if not turn.tx.chats.bind(chat.id, str(scope), turn.sender.id, turn.now):
        raise Refused("group.bound_already", title=chat.title, scope=chat.scope.replace(":", "："))
    turn.record(turn.sender, "group.bound", f"chat:{chat.id}", scope=str(scope))
    weekday = turn.say(turn.sender, f"weekday.{turn.county.digest_weekday}")
    turn.reply("group.bound", title=chat.title, scope=str(scope).replace(":", "："), weekday=weekday)


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


def moved(desk: Desk, incoming: Incoming) -> None:
    """Follow a group that got a new id; what waits for it goes there."""
    follow(desk, incoming.at.platform, incoming.at.chat, incoming.detail)


def follow(desk: Desk, platform: str, chat: str, to: str) -> None:
    """Give a group and all that waits for it their new id."""
    at = Address(platform, chat)
    if desk.tx.chats.move(at, to):
        desk.record(None, "group.moved", f"chat:{chat}", to=to)
    desk.tx.outbox.move(platform, chat, to)

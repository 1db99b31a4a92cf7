"""Where people are written to: what each of them chose, and who is still missing."""

import re
from collections.abc import Iterable

from bot.domain.people import Person
from bot.errors import Refused
from handlers import progress
from handlers.turn import Turn
from storage.chats import Chat
from storage.people import Missing

_CALLED = {
    "企业微信": "wecom",
    "微信": "wecom",
    "wecom": "wecom",
    "telegram": "telegram",
    "tg": "telegram",
    "电报": "telegram",
    "本机页面": "local",
}
TOGETHER = tuple(f"发到{name}" for name in _CALLED)
"""The command as it is typed in Chinese, without a space."""

_NAME = re.compile(r"[A-Za-z]+")
_MOST = 30


def prefer(turn: Turn) -> None:
    """Write to the sender on the platform they name from now on: 「发到 企业微信」."""
    if not turn.argument and turn.text.lower() not in TOGETHER:
        _tell_choice(turn)
        return
    name = (turn.argument or turn.text.removeprefix("发到")).strip("。.！!吧 ")
    platform = _CALLED.get(name.lower(), name.lower())
    is_known = name.lower() in _CALLED
    called = turn.platform(turn.sender, platform) if is_known else name
    chosen = next(
        (each for each in turn.tx.contacts.of(turn.sender.id) if each.at.platform == platform), None
    )
    if chosen is None and not is_known and not _NAME.fullmatch(name):
        # 「发到 县里的材料已经批了」 is an answer.
        progress.answer(turn)
        return
    if chosen is None:
        raise Refused("contact.none", platform=called)
    if not chosen.takes_messages:
        raise Refused("contact.unopened", platform=called, how=turn.how_to_open(turn.sender, platform))
    turn.tx.contacts.prefer(chosen, turn.now)
    turn.tx.outbox.redirect(turn.sender.id, chosen.at)
    turn.record(turn.sender, "person.prefers", f"person:{turn.sender.id}", platform=platform)
    turn.reply("contact.chosen", platform=called)


def _tell_choice(turn: Turn) -> None:
    """Say where the sender is written to now, and what there is to choose from."""
    reached = [each.at.platform for each in turn.tx.contacts.of(turn.sender.id) if each.takes_messages]
    names = [turn.platform(turn.sender, each) for each in dict.fromkeys(reached)]
    if len(names) > 1:
        turn.reply("contact.choose", now=names[0], names="、".join(names), example=names[1])
    else:
        turn.reply("contact.only", now=names[0] if names else turn.incoming.at.platform)


# --- who is missing ---------------------------------------------------------------------


def missing(turn: Turn) -> None:
    """List, for the office, who can be reached nowhere and which groups take nothing, and what to forward."""
    people, groups = turn.tx.people.missing(), turn.tx.chats.unheard()
    parts: list[str] = []
    if people:
        parts += _people(turn, people)
    if groups:
        parts.append(_groups(turn, groups))
    if not parts:
        parts.append(turn.say(turn.sender, "missing.nobody"))
    turn.reply_with("\n".join(parts))


def _people(turn: Turn, people: list[Missing]) -> Iterable[str]:
    """Yield a line for each platform on which people are missing, with the one sentence for all of them."""
    reader = turn.sender
    yield turn.say(reader, "missing.people", count=len(people))
    shown: dict[tuple[str, ...], list[Person]] = {}
    for each in people[:_MOST]:
        shown.setdefault(each.platforms, []).append(each.person)
    for platforms, persons in sorted(shown.items(), key=lambda line: not line[0]):
        called = "、".join(turn.platform(reader, each) for each in platforms)
        names = "、".join(person.placed for person in persons)
        how = turn.say(reader, "missing.or").join(turn.how_to_open(reader, each) for each in platforms)
        key = "missing.named" if platforms else "missing.unnamed"
        yield turn.say(reader, key, platform=called, names=names, how=how)
    if len(people) > _MOST:
        yield turn.say(reader, "missing.more", count=len(people) - _MOST)


def _groups(turn: Turn, groups: list[Chat]) -> str:
    titles = "、".join(f"「{chat.title}」" for chat in groups[:_MOST])
    more = turn.say(turn.sender, "list.more", count=len(groups) - _MOST) if len(groups) > _MOST else ""
    return turn.say(
        turn.sender,
        "missing.groups",
        count=len(groups),
        titles=titles + more.strip(),
        how=turn.say(turn.sender, "group.how_to_call"),
    )

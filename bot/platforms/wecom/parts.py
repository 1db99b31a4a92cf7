"""One of our messages as WeCom takes it: words, a card with the buttons, a file – in this order."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.chat import Button, Outgoing, Paper
from bot.domain.words import Measure, clean, fits, split

Json = dict[str, Any]

MOST_BUTTONS = 6
LONGEST_TITLE = 26
LONGEST_WORDS = 112
LONGEST_LABEL = 10
"""Characters that every client shows on a card (WECOM.md section 4); more is cut off by some."""


@dataclass(frozen=True, slots=True)
class Hints:
    """The sentences that tell what can be typed where there is no button left for it, and where to answer."""

    typed: Callable[[str], str]
    numbered: Callable[[str], str]
    elsewhere: str = ""


_LONGEST_LINE = 36
_NOWHERE = {"type": 1, "url": "https://work.weixin.qq.com"}
"""A notice must lead somewhere (WECOM.md section 4): to where WeCom itself lives."""
_MARKUP = str.maketrans("*_`[]<>~\\", "＊＿｀［］＜＞～＼")
_LINE_MARKUP = re.compile(r"^(\s*)(?:([#+|-])|(\d+)\.(?=\s))", re.MULTILINE)
_WIDE = str.maketrans("#+|-", "＃＋｜－")


@dataclass(frozen=True, slots=True)
class Part:
    """One message on the wire: words, or a card, or a paper; ``card`` is a template_card.

    ``key`` is the same whenever the same part of the same message is sent.
    """

    text: str = ""
    card: Json | None = None
    paper: Paper | None = None
    key: str = ""


def plain(text: str) -> str:
    """Return a text in which nothing is markup any more: no link, no mention, no heading.

    WeCom knows no escape that all its clients honour, so what would be markup becomes the
    full-width sign that looks like it (SECURITY row 12).
    """
    text = clean(text).translate(_MARKUP)
    return _LINE_MARKUP.sub(lambda found: found[1] + (_wide(found[2]) if found[2] else f"{found[3]}．"), text)


def _wide(sign: str) -> str:
    return sign.translate(_WIDE)


def unanswerable(message: Outgoing, elsewhere: str) -> Outgoing:
    """Return a message for where nobody can answer: no buttons, but where to do so, if anywhere."""
    text = f"{message.text}\n{elsewhere}" if message.text and elsewhere else message.text
    return replace(message, text=text, buttons=())


def parts(message: Outgoing, most_bytes: int, hints: Hints, *, mark: bool = True) -> list[Part]:
    """Return the messages that carry one of ours, each with a key of its own."""
    found = _parts(message, most_bytes, hints, mark=mark)
    return [replace(part, key=f"{message.key}#{place}") for place, part in enumerate(found)]


def _parts(message: Outgoing, most_bytes: int, hints: Hints, *, mark: bool) -> list[Part]:
    """Return the messages that carry one of ours.

    Without buttons it is words alone. With buttons it is a card; words that no card holds go before
    it, so that nobody misses them, whatever their client shows of cards. Buttons over six are
    written out: what they say, or their number, can be typed.
    """
    text = plain(message.marked if mark else message.text)
    papers = [Part(paper=message.paper)] if message.paper is not None else []
    buttons = [button for row in message.buttons for button in row]
    if more := _typed(buttons, hints):
        text = f"{text}\n{more}"
    words = [Part(text=each) for each in split(text, most_bytes, Measure.BYTES) if each]
    if not buttons:
        return [*papers, *words]
    task_id = task_of(message, mark=mark)
    if _is_whole(text):
        return [*papers, Part(card=_card(text, buttons, task_id))]
    title, _, _ = text.partition("\n")
    return [*papers, *words, Part(card=_card(title, buttons, task_id))]


def changed(message: Outgoing, task_id: str, hints: Hints) -> Part:
    """Return the card that takes the place of a delivered one; without buttons it says what became of it."""
    buttons = [button for row in message.buttons for button in row]
    title, _, rest = plain(message.text).partition("\n")
    if more := _typed(buttons, hints):
        rest = f"{rest}\n{more}" if rest else more
    if len(rest) > LONGEST_WORDS:
        rest = _gist(rest)
    return Part(card=_card(f"{title}\n{rest}", buttons, task_id))


def _is_whole(text: str) -> bool:
    """Tell whether a card shows every word."""
    title, _, rest = text.partition("\n")
    return len(title) <= LONGEST_TITLE and len(rest) <= LONGEST_WORDS


def task_of(message: Outgoing, *, mark: bool = True) -> str:
    """Return the name of a card: that of its letter, so that the same letter is the same card.

    A repeat that is marked is another card, for a name is good once.
    """
    token = message.buttons[0][0].data.rpartition(".")[0]
    return f"{token}@2" if message.mark and mark else token


def _card(text: str, buttons: Sequence[Button], task_id: str) -> Json:
    """Return a card: the first line as its title, the rest as its words, at most six buttons."""
    title, _, rest = text.partition("\n")
    card: Json = {
        "card_type": "button_interaction" if buttons else "text_notice",
        "main_title": {"title": fits(title.rstrip("：:"), LONGEST_TITLE)},
        "task_id": task_id,
    }
    if rest:
        card["sub_title_text"] = fits(rest, LONGEST_WORDS)
    if buttons:
        card["button_list"] = [
            {"text": fits(button.label, LONGEST_LABEL), "style": 1 if place == 0 else 2, "key": button.data}
            for place, button in enumerate(buttons[:MOST_BUTTONS])
        ]
    else:
        card["card_action"] = _NOWHERE
    return card


def _gist(text: str) -> str:
    """Return every line of a text, each with its first words: the last ones tell how it stands."""
    return "\n".join(fits(line, _LONGEST_LINE) for line in text.split("\n"))


def _typed(buttons: Sequence[Button], hints: Hints) -> str:
    """Return how to type what has no button; what begins with a number is typed as it stands."""
    more = list(enumerate(buttons, 1))[MOST_BUTTONS:]
    if not more:
        return ""
    if any(button.label[:1].isdigit() for _, button in more):
        return hints.typed("".join(f"「{button.label}」" for _, button in more))
    return hints.numbered("，".join(f"{place} {button.label}" for place, button in more))

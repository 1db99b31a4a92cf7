"""What may go abroad: numbers, and sentences of ours that hold nothing else (SECURITY row 29).

Whatever is said on a platform of `County.by_reference` passes here, and nothing passes that is not known
to be harmless: no name, no project, none of what people wrote, no file.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from types import MappingProxyType

from bot.chat import Attachment, Button, ChatPlatform, Fetched, Incoming, Listener, Outgoing, Ref, Unreadable
from bot.domain.county import County
from bot.domain.people import Language
from bot.domain.problems import Problem
from bot.domain.reference import reference
from bot.errors import DeliveryError, Failure
from bot.texts import Texts
from handlers.progress import is_list
from storage.store import Store
from storage.tx import Tx

Names = Mapping[str, str]
Say = partial[str]

_BLANK = re.compile(r"\{\w+\}")
_FIGURES = r"[0-9]{1,4}(?:[-.:：、, %/年月日]{0,2}[0-9]{1,4})*%?日?"
_UNITS = r"(?: ?(?:小时|分钟|个工作日|天|(?:working )?(?:hour|minute|day)s?))?"
_LONG = re.compile(r"[0-9]{5}|(?<![0-9])1[0-9]{2}[- ][0-9]{4}[- ][0-9]{4}")
"""A telephone number, an account: no number of ours is written so."""
_NUMBER = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{3,4}(?![0-9])")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,19}")
"""A number of the roster that is one, and no name."""
_LISTED = re.compile(r"[0-9]{1,2} ")
_MOST_NUMBERS = 5
_VOCABULARY = ("platform.", "problem.noun", "task.noun")
"""Words that may stand in a blank."""
_WITH_EXAMPLE = "progress.ask_progress"
"""Anywhere else an example could be what somebody said."""
_SOON = timedelta(seconds=5)


class Discretion:
    """Tells what may be said as it is, and says the rest by its number."""

    def __init__(self, county: County, texts: Texts) -> None:
        self._county = county
        self._texts = texts
        spoken = [texts.keys(language) for language in Language]
        nouns = [word for each in spoken for key, word in each.items() if key.startswith(_VOCABULARY)]
        known = sorted({county.name, *nouns, *(word.capitalize() for word in nouns)}, key=len, reverse=True)
        self._token = re.compile(rf"{'|'.join(map(re.escape, known))}|{_FIGURES}{_UNITS}|\s")
        self._ours = {
            self._bare(_BLANK.sub("", variant))
            for each in spoken
            for key, sentence in each.items()
            if not key.startswith("example.")
            for variant in _variants(key, sentence, each)
        }

    def reduced(self, tx: Tx, message: Outgoing) -> Outgoing:
        """Return a message as it may go abroad: a text of ours with numbers, buttons, no file."""
        language = self._county.language
        for contact in () if message.in_group else tx.contacts.at(message.to):
            language = tx.people.get(contact.person_id).language
        say = partial(self._texts.say, language)
        names = self._named(tx, message, say)
        places = {button.data: place for place, button in enumerate(chain(*message.buttons), 1)}
        buttons = tuple(
            tuple(self._button(button, places[button.data], names, say) for button in row)
            for row in message.buttons
        )
        return replace(message, text=self._text(tx, message, names, say), buttons=buttons, paper=None)

    def notice(self, text: str) -> str:
        """Return what whoever pressed a button may be shown."""
        return text if self._is_ours(text) else self._texts.say(self._county.language, "reference.notice")

    def _text(self, tx: Tx, message: Outgoing, names: Names, say: Say) -> str:
        if message.paper is not None:
            return say("reference.paper")
        if message.subject.startswith("hello:"):
            return say("reference.hello", county=self._county.name, purpose=say("welcome.purpose"))
        text = _by_number(message.text, names)
        if self._is_ours(text, names):
            return text
        if is_list(message.subject):
            lines = [found for line in text.splitlines() if (found := _project(line, names))]
            key = "reference.prompt" if message.buttons else "reference.list"
            return say(key, lines="\n".join(lines))
        about = [say(each.tag.key, **each.tag.blanks) for each in _problems(tx, message)]
        numbers = "、".join(about)
        if message.text.startswith(tuple(self._texts.say(each, "progress.noted") for each in Language)):
            return say("reference.noted_about", numbers=numbers) if numbers else say("reference.noted")
        if numbers:
            return say("reference.problem", numbers=numbers)
        return say("reference.message", ref=reference(message.key))

    def _button(self, button: Button, place: int, names: Names, say: Say) -> Button:
        label = _by_number(button.label, names)
        listed = _LISTED.match(label)
        if not self._is_ours(label[listed.end() :] if listed else label, names):
            label = _project(label, names) or say("reference.choice", place=place)
        return replace(button, label=label)

    def _named(self, tx: Tx, message: Outgoing, say: Say) -> Names:
        """Return how the projects are called here that are named in a message, the longest name first."""
        told = [message.text, *(button.label for button in chain(*message.buttons))]
        if all(self._is_ours(each) for each in told):
            return {}
        found = {
            project.name: say("reference.project", number=project.number)
            for project in tx.projects.all()
            if _PLAIN.fullmatch(project.number) and any(project.name in each for each in told)
        }
        return {name: found[name] for name in sorted(found, key=len, reverse=True)}

    def _is_ours(self, text: str, names: Names = MappingProxyType({})) -> bool:
        """Tell whether a text is made of sentences of ours whose blanks hold nothing but figures."""
        for each in names.values():
            text = text.replace(each, "")
        if _LONG.search(text):
            return False
        return self._bare(text) in self._ours or all(
            self._bare(line) in self._ours for line in text.splitlines()
        )

    def _bare(self, text: str) -> str:
        return self._token.sub("", text)


class Discreet:
    """A platform abroad, as delivery and the router see it: what they say passes `Discretion`."""

    def __init__(self, platform: ChatPlatform, store: Store, discretion: Discretion) -> None:
        self._platform = platform
        self._store = store
        self._discretion = discretion
        self.name = platform.name
        self.capabilities = platform.capabilities

    async def run(self, listener: Listener) -> None:
        """Pass everything that reaches us to the listener; of its notice comes back what may go abroad."""

        async def hear(incoming: Incoming | Unreadable) -> str:
            return self._discretion.notice(await listener(incoming))

        await self._platform.run(hear)

    async def send(self, message: Outgoing) -> Ref | None:
        """Deliver what may go abroad of a message."""
        return await self._platform.send(await self._reduced(message))

    async def update(self, ref: Ref, message: Outgoing) -> bool:
        """Replace a delivered message by what may go abroad of another."""
        return await self._platform.update(ref, await self._reduced(message))

    async def _reduced(self, message: Outgoing) -> Outgoing:
        try:
            return await self._store.read(lambda tx: self._discretion.reduced(tx, message))
        except Exception as error:
            # Nothing has left: it is tried again.
            reason = f"it could not be reduced to numbers: {error!r}"
            raise DeliveryError(Failure.RETRY, reason, after=_SOON) from error

    def healthy(self) -> str:
        """Return an empty string while the connection is up, else a sentence saying what is wrong."""
        return self._platform.healthy()

    async def fetch(self, attachment: Attachment) -> Fetched:
        """Return the bytes of an attachment; raise DeliveryError if they cannot be had."""
        return await self._platform.fetch(attachment)

    def recall(self, sent: Sequence[tuple[str, datetime]]) -> None:
        """Let what another process sent within the hour count for the pace."""
        self._platform.recall(sent)

    async def link(self, code: str) -> str:
        """Return what a person opens to join with an invitation code."""
        return await self._platform.link(code)

    def reread(self, raw: str) -> Incoming | None:
        """Read once more what was kept because it could not be read; None if it still cannot."""
        return self._platform.reread(raw)

    async def close(self) -> None:
        """Let go of connections."""
        await self._platform.close()


def discreet(
    platforms: Iterable[ChatPlatform], store: Store, county: County, texts: Texts
) -> list[ChatPlatform]:
    """Return the platforms, those of which the county wants it speaking in numbers only."""
    if not county.by_reference:
        return list(platforms)
    discretion = Discretion(county, texts)
    return [
        Discreet(each, store, discretion) if each.name in county.by_reference else each for each in platforms
    ]


def _variants(key: str, sentence: str, spoken: Mapping[str, str]) -> list[str]:
    """Return a sentence as it may be said: with each of our examples, and each line of it alone."""
    whole = [sentence]
    if key == _WITH_EXAMPLE:
        examples = [words for name, words in spoken.items() if name.startswith("example.")]
        whole = [sentence.replace("{example}", each) for each in examples]
    return [*whole, *(line for each in whole for line in each.splitlines())]


def _by_number(text: str, names: Names) -> str:
    for name, number in names.items():
        text = text.replace(name, number)
    return text


def _project(line: str, names: Names) -> str:
    """Return the project with which a line begins, after its place in the list; empty if none does."""
    listed = _LISTED.match(line)
    rest = line[listed.end() :] if listed else line
    known = max((each for each in names.values() if rest.startswith(each)), key=len, default="")
    return f"{listed[0]}{known}" if listed and known else known


def _problems(tx: Tx, message: Outgoing) -> list[Problem]:
    """Return the problems that a message is about."""
    kind, _, found = message.subject.partition(":")
    if kind == "problem" and found.isdecimal():
        return tx.problems.several([int(found)])
    named = list(dict.fromkeys(_NUMBER.findall(message.text)))[:_MOST_NUMBERS]
    return [problem for each in named if (problem := tx.problems.numbered(each))]

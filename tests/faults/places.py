"""Where the played county lives: a loopback platform, its people's hands, and what counts as lost there."""

import asyncio
import copy
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol

from bot.clock import VirtualClock
from bot.domain.words import fits
from bot.platforms.wecom.parts import LONGEST_LABEL
from tests.botapi import BotApi
from tests.command import TOKEN
from tests.faults.county import GROUP, PEOPLE, TITLE, People, userid
from tests.wecom.api import WeComApi
from tests.wecom.socket_rules import Sent

_ROBOT = "webhook:"
_ENCLOSED = "📎"
_OF_THE_NET = {"_poller", "base", "calls", "connections", "polls", "bodies", "_lines", "_port", "_file"}
_PLAIN = (bool, bytes, dict, float, int, list, set, str, tuple)

State = dict[str, Any]
Letter = tuple[str, str, bool]
"""Its chat, its words, and whether it encloses a paper."""


class Place(People, Protocol):
    """A platform on loopback: what people do there, and what it accepted."""

    name: str

    @property
    def settings(self) -> dict[str, Any]:
        """What config.toml says of it."""

    @property
    def is_quiet(self) -> bool:
        """Tell whether everything that people did was taken."""

    @property
    def accepted(self) -> Counter[tuple[str, str]]:
        """Every message that was accepted and shown: chat and words."""

    @property
    def confirmed(self) -> list[str]:
        """What people did and the bot said it has."""

    def state(self) -> State:
        """Return everything it knows, to go on from there."""

    def resume(self, state: State) -> None:
        """Go on from there."""

    def doubts(self, letters: Counter[Letter], chat: str, words: str) -> int:
        """Return how many copies more there may be of a message, given which letters were in doubt."""

    def given_up(self, letters: Counter[Letter], chat: str, words: str) -> int:
        """Return how many copies fewer there may be of a message, given which letters were given up."""

    def is_marked(self, words: str) -> bool:
        """Tell whether a repeat of a message bears a mark itself; else a mark of its own comes before it."""

    def chat(self, who: str) -> str:
        """Return somebody's own chat."""


class TelegramPlace:
    """The Bot API: whatever may have arrived comes once more, marked."""

    name = "telegram"

    def __init__(self, clock: VirtualClock, api: BotApi | None = None) -> None:
        self.api = api or BotApi(TOKEN, clock=clock)

    @property
    def settings(self) -> dict[str, Any]:
        return {"telegram": {"token": TOKEN, "api_base": self.api.base}}

    @property
    def is_quiet(self) -> bool:
        return not self.api.pending

    @property
    def accepted(self) -> Counter[tuple[str, str]]:
        return Counter((str(each.chat), each.text) for each in self.api.sent)

    @property
    def confirmed(self) -> list[str]:
        return [str(number) for number in self.api.confirmed]

    def state(self) -> State:
        return _state(self.api)

    def resume(self, state: State) -> None:
        vars(self.api).update(copy.deepcopy(state))

    def doubts(self, letters: Counter[Letter], chat: str, words: str) -> int:
        return letters[chat, words, False] + letters[chat, words, True]

    given_up = doubts

    def is_marked(self, words: str) -> bool:
        return True

    def chat(self, who: str) -> str:
        return str(PEOPLE[who])

    def says(self, who: str, text: str) -> None:
        self.api.says(PEOPLE[who], text)

    def presses(self, who: str, label: str) -> None:
        own = [each for each in self.api.messages.values() if each.chat == PEOPLE[who]]
        for message in reversed(own):
            if any(name == label for row in message.buttons for name, _ in row):
                self.api.presses(PEOPLE[who], message, label)
                return
        raise LookupError(f"{who} has no button {label}")

    def brings_in(self, who: str, group: str) -> None:
        self.api.joins_group(GROUP, group, by=PEOPLE[who])


class _Tencent(WeComApi):
    """Comes again until it is answered: of what three attempts lose the harness would learn nothing."""

    async def _deliver(self, name: str, xml: str, attempts: int = 0) -> None:
        while await self.callbacks.post(xml, self.agent_id, self.now()) != 200:  # noqa: ASYNC110 -- see there
            await asyncio.sleep(0.005)
        self.posts.append((name, 200))


class WeComPlace:
    """The self-built app, which drops what it has had, and a group robot, whose group sees it twice."""

    name = "wecom"

    def __init__(self, clock: VirtualClock) -> None:
        self.api = _Tencent(clock=clock)
        self.api._run = 1  # what names a message is the same in each run
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._listen = f"127.0.0.1:{free.getsockname()[1]}"
        self.api.callbacks.url = f"http://{self._listen}/wecom/callback"
        self._deeds: set[asyncio.Task[str]] = set()

    @property
    def settings(self) -> dict[str, Any]:
        api = self.api
        app = {
            "corp_id": api.corp_id,
            "agent_id": api.agent_id,
            "secret": api.secret,
            "token": api.token,
            "aes_key": api.aes_key,
            "api_base": f"{api.base}/cgi-bin",
            "listen": self._listen,
        }
        return {"wecom": {"app": app, "webhooks": {TITLE: api.webhook(TITLE, "robot")}}}

    @property
    def is_quiet(self) -> bool:
        return not self._deeds

    @property
    def accepted(self) -> Counter[tuple[str, str]]:
        return Counter((each.chat, _words(each)) for each in self.api.sent)

    @property
    def confirmed(self) -> list[str]:
        return [name for name, _ in self.api.posts]

    def state(self) -> State:
        return _state(self.api)

    def resume(self, state: State) -> None:
        vars(self.api).update(copy.deepcopy(state))

    def doubts(self, letters: Counter[Letter], chat: str, words: str) -> int:
        # What the app has had it drops; but a file has another name in another process.
        repeated = {True, False} if chat.startswith(_ROBOT) else {True}
        return sum(many for (of, _, encloses), many in letters.items() if of == chat and encloses in repeated)

    def given_up(self, letters: Counter[Letter], chat: str, words: str) -> int:
        return sum(many for (of, *_), many in letters.items() if of == chat)

    def is_marked(self, words: str) -> bool:
        return not words.startswith(_ENCLOSED)

    def chat(self, who: str) -> str:
        return userid(who)

    def says(self, who: str, text: str) -> None:
        self._do(self.api.says(userid(who), text))

    def presses(self, who: str, label: str) -> None:
        label = fits(label, LONGEST_LABEL)
        for sent in reversed(self.api.shown(userid(who))):
            if label in sent.labels:
                self._do(self.api.presses_key(userid(who), sent.task_id, sent.key(label)))
                return
        raise LookupError(f"{who} has no button {label}")

    def brings_in(self, who: str, group: str) -> None:
        """The robot's address stands in the settings."""

    def _do(self, deed: Coroutine[Any, Any, str]) -> None:
        task = asyncio.create_task(deed)
        self._deeds.add(task)
        task.add_done_callback(self._deeds.discard)


PLACES: dict[str, Callable[[VirtualClock], TelegramPlace | WeComPlace]] = {
    "telegram": TelegramPlace,
    "wecom": WeComPlace,
}


@asynccontextmanager
async def place_of(name: str, clock: VirtualClock) -> AsyncIterator[Place]:
    """Open a platform by its name."""
    place = PLACES[name](clock)
    async with place.api:
        if isinstance(place, WeComPlace):
            for who in PEOPLE:
                place.api.adds(userid(who))
        yield place


def _state(api: BotApi | WeComApi) -> State:
    kept = {
        name: each for name, each in vars(api).items() if name not in _OF_THE_NET and isinstance(each, _PLAIN)
    }
    return copy.deepcopy(kept)


def _words(sent: Sent) -> str:
    if sent.file:
        return f"{_ENCLOSED}{sent.filename} {len(sent.content)}"
    return f"{sent.words}{' '.join(sent.labels)}"

"""The people's side of the local page: a browser's requests, without the browser."""

import json
from typing import Any
from urllib.parse import quote

from aiohttp import ClientSession

from bot.county_page import CountyPage
from bot.platforms.local import LocalPlatform
from tests.everywhere.sides import Can, Changes, Finger, Joining, Seen
from tests.world import World

_STRANGER = 900_001


class PageSide:
    """People at a machine of the office."""

    can = Can(changes_cards=Changes.ALWAYS, needs_first_word=True, joins_groups_by=Joining.EVENT)

    def __init__(self, town: World) -> None:
        self._town = town
        self._groups: dict[str, str] = {}

    async def open(self) -> None:
        self.platform = LocalPlatform(CountyPage(self._town.county, self._town.clock), "127.0.0.1:0")
        self.platform.listen()
        self._browser = ClientSession(headers={"Origin": self.platform.url.rstrip("/")})

    async def close(self) -> None:
        await self._browser.close()

    def account(self, who: str) -> str:
        return str(self._town.ids.get(who, _STRANGER))

    def chat(self, who: str) -> str:
        return f"p:{self.account(who)}"

    def group(self, name: str) -> str:
        return self._groups[name]

    def knows(self, who: str) -> None:
        """Nobody has to be known at the page."""

    async def says(self, who: str, text: str, *, group: str = "") -> None:
        chat = self.group(group) if group else self.chat(who)
        await self._post("say", chat=chat, sender=self.account(who), text=text)

    async def presses(self, who: str, finger: Finger) -> str:
        answer = await self._post("press", chat=self.chat(who), message=finger.message, data=finger.data)
        return str(answer["notice"])

    async def sends_picture(self, who: str, content: bytes, words: str = "") -> None:
        name = quote("现场.jpg")
        async with self._browser.post(
            f"{self.platform.url}uploads?name={name}", data=content, headers={"Content-Type": "image/jpeg"}
        ) as answer:
            token = (await answer.json())["token"]
        await self._post("say", chat=self.chat(who), text=words, files=[token])

    async def opens(self, who: str) -> None:
        raise NotImplementedError("nobody is told of that here")

    async def joins(self, name: str, *, by: str) -> None:
        answer = await self._post("groups", title=name, sender=self.account(by))
        self._groups[name] = answer["chat"]

    async def shown(self, chat: str) -> list[Seen]:
        return [
            Seen(
                text=said["text"],
                labels=tuple(button["label"] for row in said["buttons"] for button in row),
                file=said["files"][0]["name"] if said["files"] else "",
                content=await self._file(said["files"][0]["token"]) if said["files"] else b"",
                is_picture=bool(said["files"] and said["files"][0]["picture"]),
            )
            for said in await self._history(chat)
        ]

    async def finger(self, who: str, label: str) -> Finger:
        history = await self._history(self.chat(who))
        for said in reversed(history):
            for button in (each for row in said["buttons"] for each in row):
                if button["label"] == label:
                    return Finger(said["id"], button["data"])
        raise AssertionError(f"{who} has no button {label}: {[said['buttons'] for said in history]}")

    async def _history(self, chat: str) -> list[dict[str, Any]]:
        async with self._browser.get(f"{self.platform.url}chat?id={quote(chat)}") as answer:
            return [said for said in await answer.json() if not said["sender"]]

    async def _file(self, token: str) -> bytes:
        async with self._browser.get(f"{self.platform.url}files/{token}") as answer:
            return await answer.read()

    async def _post(self, path: str, **body: Any) -> dict[str, Any]:
        async with self._browser.post(self.platform.url + path, data=json.dumps(body)) as answer:
            found: dict[str, Any] = await answer.json()
            assert answer.status == 200, found
            return found

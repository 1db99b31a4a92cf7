"""What the browser asks and what it is told: the routes of the page."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.platforms.local.asking import Body, No, answer, is_person, politely, read, who, with_body, words
from bot.platforms.local.clockwork import Clockwork
from bot.platforms.local.county import County, Jump
from bot.platforms.local.exchange import Exchange
from bot.platforms.local.guard import Guard

LARGEST_FILE = 20 * 2**20
_PATIENCE = 10.0
_STATIC = Path(__file__).parent / "static"
_LONGEST_TITLE = 60
_LONGEST_DATA = 64


class Page:
    """The routes, over one exchange and one county."""

    def __init__(self, exchange: Exchange, county: County) -> None:
        self._exchange = exchange
        self._county = county
        self._clock = Clockwork(county, exchange.timeline)

    def site(self) -> Starlette:
        """Return the page as a web application, guarded."""
        told = {"say": self.say, "edit": self.edit, "again": self.again, "press": self.press}
        told |= {"groups": self.join, "clock": self.push}
        return Starlette(
            routes=[
                Route("/", _static("page.html")),
                *(Route(f"/{file.name}", _static(file.name)) for file in sorted(_STATIC.iterdir())),
                Route("/font", _font),
                Route("/state", self.state),
                Route("/chat", self.chat),
                Route("/feed", self.feed),
                Route("/files/{token}", self.file),
                Route("/uploads", politely(self.upload), methods=["POST"]),
                *(
                    Route(f"/{path}", politely(with_body(take)), methods=["POST"])
                    for path, take in told.items()
                ),
            ],
            middleware=[Middleware(Guard)],
        )

    async def state(self, _request: Request) -> Response:
        """Tell a browser everything but the messages, and the place in the order it is true for."""
        exchange, county = self._exchange, self._county
        mark = exchange.timeline.mark()
        groups = {group.chat: (group.title, group.scope) for group in await county.groups()}
        known = {chat: (title, "") for chat, title in exchange.new_groups.items()} | groups
        people = await county.people()
        return answer(
            {
                "boot": exchange.timeline.boot,
                "mark": mark,
                "county": county.name,
                "zone": county.zone.key,
                "controllable": county.controllable,
                "largest_file": LARGEST_FILE,
                "clock": await self._clock.reading(),
                "people": [
                    {
                        "id": str(person.id),
                        "chat": person.chat,
                        "name": person.name,
                        "unit": person.unit,
                        "title": person.title,
                        "roles": list(person.roles),
                        "joined": person.joined,
                    }
                    for person in people
                ],
                "groups": [
                    {"chat": chat, "title": title, "scope": scope} for chat, (title, scope) in known.items()
                ],
                "latest": [
                    said.as_json() | {"nth": exchange.rooms.said_by_bot(said.chat)}
                    for said in exchange.rooms.latest()
                ],
                "notes": list(exchange.notes),
            }
        )

    async def chat(self, request: Request) -> Response:
        """Tell a browser what was said in one chat."""
        return answer(
            [said.as_json() for said in self._exchange.rooms.history(request.query_params.get("id", ""))]
        )

    async def feed(self, request: Request) -> Response:
        """Tell a browser what happens from now on, or from where it was interrupted."""
        mark = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return StreamingResponse(
            self._happenings(self._exchange.timeline.place(mark)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def _happenings(self, seen: int | None) -> AsyncIterator[str]:
        timeline = self._exchange.timeline
        yield "retry: 1000\n\n"
        while not timeline.closed:
            news = None if seen is None else timeline.after(seen)
            if seen is None or news is None:
                seen = timeline.last
                yield f"id: {timeline.mark(seen)}\nevent: reload\ndata: {{}}\n\n"
            elif news:
                seen = news[-1].number
                yield "".join(
                    f"id: {timeline.mark(one.number)}\nevent: {one.kind}\ndata: {one.data}\n\n"
                    for one in news
                )
            else:
                yield f"event: clock\ndata: {json.dumps(await self._clock.reading())}\n\n"
                await timeline.wait(seen, _PATIENCE)

    async def file(self, request: Request) -> Response:
        """Hand out a file; only pictures we made may stand by themselves in a browser tab."""
        kept = self._exchange.shelf.get(request.path_params["token"])
        if kept is None:
            return Response(status_code=404)
        where = "inline" if kept.ours and kept.picture else "attachment"
        return Response(
            kept.content,
            media_type=kept.picture or "application/octet-stream",
            headers={
                "Content-Disposition": f"{where}; filename*=UTF-8''{quote(kept.name, safe='')}",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "Cache-Control": "private, max-age=3600",
            },
        )

    async def upload(self, request: Request) -> Response:
        """Keep a file somebody is about to send."""
        content = await read(request, LARGEST_FILE)
        kept = self._exchange.shelf.put(
            request.query_params.get("name", ""),
            request.headers.get("content-type") or "application/octet-stream",
            content,
            ours=False,
        )
        return answer(kept.as_json())

    async def say(self, body: Body) -> Body:
        """Take words, files or both."""
        chat, sender = who(body)
        tokens = body.get("files", [])
        if not isinstance(tokens, list):
            raise No(400, "bad_request")
        files = [self._exchange.shelf.get(str(token)) for token in tokens]
        kept = [file for file in files if file is not None and not file.ours]
        if len(kept) < len(files):
            raise No(410, "file_gone")
        text = words(body, "text")
        if not text.strip() and not kept:
            raise No(400, "empty")
        return {"notice": await self._exchange.say(chat, sender, text, kept)}

    async def edit(self, body: Body) -> Body:
        """Take new words for a message of one's own."""
        chat, sender = who(body)
        text = words(body, "text")
        if not text.strip():
            raise No(400, "empty")
        return {"notice": await self._exchange.edit(chat, sender, words(body, "message"), text)}

    async def again(self, body: Body) -> Body:
        """Take once more what could not be stored."""
        chat, _ = who(body)
        return {"notice": await self._exchange.again(chat, words(body, "message"))}

    async def press(self, body: Body) -> Body:
        """Take the press of a button."""
        chat, sender = who(body)
        data = words(body, "data")
        if not data or len(data.encode(errors="replace")) > _LONGEST_DATA:
            raise No(400, "bad_request")
        return {"notice": await self._exchange.press(chat, sender, words(body, "message"), data)}

    async def join(self, body: Body) -> Body:
        """Add the bot to a new group."""
        title, sender = words(body, "title").strip(), words(body, "sender")
        if not title or len(title) > _LONGEST_TITLE or not is_person(sender):
            raise No(400, "bad_request")
        return {"chat": await self._exchange.join(title, sender)}

    async def push(self, body: Body) -> Body:
        """Push the clock forward."""
        if not self._county.controllable:
            raise No(403, "clock_fixed")
        to = words(body, "to")
        if to not in set(Jump):
            raise No(400, "bad_request")
        if not await self._clock.push(Jump(to)):
            raise No(409, "clock_moving")
        return await self._clock.reading()


def _static(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def hand_out(_request: Request) -> Response:
        return FileResponse(_STATIC / name, headers={"Cache-Control": "no-cache"})

    return hand_out


async def _font(_request: Request) -> Response:
    """Hand out Chinese letters; a browser asks for them only where the machine has none."""
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415 -- rarely needed

    return FileResponse(sans_path(), media_type="font/otf", headers={"Cache-Control": "max-age=86400"})

"""Reading what a browser asks with suspicion, and answering no with a reason."""

import json
from collections.abc import Awaitable, Callable
from re import compile as pattern
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from bot.errors import BotError, StorageError
from bot.platforms.local.exchange import UnknownMessage

_LARGEST_BODY = 2**20
_CHAT = pattern(r"p:[1-9][0-9]{0,17}|g:[!-~]{1,80}")
_PERSON = pattern(r"[1-9][0-9]{0,17}")

Body = dict[str, Any]
Route = Callable[[Request], Awaitable[Response]]


class No(Exception):  # noqa: N818 -- an answer to the browser
    """A request the page would not have made; ``word`` is the key of its sentence there."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


def answer(data: object, status: int = 200) -> Response:
    """Return data for the page, true for this moment only.

    In ASCII, because what people send may hold half a surrogate pair, which UTF-8 cannot.
    """
    return Response(json.dumps(data), status, {"Cache-Control": "no-store"}, "application/json")


def politely(route: Route) -> Route:
    """Answer with the key of a sentence when something cannot be done."""

    async def answered(request: Request) -> Response:
        try:
            return await route(request)
        except No as no:
            return answer({"error": no.word}, no.status)
        except UnknownMessage:
            return answer({"error": "message_gone"}, 410)
        except StorageError:
            return answer({"error": "not_stored"}, 503)
        except BotError as error:
            return answer({"error": "failed", "detail": str(error)}, 500)
        except ClientDisconnect:
            return Response(status_code=400)

    return answered


def with_body(take: Callable[[Body], Awaitable[Body]]) -> Route:
    """Give a route the JSON object it was sent."""

    async def taken(request: Request) -> Response:
        try:
            body = json.loads(await read(request, _LARGEST_BODY))
        except (ValueError, RecursionError):
            raise No(400, "bad_request") from None
        if not isinstance(body, dict):
            raise No(400, "bad_request")
        return answer(await take(body))

    return taken


async def read(request: Request, limit: int) -> bytes:
    """Return what was sent, but never more than a number of bytes."""
    content = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            content += chunk
        elif size > 2 * limit:
            break
    # Read on a little before saying no: a browser still sending would only see the connection break.
    if size > limit:
        raise No(413, "too_large")
    return bytes(content)


def words(body: Body, name: str) -> str:
    """Return one text of a request, empty if it is not there."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise No(400, "bad_request")
    return value


def who(body: Body) -> tuple[str, str]:
    """Return the chat and who speaks in it: in a private chat always its owner."""
    chat = words(body, "chat")
    sender = chat[2:] if chat.startswith("p:") else words(body, "sender")
    if not _CHAT.fullmatch(chat) or not is_person(sender):
        raise No(400, "bad_request")
    return chat, sender


def is_person(sender: str) -> bool:
    """Tell whether this can be the id of a person."""
    return _PERSON.fullmatch(sender) is not None

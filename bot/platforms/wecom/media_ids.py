"""Papers that WeCom already has: uploaded once for all who get them."""

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta

from bot.chat import Paper
from bot.errors import DeliveryError, Failure
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.exchange import LARGEST_FILE, SMALLEST_FILE
from bot.platforms.wecom.shared import Shared

LARGEST_PICTURE = 10 * 1024 * 1024
PICTURES = {"image/png", "image/jpeg"}

_REMEMBERED = 1_000
_KEPT = timedelta(days=3) - timedelta(hours=1)
"""WeCom keeps an upload for three days."""


class MediaIds:
    """Uploads papers for an app; while WeCom keeps one, the same paper has the same id.

    So a message that is sent again is the same, to the byte.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._shared: Shared[str] = Shared()

    async def of(self, paper: Paper) -> tuple[str, str]:
        """Return how a paper is shown, as image or as file, and its media id."""
        check_size(paper)
        kind = kind_of(paper)
        key = _key(paper, kind)
        known = self._known.get(key)
        if known and self._api.clock.now() - known[1] < _KEPT:
            return kind, known[0]
        return kind, await self._shared.do(key, lambda: self._upload(key, paper, kind))

    def forget(self, paper: Paper) -> None:
        """Forget the id of a paper: WeCom does not know it any more."""
        self._known.pop(_key(paper, kind_of(paper)), None)

    async def close(self) -> None:
        """Stop uploading."""
        await self._shared.close()

    async def _upload(self, key: str, paper: Paper, kind: str) -> str:
        now = self._api.clock.now()
        media_id = await self._api.upload(paper, kind)
        self._known[key] = (media_id, now)
        self._known.move_to_end(key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return media_id


def kind_of(paper: Paper) -> str:
    """Return image for what WeCom shows in the chat, file for everything else."""
    shown = paper.media_type in PICTURES and len(paper.content) <= LARGEST_PICTURE
    return "image" if shown else "file"


def check_size(paper: Paper) -> None:
    """Raise DeliveryError for a paper that WeCom takes in no form."""
    if not SMALLEST_FILE <= len(paper.content) <= LARGEST_FILE:
        reason = f"{paper.name} has {len(paper.content)} bytes; WeCom takes 6 bytes to 20 MB"
        raise DeliveryError(Failure.REFUSED, reason)


def _key(paper: Paper, kind: str) -> str:
    return f"{kind}:{hashlib.sha256(paper.content).hexdigest()}:{paper.name}"

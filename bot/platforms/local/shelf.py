"""The files of the page, kept in memory: those people sent and those the bot handed over."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
_LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class Kept:
    """One file; ``ours`` if the bot made it. Only its first bytes say whether it is a picture."""

    token: str
    name: str
    media_type: str
    content: bytes = field(repr=False)
    ours: bool

    @property
    def picture(self) -> str:
        """The media type of a picture a browser may show; empty for everything else."""
        return next((kind for start, kind in _PICTURES if self.content.startswith(start)), "")

    def as_json(self) -> dict[str, object]:
        """Return what the page shows of the file."""
        return {
            "token": self.token,
            "name": self.name,
            "size": len(self.content),
            "picture": bool(self.picture),
        }


class Shelf:
    """Files by token; when they grow too large together, the oldest go."""

    def __init__(self, room: int = 256 * 2**20) -> None:
        self._room = room
        self._taken = 0
        self._files: OrderedDict[str, Kept] = OrderedDict()

    def put(self, name: str, media_type: str, content: bytes, *, ours: bool) -> Kept:
        """Keep a file under a token nobody can guess."""
        kept = Kept(secrets.token_urlsafe(16), plain_name(name), media_type, content, ours)
        self._files[kept.token] = kept
        self._taken += len(content)
        while self._taken > self._room and len(self._files) > 1:
            _, oldest = self._files.popitem(last=False)
            self._taken -= len(oldest.content)
        return kept

    def get(self, token: str) -> Kept | None:
        """Return a file, or None if it was never there or is gone."""
        return self._files.get(token)


def plain_name(name: str) -> str:
    """Return a file name without folders, and without characters that print as nothing or turn the text."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    if len(plain) > _LONGEST_NAME:
        stem, dot, ending = plain.rpartition(".")
        ending = dot + ending if stem and len(ending) < _LONGEST_NAME // 10 else ""
        plain = plain[: _LONGEST_NAME - len(ending)] + ending
    return plain or "file"

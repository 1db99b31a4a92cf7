"""A paper folded up, as it is kept and carried about, so that nobody opens it on the way.

To turn a paper of ten thousand lines into JSON and back takes longer than a message may wait. So it is
folded where it is drafted and opened where it is printed, in the workshop; the writer only lays it by.
"""

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Self

from bot.domain.document import Document

_QUICKLY = 1
"""More pains would make it smaller by a fifth, and take five times as long."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A paper with what is written outside: its title, how many lines it has, whether it is a personal one.

    ``says`` is the same for two papers that have the same lines, whatever days they are of. When it was
    ``made_at`` and through which report it is ``known_through`` are where the next one begins.
    """

    title: str
    lines: int
    personal: bool
    says: str
    made_at: str
    known_through: int
    content: bytes

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not self.lines

    @classmethod
    def of(cls, document: Document) -> Self:
        """Fold a paper up."""
        lines = _written([[row.as_json() for row in table.rows] for table in document.tables])
        says = hashlib.sha256(lines).hexdigest()
        return cls(
            title=document.title,
            lines=document.lines,
            personal=document.personal,
            says=says,
            made_at=document.made_at,
            known_through=document.known_through,
            content=folded(document),
        )


def folded(document: Document) -> bytes:
    """Return a paper without what is written outside."""
    return zlib.compress(_written(document.as_json()), _QUICKLY)


def _written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def opened(content: bytes) -> Document:
    """Return the paper that was folded."""
    return Document.from_json(json.loads(zlib.decompress(content)))

"""How long what is kept; reports, problems, letters, papers are the county's files, and stay."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long each kind of thing is kept; None means for ever."""

    inbox: timedelta | None = 30 * _DAY
    strangers: timedelta | None = 30 * _DAY
    dead_letters: timedelta | None = 180 * _DAY
    messages: timedelta | None = 365 * _DAY
    contacts: timedelta | None = 180 * _DAY
    attachments: timedelta | None = None
    backups: timedelta | None = 365 * _DAY

    def ends(self, now: datetime) -> Iterator[tuple[str, datetime]]:
        """Yield what is not kept for ever, and the moment before which it goes."""
        for field in fields(self):
            length: timedelta | None = getattr(self, field.name)
            if length is not None:
                yield field.name, now - length

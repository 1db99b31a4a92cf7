"""What is older than the county keeps it goes at night, a chunk at a time; the trail tells how much."""

from datetime import datetime
from functools import partial
from typing import Any

from handlers.turn import Beat
from handlers.watch import Watch

_NIGHT = range(2, 5)
_AT_ONCE = 200
_A_BEAT = 50
"""So many chunks at a beat: the first night in an old database must not hold up the duties for minutes."""

_KEPT, _PAUSED = "retention.kept", "retention.paused"


def is_time(beat: Beat) -> bool:
    """Tell whether it is night, and tonight's has not been done."""
    return beat.local.hour in _NIGHT and not _is_done(beat)


async def keep(watch: Watch) -> None:
    """Drop whatever is too old, as much as a beat has time for, and note how much of what."""
    if not await watch.read(is_time):
        return
    dropped: dict[str, int] = {}
    chunks = _A_BEAT
    for kind, before in watch.county.retention.ends(watch.clock.now()):
        if kind == "backups":
            dropped[kind] = await watch.fetchers.drop_copies(before)
        else:
            dropped[kind], chunks = await _drop(watch, kind, before, chunks)
    await watch.perform(partial(_note, action=_KEPT if chunks else _PAUSED, dropped=dropped))


async def _drop(watch: Watch, kind: str, before: datetime, chunks: int) -> tuple[int, int]:
    """Drop what there is of a kind, in so many chunks at most; Return how many, and the chunks left."""
    count, after = 0, None
    # Each look goes on where the one before ended: what was emptied lies behind it.
    while chunks and (ids := await watch.read(partial(_found, kind=kind, before=before, after=after))):
        if kind == "attachments":
            # The bytes first: after a crash in between the row still says what is to be dropped.
            for path in await watch.read(partial(_files, ids=ids)):
                await watch.fetchers.drop(path)
        await watch.perform(partial(_drop_some, kind=kind, ids=ids))
        count, after, chunks = count + len(ids), ids[-1], chunks - 1
    return count, chunks


def _found(beat: Beat, kind: str, before: datetime, after: Any) -> list[Any]:
    return beat.tx.expired.found(kind, before, after, _AT_ONCE)


def _files(beat: Beat, ids: list[Any]) -> list[str]:
    return beat.tx.expired.files(ids)


def _drop_some(beat: Beat, kind: str, ids: list[Any]) -> None:
    beat.tx.expired.drop(kind, ids)


def _note(beat: Beat, action: str, dropped: dict[str, int]) -> None:
    if not _is_done(beat):
        beat.record(None, action, _subject(beat), **dropped)


def _is_done(beat: Beat) -> bool:
    return any(step.action == _KEPT for step in beat.tx.audit.trail(_subject(beat)))


def _subject(beat: Beat) -> str:
    return f"retention:{beat.today}"

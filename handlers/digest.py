"""The weekly digest: once a week to each group that has a scope – text, picture, ledger."""

import logging
from datetime import date, datetime, timedelta
from functools import partial

from bot.chat import Paper
from bot.domain.county import County
from bot.domain.week import Week
from bot.errors import PaperError
from handlers.turn import Beat
from handlers.watch import DigestPapers, Watch
from storage.chats import Chat
from storage.letters import Lane, Letter

log = logging.getLogger(__name__)

_LATE = timedelta(hours=1)


async def post(watch: Watch) -> None:
    """Post last week's digest to every group that is due; after down time once, and marked late."""
    moment, week = _due_week(watch.county, watch.clock.now())
    for chat in await watch.read(due_chats):
        now = watch.clock.now()
        late = now - moment > _LATE
        try:
            papers = await watch.press.digest(chat.scope, week, now, late=late)
        except PaperError:
            log.exception("the digest of %s could not be made; the next beat tries again", chat.scope)
            continue
        await watch.perform(partial(_post, chat=chat, week=week, papers=papers, late=late))


def due_moment(county: County, now: datetime) -> datetime:
    """Return the last moment at which digests were due; on a day off they wait for the next working day."""
    today = county.calendar.day_of(now)
    monday = today - timedelta(days=today.weekday())
    while (moment := _moment_in(county, monday)) > now:
        monday -= timedelta(days=7)
    return moment


def _moment_in(county: County, monday: date) -> datetime:
    day = monday + timedelta(days=county.digest_weekday)
    if not county.calendar.is_workday(day):
        day = county.calendar.next_workday(day)
    return county.calendar.at(day, county.digest_at)


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return the next moment at which digests are posted, with the key of its name."""
    last = due_moment(beat.county, beat.now)
    following = due_moment(beat.county, last + timedelta(days=13))
    return [(following, "event.digest")] if following > beat.now else []


def _due_week(county: County, now: datetime) -> tuple[datetime, Week]:
    moment = due_moment(county, now)
    return moment, Week.of(county.calendar.day_of(moment)).before()


def due_chats(beat: Beat) -> list[Chat]:
    """Return the groups that were bound when digests were due, and have not got theirs."""
    moment, week = _due_week(beat.county, beat.now)
    return [
        chat
        for chat in beat.tx.chats.bound()
        if chat.bound_at is not None
        and chat.bound_at <= moment
        and not beat.tx.outbox.has(f"digest:{chat.id}:{week}")
    ]


def _post(beat: Beat, chat: Chat, week: Week, papers: DigestPapers, *, late: bool) -> None:
    slot = f"digest:{chat.id}:{week}"
    # The county chose the hour; what missed it disturbs nobody at night or on a day off.
    due_at = beat.county.calendar.next_open(beat.now) if late else beat.now
    parts: tuple[tuple[str, str, Paper | None], ...] = (
        (slot, papers.text, None),
        (f"{slot}:picture", "", papers.picture),
        (f"{slot}:ledger", "", papers.ledger),
    )
    for key, text, paper in parts:
        paper_id = beat.tx.papers.add(key, paper, beat.now) if paper else None
        letter = Letter(
            key=key,
            to=chat.at,
            text=text,
            due_at=due_at,
            in_group=True,
            lane=Lane.PAPER,
            paper_id=paper_id,
        )
        beat.tx.outbox.add(letter, beat.now)
    beat.record(None, "digest.posted", f"chat:{chat.id}", week=str(week), scope=chat.scope)

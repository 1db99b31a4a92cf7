"""Papers by the timetable: drafted when their day comes, printed, and shown to the office."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import takewhile

from bot.domain.bulletins import Bulletin, Stage
from bot.domain.folded import Folded
from bot.domain.people import Person, Role
from bot.domain.rhythm import Occasion, Rhythm
from bot.errors import PaperError, Refused
from handlers.turn import Beat, Desk, Turn, rows_of
from handlers.watch import Printed, Watch
from storage.bulletins import slot_of
from storage.letters import Choice, Choices, Lane

log = logging.getLogger(__name__)

_MOST_LATE = 3
"""Papers of one rhythm that are made up for after down time; of daily ones only the last."""

_PATIENCE = timedelta(minutes=10)
"""After this what could not be made is tried again."""

_A_ROW = 4
_FILES = ("workbook", "pages")
_BECAME = {
    Stage.SHOWN: "releasing.shown_by",
    Stage.RELEASED: "releasing.released_by",
    Stage.DROPPED: "releasing.dropped_by",
}

_Due = tuple[Rhythm, Occasion]

_OFFICE_ALONE = (str(Role.OFFICE),)


async def draft(watch: Watch) -> None:
    """Draft what the timetable asks for; after down time each paper once, the latest few of a rhythm."""
    if await watch.read(has_changed):
        await watch.perform(_begin)
    failed: set[str] = set()
    for together in _together(await watch.read(_due)):
        # Later ones wait, or the one that failed would be passed by.
        due = [each for each in together if each[0].key not in failed]
        for (rhythm, occasion), paper in zip(due, await _drafted(watch, due), strict=True):
            if isinstance(paper, PaperError):
                log.error(
                    "%s of %s could not be drafted; tried again", rhythm.paper, occasion.last, exc_info=paper
                )
                failed.add(rhythm.key)
                await watch.perform(partial(_put_off, rhythm, occasion))
            else:
                await watch.perform(partial(_keep, rhythm, occasion, paper))


def _together(due: Sequence[_Due]) -> list[list[_Due]]:
    """Return what is due by its scope and days: such papers are drafted together, and agree."""
    found: dict[tuple[str, date, date], list[_Due]] = {}
    for rhythm, occasion in due:
        found.setdefault((rhythm.scope, occasion.first, occasion.last), []).append((rhythm, occasion))
    return list(found.values())


async def _drafted(watch: Watch, due: Sequence[_Due]) -> list[Folded | PaperError]:
    if not due:
        return []
    try:
        return await watch.press.draft([rhythm for rhythm, _ in due], due[0][1], watch.clock.now())
    except PaperError as error:
        return [error for _ in due]


def has_changed(beat: Beat) -> bool:
    """Tell whether the timetable is another than the one known."""
    return beat.tx.bulletins.done_through().keys() != {rhythm.key for rhythm in beat.county.rhythms}


def _begin(beat: Beat) -> None:
    """Let new rhythms begin with the next paper that is due after now; forget those that are no more."""
    beat.tx.bulletins.forget(rhythm.key for rhythm in beat.county.rhythms)
    known = beat.tx.bulletins.done_through()
    for rhythm in beat.county.rhythms:
        if rhythm.key in known:
            continue
        long_ago = beat.today - timedelta(days=60)
        over = takewhile(
            lambda occasion: occasion.at <= beat.now, rhythm.occasions(long_ago, beat.county.calendar)
        )
        through = max((occasion.day for occasion in over), default=long_ago)
        beat.tx.bulletins.begin(rhythm.key, through, beat.now)


def is_due(beat: Beat) -> bool:
    """Tell whether the timetable changed or asks for a paper."""
    return has_changed(beat) or bool(_due(beat))


def _due(beat: Beat) -> list[_Due]:
    """Return the occasions that have come and have no draft, the earliest first."""
    known, waiting = beat.tx.bulletins.done_through(), beat.tx.bulletins.put_off_until()
    found: list[_Due] = []
    for rhythm in beat.county.rhythms:
        if rhythm.key not in known or waiting.get(rhythm.key, beat.now) > beat.now:
            continue
        come = [
            *takewhile(
                lambda occasion: occasion.at <= beat.now,
                rhythm.occasions(known[rhythm.key], beat.county.calendar),
            )
        ]
        most = 1 if rhythm.when.by_workdays else _MOST_LATE
        found += [(rhythm, occasion) for occasion in come[-most:]]
    return sorted(found, key=lambda each: each[1].at)


def _keep(rhythm: Rhythm, occasion: Occasion, paper: Folded, beat: Beat) -> None:
    beat.tx.bulletins.pass_by(rhythm.key, occasion.day)
    stage = _first_stage(beat, rhythm, paper)
    if beat.tx.bulletins.draft(rhythm, occasion, paper, stage, beat.now):
        slot = slot_of(rhythm, occasion)
        beat.record(None, "bulletin.drafted", f"slot:{slot}", title=paper.title, state=str(stage))


def _first_stage(beat: Beat, rhythm: Rhythm, paper: Folded) -> Stage:
    """Return where a paper begins: what says nothing, or nothing new to its only readers, ends there."""
    if paper.is_empty:
        return Stage.EMPTY
    last = beat.tx.bulletins.last(rhythm.paper, rhythm.scope) if rhythm.to == _OFFICE_ALONE else None
    return Stage.UNCHANGED if last and paper.says == last.says else Stage.DRAFT


def _put_off(rhythm: Rhythm, occasion: Occasion, beat: Beat) -> None:
    """Try a paper again in a while, so that nothing else waits for it; the office hears of it once."""
    beat.tx.bulletins.put_off(rhythm.key, beat.now + _PATIENCE)
    for colleague in beat.office:
        text = beat.say(
            colleague, "releasing.failed", paper=rhythm.paper, day=beat.date(colleague, occasion.last)
        )
        beat.tell(colleague, f"bulletin:failed:{rhythm.key}:{occasion.last}:{colleague.id}", text)


# --- on paper ---------------------------------------------------------------------------


async def show(watch: Watch) -> None:
    """Print every draft that is new or was amended, and show it to the office."""
    for bulletin in await watch.read(unprinted):
        try:
            printed = await watch.press.print(bulletin.content)
        except PaperError:
            log.exception("bulletin %d could not be printed; tried again", bulletin.id)
            await watch.perform(partial(put_off_printing, bulletin))
            continue
        await watch.perform(partial(_show, bulletin, printed))


def put_off_printing(bulletin: Bulletin, beat: Beat) -> None:
    """Print a paper later, so that nothing else waits for it; the office hears of it once."""
    beat.tx.bulletins.put_off_printing(bulletin.id, beat.now + _PATIENCE)
    for colleague in beat.office:
        text = beat.say(colleague, "releasing.not_printed", title=bulletin.title)
        beat.tell(colleague, f"{bulletin.subject}:{bulletin.version}:not_printed:{colleague.id}", text)


def unprinted(beat: Beat) -> list[Bulletin]:
    """Return the drafts that are new or were amended."""
    found = [beat.tx.bulletins.get(each) for each in beat.tx.bulletins.to_print(beat.now)]
    return [each for each in found if each is not None]


def _show(bulletin: Bulletin, printed: Printed, beat: Beat) -> None:
    if not beat.tx.bulletins.printed(bulletin):
        return
    keep(beat, bulletin, printed)
    if bulletin.audience == _OFFICE_ALONE:
        # Its reader is its editor: there is nobody to release it to.
        beat.tx.bulletins.release(bulletin, None, beat.now, beat.now)
        return
    for colleague in beat.office_within_reach:
        text = f"{_draft_words(beat, colleague, bulletin)}\n{printed.text}"
        slot = f"{bulletin.subject}:{bulletin.version}:draft:{colleague.id}"
        beat.tell(colleague, slot, text, choices(beat, colleague, bulletin), subject=card(bulletin.id))


def card(bulletin_id: int) -> str:
    """Return the name under which the drafts in the office's chats are found again."""
    return f"bulletin-draft:{bulletin_id}"


def _draft_words(desk: Desk, reader: Person, bulletin: Bulletin) -> str:
    key = "releasing.draft" if bulletin.version == 1 else "releasing.draft_amended"
    return desk.say(reader, key, number=bulletin.id)


def choices(desk: Desk, reader: Person, bulletin: Bulletin) -> Choices:
    """Return what the office may do with a draft, or with one that stands open to objections."""
    release = (desk.say(reader, "button.release"), f"release:{bulletin.id}:{bulletin.version}")
    change = (
        (desk.say(reader, "button.amend"), f"amend:{bulletin.id}"),
        (desk.say(reader, "button.drop_bulletin"), f"drop_bulletin:{bulletin.id}"),
    )
    row = (release, *change) if bulletin.stage is Stage.DRAFT else change
    return (row, (files_choice(desk, reader, bulletin),))


def keep(beat: Beat, bulletin: Bulletin, printed: Printed) -> None:
    """Keep a version as it is printed, so that what goes out is what was looked over."""
    for name, paper in (("workbook", printed.workbook), ("pages", printed.pages)):
        beat.tx.papers.add(_paper_key(bulletin, name), paper, beat.now)


def _paper_key(bulletin: Bulletin, name: str) -> str:
    return f"{bulletin.subject}:{bulletin.version}:{name}"


def hand_over(desk: Desk, person: Person, bulletin: Bulletin, slot: str, names: Sequence[str]) -> None:
    """Owe somebody papers of a bulletin, after the words they belong to."""
    for name in names:
        owe(desk, person, f"{bulletin.subject}:{slot}:{person.id}:{name}", kept(desk, bulletin, name))


def kept(desk: Desk, bulletin: Bulletin, name: str) -> int:
    """Return the id of a version as it is printed: its workbook or its pages."""
    return desk.once(desk.tx.papers.named, _paper_key(bulletin, name))


def owe(
    desk: Desk, person: Person, slot: str, paper_id: int, *, in_person: bool = False, disturb: bool = False
) -> None:
    """Owe somebody a paper that is kept."""
    letter = desk.draft(person, slot, "", lane=Lane.PAPER, in_person=in_person, disturb=disturb)
    desk.tx.outbox.add(replace(letter, text="", paper_id=paper_id), desk.now)


# --- what people do to one -----------------------------------------------------------------


def found(turn: Turn, number: str) -> Bulletin:
    """Return the bulletin with an id as it stands in this transaction."""
    bulletin = turn.tx.bulletins.get(int(number)) if number.isdecimal() else None
    if bulletin is None:
        raise Refused("button.stale")
    return bulletin


def must_be_changeable(turn: Turn, bulletin: Bulletin) -> None:
    """Refuse what has gone out or was dropped."""
    if bulletin.stage not in {Stage.DRAFT, Stage.SHOWN} or bulletin.posted_at is not None:
        raise too_late(turn, bulletin)


def too_late(desk: Desk, bulletin: Bulletin) -> Refused:
    """Return the polite no that says what became of a bulletin, and by whom."""
    key = _BECAME.get(bulletin.stage, "releasing.decided")
    name = desk.tx.people.get(bulletin.decided_by).name if bulletin.decided_by else ""
    until = desk.clock(bulletin.post_at) if bulletin.post_at else ""
    if bulletin.stage is Stage.RELEASED and not name:
        key = "releasing.posted"
    return Refused(key, title=bulletin.title, name=name, until=until, state=str(bulletin.stage))


def files(turn: Turn) -> None:
    """Hand over the workbook and the pages of a paper to whoever of the office asks for them (附件)."""
    number, _, version = turn.argument.partition(":")
    bulletin = found(turn, number)
    for name in _FILES:
        paper_id = turn.tx.papers.named(_paper_key(replace(bulletin, version=int(version)), name))
        slot = f"{bulletin.subject}:files:{turn.incoming.key}:{name}"
        owe(turn, turn.sender, slot, paper_id, in_person=True, disturb=True)
    turn.notice = turn.say(turn.sender, "releasing.files_coming")


def files_choice(desk: Desk, reader: Person, bulletin: Bulletin) -> Choice:
    """Return the button that asks for the files of a paper as it stands."""
    return desk.say(reader, "button.files"), f"bulletin_files:{bulletin.id}:{bulletin.version}"


# --- the timetable as a page ------------------------------------------------------------


def timetable(turn: Turn) -> None:
    """Show the timetable: which paper comes when, for whom, and which drafts wait (日程)."""
    lines = []
    for rhythm in turn.county.rhythms:
        following = next_occasion(turn, rhythm)
        if following is None:
            continue
        lines.append((following.at, _line(turn, rhythm, following)))
    waiting = [*turn.tx.bulletins.drafts(), *turn.tx.bulletins.shown()]
    text = turn.say(turn.sender, "releasing.timetable", lines="\n".join(text for _, text in sorted(lines)))
    if not lines:
        text = turn.say(turn.sender, "releasing.no_timetable")
    if waiting:
        titles = "\n".join(f"{place} {_waiting(turn, each)}" for place, each in enumerate(waiting, 1))
        text += "\n" + turn.say(turn.sender, "releasing.waiting", count=len(waiting), lines=titles)
    numbers = ((str(place), f"bulletin:{each.id}") for place, each in enumerate(waiting, 1))
    turn.reply_with(text, rows_of(numbers, _A_ROW))


def _waiting(turn: Turn, bulletin: Bulletin) -> str:
    if bulletin.stage is Stage.DRAFT or bulletin.post_at is None:
        return bulletin.title
    until = turn.clock(bulletin.post_at)
    return turn.say(turn.sender, "releasing.waiting_shown", title=bulletin.title, until=until)


def _line(turn: Turn, rhythm: Rhythm, occasion: Occasion) -> str:
    local = turn.county.calendar.day_of(occasion.at)
    return turn.say(
        turn.sender,
        "releasing.timetable_line",
        day=turn.date(turn.sender, local),
        weekday=turn.say(turn.sender, f"weekday.{local.weekday()}"),
        at=rhythm.at.strftime("%H:%M"),
        paper=rhythm.paper,
        when=rhythm.when.words,
        to="、".join(rhythm.to),
    )


def next_occasion(desk: Desk, rhythm: Rhythm) -> Occasion | None:
    """Return when a rhythm next comes round; None when its campaign is over."""
    began = desk.today - timedelta(days=10)
    coming = (each for each in rhythm.occasions(began, desk.county.calendar) if each.at > desk.now)
    return next(coming, None)


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return the next moments at which a paper is drafted or posted, with the keys of their names."""
    found = [next_occasion(beat, rhythm) for rhythm in beat.county.rhythms]
    moments = [(each.at, "event.bulletin") for each in found if each is not None]
    post = beat.tx.bulletins.next_post()
    if post is not None and post > beat.now:
        moments.append((post, "event.bulletin_posted"))
    return moments

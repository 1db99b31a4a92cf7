"""三函, once a working day: what a project calls for is drafted, what nothing calls for is withdrawn.

The office gets one message about all of it and about what it has yet to decide, and nothing goes
out before somebody there says so.
"""

from dataclasses import dataclass
from datetime import datetime, time
from functools import partial

from bot.domain.missives import PAUSE, Call, Missive, MissiveKind, MissiveState, calls, standing, why_gone
from bot.domain.people import Person
from handlers import missive_cards, missive_ties, waiting
from handlers.turn import Beat, Desk, rows_of
from handlers.watch import Watch
from storage.letters import Choices, Lane
from storage.missives import Draft

AT = time(8, 45)
"""When it is done, on working days: after the leaders' cards, before the liaisons are asked."""

CHUNK = 100
"""Letters of one transaction at most, so that a message never waits for a round."""

_MOST = 8
_A_ROW = 4


@dataclass(frozen=True, slots=True)
class _Found:
    """What a morning's look found."""

    called: list[tuple[Call, int]]
    gone: list[Missive]
    to_remind: list[Missive]


async def keep(watch: Watch) -> None:
    """Draft and withdraw, remind of replies, and tell the office; each once a working day."""
    if not await watch.read(is_time):
        return
    found = await watch.read(_look)
    for start in range(0, len(found.called), CHUNK):
        await watch.perform(partial(_draft_some, found.called[start : start + CHUNK]))
    for start in range(0, len(found.gone), CHUNK):
        await watch.perform(partial(_withdraw_some, found.gone[start : start + CHUNK]))
    for start in range(0, len(found.to_remind), CHUNK):
        await watch.perform(partial(_remind_some, found.to_remind[start : start + CHUNK]))
    await watch.perform(_tell)


def is_time(beat: Beat) -> bool:
    """Tell whether today's look at the letters is still to come."""
    calendar = beat.county.calendar
    if not calendar.is_workday(beat.today) or beat.now < calendar.at(beat.today, AT):
        return False
    return not beat.tx.audit.trail(_subject(beat))


def _subject(beat: Beat) -> str:
    return f"missives:{beat.today}"


def _look(beat: Beat) -> _Found:
    today, known = beat.today, beat.tx.missives
    # Of a province's projects few call for a letter: only which they are is kept.
    called = [
        (call, each.id) for each in known.watched(today) for call in calls(each, today, beat.county.missives)
    ]
    taken = known.taken([call.slot for call, _ in called])
    still = standing(call.slot for call, _ in called)
    supervised = known.supervised(beat.now - PAUSE)
    gone = [
        each
        for each in known.in_state(MissiveState.DRAFT)
        if each.is_drafted_by_itself and not standing([each.slot]) <= still
    ]
    soon = beat.county.calendar.next_workday(today)
    return _Found(
        [
            (call, project_id)
            for call, project_id in called
            if call.slot not in taken
            and not (call.kind is MissiveKind.SUPERVISION and project_id in supervised)
        ],
        gone,
        [each for each in known.due_by(soon) if _is_to_be_reminded(beat, each)],
    )


# --- drafted and withdrawn --------------------------------------------------------------


def _draft_some(called: list[tuple[Call, int]], beat: Beat) -> None:
    beat.each(called, lambda each: _draft(beat, *each))


def _draft(beat: Beat, call: Call, project_id: int) -> None:
    project = beat.tx.missives.project(project_id, beat.today)
    draft = Draft(
        slot=call.slot,
        kind=call.kind,
        subject=missive_cards.title(beat, call, project),
        text=missive_cards.body(beat, call, project),
        matter=call.matter,
        project_id=project.id,
        unit_id=beat.tx.missives.unit_of(project.id),
    )
    if missive := beat.tx.missives.draft(draft, beat.now):
        missive_ties.record(beat, None, "drafted", missive, kind=str(call.kind), text=draft.text)


def _withdraw_some(gone: list[Missive], beat: Beat) -> None:
    def take_back(missive: Missive) -> None:
        withdraw(beat, missive)

    beat.each(gone, take_back)


def withdraw(desk: Desk, missive: Missive) -> str:
    """Take a draft back that its project calls for no more; Return the sentence that says why."""
    assert missive.project_id is not None  # noqa: S101 -- what is drafted by itself has a project
    project = desk.tx.missives.project(missive.project_id, desk.today)
    why = desk.say(None, f"missive.gone_{why_gone(missive, project, desk.today)}")
    if desk.tx.missives.withdraw(missive, why, desk.now):
        missive_ties.record(desk, None, "withdrawn", missive, reason=why)
        missive_cards.refresh(desk, missive.id)
    return why


def is_called_for(desk: Desk, missive: Missive) -> bool:
    """Tell whether what a letter was drafted for still stands; what the office wrote always does."""
    if not missive.is_drafted_by_itself or missive.project_id is None:
        return True
    project = desk.tx.missives.project(missive.project_id, desk.today)
    called = calls(project, desk.today, desk.county.missives)
    return standing([missive.slot]) <= standing(call.slot for call in called)


# --- reminded ---------------------------------------------------------------------------


def _is_to_be_reminded(beat: Beat, missive: Missive) -> bool:
    """Tell whether a reply is due on the next working day or before it, or was due since the last word."""
    if missive.reply_due is None or missive.sent_at is None:
        return False
    day_of = beat.county.calendar.day_of
    if beat.today <= missive.reply_due:
        return missive.reminded_at is None and beat.today not in {missive.reply_due, day_of(missive.sent_at)}
    return missive.reminded_at is None or day_of(missive.reminded_at) <= missive.reply_due


def _remind_some(due: list[Missive], beat: Beat) -> None:
    beat.each(due, lambda each: _remind(beat, each))


def _remind(beat: Beat, missive: Missive) -> None:
    if not beat.tx.missives.remind(missive, beat.now):
        return
    late = missive.is_overdue(beat.today)
    for person in missive_ties.summoned(beat, missive):
        day = beat.date(person, missive.reply_due) if missive.reply_due else ""
        key = "missive.late" if late else "missive.soon"
        foreword = beat.say(person, key, number=missive.number, day=day)
        missive_cards.send(beat, person, missive, f"{'late' if late else 'soon'}:{day}", foreword)
    missive_ties.record(beat, None, "reminded", missive, late=late)


# --- told -------------------------------------------------------------------------------


def _tell(beat: Beat) -> None:
    """Tell the office in one message what is new and what still waits; nothing, where nothing does."""
    if beat.tx.audit.trail(_subject(beat)):
        return
    morning = beat.county.calendar.at(beat.today, time.min)
    drafted = beat.tx.missives.drafted_since(morning)
    withdrawn = beat.tx.missives.withdrawn_since(morning)
    late = [each for each in beat.tx.missives.overdue(beat.today) if _is_newly_late(each, morning)]
    beat.record(
        None, "missive.listed", _subject(beat), count=len(drafted), withdrawn=len(withdrawn), late=len(late)
    )
    undecided = waiting.since_before(beat, morning)
    if not (drafted or withdrawn or late or undecided.count):
        return
    for colleague in beat.office_within_reach:
        news = _listed(beat, colleague, drafted, withdrawn, late)
        lines, choices = waiting.listed(beat, colleague, undecided, first=len(drafted[:_MOST]) + 1)
        beat.tell(
            colleague,
            f"missives:{beat.today}:{colleague.id}",
            "\n".join([*news, *lines]),
            (*numbers(drafted[:_MOST]), *choices),
            subject="missives:",
            lane=Lane.ROUND,
        )


def _is_newly_late(missive: Missive, morning: datetime) -> bool:
    return missive.reminded_at is not None and missive.reminded_at >= morning


def _listed(
    beat: Beat, reader: Person, drafted: list[Missive], withdrawn: list[Missive], late: list[Missive]
) -> list[str]:
    parts = []
    if drafted:
        parts += [
            beat.say(reader, "missive.new_drafts", count=len(drafted)),
            *numbered(beat, reader, drafted[:_MOST]),
        ]
        if len(drafted) > _MOST:
            parts.append(beat.say(reader, "missive.all_drafts", count=len(drafted) - _MOST))
    for key, some in (("withdrawn_today", withdrawn), ("late_today", late)):
        if some:
            parts.append(beat.say(reader, f"missive.{key}", count=len(some)))
            parts += [_because(beat, reader, each) for each in some[:_MOST]]
            if len(some) > _MOST:
                parts.append(beat.say(reader, "list.more", count=len(some) - _MOST).strip())
    return parts


def _because(beat: Beat, reader: Person, missive: Missive) -> str:
    shown = missive_cards.line(beat, reader, missive)
    return f"· {shown}" if missive.is_out else f"· {shown}（{missive.reason}）"


def numbered(desk: Desk, reader: Person, some: list[Missive], first: int = 1) -> list[str]:
    """Return letters as the lines of a numbered list."""
    return [f"{place} {missive_cards.line(desk, reader, each)}" for place, each in enumerate(some, first)]


def numbers(some: list[Missive], first: int = 1) -> Choices:
    """Return a button for each line of a numbered list."""
    return rows_of(((str(place), f"missive:{each.id}") for place, each in enumerate(some, first)), _A_ROW)


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return the next moment at which letters are drafted, with the key of its name."""
    if not beat.county.missives.drafts:
        return []
    calendar, today = beat.county.calendar, beat.today
    is_ahead = calendar.is_workday(today) and calendar.at(today, AT) > beat.now
    day = today if is_ahead else calendar.next_workday(today)
    return [(calendar.at(day, AT), "event.missives")]

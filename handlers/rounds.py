"""One round a working day: everybody asked once, the silent reminded once, the office told how it went."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial

from bot.domain.cadence import due
from bot.domain.people import Person
from handlers import drill, prompts
from handlers.turn import Beat
from handlers.watch import Watch
from storage.letters import PRIVATE, Lane, Letter
from storage.rounds import Asking, Prompt

CHUNK = 100
"""So many are asked in one transaction: 15 ms, so that a message never waits for a round."""

_REMINDED_AT_ONCE = 50
"""Fewer, for they are reminded one by one."""

_NEVER_MORE_THAN = 60


async def ask(watch: Watch) -> None:
    """Ask every liaison, once a working day, between the hours the county chose."""
    if not await watch.read(is_time_to_ask):
        return
    await watch.perform(_open)
    asking, people = await watch.read(_unasked)
    for first in range(0, len(people) or 1, CHUNK):
        some, is_last = people[first : first + CHUNK], first + CHUNK >= len(people)
        await watch.perform(partial(_ask_some, asking, some, is_last=is_last))


def is_time_to_ask(beat: Beat) -> bool:
    """Tell whether somebody is still to be asked today."""
    county = beat.county
    if not county.calendar.is_workday(beat.today):
        return False
    opens = county.calendar.at(beat.today, county.ask_at)
    closes = county.calendar.at(beat.today, county.close_at)
    if not opens <= beat.now < closes:
        return False
    return beat.tx.rounds.get(beat.today) is None or bool(_unasked(beat)[1])


def _unasked(beat: Beat) -> tuple[Asking, list[int]]:
    """Return what today's round asks about, and whom it has not asked yet."""
    rounds = beat.tx.rounds
    turns = due(beat.today, rounds.last_held(beat.today), beat.county.cadence)
    asking = Asking(turns, rounds.has_pilots())
    return asking, rounds.unasked(beat.today, asking)


def _open(beat: Beat) -> None:
    """Begin the day's round, and note the working days since the last one on which nobody was asked."""
    last = beat.tx.rounds.last_day()
    if beat.tx.rounds.open(beat.today, "asking", beat.now) and last is not None:
        for day in beat.county.calendar.workdays_after(last):
            if day >= beat.today:
                break
            beat.tx.rounds.open(day, "missed", beat.now)
            beat.record(None, "round.missed", f"round:{day}")


def _ask_some(asking: Asking, people: Sequence[int], beat: Beat, *, is_last: bool) -> None:
    unasked = beat.tx.rounds.due_of(people, beat.today, asking)
    asked = beat.together(list(unasked), lambda some: _ask(beat, {each: unasked[each] for each in some}))
    if is_last:
        beat.tx.rounds.mark(beat.today, state="asked")
        if asked:
            count = beat.tx.rounds.count(beat.today)
            beat.record(None, "round.asked", f"round:{beat.today}", count=count)


def _ask(beat: Beat, unasked: Mapping[int, Sequence[int]]) -> None:
    """Ask people about their projects, with as many questions to the database as for one of them."""
    tx, today = beat.tx, beat.today
    addresses = tx.people.addresses(unasked)
    # Who went out of reach since the list was made is asked when they are back.
    unasked = {person_id: theirs for person_id, theirs in unasked.items() if person_id in addresses}
    new = tx.rounds.ask(unasked, today, beat.now)
    every = {each for person_id in new for each in unasked[person_id]}
    projects = {project.id: project for project in tx.projects.many(every)}
    reports = tx.reports.on(every, today)
    people = tx.people.many(new)
    letters: list[Letter] = []
    with beat.at_rest():
        for person_id in filter(new.__contains__, unasked):
            person, theirs = people[person_id], [projects[each] for each in unasked[person_id]]
            if all(project.id in reports for project in theirs):
                tx.rounds.answered(person_id, today, beat.now)
                continue
            letters.append(
                Letter(
                    key=f"prompt:{person_id}:{today}",
                    to=addresses[person_id],
                    text=prompts.question(beat, person, theirs, reports),
                    due_at=beat.now,
                    choices=prompts.choices(beat, person, theirs),
                    person_id=person_id,
                    lane=Lane.ROUND,
                    subject=prompts.subject(person_id, today),
                )
            )
    written_to = [letter.person_id for letter in letters if letter.person_id]
    tx.conversations.list({each: unasked[each] for each in written_to}, beat.now)
    # What was asked before is not what tomorrow's 「照旧」 answers.
    # Words for the inspector, asked for a minute ago, must not become a report.
    tx.conversations.end(*written_to, but=PRIVATE)
    tx.outbox.add_all(letters, beat.now)


async def remind(watch: Watch) -> None:
    """Remind, once, only those who have not answered."""
    if not await watch.read(is_time_to_remind):
        return
    while await watch.perform(_remind_some) == _REMINDED_AT_ONCE:
        pass


def is_time_to_remind(beat: Beat) -> bool:
    """Tell whether somebody who was asked has not answered and was not reminded."""
    county = beat.county
    closes = county.calendar.at(beat.today, county.close_at)
    return _reminds_at(beat) <= beat.now < closes and bool(_silent(beat, 1))


def _reminds_at(beat: Beat) -> datetime:
    return beat.county.calendar.at(beat.today, beat.county.remind_at)


def _silent(beat: Beat, most: int) -> list[Prompt]:
    """Return who was asked in time to answer by now, and has not; who was asked late is not pressed."""
    return beat.tx.rounds.unreminded(beat.today, _reminds_at(beat), most)


def _remind_some(beat: Beat) -> int:
    return beat.each(_silent(beat, _REMINDED_AT_ONCE), lambda prompt: _remind(beat, prompt))


def _remind(beat: Beat, prompt: Prompt) -> None:
    if not beat.tx.rounds.remind(prompt.person_id, beat.today, beat.now):
        return
    person = beat.stand_in(beat.tx.people.get(prompt.person_id))
    asked = {*prompt.projects, *_asked_of_others(beat, person, prompt)}
    reports = beat.tx.reports.on(asked, beat.today)
    left = [
        each
        for each in prompts.asked_of(beat, person)
        if each.id in asked.difference(reports)
        and (each.quiet_until is None or each.quiet_until <= beat.today)
    ]
    if not left:
        return
    names = prompts.named(beat, person, left)
    beat.tx.conversations.list({person.id: [project.id for project in left]}, beat.now)
    text = beat.say(
        person,
        "prompt.remind",
        name=person.name,
        lines="\n".join(f"{place} {names[project.id]}" for place, project in enumerate(left, 1)),
        close=beat.county.close_at.strftime("%H:%M"),
    )
    beat.tell(
        person,
        f"remind:{person.id}:{beat.today}",
        text,
        prompts.choices(beat, person, left),
        subject=prompts.subject(person.id, beat.today) + ":remind",
        lane=Lane.ROUND,
        disturb=True,
    )


def _asked_of_others(beat: Beat, person: Person, prompt: Prompt) -> list[int]:
    """Return what else somebody must be reminded of, in the same message: theirs, and whom they cover."""
    found: list[int] = []
    for each in beat.selves(person):
        other = beat.tx.rounds.prompt(each, beat.today) if each != prompt.person_id else None
        if other is not None and beat.tx.rounds.remind(each, beat.today, beat.now):
            found += other.projects
    return found


async def close(watch: Watch) -> None:
    """Close the day's round, and tell the office in one message how it went."""
    while await watch.read(is_time_to_close):
        await watch.perform(_close)


def is_time_to_close(beat: Beat) -> bool:
    """Tell whether a day's round is over and not closed."""
    return _day_to_close(beat) is not None


def _day_to_close(beat: Beat) -> date | None:
    """Return the day whose round is over but not closed, None when there is none."""
    day = beat.tx.rounds.first_unclosed()
    over = day is not None and beat.now >= beat.county.calendar.at(day, beat.county.close_at)
    return day if over else None


def _close(beat: Beat) -> None:
    day = _day_to_close(beat)
    if day is None:
        return
    beat.tx.rounds.mark(day, state="closed", closed_at=beat.now)
    # Nobody who can be reached again on Friday is asked Monday's question.
    beat.tx.outbox.lapse(beat.county.calendar.at(day, beat.county.close_at))
    asked = beat.tx.rounds.asked(day)
    project_ids = sorted({project_id for prompt in asked for project_id in prompt.projects})
    reports = beat.tx.reports.on(project_ids, day)
    silent = [project for project in beat.tx.projects.many(project_ids) if project.id not in reports]
    beat.record(None, "round.closed", f"round:{day}", asked=len(project_ids), answered=len(reports))
    if not asked:
        return
    names = "、".join(prompts.shortened(project.name, 14) for project in silent[:_NEVER_MORE_THAN])
    for colleague in beat.office_within_reach:
        text = beat.say(
            colleague,
            "round.closed" if silent else "round.closed_complete",
            date=beat.date(colleague, day),
            projects=len(project_ids),
            answered=len(reports),
            silent=len(silent),
            names=names,
        )
        anchor = beat.say(colleague, "round.anchor", anchor=beat.tx.audit.anchor())
        lines = [text, *_unchanged(beat, colleague, day), *drill.line(beat, colleague, day), anchor]
        beat.tell(colleague, f"closed:{day}:{colleague.id}", "\n".join(lines))


def _unchanged(beat: Beat, colleague: Person, day: date) -> list[str]:
    """Return a line for each paper of the office's own that was not sent, for it said nothing new."""
    calendar, at = beat.county.calendar, beat.county.close_at
    found = beat.tx.bulletins.unchanged(calendar.at(calendar.workday_before(day), at), calendar.at(day, at))
    return [beat.say(colleague, "releasing.unchanged", title=each.form, count=each.lines) for each in found]


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return the next moments at which a round has something to do, with the keys of their names."""
    county, calendar = beat.county, beat.county.calendar
    day = beat.today if calendar.is_workday(beat.today) else calendar.next_workday(beat.today)
    times = (
        (county.ask_at, "event.ask"),
        (county.remind_at, "event.remind"),
        (county.close_at, "event.close"),
    )
    moments = [
        (calendar.at(each, time), name) for each in (day, calendar.next_workday(day)) for time, name in times
    ]
    return [(moment, name) for moment, name in moments if moment > beat.now]

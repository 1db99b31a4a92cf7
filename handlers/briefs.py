"""What a leader reads about a visit: the brief before it, the question after it, and Thursday's list."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial

from bot.domain.calendar import year_permille
from bot.domain.figures import show_money, show_permille
from bot.domain.people import Duty, Person, Role
from bot.domain.problems import Problem, State
from bot.domain.projects import Project
from bot.domain.visits import ASK_AT, LIST_AT, LIST_UNTIL, VISITED_CLASSES, Visit, brief_at, list_day
from bot.domain.week import Week
from bot.domain.words import visible
from handlers import cards, prompts
from handlers.turn import Beat, Desk, rows_of
from handlers.watch import Watch
from storage.letters import Choices, Lane

CHUNK = 50
"""Visits of one transaction at most, so that a message never waits for them."""

_MOST_PROMISES = 3
_MOST_PROBLEMS = 4
_MOST_PROJECTS = 9
_A_ROW = 3
_ASKED_FOR = timedelta(days=3)
"""So long after a visit it is still asked how it went: after down time, or a weekend."""


def subject(visit: Visit) -> str:
    """Return the name under which the question about a visit is found again."""
    return f"visit:{visit.id}"


def led(desk: Desk, person_ids: Iterable[int]) -> dict[int, tuple[Project, int]]:
    """Return the projects to be visited weekly that some leaders lead, each with its leader."""
    found = {
        project.id: (project, each)
        for each in person_ids
        for project in desk.tx.projects.of(each, Duty.LEAD_LEADER, desk.today)
        if project.kind in VISITED_CLASSES
    }
    return dict(sorted(found.items()))


def of_week(desk: Desk, project_ids: Iterable[int]) -> dict[int, Visit]:
    """Return for each project the visit of this week that tells most: made, else the next planned."""
    week = Week.of(desk.today)
    found: dict[int, Visit] = {}
    for each in desk.tx.visits.between(week.monday, week.sunday, list(project_ids)):
        before = found.get(each.project_id)
        if before is None or (each.was_made and not before.was_made) or _is_over(desk, before):
            found[each.project_id] = each
    return found


def _is_over(desk: Desk, visit: Visit) -> bool:
    return not visit.was_made and visit.day < desk.today


# --- what it says -----------------------------------------------------------------------


def text(desk: Desk, reader: Person, visit: Visit) -> str:
    """Return what a leader knows before they go, on one screen."""
    lines = (
        *_promises(desk, reader, visit),
        *_problems(desk, reader, visit),
        *_standing(desk, reader, visit),
    )
    return desk.say(
        reader,
        "visit.brief",
        day=desk.date(reader, visit.day),
        weekday=desk.say(reader, f"weekday.{visit.day.weekday()}"),
        project=desk.tx.projects.get(visit.project_id).name,
        lines="\n".join(lines),
    )


def _promises(desk: Desk, reader: Person, visit: Visit) -> Iterator[str]:
    """Yield what was promised there last, and what became of it."""
    promised = desk.tx.visits.promises(visit.project_id, _MOST_PROMISES)
    if not promised:
        yield desk.say(reader, "visit.no_promise")
    for each in promised:
        key = "visit.promise_done" if each.state is State.CLOSED else "visit.promise_open"
        standing = desk.say(
            reader,
            key,
            sign=cards.light(desk, reader, each),
            solve=cards.day(desk, each.solve_due),
            state=each.state,
        )
        yield desk.say(reader, "visit.promise", standing=standing, **_named(each))


def _problems(desk: Desk, reader: Person, visit: Visit) -> Iterator[str]:
    """Yield the open problems, with who holds them and how the clock stands."""
    there = [each for each in desk.tx.problems.open_of_project(visit.project_id) if not each.is_task]
    if not there:
        yield desk.say(reader, "visit.no_problem")
    for each in there[:_MOST_PROBLEMS]:
        yield desk.say(reader, "visit.problem", sign=cards.light(desk, reader, each), **_named(each))
    if len(there) > _MOST_PROBLEMS:
        yield desk.say(reader, "visit.more_problems", count=len(there) - _MOST_PROBLEMS)


def _named(problem: Problem) -> dict[str, str]:
    short = visible(prompts.shortened(problem.text))
    return {"number": problem.number, "text": short, "holder": problem.holder}


def _standing(desk: Desk, reader: Person, visit: Visit) -> Iterator[str]:
    """Yield the figures, the last word, and whom to meet."""
    project = desk.tx.projects.get(visit.project_id)
    figures = desk.say(
        reader,
        "visit.figures",
        permille=show_permille(project.permille),
        money=show_money(project.cumulative),
    )
    if project.plan_permille is not None:
        figures += desk.say(
            reader,
            "visit.share",
            share=show_permille(project.plan_permille),
            time=show_permille(year_permille(desk.today)),
        )
    yield figures
    if project.last_text and project.last_day:
        day = prompts.day_word(desk, reader, project.last_day)
        yield desk.say(reader, "visit.words", day=day, text=prompts.shortened(project.last_text, 40))
    people = [
        desk.say(reader, "visit.person", name=desk.tx.people.get(each).name, duty=duty)
        for duty in (Duty.LIAISON, Duty.OWNER)
        for each in desk.tx.projects.on([project.id], duty, desk.today).get(project.id, ())
    ]
    if people:
        yield desk.say(reader, "visit.meet", people=desk.say(reader, "visit.comma").join(people))


def question(desk: Desk, reader: Person, visit: Visit) -> tuple[str, Choices]:
    """Return how somebody is asked whether they went."""
    asked = desk.say(
        reader,
        "visit.ask",
        day=prompts.day_word(desk, reader, visit.day),
        project=desk.tx.projects.get(visit.project_id).name,
    )
    keys = {"went": "visit_went", "later": "visit_later", "not_going": "visit_drop"}
    offered = ((desk.say(reader, f"visit.{key}"), f"{verb}:{visit.id}") for key, verb in keys.items())
    return asked, (tuple(offered),)


# --- when time passes -------------------------------------------------------------------


async def brief(watch: Watch) -> None:
    """Give leaders what to know, the evening before they go."""
    await _each_due(watch, unbriefed, _brief)


async def ask(watch: Watch) -> None:
    """Ask leaders how it went, in the afternoon of the day."""
    await _each_due(watch, unasked, _ask)


async def _each_due(
    watch: Watch, due: Callable[[Beat], list[Visit]], tell: Callable[[Beat, Visit], None]
) -> None:
    if await watch.read(due):
        while await watch.perform(partial(_some, due, tell)) == CHUNK:
            pass


def _some(due: Callable[[Beat], list[Visit]], tell: Callable[[Beat, Visit], None], beat: Beat) -> int:
    return beat.each(due(beat)[:CHUNK], partial(tell, beat))


def unbriefed(beat: Beat) -> list[Visit]:
    """Return the visits whose evening before has come."""
    calendar = beat.county.calendar
    return [
        each
        for each in beat.tx.visits.unbriefed(beat.today)
        if brief_at(each.day, calendar) <= beat.now < calendar.at(each.day, ASK_AT) and _leads(beat, each)
    ]


def unasked(beat: Beat) -> list[Visit]:
    """Return the visits whose afternoon has come."""
    return [
        each
        for each in beat.tx.visits.unasked(beat.today - _ASKED_FOR, beat.today)
        if beat.county.calendar.at(each.day, ASK_AT) <= beat.now and _leads(beat, each)
    ]


def _leads(beat: Beat, visit: Visit) -> bool:
    """Tell whether the project is still theirs."""
    on = beat.once(beat.tx.projects.on, (visit.project_id,), Duty.LEAD_LEADER, beat.today)
    return visit.person_id in on.get(visit.project_id, ())


def _brief(beat: Beat, visit: Visit) -> None:
    person = beat.tx.people.get(visit.person_id)
    if beat.tx.visits.briefed(visit.id, beat.now):
        told = text(beat, beat.stand_in(person), visit)
        beat.tell(person, f"visit:{visit.id}:brief:{beat.now}", told, lane=Lane.ROUND)


def _ask(beat: Beat, visit: Visit) -> None:
    person = beat.tx.people.get(visit.person_id)
    if beat.tx.visits.asked(visit.id, beat.now):
        asked, choices = question(beat, beat.stand_in(person), visit)
        # They chose the day themselves, be it a Sunday.
        beat.tell(
            person,
            f"visit:{visit.id}:ask:{beat.now}",
            asked,
            choices,
            subject=subject(visit),
            lane=Lane.ROUND,
            disturb=visit.day == beat.today,
        )


# --- Thursday ---------------------------------------------------------------------------


async def remind(watch: Watch) -> None:
    """Show each leader, and nobody else, which of their projects are not visited nor planned this week."""
    if not await watch.read(is_time):
        return
    leaders = await watch.read(_leaders)
    for start in range(0, len(leaders), CHUNK):
        await watch.perform(partial(_remind_some, leaders[start : start + CHUNK]))
    await watch.perform(_note)


def _list_day(beat: Beat) -> datetime | None:
    day = list_day(Week.of(beat.today).monday, beat.county.calendar)
    return beat.county.calendar.at(day, LIST_AT) if day else None


def is_time(beat: Beat) -> bool:
    """Tell whether it is the day of the list, and leaders have not got it."""
    at = _list_day(beat)
    if at is None or not at <= beat.now < beat.county.calendar.at(
        beat.county.calendar.day_of(at), LIST_UNTIL
    ):
        return False
    return not beat.tx.audit.trail(_week(beat))


def _week(beat: Beat) -> str:
    return f"visits:{Week.of(beat.today)}"


def _leaders(beat: Beat) -> list[Person]:
    """Return the leaders within reach; who is on leave visits nobody this week."""
    joined = beat.tx.people.joined()
    leaders = beat.tx.people.with_role(Role.LEAD_LEADER)
    return [each for each in leaders if each.id in joined and beat.stand_in(each).id == each.id]


def _remind_some(leaders: list[Person], beat: Beat) -> int:
    return beat.each(leaders, partial(_remind, beat))


def _remind(beat: Beat, person: Person) -> None:
    mine = led(beat, [person.id])
    there = of_week(beat, mine)
    left = [
        project
        for project, _ in mine.values()
        if project.id not in there or (not there[project.id].was_made and there[project.id].day < beat.today)
    ]
    if not left:
        return
    lines = [
        beat.say(person, "visit.not_yet_line", number=project.number, project=project.name)
        for project in left[:_MOST_PROJECTS]
    ]
    if len(left) > _MOST_PROJECTS:
        lines.append(beat.say(person, "visit.more", count=len(left) - _MOST_PROJECTS))
    beat.tell(
        person,
        f"{_week(beat)}:{person.id}",
        beat.say(person, "visit.not_yet", count=len(left), lines="\n".join(lines), example=left[0].number),
        rows_of(((each.number, f"visit:{each.id}") for each in left[:_MOST_PROJECTS]), _A_ROW),
        lane=Lane.ROUND,
        in_person=True,
    )


def _note(beat: Beat) -> None:
    # How many were reminded, or who, is nobody's to count.
    if not beat.tx.audit.trail(_week(beat)):
        beat.record(None, "visits.listed", _week(beat))


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return the next moments at which a leader hears of a visit, with the keys of their names."""
    calendar = beat.county.calendar
    coming = beat.tx.visits.unbriefed(beat.today)
    unasked = beat.tx.visits.unasked(beat.today, beat.today + timedelta(days=7))
    moments = [(brief_at(each.day, calendar), "event.visit_brief") for each in coming]
    moments += [(calendar.at(each.day, ASK_AT), "event.visit_ask") for each in unasked]
    for monday in (Week.of(beat.today).monday, Week.of(beat.today + timedelta(days=7)).monday):
        if day := list_day(monday, calendar):
            moments.append((calendar.at(day, LIST_AT), "event.visit_list"))
    return [each for each in moments if each[0] > beat.now]

"""What the bot asked of liaisons in some days, by counting what was really sent and said; never a ranking."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select

from bot.domain.burden import MEASURES, STILL, Load, findings, median
from bot.domain.document import Kind
from bot.domain.people import Duty
from bot.domain.projects import ProjectClass
from storage.courses import asked_days
from storage.dataset import Figure, Line, Question
from storage.figures import project_lines
from storage.scoping import on_duty, projects_in
from storage.tables import assignments, outbox, people, prompts, reports, units

BURDEN = (
    Figure("measure", Kind.PROSE, 26, words="measure."),
    Figure("liaisons", Kind.COUNT, 10),
    Figure("sum_of_all", Kind.COUNT, 10),
    Figure("median", Kind.COUNT, 10),
    Figure("most", Kind.COUNT, 10),
)
BURDEN_UNITS = (
    Figure("unit", Kind.PROSE, 20),
    Figure("liaisons", Kind.COUNT, 10),
    *(Figure(f"load_{measure}", Kind.COUNT, 10) for measure in MEASURES),
)
FORMALISM = (
    Figure("finding", Kind.PROSE, 30, words="formalism."),
    Figure("how_much", Kind.COUNT, 8),
    Figure("setting", Kind.PROSE, 24),
    Figure("cure", Kind.PROSE, 36, words="formalism.cure_"),
)


def burden_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield each measure over all liaisons: the sum, the middle one, the most – of nobody by name."""
    loads = list(question.once(connection, _loads).values())
    for measure in MEASURES if loads else ():
        values = [getattr(load, measure) for load in loads]
        yield {
            "key": measure,
            "source": "",
            "measure": measure,
            "liaisons": len(loads),
            "sum_of_all": sum(values),
            "median": median(values),
            "most": max(values),
        }


def unit_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield each unit, in the order of the roster, with the middle one of its liaisons; for the office."""
    loads = question.once(connection, _loads)
    rows = connection.execute(
        select(people.c.id, units.c.name.label("unit"))
        .outerjoin(units, units.c.id == people.c.unit_id)
        .where(people.c.id.in_(_liaisons(question)))
        .order_by(units.c.id)
    )
    by_unit: dict[str, list[Load]] = {}
    for row in rows:
        by_unit.setdefault(row.unit or "", []).append(loads[row.id])
    for unit, theirs in by_unit.items():
        middle = {f"load_{each}": median([getattr(load, each) for load in theirs]) for each in MEASURES}
        yield {"key": unit or "-", "source": "", "unit": unit, "liaisons": len(theirs), **middle}


def formalism_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield the settings that drift into formalism, each with its number."""
    every = project_lines(connection, question)
    asked = asked_days(connection, question.first, question.until)
    still = [line for line in every if not line["moved"] and asked.get(int(line["id"] or 0), 0) >= STILL]
    loads, workdays = question.once(connection, _loads), _workdays(question)
    county = question.county
    found = findings(
        still=_by_class(still),
        many=_by_class(every),
        cadence=county.cadence,
        ask_at=county.ask_at,
        office_from=county.deadlines.office_from,
        twice_reminded=_twice_reminded(connection, question),
        daily=median([load.messages for load in loads.values()]) // max(1, workdays),
    )
    for number, each in enumerate(found, 1):
        yield {
            "key": str(number),
            "source": "",
            "finding": each.kind,
            "how_much": each.number,
            "setting": each.setting,
            "cure": each.kind,
        }


def _by_class(lines: Iterable[Line]) -> Counter[ProjectClass]:
    return Counter(ProjectClass(str(line["class"])) for line in lines)


def _workdays(question: Question) -> int:
    days = range((question.until - question.first).days + 1)
    ordinal = question.first.toordinal()
    return sum(question.county.calendar.is_workday(question.first.fromordinal(ordinal + day)) for day in days)


# --- what was counted -------------------------------------------------------------------


def _liaisons(question: Question) -> Select[Any]:
    return select(assignments.c.person_id).where(
        on_duty(Duty.LIAISON, question.today),
        assignments.c.project_id.in_(projects_in(question.scope, question.today)),
    )


_IS_REMINDER = outbox.c.key.like("remind:%")


def _loads(connection: Connection, question: Question) -> dict[int, Load]:
    """Return what each liaison of the scope had to do."""
    mine = _liaisons(question)
    sent = _counted(
        connection,
        select(
            outbox.c.person_id,
            func.count().label("messages"),
            _many(_IS_REMINDER, "reminders"),
            _many(and_(outbox.c.key.like("reply:%"), outbox.c.token.is_not(None)), "asked_back"),
        ).where(*_sent(question, mine)),
        outbox.c.person_id,
    )
    asked = _counted(
        connection,
        select(prompts.c.person_id, func.count().label("questions")).where(
            prompts.c.day.between(question.first, question.until), prompts.c.person_id.in_(mine)
        ),
        prompts.c.person_id,
    )
    wordless = case((reports.c.text == "", reports.c.source))
    said = _counted(
        connection,
        select(
            reports.c.person_id,
            # One tap may answer for many projects; each line is typed.
            func.count(wordless.distinct()).label("taps"),
            _many(reports.c.text != "", "lines"),
        ).where(
            reports.c.day.between(question.first, question.until),
            reports.c.entered_by.is_(None),
            reports.c.person_id.in_(mine),
        ),
        reports.c.person_id,
    )
    return {
        person_id: Load(**{**sent.get(person_id, {}), **asked.get(person_id, {}), **said.get(person_id, {})})
        for person_id in connection.execute(mine.distinct()).scalars()
    }


def _sent(question: Question, mine: Select[Any]) -> Sequence[Any]:
    """Return the conditions of a message that reached a liaison's own chat; a change in place is none."""
    return (
        outbox.c.sent_at >= question.begins,
        outbox.c.sent_at < question.ends,
        outbox.c.in_group.is_(False),
        outbox.c.updates_id.is_(None),
        outbox.c.person_id.in_(mine),
    )


def _many(condition: Any, name: str) -> Any:
    return func.sum(case((condition, 1), else_=0)).label(name)


def _counted(connection: Connection, query: Select[Any], by: Any) -> dict[int, dict[str, int]]:
    rows = connection.execute(query.group_by(by))
    return {
        row.person_id: {key: int(value) for key, value in row._mapping.items() if key != "person_id"}  # noqa: SLF001 -- SQLAlchemy's own name for a row as a mapping
        for row in rows
    }


def _twice_reminded(connection: Connection, question: Question) -> int:
    """Return on how many days somebody was reminded or pressed more than once."""
    rows = connection.execute(
        select(outbox.c.person_id, outbox.c.sent_at).where(
            *_sent(question, _liaisons(question)), or_(_IS_REMINDER, outbox.c.key.like("escalation%"))
        )
    )
    days = Counter((row.person_id, question.day_of(row.sent_at)) for row in rows)
    return sum(many > 1 for many in days.values())

"""The workbooks: the week's ledger of problems and projects, all reports, all projects.

What goes to a group names who holds a problem, never a phone number and never who kept silent. Who held
it for how long, and why it was passed on, stands only in the office's own copy (SECURITY row 25).
"""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.custody import ENDINGS, Span
from bot.domain.deadlines import Light
from bot.domain.digest import Digest
from bot.domain.lines import ProblemLine, ProjectLine, ProjectRecord, ReportLine, StepLine
from bot.domain.summary import Say, light_words, scope_words
from bot.papers.book import Book, Column, Form, Sheet


def ledger_workbook(digest: Digest, say: Say) -> bytes:
    """Return the ledger of a digest: its problems, open ones first, and its projects' week."""
    book = _book(say("ledger.title"), say, made_at=digest.made_at, zone=digest.zone)
    about = f"{digest.county} {scope_words(digest.scope, say)} {digest.week}"
    problems = sorted(digest.problems, key=lambda line: not line.is_open)
    projects = sorted(digest.projects, key=lambda line: line.number)
    return book.of(_problem_sheet(problems, say, about), _progress_sheet(projects, say, about))


def full_ledger_workbook(
    problems: Iterable[ProblemLine],
    projects: Iterable[ProjectLine],
    steps: Iterable[StepLine],
    say: Say,
    *,
    county: str,
    made_at: datetime,
    zone: ZoneInfo,
) -> bytes:
    """Return the office's copy, with every step of custody; all of it is read line by line and not kept."""
    book = _book(say("ledger.title"), say, made_at=made_at, zone=zone)
    name = say("ledger.custody")
    custody = Sheet(name, f"{county} {name}", _step_columns(say), steps)
    return book.of(_problem_sheet(problems, say, county), _progress_sheet(projects, say, county), custody)


def _problem_sheet(lines: Iterable[ProblemLine], say: Say, about: str) -> Sheet[ProblemLine]:
    name = say("ledger.problems")
    return Sheet(name, f"{about} {name}", _problem_columns(say), lines, 3)


def _progress_sheet(lines: Iterable[ProjectLine], say: Say, about: str) -> Sheet[ProjectLine]:
    name = say("ledger.progress")
    return Sheet(name, f"{about} {name}", _progress_columns(say), lines)


def reports_workbook(
    lines: Iterable[ReportLine], say: Say, *, county: str, made_at: datetime, zone: ZoneInfo
) -> bytes:
    """Return all daily reports, in the order given; they are read one by one and not kept."""
    name = say("ledger.reports")
    book = _book(name, say, made_at=made_at, zone=zone)
    return book.of(Sheet(name, f"{county} {name}", _report_columns(say), lines, 3))


def projects_workbook(
    records: Iterable[ProjectRecord], say: Say, *, county: str, made_at: datetime, zone: ZoneInfo
) -> bytes:
    """Return all projects with their plans, dates, latest figures and people."""
    name = say("ledger.projects")
    book = _book(name, say, made_at=made_at, zone=zone)
    return book.of(Sheet(name, f"{county} {name}", _record_columns(say), records))


def _book(title: str, say: Say, *, made_at: datetime, zone: ZoneInfo) -> Book:
    lights = {light: light_words(light, say) for light in Light}
    return Book(title, made_at, zone, yes=say("ledger.yes"), no=say("ledger.no"), lights=lights)


def _problem_columns(say: Say) -> list[Column[ProblemLine]]:
    return [
        Column(say("ledger.number"), 9, Form.WORD, lambda line: line.number),
        Column(say("ledger.project_number"), 9, Form.WORD, lambda line: line.project_number),
        Column(say("ledger.project"), 20, Form.PROSE, lambda line: line.project),
        Column(say("ledger.category"), 6, Form.WORD, lambda line: line.category),
        Column(say("ledger.urgency"), 6, Form.WORD, lambda line: line.urgency),
        Column(say("ledger.text"), 36, Form.PROSE, lambda line: line.text),
        Column(say("ledger.place"), 8, Form.WORD, lambda line: line.place),
        Column(say("ledger.lead_leader"), 8, Form.WORD, lambda line: line.lead_leader),
        Column(say("ledger.holder"), 8, Form.WORD, lambda line: line.holder),
        Column(say("ledger.holder_unit"), 14, Form.PROSE, lambda line: line.holder_unit),
        Column(say("ledger.state"), 8, Form.WORD, lambda line: line.state),
        Column(say("ledger.light"), 10, Form.ALARM, lambda line: line.light if line.is_open else None),
        Column(
            say("ledger.step"),
            13,
            Form.PROSE,
            lambda line: say(f"ledger.step_{line.step}") if line.step else "",
        ),
        Column(say("ledger.reporter_unit"), 14, Form.PROSE, lambda line: line.reporter_unit),
        Column(say("ledger.opened_at"), 15, Form.MOMENT, lambda line: line.opened_at),
        Column(say("ledger.accepted_at"), 15, Form.MOMENT, lambda line: line.accepted_at),
        Column(say("ledger.first_due"), 15, Form.MOMENT, lambda line: line.first_due),
        Column(say("ledger.solve_due"), 15, Form.MOMENT, lambda line: line.solve_due),
        Column(say("ledger.closed_at"), 15, Form.MOMENT, lambda line: line.closed_at),
        Column(say("ledger.overdue"), 6, Form.ALARM, lambda line: line.overdue),
        Column(say("ledger.extensions"), 6, Form.COUNT, lambda line: line.extensions),
        Column(say("ledger.snoozes"), 6, Form.COUNT, lambda line: line.snoozes),
        Column(say("ledger.climbed"), 6, Form.COUNT, lambda line: line.level),
        Column(say("ledger.reopened"), 6, Form.COUNT, lambda line: line.generation - 1),
    ]


def _step_columns(say: Say) -> list[Column[StepLine]]:
    return [
        Column(say("ledger.number"), 11, Form.WORD, lambda line: line.number),
        Column(say("ledger.project"), 30, Form.PROSE, lambda line: line.project),
        Column(say("ledger.generation"), 8, Form.COUNT, lambda line: line.span.generation),
        Column(say("ledger.holder"), 10, Form.WORD, lambda line: line.span.person),
        Column(say("ledger.holder_unit"), 18, Form.PROSE, lambda line: line.span.unit),
        Column(say("ledger.since"), 17, Form.MOMENT, lambda line: line.span.since),
        Column(say("ledger.accepted_at"), 17, Form.MOMENT, lambda line: line.span.accepted_at),
        Column(say("ledger.until"), 17, Form.MOMENT, lambda line: line.span.until),
        Column(say("ledger.ended"), 14, Form.WORD, lambda line: _ended(line.span, say)),
        Column(say("ledger.reason"), 40, Form.PROSE, lambda line: line.span.reason),
        Column(say("ledger.held"), 12, Form.HOURS, lambda line: line.held),
    ]


def _ended(span: Span, say: Say) -> str:
    """Return how a step ended, in words; a step that has not says that it goes on."""
    if span.until is None:
        return say("ended.not_yet")
    return say(f"ended.{span.ended}") if span.ended in ENDINGS else span.ended


def _progress_columns(say: Say) -> list[Column[ProjectLine]]:
    return [
        Column(say("ledger.number"), 11, Form.WORD, lambda line: line.number),
        Column(say("ledger.project"), 30, Form.PROSE, lambda line: line.name),
        Column(say("ledger.place"), 10, Form.WORD, lambda line: line.place),
        Column(say("ledger.industry"), 12, Form.WORD, lambda line: line.industry),
        Column(say("ledger.stage"), 10, Form.WORD, lambda line: line.stage),
        Column(say("ledger.lead_leader"), 10, Form.WORD, lambda line: line.lead_leader),
        Column(say("ledger.unit"), 18, Form.PROSE, lambda line: line.unit),
        Column(say("ledger.planned"), 14, Form.MONEY, lambda line: line.planned),
        Column(say("ledger.cumulative"), 14, Form.MONEY, lambda line: line.cumulative),
        Column(say("ledger.invested"), 14, Form.MONEY, lambda line: line.invested),
        Column(say("ledger.plan_share"), 10, Form.SHARE, lambda line: line.plan_permille),
        Column(say("ledger.permille"), 10, Form.SHARE, lambda line: line.permille),
        Column(say("ledger.advanced"), 10, Form.SHARE, lambda line: line.advanced),
        Column(say("ledger.last_progress"), 12, Form.DAY, lambda line: line.last_progress),
        Column(say("ledger.last_text"), 40, Form.PROSE, lambda line: line.last_text),
    ]


def _report_columns(say: Say) -> list[Column[ReportLine]]:
    return [
        Column(say("ledger.day"), 12, Form.DAY, lambda line: line.day),
        Column(say("ledger.project_number"), 11, Form.WORD, lambda line: line.project_number),
        Column(say("ledger.project"), 30, Form.PROSE, lambda line: line.project),
        Column(say("ledger.place"), 10, Form.WORD, lambda line: line.place),
        Column(say("ledger.answer"), 9, Form.WORD, lambda line: line.kind),
        Column(say("ledger.text"), 50, Form.PROSE, lambda line: line.text),
        Column(say("ledger.permille"), 10, Form.SHARE, lambda line: line.permille),
        Column(say("ledger.cumulative"), 14, Form.MONEY, lambda line: line.cumulative),
        Column(say("ledger.liaison"), 10, Form.WORD, lambda line: line.person),
        Column(say("ledger.liaison_unit"), 18, Form.PROSE, lambda line: line.person_unit),
        Column(say("ledger.entered_by"), 10, Form.WORD, lambda line: line.entered_by),
        Column(say("ledger.at"), 17, Form.MOMENT, lambda line: line.at),
    ]


def _record_columns(say: Say) -> list[Column[ProjectRecord]]:
    return [
        Column(say("ledger.number"), 11, Form.WORD, lambda line: line.project.number),
        Column(say("ledger.project"), 30, Form.PROSE, lambda line: line.project.name),
        Column(say("ledger.level"), 8, Form.WORD, lambda line: line.project.level),
        Column(say("ledger.class"), 8, Form.WORD, lambda line: line.project.kind),
        Column(say("ledger.stage"), 10, Form.WORD, lambda line: line.project.stage),
        Column(say("ledger.industry"), 12, Form.WORD, lambda line: line.project.industry),
        Column(say("ledger.place"), 10, Form.WORD, lambda line: line.project.place),
        Column(say("ledger.total"), 14, Form.MONEY, lambda line: line.project.total),
        Column(say("ledger.planned"), 14, Form.MONEY, lambda line: line.project.planned),
        Column(say("ledger.cumulative"), 14, Form.MONEY, lambda line: line.project.cumulative),
        Column(say("ledger.plan_share"), 10, Form.SHARE, lambda line: line.project.plan_permille),
        Column(say("ledger.permille"), 10, Form.SHARE, lambda line: line.project.permille),
        Column(say("ledger.planned_start"), 12, Form.DAY, lambda line: line.project.planned_start),
        Column(say("ledger.planned_completion"), 12, Form.DAY, lambda line: line.project.planned_completion),
        Column(say("ledger.actual_start"), 12, Form.DAY, lambda line: line.project.actual_start),
        Column(say("ledger.actual_completion"), 12, Form.DAY, lambda line: line.project.actual_completion),
        Column(say("ledger.lead_leader"), 10, Form.WORD, lambda line: line.lead_leader),
        Column(say("ledger.unit"), 18, Form.PROSE, lambda line: line.project.unit),
        Column(say("ledger.liaison"), 16, Form.PROSE, lambda line: "、".join(line.liaisons)),
        Column(say("ledger.last_day"), 12, Form.DAY, lambda line: line.project.last_day),
        Column(say("ledger.last_text"), 40, Form.PROSE, lambda line: line.project.last_text),
    ]

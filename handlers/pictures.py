"""Pictures and files: kept with the report or the problem they came with, or asked about."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.progress import Kind
from bot.domain.projects import Project
from handlers import attachments, progress, unclear
from handlers.recording import Said
from handlers.turn import Turn

_BELONG = timedelta(minutes=10)
"""Pictures sent so soon after words belong to them: an album arrives one by one."""


def wait(turn: Turn) -> None:
    """Keep pictures that came before the words asked for; the question stays open."""
    if turn.question is None or not turn.incoming.attachments:
        return
    turn.ask(turn.question.topic, **(turn.known | {"files": attachments.so_far(turn)}))
    if turn.question.topic != "which":
        turn.reply_once(f"pictures:{turn.question.asked_at.timestamp():.0f}", "progress.words_too")


def place(turn: Turn, projects: Sequence[Project]) -> None:
    """Put pictures sent without words to the report they follow, or ask what they show."""
    if not turn.incoming.attachments:
        return
    latest = _latest(turn, projects)
    if latest is not None:
        put(turn, latest)
    elif len(projects) == 1:
        put(turn, projects[0])
    else:
        unclear.ask_for_pictures(turn, projects)


def _latest(turn: Turn, projects: Sequence[Project]) -> Project | None:
    """Return the project the sender has just spoken of."""
    reports = turn.tx.reports.on([project.id for project in projects], turn.today)
    just_now = [
        report
        for report in reports.values()
        if report.person_id == turn.sender.id
        and report.kind is not Kind.UNCHANGED
        and turn.now - report.at < _BELONG
    ]
    latest = max(just_now, key=lambda report: report.id, default=None)
    return next((project for project in projects if latest and project.id == latest.project_id), None)


def put(turn: Turn, project: Project) -> None:
    """Put pictures to the sender's report of today; where there is none, they are one."""
    report = turn.tx.reports.on([project.id], turn.today).get(project.id)
    if report is None:
        progress.record(turn, [Said(project, Kind.PROGRESS, _name(turn))], progress.listed(turn))
        return
    attachments.keep(turn, report_id=report.id)
    turn.reply_once(f"kept:{report.id}", "progress.kept", project=project.name)


def _name(turn: Turn) -> str:
    """Return what a report says that is nothing but files."""
    kinds = turn.tx.attachments.media_types(attachments.so_far(turn))
    shown = all(kind.startswith(("image/", "video/")) for kind in kinds)
    return turn.say(turn.county.language, "progress.pictures" if shown else "progress.papers")

"""An edited message replaces what it said before."""

from collections.abc import Sequence

from bot.domain.answers import Answer, read_answers
from bot.domain.problems import Problem
from bot.domain.progress import Kind
from handlers import progress, recording, reporting
from handlers.recording import Said
from handlers.turn import Turn
from storage.reports import Report


def revise(turn: Turn) -> None:
    """Let an edited message revise the report, the problem, or the question that it led to."""
    if not turn.text:
        return
    if turn.question and turn.source and turn.known.get("source") == turn.source:
        turn.close_question()
        progress.answer(turn)
        return
    reports = turn.tx.reports.from_source(turn.source) if turn.source else []
    problem = turn.tx.problems.from_source(turn.source) if turn.source else None
    if not reports and problem is None:
        turn.reply("progress.edit_unknown")
    elif any(report.day != turn.today for report in reports):
        turn.reply("progress.edit_late")
    else:
        _read_again(turn, reports, problem)


def _read_again(turn: Turn, reports: list[Report], problem: Problem | None) -> None:
    """Read the words as they stand now: what they said of a problem changes it, the rest is reported anew."""
    spoken_of = {report.project_id for report in reports} | ({problem.project_id} if problem else set())
    projects = turn.tx.projects.many(sorted(spoken_of))
    every = progress.listed(turn) or projects
    answers = read_answers(turn.text, progress.numbered(every), turn.today)
    if len(projects) == 1 and any(each.listed is None for each in answers):
        answers, every = read_answers(turn.text, progress.numbered(projects), turn.today), projects
    reworded = next(
        (
            each
            for each in answers
            if problem and each.listed and each.listed.project_id == problem.project_id
            if each.kind is Kind.PROBLEM or not reports
        ),
        None,
    )
    _take_back(turn, reports, answers)
    if rest := [each for each in answers if each is not reworded]:
        progress.take(turn, every, rest, edited=True)
    if reworded is not None:
        turn.text = reworded.text
        reporting.revise(turn)


def _take_back(turn: Turn, reports: Sequence[Report], answers: Sequence[Answer]) -> None:
    """Undo what the message said of a project that it no longer speaks of: the number was a slip."""
    if not all(each.listed for each in answers):
        return
    spoken_of = {each.listed.project_id for each in answers if each.listed}
    for report in reports:
        if report.project_id not in spoken_of:
            project = turn.tx.projects.get(report.project_id)
            recording.record(turn, turn.sender, Said(project, Kind.UNCHANGED, ""), report, afresh=True)
            turn.reply("progress.taken_back", project=project.name)

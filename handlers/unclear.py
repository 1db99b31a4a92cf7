"""What is not clear is asked once, in one short question; nothing that was typed is lost meanwhile."""

import re
from collections.abc import Sequence

from bot.domain.answers import Answer, read_answers
from bot.domain.progress import Kind
from bot.domain.projects import Project
from bot.domain.similar import is_alike
from bot.domain.words import visible
from handlers import attachments, lists, pictures, progress, prompts
from handlers.turn import Turn, rows_of
from storage.letters import Choices

_MOST_WITH_NAMES = 8
"""Buttons with names on them; with more projects the names stand in the text, the buttons are numbers."""

_POINTER = re.compile(
    r"(?:就|都)?(?:是|记到|选|第)?\s*(?P<place>\d{1,2})\s*(?:号?项目|号|个)?[的吧呢啊]?[。.！!]?"
)
_ALL = re.compile(r"(?:[两几二三]个|全部|所有|项目|全|都|是|的|all|both)+[。.！!]?", re.IGNORECASE)


def ask(turn: Turn, unclear: Sequence[Answer], projects: Sequence[Project]) -> None:
    """Ask which project some words are about, and keep them with the question."""
    words = "；".join(_as_typed(each) for each in unclear)
    ids = {candidate.project_id for each in unclear for candidate in each.candidates}
    likely = [project for project in projects if project.id in ids]
    ask_for(turn, words, unclear[0].kind, likely or projects, projects)


def ask_for(
    turn: Turn, words: str, kind: Kind, likely: Sequence[Project], projects: Sequence[Project]
) -> None:
    """Ask which project words are about; without words, which one has news or a problem."""
    turn.ask(
        "which",
        text=words,
        kind=str(kind),
        files=attachments.so_far(turn),
        source=turn.known.get("source") or turn.source,
    )
    if words:
        # Should the question never be answered, the words are still in the trail.
        turn.record(turn.sender, "words.unclear", f"person:{turn.sender.id}", text=words)
        choices, lines = _pointing(turn, likely, projects), _lines(likely, projects)
        turn.reply("progress.which", choices, text=visible(words), lines=lines)
    else:
        turn.reply("progress.which_problem" if kind is Kind.PROBLEM else "progress.which_progress")


def ask_for_pictures(turn: Turn, projects: Sequence[Project]) -> None:
    """Ask what pictures without words show."""
    turn.ask("which", text="", kind=str(Kind.PROGRESS), files=attachments.so_far(turn), source=turn.source)
    choices = _pointing(turn, projects, projects)
    turn.reply("progress.which_picture", choices, lines=_lines(projects, projects))


def pointed(turn: Turn, project: Project) -> None:
    """Record words whose project was unclear, now that its button was pressed."""
    if turn.question and turn.question.topic == "which":
        _resolve(turn, [project])
    else:
        progress.ask_about(turn, project, Kind.PROGRESS)


def answered(turn: Turn) -> None:
    """Read the answer to 「哪个项目？」: a number or a name, alone or with the words said again."""
    projects = progress.listed(turn)
    kept, kind = str(turn.known["text"]), Kind(turn.known["kind"])
    pointer = _POINTER.fullmatch(turn.text)
    words = pointer["place"] if pointer else turn.text
    answers = read_answers(words, progress.numbered(projects), turn.today)
    by_id = {project.id: project for project in projects}
    meant = [by_id[each.listed.project_id] for each in answers if each.listed]
    if _ALL.fullmatch(words):
        _resolve(turn, projects)
    elif meant and not any(each.text for each in answers):
        _resolve(turn, meant)
    elif not kept:
        progress.take(turn, projects, [_of_kind(each, kind) for each in answers])
    elif not meant:
        _ask_again(turn, f"{kept}；{turn.text}", kind, projects)
    else:
        progress.take(turn, projects, answers)
        # Said again with the number before it, or something else altogether?
        if not turn.has_asked and not any(is_alike(each.text, kept) for each in answers):
            _ask_again(turn, kept, kind, projects)


def _ask_again(turn: Turn, words: str, kind: Kind, projects: Sequence[Project]) -> None:
    ask_for(turn, words, kind, projects, projects)


def _resolve(turn: Turn, projects: Sequence[Project]) -> None:
    """Give the words, or the pictures, that were kept to the projects pointed out."""
    kept, kind = str(turn.known["text"]), Kind(turn.known["kind"])
    if kept:
        answers = [
            answer
            for project in projects
            for answer in read_answers(kept, progress.numbered([project]), turn.today)
        ]
        progress.take(turn, progress.listed(turn), [_of_kind(each, kind) for each in answers])
    elif turn.known.get("files"):
        pictures.put(turn, projects[0])
    else:
        progress.ask_about(turn, projects[0], kind)


def _of_kind(answer: Answer, kind: Kind) -> Answer:
    """Return an answer to 「哪个项目有问题？」 as a problem, whether it says so or not."""
    if kind is not Kind.PROBLEM or answer.kind is Kind.PROBLEM:
        return answer
    return Answer(answer.listed, Kind.PROBLEM, answer.text, answer.figures, None, answer.candidates)


def _as_typed(answer: Answer) -> str:
    """Return the words with the mark that made them a problem, so that they are read the same again."""
    return f"问题 {answer.text}" if answer.kind is Kind.PROBLEM else answer.text


def _pointing(turn: Turn, likely: Sequence[Project], projects: Sequence[Project]) -> Choices:
    """Return buttons that point to projects, and one to drop the question."""
    places = {project.id: place for place, project in enumerate(projects, 1)}
    drop = (turn.choice("drop", "drop"),)
    if len(likely) > _MOST_WITH_NAMES:
        return (*rows_of([(str(places[each.id]), f"which:{each.id}") for each in likely], 6), drop)
    named = [(f"{places[each.id]} {prompts.shortened(each.name, 16)}", f"which:{each.id}") for each in likely]
    return (*rows_of(named, 1), drop)


def _lines(likely: Sequence[Project], projects: Sequence[Project]) -> str:
    if len(likely) <= _MOST_WITH_NAMES:
        return ""
    return "".join(f"\n{place} {project.name}" for place, project in enumerate(projects, 1))


def receipt(turn: Turn, projects: Sequence[Project]) -> None:
    """Answer 「收到」: it is no report, and whoever sends it should not believe so."""
    reports = turn.tx.reports.on([project.id for project in projects], turn.today)
    left = len(projects) - len(reports)
    prompt = turn.tx.rounds.prompt(turn.sender.id, turn.today)
    if prompt is None or prompt.answered or not left:
        lists.welcome(turn)
    else:
        turn.reply("progress.receipt", count=left)

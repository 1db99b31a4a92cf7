"""What a liaison answers: by button, by number, or in one free line."""

import dataclasses
from collections.abc import Sequence

from bot.domain.answers import Answer, Listed, is_receipt, read_answers
from bot.domain.figures import read_figures, show_money, show_permille
from bot.domain.progress import Kind, Oddity
from bot.domain.projects import Project
from bot.domain.warnings import COPIED
from bot.domain.words import visible
from bot.errors import Refused
from handlers import attachments, lists, pictures, prompts, recording, reporting, spoken, stages, unclear
from handlers.recording import NO_FIGURES, Recorded, Said
from handlers.turn import Turn
from storage.reports import Report

_LONGEST_QUOTE = 60


def is_list(subject: str) -> bool:
    """Tell whether a letter holds a numbered list of projects."""
    return subject.startswith(("prompt:", "projects:"))


# --- buttons ----------------------------------------------------------------------------


def same(turn: Turn) -> None:
    """Record 照旧 for every project of the question that nobody has said anything of today."""
    asked = {int(each) for each in turn.argument.split(",") if each}
    projects = listed(turn)
    record(turn, [Said(project, Kind.UNCHANGED, "") for project in projects if project.id in asked], projects)


def ask_progress(turn: Turn, project: Project | None) -> None:
    """Ask what has moved on a project."""
    _ask_pressed(turn, project, Kind.PROGRESS)


def ask_problem(turn: Turn, project: Project | None) -> None:
    """Ask what the problem on a project is."""
    _ask_pressed(turn, project, Kind.PROBLEM)


def _ask_pressed(turn: Turn, project: Project | None, kind: Kind) -> None:
    if project is not None:
        ask_about(turn, project, kind)
    else:
        unclear.ask_for(turn, "", kind, (), ())


def ask_about(turn: Turn, project: Project, kind: Kind) -> None:
    """Ask what there is to say of a project."""
    topic = "problem" if kind is Kind.PROBLEM else "progress"
    turn.ask(topic, project=project.id)
    example = prompts.example(turn, turn.sender, project)
    turn.reply(f"progress.ask_{topic}", project=project.name, example=example)


def figures_right(turn: Turn, asked: Report) -> None:
    """Let an odd figure stand: whoever said it means it."""
    report = _still_counting(turn, asked)
    turn.tx.reports.confirm(report.id)
    turn.record(turn.sender, "report.confirmed", f"project:{report.project_id}", report=report.id)
    turn.reply("progress.right")


def figures_wrong(turn: Turn, asked: Report, project: Project) -> None:
    """Take an odd figure back, keep the words, and ask for the right one."""
    report = _still_counting(turn, asked)
    before = turn.tx.reports.standing_before(project.id, report.day)
    turn.tx.reports.restore(report, before, turn.now)
    turn.record(turn.sender, "report.taken_back", f"project:{project.id}", report=report.id)
    turn.ask("progress", project=project.id)
    turn.reply("progress.ask_figures", project=project.name)


def _still_counting(turn: Turn, asked: Report) -> Report:
    """Return the report that counts today, if its figures are still those that were asked back."""
    today = turn.tx.reports.on([asked.project_id], turn.today).get(asked.project_id)
    if today is None or today.standing != asked.standing or today.person_id != turn.sender.id:
        raise Refused("button.stale")
    return today


# --- words ------------------------------------------------------------------------------


def answer(turn: Turn) -> None:
    """Read one free line, or several, as answers about the sender's projects."""
    projects = listed(turn)
    if not projects:
        if is_receipt(turn.text) or not spoken.word_of_holder(turn):
            lists.unread(turn)
        return
    if not turn.text:
        pictures.place(turn, projects)
        return
    answers = read_answers(turn.text, numbered(projects), turn.today)
    if not answers or is_receipt(turn.text):
        unclear.receipt(turn, projects)
        return
    take(turn, projects, _placed(turn, projects, answers))


def answer_after_word(turn: Turn) -> None:
    """Read what follows a word that is no part of the answer: 「更正 1 62%」, 「回复 主体封顶」."""
    turn.text = turn.argument
    answer(turn)


def _placed(turn: Turn, projects: Sequence[Project], answers: Sequence[Answer]) -> Sequence[Answer]:
    """Give words that point to no project to the one that was asked about today, if it was just one."""
    aimless = [each for each in answers if each.listed is None and len(each.candidates) in {0, len(projects)}]
    prompt = turn.tx.rounds.prompt(turn.sender.id, turn.today) if aimless else None
    if prompt is None or len(prompt.projects) != 1:
        return answers
    asked = next((each for each in numbered(projects) if each.project_id == prompt.projects[0]), None)
    return [dataclasses.replace(each, listed=asked) if each in aimless else each for each in answers]


def answer_about(turn: Turn, project: Project) -> None:
    """Read the answer to 「有什么进展？」 about one project; words that name another go there."""
    projects = listed(turn)
    if not turn.text:
        pictures.put(turn, project)
        turn.ask("progress", project=project.id)
        return
    answers = read_answers(turn.text, numbered([project]), turn.today)
    if any(each.kind is not Kind.UNCHANGED for each in answers):
        place = next(each for each in numbered(projects) if each.project_id == project.id)
        every = read_answers(turn.text, numbered(projects), turn.today)
        if any(each.listed for each in every):
            answers = tuple(dataclasses.replace(each, listed=each.listed or place) for each in every)
    take(turn, projects, answers)


def take_problem(turn: Turn, projects: Sequence[Project], text: str) -> None:
    """Read words that are known to be a problem: of the only project, or of the one they name."""
    every = listed(turn)
    answers: Sequence[Answer] = read_answers(text, numbered(every), turn.today)
    if len(projects) == 1:
        answers = [Answer(numbered(projects)[0], Kind.PROBLEM, text, read_figures(text))]
    take(turn, every, [dataclasses.replace(each, kind=Kind.PROBLEM, until=None) for each in answers])


def take(turn: Turn, projects: Sequence[Project], answers: Sequence[Answer], *, edited: bool = False) -> None:
    """Record what is clear, ask about what is not, report the problems.

    One question at most: a second would take the place of the first, and of the words it keeps.
    """
    by_id = {project.id: project for project in projects}
    said, troubles, vague, blank = [], [], [], []
    for each in answers:
        if each.listed is None:
            vague.append(each)
            continue
        project = by_id[each.listed.project_id]
        if not each.text and each.kind is not Kind.UNCHANGED:
            blank.append((project, each.kind))
        elif each.kind is not Kind.PROBLEM:
            said.append(Said(project, each.kind, each.text, each.figures, each.until))
        else:
            troubles.append((project, each.text))
            has_news = any(one.project.id == project.id for one in said)
            if each.figures != NO_FIGURES and not has_news:
                said.append(Said(project, Kind.PROBLEM, each.text, each.figures))
    if said:
        record(turn, said, projects, edited=edited)
    if vague:
        unclear.ask(turn, vague, projects)
    for project, text in troubles:
        reporting.describe_on(turn, project, text)
    if blank and not turn.has_asked:
        ask_about(turn, *blank[0])


def record(turn: Turn, said: Sequence[Said], projects: Sequence[Project], *, edited: bool = False) -> None:
    """Store what was said and answer with what is now written down; ``projects`` give the numbers."""
    today = turn.tx.reports.on([each.project.id for each in said], turn.today)
    takes_back = len(said) == 1 and len(projects) > 1 and said[0].text != ""
    if not takes_back:
        # 「照旧」 for the rest leaves alone what has been said of already; 「1 照旧」 does not.
        said = [each for each in said if not _is_plainly_same(each) or each.project.id not in today]
    if not said:
        turn.notice = turn.say(turn.sender, "progress.already")
        turn.reply("progress.already")
        return
    turn.notice = turn.say(turn.sender, "progress.noted")
    source = str(turn.known.get("source") or turn.source)
    recorded = [
        recording.record(
            turn,
            turn.sender,
            each,
            today.get(each.project.id),
            source=source,
            afresh=edited or each.kind is Kind.UNCHANGED,
        )
        for each in said
    ]
    attachments.keep(turn, report_id=recorded[0].report_id)
    recording.settle_prompts(turn, turn.sender, [each.project.id for each in said])
    _confirm(turn, recorded, projects)


def _is_plainly_same(said: Said) -> bool:
    return said.kind is Kind.UNCHANGED and said.until is None


def _confirm(turn: Turn, recorded: Sequence[Recorded], projects: Sequence[Project]) -> None:
    counted = []
    for each in recorded:
        if each.first is None:
            counted.append(each)
            continue
        turn.reply(
            "progress.also",
            project=each.said.project.name,
            name=each.first.person,
            at=turn.hour(each.first.at),
            said=prompts.shortened(each.first.text, _LONGEST_QUOTE)
            or prompts.kind_word(turn, turn.sender, each.first.kind),
        )
    files = len(attachments.so_far(turn))
    tail = turn.say(turn.sender, "progress.files", count=files) if files else ""
    untils = {each.said.until for each in counted if each.said.kind is Kind.UNCHANGED}
    if len(counted) > 1 and len(untils) == 1 and all(each.said.kind is Kind.UNCHANGED for each in counted):
        (until,) = untils
        if until is None:
            turn.reply("progress.all_same", count=len(counted))
        else:
            turn.reply("progress.all_until", count=len(counted), until=turn.date(turn.sender, until))
    elif counted:
        places = {project.id: f"{place} " for place, project in enumerate(projects, 1) if len(projects) > 1}
        lines = [
            f"{places.get(each.said.project.id, '')}{each.said.project.name}："
            f"{recording.described(turn, turn.sender, each)}"
            for each in counted
        ]
        key = "progress.recorded" if len(lines) == 1 else "progress.recorded_many"
        turn.reply(key, lines="\n".join(lines), count=len(lines), files=tail)
    for each in counted:
        if each.odd:
            _ask_back(turn, each)
        if each.said.kind is Kind.PROGRESS and each.said.text:
            stages.offer(turn, each.said.project, each.said.text)
            _ask_whether_copied(turn, each)


def _ask_whether_copied(turn: Turn, recorded: Recorded) -> None:
    """Ask once, kindly, when the same words have come for days; they are recorded all the same."""
    project = recorded.said.project
    if recorded.said.text != project.last_text:
        return
    days = turn.tx.reports.days_of_same_words(project.id, turn.today)
    if days != COPIED:
        return
    said = prompts.shortened(recorded.said.text, _LONGEST_QUOTE)
    text = turn.say(turn.sender, "odd.copied", project=project.name, count=days, said=visible(said))
    slot = f"copied:{project.id}:{turn.today}"
    turn.tell(turn.sender, slot, text, disturb=True, in_person=True)


def _ask_back(turn: Turn, recorded: Recorded) -> None:
    """Ask once, kindly, whether an odd figure is meant."""
    before, standing, project = recorded.before, recorded.standing, recorded.said.project
    reasons = [
        turn.say(
            turn.sender,
            f"odd.{oddity}",
            before=show_permille(before.permille),
            after=show_permille(standing.permille),
            money_before=show_money(before.cumulative),
            money_after=show_money(standing.cumulative),
            planned=show_money(project.planned),
        )
        for oddity in map(Oddity, recorded.odd)
    ]
    choices = (
        (
            turn.choice("right", f"right:{recorded.report_id}"),
            turn.choice("wrong", f"wrong:{recorded.report_id}"),
        ),
    )
    turn.reply("odd.ask", choices, project=project.name, reasons="；".join(reasons))


# --- whose projects ---------------------------------------------------------------------


def listed(turn: Turn) -> list[Project]:
    """Return the sender's projects as they were numbered last, those not on that list after them."""
    assigned = prompts.asked_of(turn, turn.sender)
    if len(assigned) <= 1:
        return assigned
    by_id = {project.id: project for project in assigned}
    order = [project_id for project_id in turn.tx.conversations.listed(turn.sender.id) if project_id in by_id]
    return [by_id[each] for each in order] + [each for each in assigned if each.id not in order]


def numbered(projects: Sequence[Project]) -> list[Listed]:
    """Return projects with the numbers that people type for them."""
    return [Listed(place, each.id, each.number, each.name) for place, each in enumerate(projects, 1)]

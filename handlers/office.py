"""What only the office does: enter an answer that came by phone, put things right, pause the questions."""

import re

from bot.domain.answers import is_receipt, read_answers
from bot.domain.figures import Figures, read_figures, show_money, show_permille
from bot.domain.people import Duty, Person
from bot.domain.problems import Problem
from bot.domain.progress import Kind, Standing
from bot.domain.projects import Project
from bot.domain.until import read_until, without_until
from bot.domain.words import visible
from bot.errors import Refused
from handlers import attachments, cards, pointing, progress, recording, reporting, requests
from handlers.recording import Said
from handlers.turn import Turn
from storage.reports import Answered

_EDGES = " \t\r\n\u3000，,、；;。：:"
_COUNTY = frozenset({"全县", "全部", "全区", "county", "all"})


def enter(turn: Turn) -> None:
    """Enter an answer that came by phone (代填): 「代填 XM-012 主体封顶，形象进度62%」."""
    project, text = _project_and_words(turn, "office.enter_usage")
    answers = read_answers(text, progress.numbered([project]), turn.today)
    if not answers or is_receipt(text):
        raise Refused("office.enter_usage")
    for answer in answers:
        if answer.kind is not Kind.PROBLEM:
            _enter(turn, Said(project, answer.kind, answer.text, answer.figures, answer.until))
    for answer in answers:
        if answer.kind is Kind.PROBLEM:
            reporting.describe_on(turn, project, answer.text)


def _enter(turn: Turn, said: Said) -> None:
    project = said.project
    liaison = _liaison(turn, project)
    today = turn.tx.reports.on([project.id], turn.today).get(project.id)
    recorded = recording.record(turn, liaison, said, today, source=turn.source, entered_by=turn.sender)
    attachments.keep(turn, report_id=recorded.report_id)
    recording.settle_prompts(turn, turn.sender, [project.id])
    line = f"{project.name}：{recording.described(turn, turn.sender, recorded)}"
    turn.reply("office.entered", line=line, name=liaison.name)
    if liaison.id != turn.sender.id:
        text = turn.say(liaison, "office.entered_for_you", line=line, name=turn.sender.name)
        turn.tell(liaison, f"entered:{recorded.report_id}", text)


def is_correction(turn: Turn, rest: str) -> bool:
    """Tell whether 「更正 …」 is the command: a liaison's on a project of their own is an answer."""
    if turn.sender.is_office:
        return True
    projects = {each.id for each in progress.listed(turn)}
    named = turn.tx.projects.numbered(rest.partition(" ")[0].upper())
    return not (rest and projects) or (named is not None and named.id not in projects)


def correct(turn: Turn) -> None:
    """Put a figure right (更正); the version before it stays in the trail."""
    project, text = _project_and_words(turn, "office.correct_usage")
    figures = read_figures(text)
    if figures.permille is None and not figures.money:
        raise Refused("office.correct_usage")
    latest = turn.tx.reports.latest(project.id)
    day = latest.day if latest else turn.today
    before = latest.standing if latest else turn.tx.reports.standing_before(project.id, day)
    # A sum without 「累计」 is the right total here: nobody corrects by adding.
    money = max((each.amount for each in figures.money), default=before.cumulative)
    standing = Standing(before.permille if figures.permille is None else figures.permille, money)
    liaison = turn.tx.people.get(latest.person_id) if latest else _liaison(turn, project)
    answered = Answered(
        project_id=project.id,
        day=day,
        kind=latest.kind if latest else Kind.PROGRESS,
        text=latest.text if latest else "",
        standing=standing,
        person_id=liaison.id,
        at=turn.now,
        entered_by=turn.sender.id,
    )
    report_id = turn.tx.reports.add(answered)
    turn.record(
        turn.sender,
        "report.corrected",
        f"project:{project.id}",
        report=report_id,
        before=[before.permille, before.cumulative],
        after=[standing.permille, standing.cumulative],
        words=text,
    )
    recording.settle_prompts(turn, turn.sender, [project.id])
    changed = _changed(turn, turn.sender, figures, before, standing)
    turn.reply("office.corrected", project=project.name, day=turn.date(turn.sender, day), figures=changed)
    if liaison.id != turn.sender.id:
        told = turn.say(
            liaison,
            "office.corrected_for_you",
            name=turn.sender.name,
            project=project.name,
            day=turn.date(liaison, day),
            figures=_changed(turn, liaison, figures, before, standing),
        )
        turn.tell(liaison, f"corrected:{report_id}", told)


def _changed(turn: Turn, reader: Person, figures: Figures, before: Standing, after: Standing) -> str:
    """Return the figures that were put right, as they were and as they are."""
    parts = []
    if figures.permille is not None:
        shown = f"{show_permille(before.permille)} → {show_permille(after.permille)}"
        parts.append(turn.say(reader, "progress.permille", permille=shown, change=""))
    if figures.money:
        shown = f"{show_money(before.cumulative)} → {show_money(after.cumulative)}"
        parts.append(turn.say(reader, "progress.money", money=shown, change=""))
    return "；".join(parts)


def withdraw(turn: Turn, problem: Problem, reason: str) -> None:
    """Take a mistaken problem back (撤销 2026-063 原因); so may its reporter until somebody accepts it."""
    if not problem.is_open or not turn.tx.problems.withdraw(problem, turn.now, reason):
        raise Refused("problem.settled", problem=problem.tag, state=problem.state)
    turn.record(turn.sender, "problem.withdrawn", cards.subject(problem), reason=reason)
    requests.lapse(turn, problem)
    cards.refresh(turn, turn.tx.problems.get(problem.id) or problem)
    for person_id in {problem.holder_id, problem.confirmer_id} - {turn.sender.id}:
        person = turn.tx.people.get(person_id)
        text = turn.say(
            person,
            "office.withdrawn_for_you",
            problem=problem.tag,
            name=turn.sender.name,
            reason=visible(reason),
        )
        turn.tell(person, f"withdrawn:{problem.id}:{person.id}", text)
    turn.reply("office.withdrawn", problem=problem.tag)


def is_pause(turn: Turn, rest: str) -> bool:
    """Tell whether 「暂停 …」 is the command: 「暂停 施工，等雨停」 is a liaison's answer."""
    return turn.sender.is_office or not rest or read_until(rest, turn.today) is not None


def pause(turn: Turn) -> None:
    """Ask nobody – in the county, a unit, or one person – until a day: 「暂停 全县 到12月5日」."""
    name, until = without_until(turn.argument), read_until(turn.argument, turn.today)
    name = (name or "").strip(_EDGES)
    if not name or until is None:
        raise Refused("office.pause_usage")
    whom, key, shown = _whom(turn, name)
    turn.tx.rounds.pause(whom, key, until, turn.sender.id, turn.now)
    turn.record(turn.sender, "asking.paused", f"{whom}:{key}", until=str(until))
    turn.reply("office.paused", name=shown, until=turn.date(turn.sender, until))


def is_resumption(turn: Turn, rest: str) -> bool:
    """Tell whether 「恢复 …」 is the command: 「恢复 施工」 is a liaison's answer."""
    return turn.sender.is_office or not rest or rest.lower() in _COUNTY


def resume(turn: Turn) -> None:
    """Ask again."""
    if not turn.argument:
        raise Refused("office.resume_usage")
    whom, key, shown = _whom(turn, turn.argument)
    if not turn.tx.rounds.resume(whom, key):
        raise Refused("office.not_paused", name=shown)
    turn.record(turn.sender, "asking.resumed", f"{whom}:{key}")
    turn.reply("office.resumed", name=shown)


def pilot(turn: Turn) -> None:
    """Ask only the people of a list until it is ended: 「试点 刘敏、王强」, 「试点 结束」."""
    names = [name for name in re.split(r"[、，,\s]+", turn.argument) if name]
    if not names:
        raise Refused("office.pilot_usage")
    if names in (["结束"], ["全部"], ["end"]):
        turn.tx.rounds.set_pilots([])
        turn.record(turn.sender, "pilot.ended", "county")
        turn.reply("office.pilot_ended")
        return
    chosen = [_person(turn, name) for name in names]
    turn.tx.rounds.set_pilots([person.id for person in chosen])
    turn.record(turn.sender, "pilot.set", "county", people=[person.id for person in chosen])
    turn.reply("office.pilot_set", names="、".join(person.name for person in chosen), count=len(chosen))


def forward(turn: Turn) -> None:
    """Pass words that the bot could not place to the office."""
    text = str(turn.known.get("text", ""))
    if not text or turn.question is None or turn.question.topic != "unread":
        raise Refused("button.stale")
    for colleague in turn.office:
        told = turn.say(colleague, "office.forwarded", name=turn.sender.placed, text=visible(text))
        turn.tell(colleague, f"forwarded:{turn.incoming.key}:{colleague.id}", told)
    turn.reply("list.forwarded")


# --- what they share --------------------------------------------------------------------


def _project_and_words(turn: Turn, usage: str) -> tuple[Project, str]:
    """Read 「XM-012 主体封顶」: a project by its number or name, then words."""
    name, _, text = turn.argument.partition(" ")
    if not text.strip():
        raise Refused(usage)
    project = pointing.named(turn, name)
    if project is None:
        raise Refused("office.project_unknown", name=name)
    return project, text.strip()


def _liaison(turn: Turn, project: Project) -> Person:
    """Return whose answer it is that the office enters."""
    liaisons = turn.tx.projects.on([project.id], Duty.LIAISON, turn.today).get(project.id)
    return turn.tx.people.get(liaisons[0]) if liaisons else turn.sender


def _whom(turn: Turn, name: str) -> tuple[str, str, str]:
    """Return what is paused: everybody, a unit or a person; its key; and how it is called."""
    if name.lower() in _COUNTY:
        return "county", "", turn.county.name
    units = {unit.name: unit for unit in turn.tx.people.units()}
    if name in units:
        return "unit", str(units[name].id), name
    person = _person(turn, name)
    return "person", str(person.id), person.name


def _person(turn: Turn, name: str) -> Person:
    name, _, unit = name.rstrip("）)").replace("(", "（").partition("（")
    found = turn.tx.people.named(name, unit)
    if not found:
        raise Refused("problem.whom_unknown", name=name)
    if len(found) > 1:
        raise Refused("office.ambiguous", name=name, units="、".join(f"{name}（{p.unit}）" for p in found))
    return found[0]

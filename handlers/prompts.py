"""The morning question: one message for each liaison, however many projects."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from bot.domain.figures import show_money, show_permille
from bot.domain.missives import is_finished, is_started
from bot.domain.people import Duty, Person
from bot.domain.progress import Kind
from bot.domain.projects import Project, ProjectClass, Stage
from bot.domain.words import visible
from handlers.turn import Desk
from storage.letters import Choice, Choices
from storage.reports import Report

MOST_WITH_OWN_BUTTONS = 4
"""With more projects than this, a wall of buttons helps nobody: numbers are typed instead."""

_ABOUT = {
    ProjectClass.BUILT: "built",
    ProjectClass.NEGOTIATING: "negotiating",
    ProjectClass.NEW: "new",
    ProjectClass.RESERVE: "reserve",
    ProjectClass.SEEKING: "seeking",
}
"""What is asked of a class; of what is being built the figures in its line are the question."""

_LONGEST_TEXT = 24
_NOON = 12


def subject(person_id: int, day: date) -> str:
    """Return the name under which somebody's question of a day is found again."""
    return f"prompt:{person_id}:{day}"


def asked_of(desk: Desk, person: Person) -> list[Project]:
    """Return the projects somebody answers for today: their own, then those of whom they stand in for."""
    every = [desk.tx.projects.of(each, Duty.LIAISON, desk.today) for each in desk.selves(person)]
    return list({project.id: project for projects in every for project in projects}.values())


def named(desk: Desk, reader: Person, projects: Sequence[Project]) -> dict[int, str]:
    """Return how projects are called to a reader: 智慧物流园（代王强） where they stand in for 王强."""
    names = {project.id: project.name for project in projects}
    own, *others = desk.selves(reader)
    mine = {project.id for project in desk.tx.projects.of(own, Duty.LIAISON, desk.today)} if others else set()
    for each in others:
        liaison = desk.tx.people.get(each)
        for project in desk.tx.projects.of(each, Duty.LIAISON, desk.today):
            if project.id in names and project.id not in mine:
                names[project.id] = desk.say(reader, "leave.project", project=project.name, name=liaison.name)
    return names


def question(desk: Desk, person: Person, projects: Sequence[Project], reports: Mapping[int, Report]) -> str:
    """Return the morning question; projects that somebody answered for already say so."""
    head = desk.say(
        person,
        "prompt.head" if desk.local.hour < _NOON else "prompt.head_later",
        name=person.name,
        date=desk.date(person, desk.today),
        weekday=desk.say(person, f"weekday.{desk.today.weekday()}"),
        count=len(projects),
    )
    how = desk.say(
        person,
        "prompt.example_many" if len(projects) > 1 else "prompt.example_one",
        progress=example(desk, person, projects[0]),
        trouble=example(desk, person, projects[0], "_trouble"),
    )
    return "\n".join([head, *lines(desk, person, projects, reports), how])


def example(desk: Desk, reader: Person, project: Project, of: str = "") -> str:
    """Return words that an answer about a project may have: of its class, or of the stage of one 在建."""
    by_stage = "built" if is_finished(project) else "building" if is_started(project) else "new"
    kind = _ABOUT.get(project.kind, by_stage)
    return desk.say(reader, f"example.{kind}{of}")


def lines(
    desk: Desk, reader: Person, projects: Sequence[Project], reports: Mapping[int, Report]
) -> list[str]:
    """Return the numbered lines of a list of projects."""
    names = named(desk, reader, projects)
    states = [_state(desk, reader, project, reports.get(project.id)) for project in projects]
    return [
        f"{place} {names[project.id]}｜{_standing(project)}｜{state}"
        for place, (project, state) in enumerate(zip(projects, states, strict=True), 1)
    ]


def _standing(project: Project) -> str:
    return f"{project.stage}（{project.tier}）" if project.tier else project.stage


def _state(desk: Desk, reader: Person, project: Project, report: Report | None) -> str:
    if report is not None:
        key = "prompt.answered" if report.person_id != reader.id else "prompt.answered_by_you"
        said = shortened(report.text) or kind_word(desk, reader, report.kind)
        return desk.say(reader, key, name=report.person, at=desk.hour(report.at), said=said)
    about = desk.say(reader, f"prompt.about_{_ABOUT[project.kind]}") if project.kind in _ABOUT else ""
    if project.last_text and project.last_day and (about or project.stage is Stage.PRODUCTION):
        said = f"{day_word(desk, reader, project.last_day)}：{shortened(project.last_text)}"
        return f"{said}｜{about}" if about else said
    if about:
        return about
    figures = desk.say(reader, "prompt.permille", permille=show_permille(project.permille))
    if project.plan_permille is None:
        return figures
    money = desk.say(
        reader,
        "prompt.money",
        money=show_money(project.cumulative),
        plan=show_permille(project.plan_permille // 10 * 10),
    )
    return f"{figures}｜{money}"


def choices(desk: Desk, person: Person, projects: Sequence[Project]) -> Choices:
    """Return the buttons under the morning question."""

    def button(key: str, action: str, prefix: str = "") -> Choice:
        return (prefix + desk.say(person, f"button.{key}"), action)

    if len(projects) == 1:
        only = projects[0].id
        return (
            (
                button("same", f"same:{only}"),
                button("progress", f"progress:{only}"),
                button("trouble", f"trouble:{only}"),
            ),
        )
    all_of_them = f"same:{','.join(str(project.id) for project in projects)}"
    if len(projects) > MOST_WITH_OWN_BUTTONS:
        return (
            (button("all_same", all_of_them),),
            (button("progress", "progress"), button("trouble", "trouble")),
        )
    return (
        (button("all_same", all_of_them),),
        *(
            (
                button("progress", f"progress:{project.id}", f"{place} "),
                button("trouble", f"trouble:{project.id}", f"{place} "),
            )
            for place, project in enumerate(projects, 1)
        ),
    )


def day_word(desk: Desk, reader: Person, day: date) -> str:
    """Return a day as people speak of it: 昨天, 上周五, 11月3日."""
    ago = (desk.today - day).days
    if ago in {0, 1}:
        return desk.say(reader, f"day.{ago}")
    monday = desk.today - timedelta(days=desk.today.weekday())
    weekday = desk.say(reader, f"weekday.{day.weekday()}")
    if day >= monday:
        return weekday
    if day >= monday - timedelta(days=7):
        return desk.say(reader, "day.last_week", weekday=weekday)
    return desk.date(reader, day)


def kind_word(desk: Desk, reader: Person, kind: Kind) -> str:
    """Return what an answer without words said."""
    key = {Kind.UNCHANGED: "same", Kind.PROGRESS: "moved", Kind.PROBLEM: "trouble"}[kind]
    return desk.say(reader, f"progress.{key}")


def shortened(text: str, limit: int = _LONGEST_TEXT) -> str:
    """Return the first words of a text, on one line."""
    line = " ".join(visible(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"

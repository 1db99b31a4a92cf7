"""One answer about one project becomes its report of the day."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bot.domain.figures import Figures, Span, read_figures, show_money, show_permille
from bot.domain.people import Duty, Person
from bot.domain.progress import Kind, Oddity, Standing, oddities, reckoned
from bot.domain.projects import Project
from bot.domain.words import visible
from handlers import letters, prompts
from handlers.turn import Desk
from storage.reports import Answered, Report

_CLAUSE = re.compile(r"[，,；;。\n]+")
_FIGURE_WORDS = re.compile(
    r"形象|进度|投资|本月|本周|今日|今天|本年|今年|当月|当日|累计|完成|已经?|达到?|至|到|约|为|是|左右|上下|百分之"
    r"|[零〇一二两三四五六七八九十百千万亿元成点了\d\s.:：%％+—-]"
)
_YI = 1_000_000
"""One 亿元 in hundredths of 万元."""


NO_FIGURES = Figures()


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of a project, ready to be recorded."""

    project: Project
    kind: Kind
    text: str
    figures: Figures = NO_FIGURES
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A report that was stored; ``first`` is the colleague's report that counts instead, if one does."""

    said: Said
    report_id: int
    before: Standing
    standing: Standing
    odd: tuple[Oddity, ...]
    first: Report | None = None


def record(
    desk: Desk,
    person: Person,
    said: Said,
    today: Report | None,
    *,
    source: str = "",
    entered_by: Person | None = None,
    afresh: bool = False,
) -> Recorded:
    """Store what was said of a project today.

    The same person answering again revises; figures they do not speak of stay, unless they edited
    the message itself and it is read ``afresh``. Of several liaisons the first to answer counts for
    the day; what another says is kept beside it. The office entering an answer always counts.
    """
    project = said.project
    before = (
        desk.tx.reports.standing_before(project.id, desk.today)
        if today or project.last_day is None or project.last_day.year < desk.today.year
        else Standing(project.permille, project.cumulative)
    )
    is_own = today is not None and (entered_by is not None or today.person_id == person.id)
    if today is not None and is_own and said.until:
        # News of this morning stays news; only the questions rest.
        desk.tx.projects.rest(project.id, said.until)
        desk.record(entered_by or person, "project.rests", f"project:{project.id}", until=str(said.until))
        return Recorded(said, today.id, before, today.standing, ())
    standing = _standing(desk, said, before, before if afresh or today is None else today.standing)
    odd = oddities(standing, before, project.planned)
    if today is not None and today.standing == standing:
        # Asked back once: whoever says the same again means it.
        odd = ()
    first = None if entered_by or today is None or _gives_way(today, person, said) else today
    answered = Answered(
        project_id=project.id,
        day=desk.today,
        kind=said.kind,
        text=said.text,
        standing=standing,
        person_id=person.id,
        at=desk.now,
        source=source,
        entered_by=entered_by.id if entered_by else None,
        odd=tuple(str(oddity) for oddity in odd),
    )
    report_id = desk.tx.reports.add(answered, counts=first is None)
    if first is None and (said.until or (project.quiet_until and said.kind is not Kind.UNCHANGED)):
        desk.tx.projects.rest(project.id, said.until)
    desk.record(
        entered_by or person,
        "report.added" if today is None else "report.revised" if first is None else "report.also",
        f"project:{project.id}",
        report=report_id,
        kind=str(said.kind),
        permille=standing.permille,
        cumulative=standing.cumulative,
    )
    return Recorded(said, report_id, before, standing, odd if first is None else (), first)


def _gives_way(today: Report, person: Person, said: Said) -> bool:
    """Tell whether today's report is one's own, or a problem that a colleague now adds the news to."""
    return today.person_id == person.id or (today.kind is Kind.PROBLEM and said.kind is Kind.PROGRESS)


def _standing(desk: Desk, said: Said, before: Standing, today: Standing) -> Standing:
    """Return where the project stands now; what is not spoken of stands as it does today."""
    figures = said.figures
    reached = reckoned(figures, before=before, month_before=_month_before(desk, said, before))
    return Standing(
        today.permille if figures.permille is None else reached.permille,
        reached.cumulative if figures.money else today.cumulative,
    )


def _month_before(desk: Desk, said: Said, before: Standing) -> int:
    """Return the investment when last month ended; looked up only for an amount of this month."""
    if any(money.span is Span.MONTH for money in said.figures.money):
        first = desk.today.replace(day=1)
        return desk.tx.reports.standing_before(said.project.id, first).cumulative if first.month > 1 else 0
    return before.cumulative


def settle_prompts(desk: Desk, person: Person, project_ids: list[int]) -> None:
    """Note who has now answered everything, and show colleagues what has been said for them."""
    concerned = {person.id}
    for liaisons in desk.tx.projects.on(project_ids, Duty.LIAISON, desk.today).values():
        concerned.update(liaisons, (desk.tx.leaves.stand_in(each, desk.today) for each in liaisons))
    for person_id in concerned:
        prompt = desk.tx.rounds.prompt(person_id, desk.today)
        if prompt is None or (prompt.answered and person_id == person.id):
            continue
        reports = desk.tx.reports.on(prompt.projects, desk.today)
        if len(reports) == len(prompt.projects) and not prompt.answered:
            desk.tx.rounds.answered(person_id, desk.today, desk.now)
        if person_id != person.id:
            _show_again(desk, person_id, prompt.projects, reports)


def _show_again(desk: Desk, person_id: int, project_ids: tuple[int, ...], reports: dict[int, Report]) -> None:
    reader = desk.tx.people.get(person_id)
    projects = desk.tx.projects.many(project_ids)
    open_projects = [project for project in projects if project.id not in reports]
    text = prompts.question(desk, reader, projects, reports)
    choices = prompts.choices(desk, reader, projects) if open_projects else ()
    letters.replace(desk, prompts.subject(person_id, desk.today), lambda _: (text, choices))


def described(desk: Desk, reader: Person, recorded: Recorded) -> str:
    """Return what was recorded of a project, after its name."""
    said = recorded.said
    if said.kind is Kind.UNCHANGED:
        if said.until is None:
            return desk.say(reader, "progress.same")
        return desk.say(reader, "progress.until", until=desk.date(reader, said.until))
    parts = []
    if words := _words_only(said.text):
        parts.append(words)
    before, standing = recorded.before, recorded.standing
    if said.figures.permille is not None:
        change = _change(standing.permille - before.permille, show_permille)
        parts.append(
            desk.say(reader, "progress.permille", permille=show_permille(standing.permille), change=change)
        )
    if said.figures.money:
        change = _money_change(standing.cumulative - before.cumulative, standing.cumulative)
        parts.append(desk.say(reader, "progress.money", money=show_money(standing.cumulative), change=change))
    return "；".join(parts)


def _words_only(text: str) -> str:
    """Return the clauses of a text that say more than a figure: the figures are shown beside them."""
    clauses = [clause.strip() for clause in _CLAUSE.split(visible(text))]
    return "，".join(clause for clause in clauses if clause and not _is_figure(clause))


def _is_figure(clause: str) -> bool:
    return len(_FIGURE_WORDS.sub("", clause)) <= 1 and read_figures(clause) != NO_FIGURES


def _change(by: int, show: Callable[[int], str]) -> str:
    if by == 0:
        return ""
    return f"（{'+' if by > 0 else '-'}{show(abs(by)).removesuffix('%')}）"


def _money_change(by: int, of: int) -> str:
    """Return a change in the unit in which the amount itself is shown."""

    def show(amount: int) -> str:
        if abs(of) >= _YI:
            return f"{amount / _YI:.2f}" if amount >= _YI // 100 else show_money(amount)
        return show_money(amount).removesuffix(" 万元")

    return _change(by, show)

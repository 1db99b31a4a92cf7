"""What a liaison says of a project's way, for the office to nod to: 开工, 竣工, a milestone, a stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.days import read_day_done
from bot.domain.directory import best_match
from bot.domain.people import Duty, Person
from bot.domain.projects import Project, Stage
from bot.domain.stages import Milestone, Step, plainly_said
from bot.domain.words import visible
from bot.errors import Refused
from handlers import pointing, progress, prompts
from handlers.turn import Desk, Turn, rows_of
from storage.letters import Choices

_MOST_NAMED = 8
_NO_PROJECT = 0


@dataclass(frozen=True, slots=True)
class _Said:
    """A step as far as it was said; what is missing is asked back."""

    step: Step
    project: Project | None
    what: str
    day: date | None
    words: str
    names_no_day: bool = False


def say(turn: Turn) -> None:
    """Take 「开工 1 3月5日」, 「完成 1 主体封顶 11月20日」, 「阶段 1 履约评估」; without a day, today."""
    said = _read(turn, Step(_word(turn)), turn.argument)
    if said is None:
        raise Refused("stages.usage")
    _go_on(turn, said)


def is_meant(turn: Turn, rest: str) -> bool:
    """Tell whether 「完成 …」 names a step: a liaison's 「完成 桩基 30 根」 is an answer like any other."""
    return _read(turn, Step(_word(turn)), rest) is not None


def _word(turn: Turn) -> str:
    return next(step for step in Step if turn.text.lstrip("/").startswith(step))


def _read(turn: Turn, step: Step, rest: str) -> _Said | None:
    """Read a step; None if the words are none, so that they may be an answer."""
    mine = progress.listed(turn)
    project, words = pointing.among(rest, mine)
    if project is None and turn.sender.is_office:
        project, words = pointing.anywhere(turn, rest)
        if project is None:
            return None
    is_pointed = project is not None
    if project is None and len(mine) == 1:
        project = mine[0]
    day = read_day_done(words, turn.today)
    said = _Said(
        step, project, "", day.day if day.words else turn.today, rest, bool(day.words and not day.day)
    )
    if step in {Step.START, Step.COMPLETION}:
        is_whole = not day.rest and (is_pointed or bool(day.words))
        return said if is_whole and (is_pointed or mine) else None
    if step is Step.STAGE:
        stage = best_match(day.rest, list(Stage)) if day.rest else None
        is_said = is_pointed or (stage is not None and bool(mine))
        return _with(said, what=stage or "") if is_said else None
    return _milestone(turn, said, mine, day.rest, is_pointed=is_pointed)


def _milestone(
    turn: Turn, said: _Said, mine: Sequence[Project], name: str, *, is_pointed: bool
) -> _Said | None:
    """Read which milestone is meant; of several projects the only one that has it."""
    if is_pointed and said.project is not None:
        found = _named(turn.tx.stages.milestones([said.project.id]), name)
        return _with(said, what=found.name if found else "") if name else None
    having = [each for each in turn.tx.stages.milestones([each.id for each in mine]) if each.name == name]
    if len(having) != 1:
        return None
    (project,) = [each for each in mine if each.id == having[0].project_id]
    return _with(said, project=project, what=name)


def _named(milestones: Sequence[Milestone], name: str) -> Milestone | None:
    names = {each.name: each for each in milestones}
    match = best_match(name, names) if name else None
    return names[match] if match else None


def _with(said: _Said, *, project: Project | None = None, what: str = "") -> _Said:
    return _Said(said.step, project or said.project, what, said.day, said.words, said.names_no_day)


# --- what is missing --------------------------------------------------------------------


def _go_on(turn: Turn, said: _Said) -> None:
    """Ask for what is missing, one thing at a time, or keep the step."""
    if said.project is None:
        choices = [
            (f"{place} {prompts.shortened(each.name, 16)}", f"stage_of:{each.id}")
            for place, each in enumerate(progress.listed(turn)[:_MOST_NAMED], 1)
        ]
        _ask(turn, said, "stages.which", (*rows_of(choices, 1), _drop(turn)), step=said.step)
    elif said.step is Step.STAGE and not said.what:
        choices = [(str(stage), f"stage_what:{stage}") for stage in Stage]
        _ask(turn, said, "stages.which_stage", rows_of(choices, 3), project=said.project.name)
    elif said.step is Step.MILESTONE and not said.what:
        left = [each for each in turn.tx.stages.milestones([said.project.id]) if each.done is None]
        choices = [(each.name, f"stage_what:{each.name}") for each in left[:_MOST_NAMED]]
        is_mine = said.project in progress.listed(turn)
        plain = (turn.choice("as_progress", "stage_plain"),) if is_mine else _drop(turn)
        key = "stages.which_milestone" if choices else "stages.no_milestones"
        _ask(
            turn,
            said,
            key,
            (*rows_of(choices, 2), plain),
            project=said.project.name,
            words=visible(said.words),
        )
    elif said.day is None or said.day > turn.today:
        key = "stages.no_such_day" if said.names_no_day or said.day is None else "stages.ahead"
        _ask(turn, said, key, (), step=said.step, words=visible(said.words))
    else:
        keep(turn, said.project, said.step, said.what, said.day)


def _ask(turn: Turn, said: _Said, key: str, choices: Choices, **blanks: object) -> None:
    turn.ask(
        "stage",
        step=str(said.step),
        project=said.project.id if said.project else _NO_PROJECT,
        what=said.what,
        day=said.day.isoformat() if said.day and said.day <= turn.today else "",
        text=said.words,
    )
    turn.record(turn.sender, "words.unclear", f"person:{turn.sender.id}", text=said.words)
    turn.reply_with(turn.say(turn.sender, key, **blanks), choices)


def _drop(turn: Turn) -> tuple[tuple[str, str], ...]:
    return (turn.choice("drop", "drop"),)


def _kept(turn: Turn) -> _Said:
    """Return the step whose missing part was asked for; a press after something else was begun is late."""
    if turn.question is None or turn.question.topic != "stage":
        raise Refused("button.stale")
    known = turn.known
    project = turn.tx.projects.get(int(known["project"])) if known["project"] else None
    day = date.fromisoformat(str(known["day"])) if known["day"] else None
    return _Said(Step(known["step"]), project, str(known["what"]), day, str(known["text"]))


def of_project(turn: Turn, project: Project) -> None:
    """Take the project that was pointed out."""
    _go_on(turn, _with(_kept(turn), project=project))


def of_what(turn: Turn) -> None:
    """Take the stage or the milestone that was pointed out."""
    _go_on(turn, _with(_kept(turn), what=turn.argument))


def as_progress(turn: Turn) -> None:
    """Take the words as the progress that they were after all."""
    said, projects = _kept(turn), progress.listed(turn)
    turn.text = f"{said.step}{pointing.among(said.words, projects)[1]}"
    if said.project in projects:
        turn.text = f"{projects.index(said.project) + 1} {turn.text}"
    progress.answer(turn)


def answered(turn: Turn) -> None:
    """Read the answer to what was asked back; other words are an answer of their own."""
    said = _kept(turn)
    if said.project is None:
        project, rest = pointing.among(turn.text, progress.listed(turn))
        if project is not None and not rest:
            _go_on(turn, _with(said, project=project))
            return
    elif said.step is Step.STAGE and not said.what:
        if stage := best_match(turn.text, list(Stage)):
            _go_on(turn, _with(said, what=stage))
            return
    elif said.step is Step.MILESTONE and not said.what:
        if found := _named(turn.tx.stages.milestones([said.project.id]), turn.text):
            _go_on(turn, _with(said, what=found.name))
            return
    elif (day := read_day_done(turn.text, turn.today)).words and not day.rest:
        _go_on(turn, _Said(said.step, said.project, said.what, day.day, said.words, day.day is None))
        return
    progress.answer(turn)


# --- kept -------------------------------------------------------------------------------


def keep(turn: Turn, project: Project, step: Step, what: str, day: date) -> None:
    """Keep a step for the office's nod; what the office says itself counts at once."""
    name = step_word(turn, turn.sender, step, what)
    blanks = {"project": project.name, "step": name, "day": turn.date(turn.sender, day)}
    if turn.sender.is_office:
        take(turn, turn.sender, project, step, what, day)
        turn.reply_with(turn.say(turn.sender, "stages.taken", **blanks))
        for liaison in liaisons_of(turn, project):
            told = turn.say(liaison, "stages.taken_for_you", name=turn.sender.name, **blanks)
            turn.tell(liaison, f"stage:{turn.incoming.key}:{liaison.id}", told)
        return
    move = turn.tx.stages.ask(project.id, step, what, day, turn.sender.id, turn.now)
    turn.record(
        turn.sender, "stage.said", f"project:{project.id}", move=move.id, step=str(step), what=what,
        day=day.isoformat(),
    )  # fmt: skip
    turn.notice = turn.say(turn.sender, "progress.noted")
    turn.reply_with(turn.say(turn.sender, "stages.said", **blanks))


def take(desk: Desk, by: Person, project: Project, step: Step, what: str, day: date) -> None:
    """Let a step count, and keep in the trail what it changes."""
    desk.tx.stages.take(project, step, what, day)
    desk.record(
        by, "stage.taken", f"project:{project.id}", step=str(step), what=what, day=day.isoformat(),
        before=[str(project.stage), str(project.kind), str(project.actual_start or ""),
                str(project.actual_completion or "")],
    )  # fmt: skip


def liaisons_of(desk: Desk, project: Project) -> list[Person]:
    """Return who answers for a project."""
    found = desk.tx.projects.on([project.id], Duty.LIAISON, desk.today).get(project.id, [])
    return [desk.tx.people.get(each) for each in found]


def step_word(desk: Desk, reader: Person, step: Step, what: str) -> str:
    """Return how a step is called: 开工, 完成「主体封顶」, 进入「履约评估」."""
    key = {Step.MILESTONE: "stages.milestone", Step.STAGE: "stages.stage"}.get(step)
    return desk.say(reader, key, what=what) if key else desk.say(reader, f"stages.{step.name.lower()}")


# --- what progress says plainly ---------------------------------------------------------


def offer(turn: Turn, project: Project, text: str) -> None:
    """Offer, once, the button of a step that progress says plainly; nothing happens by itself."""
    milestones = turn.tx.stages.milestones([project.id])
    plain = plainly_said(text, project, milestones, turn.today)
    if plain is None:
        return
    step = step_word(turn, turn.sender, plain.step, plain.what)
    day = turn.date(turn.sender, plain.day)
    action = f"stage_say:{project.id}:{plain.step}:{plain.day.isoformat()}:{plain.what}"
    turn.tell(
        turn.sender,
        f"stage_offer:{project.id}:{plain.step}:{plain.what}",
        turn.say(turn.sender, "stages.offer", project=project.name, step=step, day=day),
        ((turn.choice("report_step", action, step=step, day=day),),),
        disturb=True,
        in_person=True,
    )


def say_plainly(turn: Turn, project: Project) -> None:
    """Take the step that was offered."""
    _, step, day, what = turn.argument.split(":", 3)
    keep(turn, project, Step(step), what, date.fromisoformat(day))

"""并联审批: a project's approvals side by side, ticked off by the office and the approval departments.

Nothing is approved by silence: only a person ticks.
"""

from bot.domain.elements import APPROVAL, APPROVALS, is_granted
from bot.domain.people import Role
from bot.domain.projects import Project
from bot.domain.words import visible
from bot.errors import Refused
from handlers import pointing
from handlers.turn import Turn, rows_of
from storage.letters import Choices

_LONGEST = 100
_EDGES = " ，,：:"
_GRANTED = "已批"


def approvals(turn: Turn) -> None:
    """Show them (手续 XM-012), or note how one stands (手续 XM-012 用地 容缺办理，12月5日前补齐)."""
    project, words = _project(turn)
    if project is None:
        raise Refused("approvals.usage")
    if not words:
        _show(turn, project)
        return
    item = next((each for each in APPROVALS if words.startswith(each)), None)
    text = words[len(item) :].strip(_EDGES) if item else ""
    if item is None or not text:
        raise Refused("approvals.usage")
    _must_be_allowed(turn)
    if len(text) > _LONGEST:
        raise Refused("elements.too_long", count=_LONGEST)
    _write(turn, project, item, text)


def _project(turn: Turn) -> tuple[Project | None, str]:
    """Return the project and the words after it; whoever may tick may ask for any."""
    if _is_allowed(turn):
        return pointing.anywhere(turn, turn.argument)
    name, _, words = turn.argument.partition(" ")
    return pointing.concerned(turn, name), words.strip(_EDGES)


def grant(turn: Turn) -> None:
    """Tick one off."""
    _must_be_allowed(turn)
    number, _, item = turn.argument.partition(":")
    _write(turn, turn.tx.projects.get(int(number)), item, f"{_GRANTED}（{turn.today.isoformat()}）")


def _write(turn: Turn, project: Project, item: str, text: str) -> None:
    before = turn.tx.elements.write(project.id, f"{APPROVAL}{item}", text, turn.sender.id, turn.now)
    turn.record(turn.sender, "approval.noted", f"project:{project.id}", item=item, text=text, before=before)
    _show(turn, project)


def _show(turn: Turn, project: Project) -> None:
    written = turn.tx.elements.of(project.id)
    lines, left = [], []
    for item in APPROVALS:
        noted = written.get(f"{APPROVAL}{item}")
        is_done = noted is not None and is_granted(noted.text)
        if not is_done:
            left.append(item)
        key = "approvals.granted" if is_done else "approvals.noted" if noted else "approvals.open"
        text, name = (visible(noted.text), noted.name) if noted else ("", "")
        lines.append(turn.say(turn.sender, key, item=item, text=text, name=name))
    choices: Choices = ()
    if _is_allowed(turn):
        buttons = (turn.choice("grant_approval", f"approval:{project.id}:{item}", item=item) for item in left)
        choices = rows_of(buttons, 3)
    turn.reply(
        "approvals.page",
        choices,
        subject=f"approvals:{project.id}",
        project=project.name,
        done=len(APPROVALS) - len(left),
        count=len(APPROVALS),
        lines="\n".join(lines),
    )


def _is_allowed(turn: Turn) -> bool:
    return turn.sender.has(Role.OFFICE, Role.DEPARTMENT_LIAISON)


def _must_be_allowed(turn: Turn) -> None:
    if not _is_allowed(turn):
        raise Refused("approvals.not_yours")

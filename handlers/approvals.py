"""并联审批: a project's approvals side by side, ticked off by the office and the approval departments.

Nothing is approved by silence: only a person ticks. By when it is due is read from the words noted; what
happens then stands in `approval_terms`.
"""

from datetime import date

from bot.domain.elements import APPROVAL, APPROVALS, is_granted
from bot.domain.projects import Project
from bot.domain.rights import notes_approvals
from bot.domain.until import read_until, without_until
from bot.domain.words import visible
from bot.errors import Refused
from handlers import letters
from handlers.turn import Turn, rows_of
from storage.elements import Written
from storage.letters import Choices

_LONGEST = 100
_EDGES = " ，,：:"
GRANTED = "已批"


def approvals(turn: Turn, project: Project | None, words: str) -> None:
    """Show them (手续 XM-012), or note how one stands (手续 XM-012 用地 容缺办理，12月5日前补齐)."""
    if project is None:
        raise Refused("approvals.usage")
    if not words:
        _show(turn, project)
        return
    item = next((each for each in APPROVALS if words.startswith(each)), None)
    text = words[len(item) :].strip(_EDGES) if item else ""
    if item is None or not text:
        raise Refused("approvals.usage")
    if len(text) > _LONGEST:
        raise Refused("elements.too_long", count=_LONGEST)
    due = None if is_granted(text) else read_until(text, turn.today)
    if due is None and not is_granted(text) and without_until(text) is not None:
        raise Refused("task.past")
    write(turn, project, item, text, due)


def grant(turn: Turn) -> None:
    """Tick one off."""
    number, _, item = turn.argument.partition(":")
    write(turn, turn.tx.projects.get(int(number)), item, f"{GRANTED}（{turn.today.isoformat()}）")


def write(turn: Turn, project: Project, item: str, text: str, due: date | None = None) -> None:
    """Note how an approval stands; whoever was asked about its day need not answer any more."""
    element = f"{APPROVAL}{item}"
    before = turn.tx.elements.write(project.id, element, text, turn.sender.id, turn.now, due)
    turn.record(
        turn.sender, "approval.noted", f"project:{project.id}", item=item, text=text, before=before,
        due=due.isoformat() if due else "",
    )  # fmt: skip
    told = turn.tx.elements.of(project.id)[element]
    letters.replace(turn, subject(told), lambda person_id: (decided(turn, person_id, project, told), ()))
    _show(turn, project)


def subject(written: Written) -> str:
    """Return the name under which the notices about an approval's day are found again."""
    return f"approval:{written.project_id}:{written.element}"


def decided(turn: Turn, person_id: int, project: Project, written: Written) -> str:
    """Return what a notice says once somebody has decided."""
    return turn.say(
        turn.tx.people.get(person_id),
        "approvals.decided",
        project=project.name,
        item=written.element.removeprefix(APPROVAL),
        text=visible(written.text),
        name=written.name,
    )


def _show(turn: Turn, project: Project) -> None:
    written = turn.tx.elements.of(project.id)
    lines, left = [], []
    for item in APPROVALS:
        noted = written.get(f"{APPROVAL}{item}")
        is_done = noted is not None and is_granted(noted.text)
        if not is_done:
            left.append(item)
        is_late = noted is not None and noted.due is not None and noted.due < turn.today
        standing = "late" if is_late else "noted" if noted else "open"
        key = "approvals.granted" if is_done else f"approvals.{standing}"
        text, name = (visible(noted.text), noted.name) if noted else ("", "")
        lines.append(turn.say(turn.sender, key, item=item, text=text, name=name))
    choices: Choices = ()
    if notes_approvals(turn.sender):
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

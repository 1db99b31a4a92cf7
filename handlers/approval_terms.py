"""告知承诺、容缺、超时默认 (MISSION row 24): when an approval's day is past people are told, and one decides.

The bot approves nothing by itself.
"""

from datetime import date, timedelta

from bot.domain.elements import APPROVAL, ROUTES, is_lacking
from bot.domain.people import Person, Role
from bot.domain.projects import Project
from bot.domain.words import visible
from bot.errors import Refused
from handlers import approvals, routing
from handlers.turn import Beat, Desk, Turn
from handlers.watch import Watch
from storage.elements import Written
from storage.letters import Choices

_AT_ONCE = 50
_LONGER = timedelta(days=14)
_ANSWERS = {
    "silent": (
        ("default", "已批（超时默认，{day} 定）"),
        ("no_default", "不予默认，继续办理（{day}）"),
    ),
    "lacking": (
        ("supplied", "已批（容缺已补齐，{day}）"),
        ("not_supplied", "没有补齐，停止容缺办理（{day}）"),
    ),
}
"""What may be decided of an approval that is late or lacks something, and what is noted then."""
_NOTED = dict(answer for answers in _ANSWERS.values() for answer in answers)


async def keep(watch: Watch) -> None:
    """Tell the office and the unit that grants it, once, that an approval's day is past; nobody at night."""
    if await watch.read(is_time):
        await watch.perform(_tell)


def is_time(beat: Beat) -> bool:
    """Tell whether there is a day past that nobody was told of."""
    return not beat.county.calendar.is_quiet(beat.now) and bool(beat.tx.elements.fallen_due(beat.today, 1))


def _tell(beat: Beat) -> None:
    def one(written: Written) -> None:
        if beat.tx.elements.tell(written, beat.now):
            project = beat.tx.projects.get(written.project_id)
            for person in _whom(beat, project, written):
                _notice(beat, person, project, written)

    beat.each(beat.tx.elements.fallen_due(beat.today, _AT_ONCE), one)


def _whom(beat: Beat, project: Project, written: Written) -> list[Person]:
    """Return the office and the liaison of the department: who noted it, else to whom such problems go."""
    item = written.element.removeprefix(APPROVAL)
    noted_by = beat.tx.people.get(written.by_id)
    is_theirs = noted_by.active and noted_by.has(Role.DEPARTMENT_LIAISON)
    asked = noted_by if is_theirs else routing.holder_for(beat, ROUTES[item], project.id, project.place)
    theirs = [asked] if asked.has(Role.DEPARTMENT_LIAISON) else []
    return list({each.id: each for each in (*beat.office, *theirs)}.values())


def _notice(beat: Beat, person: Person, project: Project, written: Written) -> None:
    said, choices = _page(beat, person, project, written)
    item, due = written.element.removeprefix(APPROVAL), written.due or beat.today
    slot = f"approval:{project.id}:{item}:{due}:{person.id}"
    beat.tell(person, slot, said, choices, subject=approvals.subject(written))


def show(turn: Turn) -> None:
    """Show once more an approval whose day is past, with what may be decided."""
    number, _, item = turn.argument.partition(":")
    project = turn.tx.projects.get(int(number))
    written = turn.tx.elements.of(project.id).get(f"{APPROVAL}{item}")
    if written is None or written.due is None or written.due >= turn.today:
        raise Refused("approvals.settled", project=project.name, item=item)
    said, choices = _page(turn, turn.sender, project, written)
    turn.reply_with(said, choices, subject=approvals.subject(written))


def _page(desk: Desk, person: Person, project: Project, written: Written) -> tuple[str, Choices]:
    item, due = written.element.removeprefix(APPROVAL), written.due or desk.today
    kind = "lacking" if is_lacking(written.text) else "silent"
    said = desk.say(
        person,
        f"approvals.{kind}",
        project=project.name,
        number=project.number,
        item=item,
        day=desk.date(person, due),
        text=visible(written.text),
        name=written.name,
        later=desk.date(person, desk.today + _LONGER),
    )
    row = tuple(
        (desk.say(person, f"button.approval_{key}"), f"approval_decide:{project.id}:{item}:{key}:{due}")
        for key, _ in _ANSWERS[kind]
    )
    return said, (row,)


def decide(turn: Turn) -> None:
    """Note what was decided; of two who press, the first."""
    number, item, key, due = turn.argument.split(":")
    project = turn.tx.projects.get(int(number))
    written = turn.tx.elements.of(project.id).get(f"{APPROVAL}{item}")
    if written is None or written.due != date.fromisoformat(due):
        raise Refused("approvals.settled", project=project.name, item=item)
    words = _NOTED[key].format(day=turn.today.isoformat())
    approvals.write(turn, project, item, words)

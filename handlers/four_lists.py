"""Papers of what somebody asks for – 四清单 first of all – as a workbook and a screen of counts."""

from bot.domain.people import Duty, Person
from bot.domain.scope import Scope, ScopeKind
from bot.errors import Refused
from handlers import pointing
from handlers.turn import Turn

PAPER = "清单"


def ask(turn: Turn, scope: Scope) -> None:
    """Take 「清单」, 「清单 大桥镇」, 「清单 陈志远」 or 「清单 XM-012」."""
    order(turn, scope, PAPER, "four_lists.coming")


def order(turn: Turn, scope: Scope, paper: str, coming: str = "order.coming") -> None:
    """Order a paper of what was named after its word, to be made in the workshop."""
    turn.tx.orders.add(turn.incoming.key, turn.sender.id, paper, str(scope), turn.now)
    turn.reply(coming, scope=scope.value or turn.county.name, paper=paper)


def anywhere(turn: Turn, words: str) -> Scope | None:
    """Return what words name: the county, a place, a unit, somebody or a project."""
    if not words or words in {str(ScopeKind.COUNTY), turn.county.name}:
        return Scope()
    if words in turn.tx.listing.places():
        return Scope(ScopeKind.PLACE, words)
    if words in {unit.name for unit in turn.tx.people.units()}:
        return Scope(ScopeKind.TASK_FORCE, words)
    name, _, unit = words.rstrip("）)").replace("(", "（").partition("（")
    people = turn.tx.people.named(name, unit)
    if len(people) > 1:
        placed = "、".join(each.placed for each in people)
        raise Refused("office.ambiguous", name=name, units=placed)
    if people:
        return of(turn, people[0])
    project = pointing.named(turn, words)
    return Scope(ScopeKind.TASK_FORCE, project.number) if project else None


def of(turn: Turn, person: Person) -> Scope:
    """Return what somebody leads, answers for or owns; of two of a name, with the unit."""
    name = person.placed if len(turn.tx.people.named(person.name, "")) > 1 else person.name
    for duty in (Duty.LEAD_LEADER, Duty.LIAISON, Duty.OWNER):
        if turn.tx.projects.of(person.id, duty, turn.today):
            return Scope(ScopeKind.TASK_FORCE, name if duty is Duty.LEAD_LEADER else f"{name}（{duty}）")
    raise Refused("four_lists.no_projects", name=person.name)

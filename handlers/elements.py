"""五要件 and 大起底 in the chat: shown to whom they concern, written by the office and the lead leader."""

from bot.domain.elements import TIERS, WRITTEN, Element, has
from bot.domain.people import Duty
from bot.domain.projects import Project
from bot.domain.words import visible
from bot.errors import Refused
from handlers import pointing, stages
from handlers.turn import Turn

_LONGEST = 500
_EDGES = " ，,：:"


def elements(turn: Turn, project: Project | None, words: str) -> None:
    """Show a project's five (要件 XM-012), or write one down (要件 XM-012 举措 每周三现场办公)."""
    if project is None:
        raise Refused("elements.usage")
    if not words:
        _show(turn, project)
        return
    element = next((each for each in Element if words.startswith(each)), None)
    text = words[len(element) :].strip(_EDGES) if element else ""
    if element is None or not text:
        raise Refused("elements.usage")
    if element not in WRITTEN:
        raise Refused(f"elements.not_written_{element.name.lower()}")
    if len(text) > _LONGEST:
        raise Refused("elements.too_long", count=_LONGEST)
    before = turn.tx.elements.write(project.id, element, text, turn.sender.id, turn.now)
    turn.record(
        turn.sender,
        "element.written",
        f"project:{project.id}",
        element=str(element),
        text=text,
        before=before,
    )
    _show(turn, project)


def _show(turn: Turn, project: Project) -> None:
    facts, written = turn.tx.elements.facts(project.id, turn.today), turn.tx.elements.of(project.id)
    given = {Element.LEADER: _leaders(turn, project), Element.TERM: _term(project)}
    lines = []
    for each in Element:
        words = written[each].text if each in written else given.get(each, "")
        if not words and each is Element.STANDARD and has(each, facts):
            words = turn.say(turn.sender, "elements.by_milestones")
        key = "elements.line" if has(each, facts) else "elements.line_missing"
        lines.append(turn.say(turn.sender, key, element=each, text=visible(words)).rstrip("：: "))
    standing = f"{project.stage}（{project.tier}）" if project.tier else project.stage
    turn.reply("elements.page", project=project.name, stage=standing, lines="\n".join(lines))


def _leaders(turn: Turn, project: Project) -> str:
    found = turn.tx.projects.on([project.id], Duty.LEAD_LEADER, turn.today).get(project.id, [])
    return "、".join(turn.tx.people.get(each).call for each in found)


def _term(project: Project) -> str:
    days = (project.planned_start, project.planned_completion)
    return "" if days == (None, None) else " → ".join(day.isoformat() if day else "？" for day in days)


def tier(turn: Turn) -> None:
    """Sort a project into a class of urgency: 「四类 XM-012 二类」, taken back with 「四类 XM-012 取消」."""
    project, words = pointing.anywhere(turn, turn.argument)
    if project is None or words not in {*TIERS, "取消"}:
        raise Refused("elements.tier_usage")
    fresh = words if words in TIERS else ""
    turn.tx.elements.sort(project.id, fresh)
    turn.record(turn.sender, "project.sorted", f"project:{project.id}", tier=fresh, before=project.tier)
    key = "elements.sorted" if fresh else "elements.unsorted"
    turn.reply(key, project=project.name, tier=words)
    for liaison in stages.liaisons_of(turn, project):
        if fresh and liaison.id != turn.sender.id:
            told = turn.say(
                liaison, "elements.sorted_for_you", name=turn.sender.name, project=project.name, tier=fresh
            )
            turn.tell(liaison, f"tier:{turn.incoming.key}:{liaison.id}", told)

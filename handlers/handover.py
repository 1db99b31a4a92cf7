"""Handover (干部调整): everything in one person's hands passes to another, in one step, history intact."""

import re
from collections.abc import Sized

from bot.domain.people import Duty, Person
from bot.domain.problems import State, counted
from bot.errors import Refused
from handlers import cards, clocks, missive_cards, passing, signing
from handlers.turn import Desk, Turn
from storage.handovers import Hands

_WHO = r"[^\s（()，,、]+?(?:\s*[（(][^）)]+[）)])?"
_FROM_TO = re.compile(rf"(?P<giver>{_WHO})(?:\s*(?:给|交给|，|,|、|→)\s*|\s+)(?P<taker>{_WHO})")


# --- in chat ----------------------------------------------------------------------------


def is_meant(turn: Turn, rest: str) -> bool:
    """Tell whether 「移交 …」 is the command: a liaison's 「移交 场地给施工单位」 is an answer."""
    match = _FROM_TO.fullmatch(rest)
    return turn.sender.is_office or not rest or bool(match and _namesakes(turn, match["giver"]))


def ask(turn: Turn) -> None:
    """Show what would pass from whom to whom, and ask the office whether it is meant (移交 刘敏 王强)."""
    match = _FROM_TO.fullmatch(turn.argument)
    if match is None:
        raise Refused("handover.usage")
    giver, taker = named(turn, match["giver"]), named(turn, match["taker"])
    hands = ready(turn, giver, taker)
    choices = (
        (
            (turn.say(turn.sender, "handover.button_yes"), f"handover:{giver.id}:{taker.id}"),
            (turn.say(turn.sender, "handover.button_no"), "drop"),
        ),
    )
    turn.reply_with(told(turn, turn.sender, "ask", giver, taker, hands), choices)


def confirm(turn: Turn) -> None:
    """Hand over what the office has just seen; whether it still may is looked at again."""
    giver, taker = (turn.tx.people.get(int(each)) for each in turn.argument.split(":"))
    hands = hand_over(turn, giver, taker, turn.sender)
    turn.reply_with(told(turn, turn.sender, "done", giver, taker, hands))


def named(desk: Desk, written: str) -> Person:
    """Return the one person a name means, with the unit where there are namesakes; they may have left.

    Raise Refused where that is nobody, or several.
    """
    found = _namesakes(desk, written)
    if not found:
        raise Refused("handover.unknown", name=written)
    if len(found) > 1:
        raise Refused("office.ambiguous", name=found[0].name, units="、".join(p.placed for p in found))
    return found[0]


def _namesakes(desk: Desk, written: str) -> list[Person]:
    """Return everybody a name may mean; of namesakes those who have left are not meant."""
    name, _, unit = written.replace("(", "（").rstrip("）)").partition("（")
    name, unit = name.strip(), unit.strip()
    found = [each for each in desk.tx.people.everybody() if each.name == name and unit in {"", each.unit}]
    return [each for each in found if each.active] or found


def ready(desk: Desk, giver: Person, taker: Person) -> Hands:
    """Return what would pass from one to the other; Raise Refused where it cannot."""
    if giver.id == taker.id:
        raise Refused("handover.same", name=giver.name)
    if not taker.active or desk.tx.people.address(taker.id) is None:
        raise Refused("handover.unreached", name=taker.name)
    hands = passing.hands_of(desk, giver, taker)
    if hands.is_empty:
        raise Refused("handover.nothing", name=giver.name)
    return hands


def told(desk: Desk, reader: Person | None, key: str, giver: Person, taker: Person, hands: Hands) -> str:
    """Return a sentence about a handover: from whom, to whom, and how much of what."""
    duties = "、".join(
        f"{duty} {count}" for duty in Duty if (count := sum(each.duty is duty for each in hands.duties))
    )
    found: dict[str, Sized] = {
        "projects": hands.projects,
        "held": hands.held,
        "to_confirm": hands.to_confirm,
        "asked": hands.asked,
        "missives": hands.missives,
        "routes": hands.routes,
        "covers": hands.covers,
    }
    problems = {"held": counted(hands.held), "to_confirm": counted(hands.to_confirm)}
    parts = [
        desk.say(reader, f"handover.{part}", count=len(things), counted=problems.get(part), duties=duties)
        for part, things in found.items()
        if things
    ]
    comma = desk.say(reader, "handover.comma")
    return desk.say(reader, f"handover.{key}", giver=giver.name, taker=taker.name, parts=comma.join(parts))


# --- the handover -----------------------------------------------------------------------


def hand_over(desk: Desk, giver: Person, taker: Person, by: Person | None) -> Hands:
    """Pass everything in one person's hands to another and Return what it was; nobody's: the operator's.

    Both are told, and asked to say when they are through with it.
    """
    hands = ready(desk, giver, taker)
    handover_id = desk.tx.handovers.add(
        giver.id,
        taker.id,
        by.id if by else None,
        desk.now,
        projects=len(hands.projects),
        problems=len(hands.problems),
    )
    signing.ask(desk, handover_id, giver, taker, hands)
    passing.Passing(desk, giver, taker, by, hands).all()
    _show(desk, handover_id, giver, taker, hands)
    return hands


# --- what is seen of it -----------------------------------------------------------------


def _show(desk: Desk, handover_id: int, giver: Person, taker: Person, hands: Hands) -> None:
    """Give the new holder a card of whatever waits for them, and bring every other up to date."""
    waiting = {each.id for each in hands.held}
    waiting |= {each.id for each in hands.to_confirm if each.state is State.CONFIRMING}
    for cover in desk.tx.leaves.covered_by(taker.id, desk.today):
        if cover.id in {each.id for each in hands.covers} and cover.holds_on(desk.today):
            waiting |= {each.id for each in desk.tx.problems.waiting_for(cover.person_id)}
    for problem_id in sorted(waiting | _touched(desk, hands)):
        problem = clocks.wind(desk, problem_id)
        if problem_id in waiting:
            foreword = desk.say(taker, "handover.card", noun=problem.noun, name=giver.name)
            cards.send(desk, taker, problem, f"handover:{handover_id}", foreword)
        cards.refresh(desk, problem)
    for missive in hands.missives:
        foreword = desk.say(taker, "handover.missive_card", name=giver.name)
        missive_cards.send(desk, taker, missive, f"handover:{handover_id}", foreword)
        missive_cards.refresh(desk, missive.id)


def _touched(desk: Desk, hands: Hands) -> set[int]:
    """Return the open problems on which somebody's rights have changed with the duties that passed."""
    found = {*hands.problems, *(each.problem_id for each in hands.asked)}
    for project_id in hands.projects:
        found |= {each.id for each in desk.tx.problems.open_of_project(project_id)}
    for cover in hands.covers:
        found |= {each.id for each in desk.tx.problems.waiting_for(cover.person_id)}
    return found

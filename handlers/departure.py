"""Who can no longer be reached: what waits for them goes to the office the same minute; nothing is lost."""

import logging
from collections.abc import Iterable, Sequence

from bot.chat import Address, Incoming
from bot.domain.people import Duty, Person, Role
from bot.domain.problems import Problem, State, counted
from handlers import cards, clocks, ledger, passing
from handlers.turn import Beat, Desk, rows_of
from handlers.watch import Watch
from storage.contacts import Contact
from storage.handovers import Hands
from storage.letters import Letter

log = logging.getLogger(__name__)

CHUNK = 20
"""People of one transaction at most."""

_MOST_CARDS = 5
"""So many cards at once are read; of more, one list."""

_MOST_LINES = 8
_A_ROW = 4


def blocked(desk: Desk, incoming: Incoming) -> None:
    """Note that somebody blocked the bot."""
    lost(desk, incoming.at.platform, incoming.sender)


def undeliverable(desk: Desk, at: Address) -> None:
    """Note that nothing can be delivered in a private chat any more.

    What waits there goes where its person is reached, or waits for them to open another; of who has
    neither, only cards are kept.
    """
    contacts = desk.tx.contacts.at(at)
    has_other = any(_others(desk, each.person_id, each) for each in contacts)
    whose = desk.tx.outbox.recall(at.platform, at.chat) if has_other else set()
    whose |= desk.tx.outbox.unaddress(at.platform, at.chat)
    for each in contacts:
        lost(desk, at.platform, each.account)
    send_on(desk, whose)


def send_on(desk: Desk, person_ids: Iterable[int]) -> None:
    """Send what waits for people without an address to where they are reached, if they are anywhere."""
    for person_id in sorted(person_ids):
        to = desk.tx.people.address(person_id)
        if to is not None:
            send_to(desk, person_id, to)


def send_to(desk: Desk, person_id: int, to: Address) -> None:
    """Send what waits for somebody to a chat that takes it now; of many cards one list."""
    cards_waiting = desk.tx.outbox.waiting_cards(person_id)
    about = dict.fromkeys(cards_waiting.values())
    if len(about) > _MOST_CARDS:
        desk.tx.outbox.supersede(cards_waiting)
        _list(desk, desk.tx.people.get(person_id), desk.tx.problems.several(list(about)), to)
    desk.tx.outbox.address(person_id, to)


def _list(desk: Desk, reader: Person, found: Sequence[Problem], to: Address) -> None:
    shown = [problem for problem in found if problem.is_open]
    first = shown[:_MOST_LINES]
    more = desk.say(reader, "list.more", count=len(shown) - len(first)) if len(shown) > len(first) else ""
    text = desk.say(
        reader, "departure.many", counted=counted(shown), lines=ledger.lines(desk, reader, first), more=more
    )
    choices = rows_of(((problem.number, f"show:{problem.id}") for problem in first), _A_ROW)
    slot = f"waited:{reader.id}:{desk.now}"
    desk.tx.outbox.add(Letter(slot, to, text.strip(), desk.now, choices, person_id=reader.id), desk.now)


def lost(desk: Desk, platform: str, account: str) -> None:
    """Note that an account takes no messages; whoever has no other has left, and is stood in for.

    Who has one that they have yet to open has not left. A second time it changes nothing.
    """
    for person_id in desk.tx.people.reachable(platform, account, yes=False):
        person = desk.tx.people.get(person_id)
        desk.record(None, "person.unreachable", f"person:{person.id}", platform=platform)
        others = _others(desk, person_id)
        if not others:
            _left(desk, person)
        elif not others[0].takes_messages:
            _ask_to_open(desk, person, platform, others[0])
        send_on(desk, [person_id])


def _others(desk: Desk, person_id: int, besides: Contact | None = None) -> list[Contact]:
    """Return the accounts where somebody is reached, or will be when they open them; the former first."""
    return [each for each in desk.tx.contacts.of(person_id) if each.reachable and each != besides]


def _ask_to_open(desk: Desk, person: Person, lost_on: str, contact: Contact) -> None:
    """Tell the office who can be reached again only by what they have yet to open, and what to forward."""
    for colleague in desk.office:
        if colleague.id != person.id:
            text = desk.say(
                colleague,
                "departure.may_open",
                name=person.placed,
                platform=desk.platform(colleague, lost_on),
                other=desk.platform(colleague, contact.at.platform),
                how=desk.how_to_open(colleague, contact.at.platform),
            )
            desk.tell(colleague, f"may_open:{person.id}:{desk.now}:{colleague.id}", text, disturb=True)


def unblocked(desk: Desk, incoming: Incoming) -> None:
    """Note that somebody can be reached again, and send what waited."""
    for person_id in desk.tx.people.reachable(incoming.at.platform, incoming.sender, yes=True):
        desk.record(None, "person.reachable", f"person:{person_id}", platform=incoming.at.platform)
        send_to(desk, person_id, incoming.at)
        back(desk, desk.tx.people.get(person_id))


# --- gone -------------------------------------------------------------------------------


async def cover(watch: Watch) -> None:
    """Let the office stand in for whoever left in a way that no message told of: 停用 in the roster."""
    while await watch.read(has_gone):
        if not await watch.perform(_cover_some):
            break


def has_gone(beat: Beat) -> bool:
    """Tell whether somebody left whom nobody stands in for."""
    return bool(beat.tx.handovers.gone(1))


def _cover_some(beat: Beat) -> int:
    gone = [beat.tx.people.get(each) for each in beat.tx.handovers.gone(CHUNK)]
    # Where nobody of the office can be reached either, it stays: the log has said so.
    return beat.each([each for each in gone if _heir(beat, each)], lambda person: _left(beat, person))


def _left(desk: Desk, person: Person) -> None:
    hands = passing.hands_of(desk, person)
    heir = _heir(desk, person)
    if heir is not None:
        _cover(desk, person, heir, hands)
    elif hands.problems:
        log.error(
            "nobody of the office can be reached: problems %s stay with %s, who has left",
            ", ".join(each.number for each in hands.problems.values()),
            person.name,
        )
    for each in hands.asked:
        desk.record(None, "request.handed_over", f"problem:{each.problem_id}", before=person.id)
    moved = sorted({*(hands.problems if heir else ()), *(each.problem_id for each in hands.asked)})
    for cover in hands.covers:
        passing.end_cover(desk, cover, person, None)
    desk.record(None, "person.left", f"person:{person.id}", problems=moved)
    for colleague in desk.office:
        if colleague.id != person.id:
            slot = f"left:{person.id}:{desk.now}:{colleague.id}"
            desk.tell(colleague, slot, _news(desk, colleague, person, heir, hands), disturb=True)
    for each in hands.asked:
        passing.pass_request(desk, each, person, None)
    for problem_id in moved:
        problem = clocks.wind(desk, problem_id)
        if heir is not None and _waits_for(problem, heir):
            foreword = desk.say(heir, "departure.card", noun=problem.noun, name=person.name)
            cards.send(desk, heir, problem, f"left:{person.id}:{desk.now}", foreword)
        cards.refresh(desk, problem)


def _heir(desk: Desk, person: Person) -> Person | None:
    """Return the first of the office who can be reached, and is not on leave if possible; or None."""
    return next(
        (
            each
            for each in (*desk.office, *desk.tx.people.with_role(Role.OFFICE))
            if each.id != person.id and desk.tx.people.address(each.id) is not None
        ),
        None,
    )


def _cover(desk: Desk, person: Person, heir: Person, hands: Hands) -> None:
    """Let one of the office hold what somebody held, and confirm what they were to confirm."""
    for problem in hands.held:
        if _hand(desk, problem, heir):
            subject = cards.subject(problem)
            desk.record(None, "problem.left", subject, before=person.id, to=heir.id)
    for problem in hands.to_confirm:
        current = desk.tx.problems.get(problem.id) or problem
        if desk.tx.problems.amend(current, confirmer_id=heir.id):
            subject = cards.subject(problem)
            desk.record(None, "problem.confirmer_changed", subject, before=person.id, to=heir.id)


def _hand(desk: Desk, problem: Problem, heir: Person) -> bool:
    """Give a problem to the office, which has yet to accept it; one called solved goes on as it stands."""
    reason = desk.say(None, "departure.reason")
    if not problem.is_unsolved:
        return desk.tx.problems.succeed(problem, heir.id, desk.now, ended="left", reason=reason)
    due = clocks.new_dues(desk, problem)
    return desk.tx.problems.hand(problem, heir.id, due, desk.now, ended="left", reason=reason)


def _waits_for(problem: Problem, heir: Person) -> bool:
    """Tell whether somebody has something to do about a problem, as its holder or to confirm it."""
    return heir.id == (problem.confirmer_id if problem.state is State.CONFIRMING else problem.holder_id)


def _news(desk: Desk, reader: Person, person: Person, heir: Person | None, hands: Hands) -> str:
    """Return all that has become of what somebody leaves behind, a line each."""
    lines = [desk.say(reader, "departure.left", name=person.placed)]
    to = heir.name if heir else ""
    asked = dict.fromkeys(each.problem_id for each in hands.asked)
    found = (
        ("held", hands.held),
        ("to_confirm", hands.to_confirm),
        ("asked", desk.tx.problems.several(list(asked))),
    )
    for part, problems in found:
        if problems:
            numbers = "、".join(each.number for each in problems)
            key = f"departure.{part}" if heir or part == "asked" else f"departure.{part}_stays"
            lines.append(
                desk.say(
                    reader,
                    key,
                    count=len(problems),
                    counted=counted(problems),
                    numbers=numbers,
                    name=person.name,
                    heir=to,
                )
            )
    if len(lines) == 1:
        lines.append(desk.say(reader, "departure.idle"))
    lines += [
        desk.say(reader, "departure.without", duty=duty, count=len(orphans), projects="、".join(orphans))
        for duty in (Duty.LIAISON, Duty.LEAD_LEADER)
        if (orphans := _orphans(desk, person, hands, duty))
    ]
    return "\n".join(lines)


def _orphans(desk: Desk, person: Person, hands: Hands, duty: Duty) -> list[str]:
    """Return the projects on which nobody within reach has a duty any more."""
    mine = {each.project_id: each.project for each in hands.duties if each.duty is duty}
    on = desk.tx.projects.on(mine, duty, desk.today)
    reached = desk.tx.people.addresses({each for ids in on.values() for each in ids} - {person.id})
    return [name for project_id, name in mine.items() if reached.keys().isdisjoint(on.get(project_id, ()))]


# --- back -------------------------------------------------------------------------------


def back(desk: Desk, person: Person) -> None:
    """Tell the office that somebody who had left is back, and what was theirs; nothing moves by itself."""
    for step in reversed(desk.tx.audit.trail(f"person:{person.id}")):
        if step.action == "person.back":
            return
        if step.action == "person.left":
            break
    else:
        return
    desk.record(None, "person.back", f"person:{person.id}")
    theirs = [desk.tx.problems.get(problem_id) for problem_id in step.detail["problems"]]
    still = [each for each in theirs if each is not None and each.is_open]
    for each in still:
        # The office may give it back with a tap now.
        cards.refresh(desk, each)
    for colleague in desk.office:
        if colleague.id == person.id:
            continue
        lines = [desk.say(colleague, "departure.back", name=person.placed)]
        if still:
            now = [
                desk.say(colleague, "departure.now_with", number=each.number, name=each.holder)
                for each in still
            ]
            lines.append(desk.say(colleague, "departure.were_theirs", problems="、".join(now)))
        desk.tell(colleague, f"back:{person.id}:{desk.now}:{colleague.id}", "\n".join(lines))

"""共性问题: one blockage on many projects is offered to the office as one item (MISSION feature 13).

Found by looking, not by counting along: whatever moved a problem – a report, a change of hands, an
import – the next beat sees it, and a restart loses nothing. A look is four questions to a reader by
indexes (10,000 open problems: about 20 ms); the writer works only when there is something to do.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.commons import PROJECTS, WITHIN, Common, CommonState, projects_of
from bot.domain.problems import Problem
from bot.errors import Refused
from handlers import common_cards, deeds, problems
from handlers.turn import Beat, Desk, Turn
from handlers.watch import Watch
from storage.commons import Tie

CHUNK = 200
"""Items of one transaction at most, so that a message never waits for a round."""

_MERGED_AT_LEAST = 2


@dataclass(frozen=True, slots=True)
class _Found:
    """What one look found."""

    leaving: list[Tie]
    joining: list[Tie]
    over: list[int]
    to_offer: list[tuple[str, int]]

    def __bool__(self) -> bool:
        return bool(self.leaving or self.joining or self.over or self.to_offer)


async def keep(watch: Watch) -> None:
    """Offer what is common, let newcomers join, let go who was handed on, close what is done."""
    while found := await watch.read(look):
        if not await watch.perform(lambda beat: _keep(beat, found)):
            return


def look(beat: Beat) -> _Found:
    """Return what there is to do about what several problems have in common."""
    known = beat.tx.commons
    return _Found(known.leaving(), known.joining(), known.over(), known.to_offer(_since(beat)))


def _since(desk: Desk) -> datetime:
    return desk.now - WITHIN


def _keep(beat: Beat, found: _Found) -> int:
    """Do some of what was found; what it brings with it is found by the next look."""
    done = beat.each(found.leaving[:CHUNK], lambda tie: _leave(beat, tie))
    done += beat.each(found.joining[:CHUNK], lambda tie: _join(beat, tie))
    done += beat.each(found.over[:CHUNK], lambda common_id: _close(beat, common_id))
    done += beat.each(found.to_offer[:CHUNK], lambda pair: _offer(beat, *pair))
    return done


# --- found ------------------------------------------------------------------------------


def _offer(beat: Beat, category: str, holder_id: int) -> None:
    common = beat.tx.commons.offer(category, holder_id, _since(beat), beat.now)
    if common is None:
        return
    found = beat.tx.commons.loose(category, holder_id, _since(beat))
    _record(beat, common, "common.offered", problems=[each.number for each in found])
    for colleague in beat.office:
        beat.tell(
            colleague,
            f"common:{common.id}:offered:{colleague.id}",
            common_cards.offer(beat, colleague, common, found),
            common_cards.offer_choices(beat, colleague, common),
            subject=common_cards.offer_subject(common.id),
        )


def merge(turn: Turn) -> None:
    """Make one item of them (合成一件): the holder gets one card, each stays its reporter's to close."""
    common = _offered(turn)
    found = turn.tx.commons.loose(common.category, common.holder_id, _since(turn))
    if len(found) < _MERGED_AT_LEAST:
        # Nothing is left to be made one: the offer is withdrawn by the press that finds it out.
        _decide(turn, common, CommonState.DECLINED)
        turn.reply("common.apart_already", category=common.category)
        return
    common = _decide(turn, common, CommonState.MERGED, problems=[each.number for each in found])
    turn.tx.commons.join(common.id, [each.id for each in found])
    common_cards.send(turn, common)
    turn.reply(
        "common.merged_now", category=common.category, holder=common.holder, projects=projects_of(found)
    )


def keep_apart(turn: Turn) -> None:
    """Leave them as they are (不用); the office is asked again when as many new ones have come."""
    common = _decide(turn, _offered(turn), CommonState.DECLINED)
    turn.reply("common.declined_now", category=common.category, holder=common.holder, count=PROJECTS)


def _offered(turn: Turn) -> Common:
    common = _common(turn, turn.argument)
    if common.state is not CommonState.OFFERED:
        raise _too_late(common)
    return common


def _decide(turn: Turn, common: Common, state: CommonState, **detail: object) -> Common:
    won = turn.tx.commons.decide(common, state, turn.sender.id, turn.now)
    common = _common(turn, common.id)
    if not won:
        raise _too_late(common)
    _record(turn, common, f"common.{state}", **detail)
    common_cards.refresh_offers(turn, common)
    return common


def _too_late(common: Common) -> Refused:
    key = "declined" if common.state is CommonState.DECLINED else "merged"
    return Refused(f"common.{key}", category=common.category, holder=common.holder, name=common.decided_by)


def _common(desk: Desk, common_id: int | str) -> Common:
    common = desk.tx.commons.get(int(common_id))
    if common is None:
        raise Refused("button.stale")
    return common


# --- followed ---------------------------------------------------------------------------


def _join(beat: Beat, tie: Tie) -> None:
    beat.tx.commons.join(tie.common_id, [tie.problem_id])
    common = _common(beat, tie.common_id)
    _record(beat, common, "common.joined", problem=tie.problem_id)
    common_cards.refresh(beat, common.id)


def _leave(beat: Beat, tie: Tie) -> None:
    beat.tx.commons.leave([tie.problem_id])
    common = _common(beat, tie.common_id)
    _record(beat, common, "common.left", problem=tie.problem_id)
    common_cards.refresh(beat, common.id)


def _close(beat: Beat, common_id: int) -> None:
    if not beat.tx.commons.close(common_id):
        return
    common = _common(beat, common_id)
    followers = beat.tx.commons.followers(common_id)
    _record(beat, common, "common.closed", count=len(followers))
    common_cards.refresh(beat, common_id)
    for colleague in beat.office:
        told = beat.say(
            colleague,
            "common.closed" if followers else "common.closed_empty",
            category=common.category,
            holder=common.holder,
            count=len(followers),
        )
        beat.tell(colleague, f"common:{common_id}:closed:{colleague.id}", told)


def _record(desk: Desk, common: Common, action: str, **detail: object) -> None:
    actor = desk.sender if isinstance(desk, Turn) else None
    desk.record(actor, action, common_cards.subject(common.id), holder=common.holder_id, **detail)


# --- one word for all -------------------------------------------------------------------


def ask_feedback(turn: Turn, common: Common, _followers: list[Problem]) -> None:
    """Ask the holder how far all of them are."""
    turn.ask("common_feedback", common=common.id)
    turn.reply("common.ask_feedback", category=common.category)


def give_feedback(turn: Turn, common: Common, followers: list[Problem]) -> None:
    """Pass one line on to the reporter of every follower."""
    text = deeds.line(turn)
    for problem in followers:
        problems.feed_back(turn, problem, text)
    turn.reply("common.feedback_kept", category=common.category, count=len(followers))

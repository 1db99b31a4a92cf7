"""What the office does with a missive before it goes out: write one, open, release, reword, decline."""

from bot.domain.directory import best_match
from bot.domain.missives import Missive, MissiveKind, MissiveState, Named, read_kind
from bot.domain.people import Unit
from bot.domain.projects import Project
from bot.domain.until import read_until
from bot.domain.words import units
from bot.errors import Refused
from handlers import deeds, missive_cards, missive_post, missive_ties, missives
from handlers.turn import Desk, Turn
from storage.missives import Draft, subject

LONGEST = 1200
"""Letters of its words: more than a page, and more than anybody reads in a chat."""


# --- written by the office --------------------------------------------------------------


def issue(turn: Turn) -> None:
    """Draft a letter: 「发函 工作提示 住建局 XM-012 请在12月5日前…」; the project may be left out."""
    word, _, rest = turn.argument.partition(" ")
    kind = read_kind(word)
    if kind is None and word:
        raise Refused("missive.kind_unknown", kind=word, kinds="、".join(MissiveKind))
    name, _, text = rest.strip().partition(" ")
    project, text = _project(turn, text.strip())
    if kind is None or not text:
        raise Refused("missive.usage")
    _must_fit(text)
    to = _unit(turn, name)
    title = "missive.title_on" if project else "missive.title_plain"
    draft = Draft(
        slot=f"{kind}:{turn.incoming.key}",
        kind=kind,
        subject=turn.say(None, title, kind=kind, project=project.name if project else ""),
        text=text,
        project_id=project.id if project else None,
        unit_id=to.id,
        reply_due=read_until(text, turn.today) if kind.wants_reply else None,
    )
    missive = turn.tx.missives.draft(draft, turn.now)
    if missive is not None:
        missive_ties.record(turn, turn.sender, "drafted", missive, kind=str(kind), text=text)
        show(turn, missive)


def _unit(turn: Turn, name: str) -> Unit:
    every = {each.name: each for each in turn.tx.people.units()}
    match = best_match(name, every)
    if match is None:
        raise Refused("missive.unit_unknown", unit=name)
    return every[match]


def _project(turn: Turn, text: str) -> tuple[Project | None, str]:
    number, _, rest = text.partition(" ")
    project = turn.tx.projects.numbered(number.upper())
    return (project, rest.strip()) if project else (None, text)


def _must_fit(text: str) -> None:
    if units(text) > LONGEST:
        raise Refused("missive.too_long", most=LONGEST)


# --- looked over ------------------------------------------------------------------------


def show(turn: Turn, missive: Missive) -> None:
    """Show a letter as it stands."""
    turn.reply_with(
        missive_cards.text(turn, turn.sender, missive),
        missive_cards.choices(turn, turn.sender, missive),
        subject=subject(missive.id),
    )


def found(turn: Desk, missive_id: int | str) -> Missive:
    """Return a letter by its id, as it stands in this transaction."""
    missive = turn.tx.missives.get(int(missive_id))
    if missive is None:
        raise Refused("button.stale")
    return missive


def called(turn: Turn, named: Named) -> Missive | None:
    """Return the letter that somebody names; without a year their latest unclosed, else this year's."""
    found = turn.tx.missives.numbered(named.kind, named.sequence)
    if named.year is None:
        for each in found:
            if each.state is not MissiveState.CLOSED and missive_ties.answering(turn, each, turn.sender):
                return each
    year = named.year or turn.today.year
    return next((each for each in found if each.year == year), None)


def _draft(turn: Turn, argument: str) -> Missive:
    """Return a draft as the sender has read it; refuse politely if it is none any more."""
    number, _, version = argument.partition(":")
    missive = found(turn, number)
    if missive.state is not MissiveState.DRAFT:
        raise _too_late(turn, missive)
    if version and int(version) != missive.version:
        raise Refused("missive.reworded_meanwhile")
    return missive


def _too_late(turn: Turn, missive: Missive) -> Refused:
    at = turn.clock(missive.decided_at) if missive.decided_at else ""
    if missive.state is MissiveState.WITHDRAWN:
        return Refused("missive.gone", title=missive.subject, why=missive.reason)
    key = "declined_already" if missive.state is MissiveState.DECLINED else "released_already"
    return Refused(f"missive.{key}", name=missive.decider, at=at)


def release(turn: Turn) -> None:
    """Let a draft go out (发出): the next beat prints, numbers and sends it."""
    missive = _draft(turn, turn.argument)
    if not missives.is_called_for(turn, missive):
        # Not refused by raising: that would undo the withdrawal.
        why = missives.withdraw(turn, missive)
        turn.reply("missive.gone", title=missive.subject, why=why)
        return
    missive_post.addressed(turn, missive)
    if not turn.tx.missives.approve(missive, turn.sender.id, turn.now):
        raise _too_late(turn, found(turn, missive.id))
    missive_ties.record(turn, turn.sender, "approved", missive, text=missive.text)
    missive_cards.refresh(turn, missive.id)
    turn.notice = turn.say(turn.sender, "missive.approved_notice")


def ask_rewording(turn: Turn) -> None:
    """Ask for the new words (修改)."""
    missive = _draft(turn, turn.argument)
    turn.ask("missive_text", missive=missive.id, version=missive.version)
    turn.reply("missive.ask_rewording", text=missive.text)


@deeds.answering
def reword(turn: Turn) -> None:
    """Give a draft new words; those before stay in the trail."""
    missive = _draft(turn, f"{turn.known['missive']}:{turn.known['version']}")
    _must_fit(turn.text)
    if not turn.tx.missives.reword(missive, turn.text):
        raise Refused("missive.reworded_meanwhile")
    missive_ties.record(turn, turn.sender, "reworded", missive, before=missive.text, text=turn.text)
    show(turn, found(turn, missive.id))
    missive_cards.refresh(turn, missive.id)


def ask_decline(turn: Turn) -> None:
    """Ask why it is not to go out (不发)."""
    missive = _draft(turn, turn.argument)
    turn.ask("missive_decline", missive=missive.id)
    turn.reply("missive.ask_decline")


@deeds.answering
def decline(turn: Turn) -> None:
    """Let a draft never go out, with a reason."""
    missive = _draft(turn, str(turn.known["missive"]))
    if not turn.tx.missives.decline(missive, turn.sender.id, turn.text, turn.now):
        raise _too_late(turn, found(turn, missive.id))
    missive_ties.record(turn, turn.sender, "declined", missive, reason=turn.text)
    missive_cards.refresh(turn, missive.id)
    turn.reply("missive.declined", title=missive.subject)

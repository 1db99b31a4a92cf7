"""百企评百岗 (MISSION row 26): the office opens a ballot, enterprises answer post by post, nobody sees who.

An answer is counted and forgotten in one statement: no audit, no question, no letter, no log has it.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import partial

from bot.domain.ballots import ANSWERS, FEWEST, NO_DEALINGS, Ballot, next_post, read_call, read_score
from bot.domain.people import Person, Role
from bot.domain.words import visible
from bot.errors import Refused
from handlers import letters, progress
from handlers.turn import Beat, Desk, Turn, rows_of
from handlers.watch import Watch
from storage.letters import Choices, Lane

CHUNK = 50
"""Voters of one transaction at most."""

_WORDS = {"开": "open", "open": "open", "结束": "end", "end": "end", "结果": "results", "results": "results"}


def is_meant(turn: Turn, _rest: str) -> bool:
    """Tell whether 「评议 …」 is the command: anybody else's is an answer like any other."""
    return turn.sender.is_office


def command(turn: Turn) -> None:
    """Open a ballot (评议 开 四季度：登记窗口、办税厅 到12月20日), end it (结束), see the last (结果)."""
    word, _, rest = turn.argument.partition(" ")
    match _WORDS.get(word):
        case "open":
            _open(turn, rest)
        case "end":
            _end(turn)
        case "results":
            ballot = turn.tx.ballots.latest()
            if ballot is None:
                raise Refused("ballots.none_closed")
            turn.reply_with(_results(turn, turn.sender, ballot))
        case _:
            ballot = turn.tx.ballots.running()
            if ballot is None or word:
                raise Refused("ballots.usage")
            last = turn.county.calendar.day_of(ballot.closes_at - timedelta(seconds=1))
            turn.reply("ballots.running", title=visible(ballot.title), day=turn.date(turn.sender, last))


def _open(turn: Turn, words: str) -> None:
    call = read_call(words, turn.today)
    if call is None:
        raise Refused("ballots.usage")
    if call.last < turn.today:
        raise Refused("ballots.past", day=turn.date(turn.sender, call.last))
    running = turn.tx.ballots.running()
    if running is not None:
        raise Refused("ballots.one_at_a_time", title=running.title)
    owners = [each.id for each in turn.tx.people.with_role(Role.OWNER)]
    voters = turn.tx.people.addresses(owners)
    if len(voters) < FEWEST:
        raise Refused("ballots.too_few", count=len(voters), fewest=FEWEST)
    closes_at = turn.county.calendar.at(call.last + timedelta(days=1), time(0))
    ballot = turn.tx.ballots.open(call.title, call.posts, voters, turn.sender.id, turn.now, closes_at)
    turn.record(
        turn.sender,
        "ballot.opened",
        f"ballot:{ballot.id}",
        title=call.title,
        posts=list(call.posts),
        until=call.last.isoformat(),
    )
    turn.reply(
        "ballots.opened",
        title=visible(call.title),
        posts=len(call.posts),
        voters=len(voters),
        day=turn.date(turn.sender, call.last),
        fewest=FEWEST,
    )


# --- asked ------------------------------------------------------------------------------


async def ask(watch: Watch) -> None:
    """Ask every voter about their first post; the others follow one by one."""
    while await watch.read(some_wait):
        if await watch.perform(_ask_some) == 0:
            break


def some_wait(beat: Beat) -> bool:
    """Tell whether voters wait for their first question; nobody is asked at night."""
    ballot = beat.tx.ballots.running()
    if ballot is None or beat.now >= ballot.closes_at or beat.county.calendar.is_quiet(beat.now):
        return False
    return bool(beat.tx.ballots.unasked(ballot.id, 1))


def _ask_some(beat: Beat) -> int:
    ballot = beat.tx.ballots.running()
    if ballot is None:
        return 0
    return beat.each(beat.tx.ballots.unasked(ballot.id, CHUNK), partial(_ask_first, beat, ballot))


def _ask_first(beat: Beat, ballot: Ballot, person_id: int) -> None:
    person = beat.tx.people.get(person_id)
    found = _next(beat, ballot, person)
    if found is not None:
        subject, text, choices = found
        text = f"{beat.say(person, 'ballots.hello', title=visible(ballot.title), fewest=FEWEST)}\n{text}"
        # Their own answer: nobody gives it for them.
        beat.tell(person, subject, text, choices, subject=subject, lane=Lane.ROUND, in_person=True)


def _next(desk: Desk, ballot: Ballot, person: Person) -> tuple[str, str, Choices] | None:
    """Note what somebody is asked next; Return its subject, words and buttons, None when all is asked."""
    posts = dict(desk.tx.ballots.posts(ballot.id))
    left = desk.tx.ballots.left(ballot.id, person.id)
    post_id = next_post(list(posts), left, person.id)
    if post_id is None:
        return None
    desk.tx.ballots.ask(ballot.id, person.id, post_id)
    place = len(posts) - len(left) + 1
    text = desk.say(person, "ballots.ask", name=visible(posts[post_id]), place=place, count=len(posts))
    scores = [*range(len(ANSWERS), 0, -1), NO_DEALINGS]
    choices = [(desk.say(person, f"ballots.score_{score}"), f"vote:{post_id}:{score}") for score in scores]
    stop = (desk.say(person, "ballots.stop"), f"vote_stop:{ballot.id}")
    return _subject(post_id, person.id), text, (*rows_of(choices, 3), (stop,))


def _subject(post_id: int, person_id: int) -> str:
    return f"ballot:{post_id}:{person_id}"


# --- answered ---------------------------------------------------------------------------


def vote(turn: Turn) -> None:
    """Count the answer that was tapped."""
    post_id, _, score = turn.argument.partition(":")
    _count(turn, int(post_id), int(score))


def overheard(turn: Turn) -> bool:
    """Count 「非常满意」; other words, where a ballot lies before their sender, are kept nowhere."""
    if not turn.sender.has(Role.OWNER) or turn.tx.ballots.running() is None:
        return False
    post_id, score = turn.tx.ballots.before(turn.sender.id), read_score(turn.text)
    if post_id is None:
        if score is not None:
            raise Refused("ballots.voted")
        return False
    if score is not None:
        _count(turn, post_id, score)
        return True
    if turn.question is not None or progress.listed(turn) or not _lies_before(turn):
        return False
    if not turn.text.isdecimal():
        turn.reply("ballots.how")
        return True
    return False


def _lies_before(turn: Turn) -> bool:
    shown = turn.tx.outbox.shown(turn.sender.id)
    return bool(shown) and shown[0].subject.startswith("ballot:")


def _count(turn: Turn, post_id: int, score: int) -> None:
    """Count an answer; what is said to it is the same, whatever it was."""
    ballot = turn.tx.ballots.running()
    posts = dict(turn.tx.ballots.posts(ballot.id)) if ballot else {}
    if ballot is None or post_id not in posts or turn.now >= ballot.closes_at:
        raise Refused("ballots.over")
    if not turn.tx.ballots.vote(post_id, turn.sender.id, score):
        raise Refused("ballots.voted")
    done = turn.say(turn.sender, "ballots.counted", name=visible(posts[post_id]))
    letters.replace(turn, _subject(post_id, turn.sender.id), lambda _: (done, ()))
    turn.notice = turn.say(turn.sender, "ballots.thanks")
    found = _next(turn, ballot, turn.sender)
    if found is None:
        turn.reply("ballots.all_done", title=visible(ballot.title))
    else:
        subject, text, choices = found
        turn.reply_with(text, choices, subject=subject)


def stop(turn: Turn) -> None:
    """Ask no more (先到这里); what was answered counts."""
    ballot = turn.tx.ballots.running()
    if ballot is None or ballot.id != int(turn.argument):
        raise Refused("ballots.over")
    post_id = turn.tx.ballots.before(turn.sender.id)
    if not turn.tx.ballots.stop(ballot.id, turn.sender.id):
        raise Refused("ballots.voted")
    stopped = turn.say(turn.sender, "ballots.stopped")
    if post_id is not None:
        letters.replace(turn, _subject(post_id, turn.sender.id), lambda _: (stopped, ()))
    turn.notice = stopped
    turn.reply("ballots.stopped")


# --- closed -----------------------------------------------------------------------------


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return when the ballot that is open ends by itself, with the key of its name."""
    ballot = beat.tx.ballots.running()
    return [(ballot.closes_at, "event.ballot")] if ballot and ballot.closes_at > beat.now else []


async def close(watch: Watch) -> None:
    """End a ballot whose time is over, and tell the office how it went."""
    if await watch.read(due) is not None:
        await watch.perform(_close_due)


def due(beat: Beat) -> Ballot | None:
    """Return a ballot whose time is over."""
    return beat.tx.ballots.due(beat.now)


def _close_due(beat: Beat) -> None:
    ballot = due(beat)
    if ballot is not None:
        _close(beat, ballot, None, beat.office)


def _end(turn: Turn) -> None:
    ballot = turn.tx.ballots.running()
    if ballot is None:
        raise Refused("ballots.none_open")
    _close(turn, ballot, turn.sender, [each for each in turn.office if each.id != turn.sender.id])
    turn.reply_with(_results(turn, turn.sender, ballot))


def _close(desk: Desk, ballot: Ballot, by: Person | None, readers: Sequence[Person]) -> None:
    if not desk.tx.ballots.close(ballot.id, desk.now):
        return
    desk.record(by, "ballot.closed", f"ballot:{ballot.id}")
    for colleague in readers:
        slot = f"ballot:{ballot.id}:closed:{colleague.id}"
        desk.tell(colleague, slot, _results(desk, colleague, ballot))


def _results(desk: Desk, reader: Person, ballot: Ballot) -> str:
    lines = [
        desk.say(
            reader,
            "ballots.result" if each.is_shown else "ballots.result_hidden",
            name=visible(each.name),
            voters=each.voters,
            average=each.average if each.is_shown else "",
            fewest=FEWEST,
        )
        for each in desk.tx.ballots.results(ballot.id)
    ]
    return desk.say(reader, "ballots.results", title=visible(ballot.title), lines="\n".join(lines))

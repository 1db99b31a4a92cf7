"""The office nods to the steps that liaisons said and the changes asked for: one tap, or one for several."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.people import Person
from bot.domain.stages import Move, Nod, Step
from bot.errors import Refused
from handlers import changes, letters, stages
from handlers.turn import Beat, Desk, Turn, rows_of
from handlers.watch import Watch
from storage.letters import Choices

FOLDED = timedelta(minutes=10)
"""So long a step waits for others, so that the office gets one message and not five."""

_MOST = 8
"""Steps of one message; a longer one is not read."""


async def offer(watch: Watch) -> None:
    """Show the office what has been said, several steps in one message; nobody at night."""
    while await watch.read(is_time):
        await watch.perform(_offer)


def is_time(beat: Beat) -> bool:
    """Tell whether what was said has waited long enough to be shown together."""
    since = beat.tx.stages.unshown_since()
    return since is not None and since + FOLDED <= beat.now and not beat.county.calendar.is_quiet(beat.now)


def _offer(beat: Beat) -> None:
    moves = beat.tx.stages.unshown()[:_MOST]
    beat.tx.stages.show([move.id for move in moves], beat.now)
    for colleague in beat.office:
        text, choices = _page(beat, colleague, moves)
        slot = f"stages:{moves[0].id}:{colleague.id}"
        beat.tell(colleague, slot, text, choices, subject=_subject(beat.now))


def _subject(shown_at: datetime) -> str:
    return f"stages:{shown_at.isoformat()}"


def pending(turn: Turn) -> None:
    """Show the office what still waits for its nod (阶段)."""
    moves = turn.tx.stages.pending()
    if not moves:
        turn.reply("stages.nothing_waits")
        return
    turn.reply_with(*_page(turn, turn.sender, moves[:_MOST]))


def open_one(turn: Turn) -> None:
    """Show the office one step that waits for its nod, or what became of it."""
    move = turn.tx.stages.get(int(turn.argument))
    if move is None:
        raise Refused("button.stale")
    turn.reply_with(*_page(turn, turn.sender, [move]))


def _page(desk: Desk, reader: Person, moves: Sequence[Move]) -> tuple[str, Choices]:
    lines = [line(desk, reader, move) for move in moves]
    waiting = [(place, move) for place, move in enumerate(moves, 1) if move.answer is None]
    if len(moves) == 1:
        head = desk.say(reader, "changes.nod" if moves[0].step is Step.CHANGE else "stages.nod_one")
        both = [("agree", "stage_agree"), ("refuse", "stage_refuse")]
        buttons = [(desk.say(reader, f"button.{key}"), f"{verb}:{moves[0].id}") for key, verb in both]
        return f"{lines[0]}\n{head}" if waiting else lines[0], (tuple(buttons),) if waiting else ()
    head = desk.say(reader, "stages.nod_several", count=len(moves))
    numbered = "\n".join(f"{place} {line}" for place, line in enumerate(lines, 1))
    every = ",".join(str(move.id) for _, move in waiting)
    single = [
        (f"{place} {desk.say(reader, f'button.{key}')}", f"{verb}:{move.id}")
        for place, move in waiting
        for key, verb in (("agree", "stage_agree"), ("refuse", "stage_refuse"))
    ]
    together = ((desk.say(reader, "button.agree_all"), f"stage_agree:{every}"),)
    return f"{head}\n{numbered}", (together, *rows_of(single, 2)) if waiting else ()


def line(desk: Desk, reader: Person, move: Move) -> str:
    """Return a step or a change on one line, and what was decided about it."""
    project, name = desk.tx.projects.get(move.project_id), desk.tx.people.get(move.asked_by).name
    if move.step is Step.CHANGE:
        said = changes.line(desk, reader, move, name, project)
    else:
        step, day = stages.step_word(desk, reader, move.step, move.what), desk.date(reader, move.day)
        said = desk.say(reader, "stages.line", name=name, project=project.name, step=step, day=day)
    if move.answer is None:
        return said
    by = desk.tx.people.get(move.decided_by).name if move.decided_by else ""
    return f"{said} {desk.say(reader, 'stages.decided', answer=move.answer, name=by)}".rstrip()


# --- decided ----------------------------------------------------------------------------


def agree(turn: Turn) -> None:
    """Nod: what was said counts from now on, and whoever said it is told."""
    _decide(turn, Nod.AGREED)


def refuse(turn: Turn) -> None:
    """Do not nod: nothing changes, and whoever said it is told."""
    _decide(turn, Nod.REFUSED)


def _decide(turn: Turn, nod: Nod) -> None:
    found = [turn.tx.stages.get(int(each)) for each in turn.argument.split(",")]
    hindered = [move for move in found if move and nod is Nod.AGREED and changes.hinders(turn, move)]
    decided = [
        move
        for move in found
        if move and move not in hindered and turn.tx.stages.decide(move, nod, turn.sender.id, turn.now)
    ]
    if not decided and not hindered:
        raise Refused("stages.settled")
    for move in decided:
        _carry_out(turn, move, nod)
    touched = [*decided, *hindered]
    for moment, move in {turn.tx.stages.shown_with(move.id)[0]: move for move in touched}.items():
        if moment is not None:
            _refresh(turn, moment, turn.tx.stages.shown_with(move.id)[1])
    if decided:
        turn.notice = turn.say(turn.sender, "stages.kept", count=len(decided), answer=nod)
        turn.reply("stages.kept", count=len(decided), answer=nod)


def _carry_out(turn: Turn, move: Move, nod: Nod) -> None:
    project = turn.tx.projects.get(move.project_id)
    if move.step is Step.CHANGE:
        changes.decided(turn, move, project, nod)
        return
    if nod is Nod.AGREED:
        stages.take(turn, turn.sender, project, move.step, move.what, move.day)
    else:
        turn.record(turn.sender, "stage.refused", f"project:{project.id}", move=move.id, step=str(move.step))
    asker = turn.tx.people.get(move.asked_by)
    key = "stages.agreed" if nod is Nod.AGREED else "stages.refused"
    fresh = turn.tx.projects.get(project.id)
    text = turn.say(
        asker,
        key,
        name=turn.sender.call,
        project=project.name,
        step=stages.step_word(turn, asker, move.step, move.what),
        day=turn.date(asker, move.day),
    )
    if fresh.kind is not project.kind:
        text += turn.say(asker, "stages.class_now", kind=fresh.kind)
    turn.tell(asker, f"stage_decided:{move.id}", text)


def _refresh(turn: Turn, shown_at: datetime, moves: Sequence[Move]) -> None:
    """Let every colleague's message show what was decided, and take its buttons away."""
    letters.replace(
        turn, _subject(shown_at), lambda person_id: _page(turn, turn.tx.people.get(person_id), moves)
    )


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return when the office is shown what was said, with the key of its name."""
    since = beat.tx.stages.unshown_since()
    if since is None:
        return []
    moment = beat.county.calendar.next_open(since + FOLDED)
    return [(moment, "event.nods")] if moment > beat.now else []

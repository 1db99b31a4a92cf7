"""What is shown of a missive: to the office a draft or how it stands, to its addressee what to do."""

from datetime import date, datetime

from bot.domain.calendar import year_permille
from bot.domain.figures import show_money, show_permille
from bot.domain.missives import Call, Matter, Missive, MissiveKind, MissiveState, Sheet
from bot.domain.people import Person
from bot.domain.projects import Project
from bot.domain.words import visible
from handlers import letters, missive_ties
from handlers.turn import Desk
from storage.letters import Choices
from storage.missives import subject

# --- what a letter says -----------------------------------------------------------------


def title(desk: Desk, call: Call, project: Project) -> str:
    """Return the title of a letter that is drafted by itself."""
    return desk.say(None, f"missive.title_{_key(call)}", project=project.name)


def body(desk: Desk, call: Call, project: Project) -> str:
    """Return the words of a letter that is drafted by itself; each figure says of which day it is."""
    planned = project.planned_completion if call.matter is Matter.PRODUCTION else project.planned_start
    done, gone = project.plan_permille or 0, year_permille(desk.today)
    return desk.say(
        None,
        f"missive.body_{_key(call)}",
        project=project.name,
        number=project.number,
        planned=_long(desk, planned) if planned else "",
        today=_long(desk, desk.today),
        days=(desk.today - planned).days if planned else 0,
        plan=show_money(project.planned).replace(" ", ""),
        invested=show_money(project.cumulative).replace(" ", ""),
        done=show_permille(done),
        gone=show_permille(gone),
        behind=f"{(gone - done) / 10:g}",
    )


def _key(call: Call) -> str:
    if call.kind is MissiveKind.ASSIGNMENT:
        return "production" if call.matter is Matter.PRODUCTION else "start"
    return "reminder" if call.kind is MissiveKind.REMINDER else "supervision"


def sheet(desk: Desk, missive: Missive, number: str, addressee: str, reply_due: date | None) -> Sheet:
    """Return a letter as it is printed today, under a number."""
    lines = [missive.text]
    if reply_due is not None:
        lines.append(desk.say(None, "missive.please_reply", day=_long(desk, reply_due)))
    return Sheet(
        kind=missive.kind,
        number=number,
        title=missive.subject,
        addressee=addressee,
        text="\n".join(lines),
        office=desk.say(None, "missive.office", county=desk.county.name),
        day=_long(desk, desk.today),
    )


def _long(desk: Desk, day: date) -> str:
    return desk.say(None, "missive.day", year=day.year, month=day.month, day=day.day)


# --- a card -----------------------------------------------------------------------------


def line(desk: Desk, reader: Person, missive: Missive) -> str:
    """Return a letter on one line of a list."""
    return desk.say(
        reader,
        "missive.line" if missive.is_out else "missive.line_draft",
        kind=missive.kind,
        number=missive.number,
        unit=missive.unit or desk.say(reader, "missive.no_unit"),
        subject=visible(missive.subject),
        state=_state(desk, reader, missive),
    )


def _state(desk: Desk, reader: Person, missive: Missive) -> str:
    if missive.is_overdue(desk.today):
        return desk.say(reader, "missive.state_overdue", day=_day(desk, reader, missive.reply_due))
    if missive.state is MissiveState.SENT and missive.received_at is not None:
        return desk.say(reader, "missive.state_received")
    return missive.state


def text(desk: Desk, reader: Person, missive: Missive) -> str:
    """Return a letter as it stands, for one reader."""
    if not missive.is_out:
        return _draft(desk, reader, missive)
    return "\n".join(
        filter(
            None,
            [
                f"{missive.number} {visible(missive.subject)}",
                desk.say(reader, "missive.to", unit=missive.unit),
                visible(missive.text),
                _ask(desk, reader, missive),
                _receipts(desk, reader, missive),
                _reply(desk, reader, missive),
                _ending(desk, reader, missive),
            ],
        )
    )


def _draft(desk: Desk, reader: Person, missive: Missive) -> str:
    state = {
        MissiveState.DRAFT: "draft",
        MissiveState.APPROVED: "approved",
        MissiveState.DECLINED: "declined",
        MissiveState.WITHDRAWN: "withdrawn",
    }[missive.state]
    due = missive.reply_due
    return "\n".join(
        filter(
            None,
            [
                desk.say(
                    reader,
                    f"missive.head_{state}",
                    kind=missive.kind,
                    name=missive.decider,
                    at=desk.clock(missive.decided_at) if missive.decided_at else "",
                    reason=visible(missive.reason),
                ),
                visible(missive.subject),
                desk.say(reader, "missive.to", unit=missive.unit or desk.say(reader, "missive.no_unit")),
                visible(missive.text),
                desk.say(reader, "missive.will_ask_by", day=_day(desk, reader, due))
                if due
                else desk.say(reader, "missive.will_ask", count=desk.county.missives.reply_within)
                if missive.kind.wants_reply
                else "",
            ],
        )
    )


def _ask(desk: Desk, reader: Person, missive: Missive) -> str:
    if missive.reply_due is None or not missive.awaits_reply:
        return ""
    key = "missive.replied_by" if missive.state is MissiveState.REPLIED else "missive.reply_by"
    return desk.say(reader, key, day=_day(desk, reader, missive.reply_due), call=missive.call)


def _receipts(desk: Desk, reader: Person, missive: Missive) -> str:
    got = desk.tx.receipts.of(subject(missive.id))
    if reader.is_office:
        names = [
            desk.say(
                reader,
                "missive.has_received" if at else "missive.has_not_received",
                name=desk.tx.people.get(person_id).name,
                at=desk.clock(at) if at else "",
            )
            for person_id, at in got.items()
        ]
        return desk.say(reader, "missive.receipts", names="、".join(names))
    at = _received(desk, reader, missive)
    return desk.say(reader, "missive.you_received", at=desk.clock(at)) if at else ""


def _received(desk: Desk, reader: Person, missive: Missive) -> datetime | None:
    got = desk.tx.receipts.of(subject(missive.id))
    mine = [got[each] for each in desk.selves(reader) if each in got]
    return None if not mine or None in mine else max(at for at in mine if at)


def _reply(desk: Desk, reader: Person, missive: Missive) -> str:
    if not missive.reply:
        return ""
    return desk.say(reader, "missive.reply", name=missive.replier, text=visible(missive.reply))


def _ending(desk: Desk, reader: Person, missive: Missive) -> str:
    if missive.state is MissiveState.CLOSED and missive.closed_at is not None:
        return desk.say(reader, "missive.closed", at=desk.clock(missive.closed_at))
    problem = desk.tx.problems.get(missive.problem_id) if missive.problem_id else None
    if problem is None or not problem.is_open or not reader.is_office:
        return ""
    return desk.say(reader, "missive.watched", problem=problem.tag, state=problem.state)


def _day(desk: Desk, reader: Person, day: date | None) -> str:
    return desk.date(reader, day) if day else ""


def choices(desk: Desk, reader: Person, missive: Missive) -> Choices:
    """Return what a reader may do with a letter now."""
    keys: list[tuple[str, str]] = []
    if reader.is_office and missive.state is MissiveState.DRAFT:
        keys = [
            ("release", f"missive_release:{missive.id}:{missive.version}"),
            ("reword", f"missive_reword:{missive.id}:{missive.version}"),
            ("decline", f"missive_decline:{missive.id}"),
        ]
    if missive.is_out and missive_ties.answering(desk, missive, reader):
        if _received(desk, reader, missive) is None:
            keys.append(("receive", f"missive_receive:{missive.id}"))
        if missive.awaits_reply:
            keys.append(("reply", f"missive_reply:{missive.id}"))
    if reader.is_office and missive.is_out and missive.state is not MissiveState.CLOSED:
        keys.append(("settle", f"missive_close:{missive.id}"))
        if missive.state is MissiveState.REPLIED:
            keys.append(("hand_back", f"missive_return:{missive.id}"))
    row = tuple((desk.say(reader, f"missive.button_{key}"), action) for key, action in keys)
    return (row,) if row else ()


def send(desk: Desk, person: Person, missive: Missive, occasion: str, foreword: str = "") -> None:
    """Give somebody the card of a letter, once for an occasion, with a sentence before it that says why."""
    reader = desk.stand_in(person)
    shown = text(desk, reader, missive)
    desk.tell(
        person,
        f"missive:{missive.id}:{occasion}:{person.id}",
        f"{foreword}\n{shown}" if foreword else shown,
        choices(desk, reader, missive),
        subject=subject(missive.id),
    )


def refresh(desk: Desk, missive_id: int) -> None:
    """Bring every card of a letter up to date in place."""
    missive = desk.tx.missives.get(missive_id)
    if missive is None:
        return

    def card(person_id: int) -> tuple[str, Choices]:
        reader = desk.tx.people.get(person_id)
        return text(desk, reader, missive), choices(desk, reader, missive)

    letters.replace(desk, subject(missive_id), card)

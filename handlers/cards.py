"""The card of a problem and its receipt: what each person sees, and the buttons they have a right to."""

from datetime import datetime

from bot.domain.people import Duty, Person, Role
from bot.domain.problems import Problem, State, Urgency
from bot.domain.rights import Deed, Ties, may
from bot.domain.words import visible
from handlers import letters, prompts
from handlers.turn import Desk, rows_of
from storage.letters import Choices
from storage.problems import Passed

_BUTTONS: dict[State, tuple[tuple[Deed, str, str], ...]] = {
    State.WAITING: (
        (Deed.TAKE, "take", "take"),
        (Deed.TRANSFER, "transfer", "transfer"),
        (Deed.SOLVE, "solved", "solved"),
        (Deed.ASK_UP, "ask_up", "ask_up"),
        (Deed.RETURN, "return", "return"),
    ),
    State.WORKING: (
        (Deed.FEED_BACK, "feedback", "feedback"),
        (Deed.TRANSFER, "transfer", "transfer"),
        (Deed.SOLVE, "solved", "solved"),
        (Deed.ASK_UP, "ask_up", "ask_up"),
        (Deed.RETURN, "return", "return"),
    ),
    State.CONFIRMING: ((Deed.CONFIRM, "close", "close"), (Deed.CONFIRM, "unsolved", "unsolved")),
}
_PASSED_ON = frozenset({"transferred", "returned", "asked_up"})


def subject(problem: Problem) -> str:
    """Return the name under which every card of a problem is found again."""
    return f"problem:{problem.id}"


def receipt_subject(problem: Problem) -> str:
    """Return the name under which the receipt of a problem is found again."""
    return f"receipt:{problem.id}"


def ties(desk: Desk, person: Person, problem: Problem) -> Ties:
    """Return what ties somebody to a problem through its project."""

    def has(duty: Duty) -> bool:
        on = desk.tx.projects.on([problem.project_id], duty, desk.today)
        return person.id in on.get(problem.project_id, ())

    passed = _passed_on(desk, problem)
    return Ties(
        leads=has(Duty.LEAD_LEADER),
        liaises=has(Duty.LIAISON),
        owns=has(Duty.OWNER),
        has_held=person.id in desk.tx.problems.holders(problem.id),
        passed_on=passed is not None and passed.person_id == person.id,
    )


def text(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return what a card says: what is wrong, who holds it, by when."""
    head = desk.say(
        reader,
        "card.head",
        number=problem.number,
        project=problem.project,
        category=problem.category,
        urgency=problem.urgency,
    )
    told = desk.say(
        reader,
        "card.told",
        text=visible(problem.text),
        name=problem.reporter,
        at=desk.clock(problem.opened_at),
    )
    standing, because, word = (tell(desk, reader, problem) for tell in (_standing, _because, _word))
    return "\n".join(filter(None, [head, told, standing, because, word]))


def _standing(desk: Desk, reader: Person, problem: Problem) -> str:
    key = {
        State.WAITING: "waiting" if problem.holder_id == reader.id else "waiting_for",
        State.WORKING: "working",
        State.CONFIRMING: "confirming",
        State.CLOSED: "closed",
        State.WITHDRAWN: "withdrawn",
    }[problem.state]
    if problem.urgency is Urgency.TODAY and problem.state in {State.WAITING, State.WORKING}:
        key += "_today"
    blanks = {
        "holder": problem.holder,
        "reporter": problem.reporter,
        "generation": problem.generation,
        "accept": _moment(desk, problem.accept_due),
        "accepted": _moment(desk, problem.accepted_at),
        "feedback": day(desk, problem.feedback_due),
        "solve": day(desk, problem.solve_due),
        "closed": _moment(desk, problem.closed_at),
    }
    return desk.say(reader, f"card.{key}", **blanks)


def _because(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return why it was passed on, or what is to be decided, for as long as somebody works on it."""
    if problem.state not in {State.WAITING, State.WORKING}:
        return ""
    passed = _passed_on(desk, problem)
    return desk.say(reader, f"card.because_{passed.how}", text=visible(passed.why)) if passed else ""


def _passed_on(desk: Desk, problem: Problem) -> Passed | None:
    """Return how its last holder passed it on; None if it came to its holder in another way."""
    passed = desk.tx.problems.passed_on(problem.id, problem.generation)
    return passed if passed and passed.how in _PASSED_ON else None


def _word(desk: Desk, reader: Person, problem: Problem) -> str:
    if problem.state in {State.CONFIRMING, State.CLOSED} and problem.solution:
        return desk.say(reader, "card.solution", text=visible(problem.solution))
    if problem.state in {State.WAITING, State.WORKING} and problem.feedback_at is not None:
        return desk.say(reader, "card.feedback", text=visible(problem.feedback))
    return ""


def _moment(desk: Desk, moment: datetime | None) -> str:
    return desk.clock(moment) if moment else ""


def day(desk: Desk, moment: datetime | None) -> str:
    """Return the day by which something is due: 11-30."""
    return _moment(desk, moment)[:5]


def choices(desk: Desk, reader: Person, problem: Problem) -> Choices:
    """Return the buttons that a reader has a right to as the problem stands."""
    bound = ties(desk, reader, problem)
    buttons = [
        (desk.say(reader, f"button.{key}"), f"{action}:{problem.id}")
        for deed, key, action in _BUTTONS.get(problem.state, ())
        if may(reader, deed, problem, bound)
    ]
    return rows_of(buttons, 3)


def receipt(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return what the reporter reads: what was recorded, who has it now, and later how it stands."""
    blanks = {
        "number": problem.number,
        "project": problem.project,
        "category": problem.category,
        "urgency": problem.urgency,
        "text": visible(prompts.shortened(problem.text, 60)),
    }
    if problem.state is State.WAITING:
        holder = desk.tx.people.get(problem.holder_id).call
        return desk.say(reader, "report.receipt", holder=holder, **blanks)
    return desk.say(reader, "report.receipt_since", standing=_standing(desk, reader, problem), **blanks)


def receipt_choices(desk: Desk, reader: Person, problem: Problem) -> Choices:
    """Return the taps that put category and urgency right while nobody has accepted it."""
    if problem.state is not State.WAITING or not may(
        reader, Deed.CLASSIFY, problem, ties(desk, reader, problem)
    ):
        return ()
    likely = [name for name in desk.county.categories if name != problem.category][:3]
    more = (desk.say(reader, "button.more_categories"), f"categories:{problem.id}")
    urgencies = tuple(
        (desk.say(reader, f"button.urgency_{urgency.name.lower()}"), f"urgency:{problem.id}:{urgency}")
        for urgency in Urgency
        if urgency is not problem.urgency
    )
    return ((*((name, f"category:{problem.id}:{name}") for name in likely), more), urgencies)


def send(desk: Desk, person: Person, problem: Problem, occasion: str, foreword: str = "") -> None:
    """Give somebody a card, once for an occasion; with a sentence before it that says why."""
    body = text(desk, person, problem)
    fresh = desk.tell(
        person,
        f"card:{problem.id}:{problem.generation}:{occasion}:{person.id}",
        f"{foreword}\n{body}" if foreword else body,
        choices(desk, person, problem),
        subject=subject(problem),
        disturb=problem.urgency is Urgency.TODAY,
    )
    if fresh:
        _take_back_older(desk, person, problem)
        if desk.tx.people.address(person.id) is None:
            _tell_office(desk, person, problem)


def _take_back_older(desk: Desk, person: Person, problem: Problem) -> None:
    """Let cards that have not gone out yet give way to the one just written."""
    mine = [row for row in desk.tx.outbox.live(subject(problem)) if row.person_id == person.id]
    desk.tx.outbox.supersede(row.id for row in mine[:-1] if row.state == "waiting")


def _tell_office(desk: Desk, person: Person, problem: Problem) -> None:
    """Tell the office that a card waits for somebody whom the bot cannot reach."""
    for colleague in desk.tx.people.with_role(Role.OFFICE):
        if colleague.id != person.id:
            desk.tell(
                colleague,
                f"unreached:{problem.id}:{problem.generation}:{person.id}:{colleague.id}",
                desk.say(colleague, "card.unreached", name=person.call, number=problem.number),
            )


def refresh(desk: Desk, problem: Problem) -> None:
    """Bring every card and the receipt of a problem up to date in place."""

    def card(person_id: int) -> tuple[str, Choices]:
        reader = desk.tx.people.get(person_id)
        return text(desk, reader, problem), choices(desk, reader, problem)

    def slip(person_id: int) -> tuple[str, Choices]:
        reader = desk.tx.people.get(person_id)
        return receipt(desk, reader, problem), receipt_choices(desk, reader, problem)

    letters.replace(desk, subject(problem), card)
    letters.replace(desk, receipt_subject(problem), slip)

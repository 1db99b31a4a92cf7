"""The card of a problem and its receipt: what each person reads of it."""

from datetime import datetime

from bot.domain.custody import by_holder, light_of
from bot.domain.figures import show_money
from bot.domain.people import Person
from bot.domain.problems import Problem, State, Urgency
from bot.domain.requests import Answer
from bot.domain.rights import Deed, may, office_decides
from bot.domain.words import visible
from handlers import buttons, clocks, common_cards, letters, prompts, ties
from handlers.turn import Desk
from storage.letters import Choices


def subject(problem: Problem) -> str:
    """Return the name under which every card of a problem is found again."""
    return f"problem:{problem.id}"


def receipt_subject(problem: Problem) -> str:
    """Return the name under which the receipt of a problem is found again."""
    return f"receipt:{problem.id}"


def text(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return what a card says: what is wrong, who holds it, by when."""
    head = desk.say(
        reader,
        "task.head" if problem.is_task else "card.head",
        nature=problem.nature,
        number=problem.number,
        project=problem.project,
        category=problem.category,
        urgency=problem.urgency,
    )
    if problem.is_unsolved:
        head += f"｜{light(desk, reader, problem)}"
    told = desk.say(
        reader,
        "task.told" if problem.is_task else "card.told",
        text=visible(problem.text),
        name=problem.reporter,
        at=desk.clock(problem.opened_at),
    )
    more = [_together(*(tell(desk, reader, problem) for tell in line)) for line in _LINES]
    return "\n".join(filter(None, [head, told, *more]))


def _together(*sentences: str) -> str:
    """Put sentences on one line, for a card is to be taken in at one look."""
    line = ""
    for sentence in filter(None, sentences):
        line += sentence if not line or line.endswith("。") else f" {sentence}"
    return line


def _standing(desk: Desk, reader: Person, problem: Problem) -> str:
    key = {
        State.WAITING: "waiting" if problem.holder_id == reader.id else "waiting_for",
        State.WORKING: "working",
        State.CONFIRMING: "confirming",
        State.CLOSED: "closed",
        State.WITHDRAWN: "withdrawn",
    }[problem.state]
    if problem.urgency is Urgency.TODAY and problem.is_unsolved:
        key += "_today"
    if office_decides(problem):
        key = "confirming_late"
    blanks = {
        "holder": _holder(desk, reader, problem),
        "reporter": problem.reporter if problem.promised is None else problem.confirmer,
        "confirmer": _confirmers(desk, reader, problem),
        "generation": problem.generation,
        "accept": _moment(desk, problem.accept_due),
        "accepted": _moment(desk, problem.accepted_at or problem.held_since),
        "feedback": day(desk, problem.feedback_due),
        "solve": day(desk, problem.solve_due),
        "closed": _moment(desk, problem.closed_at),
    }
    return desk.say(reader, f"card.{key}", **blanks)


def _holder(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return who holds it, and who acts for them while they are on leave."""
    if desk.once(desk.tx.leaves.stand_in, problem.holder_id, desk.today) == problem.holder_id:
        return problem.holder
    return desk.called(reader, desk.once(desk.tx.people.get, problem.holder_id))


def _confirmers(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return who has yet to say whether it is solved."""
    if problem.state is not State.CONFIRMING:
        return problem.confirmer
    names = [desk.once(desk.tx.people.get, each).name for each in clocks.unconfirmed(desk, problem)]
    return "、".join(names) or desk.say(reader, "card.the_office")


def _because(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return why it was passed on, or what is to be decided, for as long as somebody works on it."""
    if not problem.is_unsolved:
        return ""
    passed = ties.passed_on(desk, problem)
    if passed is None:
        return ""
    return desk.say(reader, f"card.because_{passed.how}", text=visible(passed.why)).rstrip("：: ")


def _word(desk: Desk, reader: Person, problem: Problem) -> str:
    if problem.state in {State.CONFIRMING, State.CLOSED} and problem.solution:
        return desk.say(reader, "card.solution", text=visible(problem.solution))
    if problem.is_unsolved and problem.feedback_at is not None:
        return desk.say(reader, "card.feedback", text=visible(problem.feedback))
    return ""


def _payout(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return what was promised to the enterprise, and how much of it has been paid."""
    if problem.promised is None or problem.state is State.WITHDRAWN:
        return ""
    blanks = {
        "promised": show_money(problem.promised),
        "paid": show_money(problem.paid),
        "left": show_money(problem.outstanding),
        "number": problem.number,
    }
    owed = desk.say(reader, "payout.card" if problem.outstanding else "payout.card_paid", **blanks)
    is_asked = problem.is_unsolved and problem.outstanding and problem.holder_id == reader.id
    return owed + (desk.say(reader, "payout.how", **blanks) if is_asked else "")


def light(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return how the clock stands that runs now: 🔴 超期."""
    county = desk.county
    return desk.sign(reader, light_of(problem, desk.now, county.deadlines, county.calendar))


def _deadline(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return the deadline there was before it was put off; it stays in sight for ever."""
    if not problem.extensions or problem.state is State.WITHDRAWN:
        return ""
    return desk.say(reader, "card.extended", first=day(desk, problem.first_due), count=problem.extensions)


def _stillness(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return why no clock runs, or no reminder comes."""
    if not problem.is_unsolved:
        return ""
    if problem.paused_at is not None:
        return desk.say(
            reader, "card.paused", confirmer=problem.confirmer, question=visible(problem.question)
        )
    if problem.snoozed_until is not None and problem.snoozed_until > desk.now:
        return desk.say(
            reader, "card.snoozed", until=desk.clock(problem.snoozed_until), count=problem.snoozes
        )
    return ""


def _chain(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return who held it before and for how much working time; nothing while it has had one holder."""
    if not problem.is_unsolved:
        return ""
    county = desk.county
    spans = desk.once(desk.tx.custody.spans, problem.id)
    times = by_holder(spans, desk.now, county.deadlines, county.calendar)
    if len(times) < 2:  # noqa: PLR2004 -- a chain has two links at least
        return ""
    return desk.say(
        reader, "card.chain", chain=" → ".join(f"{name} {desk.length(reader, held)}" for name, held in times)
    )


def _asked(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return what was asked of others about it in this generation, and how they answered."""
    if not problem.is_unsolved:
        return ""
    every = desk.once(desk.tx.requests.of_problem, problem.id)
    asked = [each for each in every if each.generation == problem.generation]
    lines = []
    for each in asked[-_MOST_ASKED:]:
        of = each.answered_by or each.to_id
        blanks = {
            "name": desk.once(desk.tx.people.get, of).call if of else desk.say(reader, "card.the_office"),
            "text": visible(prompts.shortened(each.text, 40)),
            "until": each.until.strftime("%m-%d") if each.until else "",
            "words": visible(prompts.shortened(each.words, 40)),
            "at": day(desk, each.answered_at),
        }
        kind = each.asking.name.lower()
        if each.answer is None:
            lines.append(desk.say(reader, f"card.pending_{kind}", **blanks))
        elif each.answer is not Answer.LAPSED:
            lines.append(desk.say(reader, f"card.answered_{each.answer.name.lower()}", **blanks).rstrip("："))
    return "\n".join(lines)


def _coming(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return who else will hear of it, and when, if nothing happens."""
    if not problem.is_unsolved or problem.paused_at is not None:
        return ""
    told = clocks.next_told(desk, problem)
    if told is None:
        return ""
    climb, people = told
    names = "、".join(dict.fromkeys(_ear(desk, reader, person) for person in people))
    return desk.say(reader, f"rung.coming_{climb.rung.wait}", at=desk.clock(climb.at), names=names)


def _ear(desk: Desk, reader: Person, person: Person) -> str:
    if person.is_office:
        return desk.say(reader, "card.the_office")
    return desk.say(reader, "card.you") if person.id == reader.id else person.call


_LINES = (
    (_standing, _deadline),
    (_chain, _because),
    (_payout,),
    (_word,),
    (_stillness,),
    (_asked,),
    (_coming,),
)
"""What is told besides, line by line, while there is anything to tell of it."""

_MOST_ASKED = 2


def _moment(desk: Desk, moment: datetime | None) -> str:
    return desk.clock(moment) if moment else ""


def day(desk: Desk, moment: datetime | None) -> str:
    """Return the day by which something is due: 11-30."""
    return _moment(desk, moment)[:5]


def receipt(desk: Desk, reader: Person, problem: Problem) -> str:
    """Return what the reporter reads: what was recorded, who has it now, and later how it stands."""
    blanks = {
        "nature": problem.nature,
        "number": problem.number,
        "project": problem.project,
        "category": problem.category,
        "urgency": problem.urgency,
        "text": visible(prompts.shortened(problem.text, 60)),
    }
    if problem.state is State.WAITING:
        holder = desk.once(desk.tx.people.get, problem.holder_id).call
        return desk.say(reader, "report.receipt", holder=holder, **blanks)
    return desk.say(reader, "report.receipt_since", standing=_standing(desk, reader, problem), **blanks)


def receipt_choices(desk: Desk, reader: Person, problem: Problem) -> Choices:
    """Return the taps that put category and urgency right while nobody has accepted it."""
    if problem.state is not State.WAITING or not may(
        reader, Deed.CLASSIFY, problem, ties.of(desk, reader, problem)
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
    reader = desk.stand_in(person)
    with desk.at_rest():
        body = text(desk, reader, problem)
        letter = desk.draft(
            person,
            f"card:{problem.id}:{problem.generation}:{occasion}:{person.id}",
            f"{foreword}\n{body}" if foreword else body,
            buttons.choices(desk, reader, problem),
            subject=subject(problem),
            disturb=problem.urgency is Urgency.TODAY,
        )
    if desk.tx.outbox.add(letter, desk.now):
        desk.tx.outbox.give_way([letter])
        if desk.tx.people.address(reader.id) is None:
            _tell_office(desk, reader, problem)


def _tell_office(desk: Desk, person: Person, problem: Problem) -> None:
    """Tell the office that a card waits for somebody whom the bot cannot reach."""
    for colleague in desk.office:
        if colleague.id != person.id:
            desk.tell(
                colleague,
                f"unreached:{problem.id}:{problem.generation}:{person.id}:{colleague.id}",
                desk.say(colleague, "card.unreached", name=person.call, problem=problem.tag),
            )


def refresh(desk: Desk, problem: Problem) -> None:
    """Bring every card and the receipt of a problem up to date in place."""

    def card(person_id: int) -> tuple[str, Choices]:
        reader = desk.once(desk.tx.people.get, person_id)
        return text(desk, reader, problem), buttons.choices(desk, reader, problem)

    def slip(person_id: int) -> tuple[str, Choices]:
        reader = desk.once(desk.tx.people.get, person_id)
        return receipt(desk, reader, problem), receipt_choices(desk, reader, problem)

    with desk.at_rest():
        letters.replace(desk, subject(problem), card)
        letters.replace(desk, receipt_subject(problem), slip)
        if problem.common_id is not None:
            common_cards.refresh(desk, problem.common_id)

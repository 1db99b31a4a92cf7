"""A problem is reported: in the liaison's words, to the leader who answers for it."""

from bot.domain.deadlines import dues
from bot.domain.people import Person
from bot.domain.problems import Problem, State, Urgency, guessed_category
from bot.domain.progress import Kind
from bot.domain.projects import Project
from bot.domain.rights import Deed
from bot.domain.similar import most_similar
from bot.errors import Refused
from handlers import (
    attachments,
    cards,
    clocks,
    deeds,
    problems,
    progress,
    prompts,
    recording,
    routing,
    spoken,
)
from handlers.access import Answer, Entry, may, may_still_speak
from handlers.recording import Said
from handlers.turn import Turn, rows_of
from storage.problems import Reported

# --- how it begins ----------------------------------------------------------------------


def report(turn: Turn) -> None:
    """Begin with 「问题」 or /problem, with words or without; 「问题 2026-063」 names one there is."""
    if spoken.named_in(turn):
        return
    projects = prompts.asked_of(turn, turn.sender)
    if turn.argument and turn.question is not None and turn.question.topic == "visit_line":
        # What a leader found on the site that they were just asked about.
        turn.text = turn.argument
        DESCRIBED(turn)
        return
    if not projects:
        raise Refused("report.no_projects")
    if turn.argument:
        progress.take_problem(turn, projects, turn.argument)
        return
    if len(projects) == 1:
        turn.ask("problem", project=projects[0].id)
        turn.reply("progress.ask_problem", project=projects[0].name)
        return
    turn.ask("which", text="", kind=str(Kind.PROBLEM))
    lines = "\n".join(f"{place} {project.name}" for place, project in enumerate(projects, 1))
    turn.tx.conversations.list({turn.sender.id: [project.id for project in projects]}, turn.now)
    turn.reply("report.which", lines=lines)


def describe(turn: Turn, project: Project) -> None:
    """Take the sender's words as the problem that they were asked about."""
    describe_on(turn, project, turn.text)


DESCRIBED = Answer(may_still_speak, describe)
"""An answer, and what begins with 「问题」 while another is waited for."""


def describe_on(turn: Turn, project: Project, text: str) -> None:
    """Report a problem of a project, unless the project has one like it already."""
    if not text.strip():
        turn.ask("problem", project=project.id, files=attachments.so_far(turn), source=_source(turn))
        turn.reply("progress.ask_problem", project=project.name)
        return
    category = guessed_category(text, turn.county.categories)
    there = [each for each in turn.tx.problems.open_of_project(project.id) if not each.is_task]
    similar = most_similar(text, category, there)
    if similar is None or turn.has_asked:
        _open(turn, project, text)
        return
    turn.ask(
        "similar",
        project=project.id,
        text=text,
        problem=similar.id,
        files=attachments.so_far(turn),
        source=_source(turn),
    )
    choices = (
        (
            turn.choice("same_problem", f"same_problem:{similar.id}"),
            turn.choice("another_problem", f"new:{project.id}"),
        ),
    )
    turn.reply(
        "report.similar",
        choices,
        problem=similar.tag,
        category=similar.category,
        text=prompts.shortened(similar.text, 40),
        state=similar.state,
    )


def report_anyway(turn: Turn, project: Project) -> None:
    """Report it as a problem of its own."""
    _open(turn, project, _kept_text(turn))


def add_to_similar(turn: Turn, problem: Problem) -> None:
    """Add the words to the problem that was there already, and tell its holder."""
    text = _kept_text(turn)
    if not problem.is_open:
        # Solved meanwhile: the words are a problem of their own, they must not be lost.
        _open(turn, turn.tx.projects.get(problem.project_id), text)
        return
    problems.add_words(turn, problem, text)
    if problem.holder_id != turn.sender.id:
        holder = turn.tx.people.get(problem.holder_id)
        told = turn.say(
            holder, "report.added_for_holder", problem=problem.tag, name=turn.sender.name, text=text
        )
        turn.tell(
            holder,
            f"added:{problem.id}:{turn.incoming.key}",
            told,
            disturb=problem.urgency is Urgency.TODAY,
        )
    turn.reply("report.added", problem=problem.tag, holder=problem.holder)


SAME_PROBLEM = Entry(may(Deed.SEE), add_to_similar)
"""Of whoever does not see the problem any more nothing is added to it."""


def answer_similar(turn: Turn, project: Project) -> None:
    """Read 1 or 2 typed instead of pressed; other words are added to the problem's own, and asked again."""
    if turn.text == "1":
        turn.argument = str(turn.known["problem"])
        SAME_PROBLEM(turn)
    elif turn.text == "2":
        report_anyway(turn, project)
    else:
        describe_on(turn, project, f"{turn.known['text']}\n{turn.text}".strip())


def _kept_text(turn: Turn) -> str:
    """Return the words that wait for 「是同一件事吗？」; a press after something else was begun is late."""
    if turn.question is None or turn.question.topic != "similar":
        raise Refused("button.stale")
    return str(turn.known["text"])


def _source(turn: Turn) -> str:
    return str(turn.known.get("source") or turn.source)


# --- how it is stored -------------------------------------------------------------------


def open_for(turn: Turn, project: Project, text: str, reporter: Person) -> Problem:
    """Report a problem for whoever said it, as the one who writes it down."""
    return _open(turn, project, text, reporter)


def _open(turn: Turn, project: Project, text: str, reporter: Person | None = None) -> Problem:
    """Store the problem, give it to whoever answers for it, and say so."""
    category = guessed_category(text, turn.county.categories)
    urgency = (
        Urgency.TODAY if any(word in text for word in ("当天", "今天必须", "紧急")) else Urgency.ORDINARY
    )
    holder = routing.holder_for(turn, category, project.id, project.place)
    problem = turn.tx.problems.add(
        Reported(
            project_id=project.id,
            category=category,
            text=text,
            urgency=urgency,
            reporter_id=(reporter or turn.sender).id,
            holder_id=holder.id,
            dues=dues(urgency, turn.now, turn.county.deadlines, turn.county.calendar),
            at=turn.now,
            # Edited, a message that reports for somebody else would be taken for their words.
            source="" if reporter else _source(turn),
        ),
        turn.today.year,
    )
    turn.record(
        turn.sender,
        "problem.reported",
        cards.subject(problem),
        category=category,
        holder=holder.id,
        urgency=str(urgency),
        text=text,
    )
    problem = clocks.wind(turn, problem)
    attachments.keep(turn, problem_id=problem.id)
    today = turn.tx.reports.on([project.id], turn.today).get(project.id)
    if today is None and reporter is None:
        said = Said(project, Kind.PROBLEM, text)
        recording.record(turn, turn.sender, said, None, source="")
        recording.settle_prompts(turn, turn.sender, [project.id])
    if project.quiet_until:
        turn.tx.projects.rest(project.id, None)
    with turn.at_rest():
        _hand_out(turn, problem, "reported")
        _give_receipt(turn, problem)
    return problem


def _hand_out(turn: Turn, problem: Problem, occasion: str) -> None:
    """Give the card to the holder and, if that is another, to the project's lead leader."""
    holder = turn.once(turn.tx.people.get, problem.holder_id)
    cards.send(turn, holder, problem, occasion)
    lead = routing.lead_of(turn, problem.project_id)
    if lead is not None and turn.stand_in(lead).id != turn.stand_in(holder).id:
        cards.send(
            turn,
            lead,
            problem,
            occasion,
            turn.say(lead, "card.for_lead", noun=problem.noun, holder=holder.call),
        )


def _give_receipt(turn: Turn, problem: Problem) -> None:
    turn.reply_with(
        cards.receipt(turn, turn.sender, problem),
        cards.receipt_choices(turn, turn.sender, problem),
        subject=cards.receipt_subject(problem),
    )


# --- how it is put right ----------------------------------------------------------------


def show_categories(turn: Turn, problem: Problem) -> None:
    """Offer every category."""
    choices = [(name, f"category:{problem.id}:{name}") for name in turn.county.categories]
    turn.reply("report.categories", rows_of(choices, 4), problem=problem.tag)


def change_category(turn: Turn, problem: Problem) -> None:
    """Put a problem into another category; whoever answers for that one holds it from now on."""
    _, _, category = turn.argument.partition(":")
    if category not in turn.county.categories:
        raise Refused("button.stale")
    if category == problem.category:
        _confirm(turn, "report.category_same", problem, category=category)
        return
    turn.tx.problems.amend(problem, category=category)
    turn.record(
        turn.sender, "problem.classified", cards.subject(problem), category=category, before=problem.category
    )
    problem = deeds.found(turn, problem.id)
    holder = routing.holder_for(turn, category, problem.project_id, problem.place)
    if problem.state is State.WAITING and holder.id != problem.holder_id:
        problem = _reroute(turn, problem, holder)
    cards.refresh(turn, problem)
    _confirm(turn, "report.category_changed", problem, category=category)


def _reroute(turn: Turn, problem: Problem, holder: Person) -> Problem:
    """Give it to whoever answers for its new category; by when it must be solved does not change."""
    due = clocks.new_dues(turn, problem)
    turn.tx.problems.hand(problem, holder.id, due, turn.now, ended="reclassified", reason=problem.category)
    turn.record(
        turn.sender, "problem.rerouted", cards.subject(problem), to=holder.id, before=problem.holder_id
    )
    problem = clocks.wind(turn, problem)
    cards.send(turn, holder, problem, f"category:{turn.incoming.key}")
    return problem


def change_urgency(turn: Turn, problem: Problem) -> None:
    """Say how soon a problem must be solved; the three clocks follow."""
    _, _, word = turn.argument.partition(":")
    urgency = Urgency(word)
    if urgency is problem.urgency:
        _confirm(turn, "report.urgency_changed", problem, urgency=word)
        return
    county = turn.county
    due = dues(urgency, problem.began_at, county.deadlines, county.calendar)
    # What was granted is not taken back; to accept, each holder has a time of their own.
    is_extended = bool(problem.extensions and problem.solve_due)
    turn.tx.problems.amend(
        problem,
        urgency=str(urgency),
        accept_due=dues(urgency, problem.held_since, county.deadlines, county.calendar).accept,
        feedback_due=due.feedback,
        solve_due=problem.solve_due if is_extended else due.solve,
        first_due=due.solve,
        step=0,
        late_step=0,
        rung_at=None,
        snoozed_until=None,
    )
    turn.record(
        turn.sender,
        "problem.classified",
        cards.subject(problem),
        urgency=word,
        before_urgency=str(problem.urgency),
    )
    problem = clocks.wind(turn, problem)
    if urgency is Urgency.TODAY:
        # What may have waited for the morning must be seen now.
        _hand_out(turn, problem, "today")
    cards.refresh(turn, problem)
    _confirm(turn, "report.urgency_changed", problem, urgency=word)


def _confirm(turn: Turn, key: str, problem: Problem, **blanks: object) -> None:
    """Say what was changed: the receipt shows it in place already; who typed gets a new one."""
    turn.notice = turn.say(turn.sender, key, **blanks)
    if not turn.incoming.button:
        _give_receipt(turn, problem)
        cards.refresh(turn, problem)


def revise(turn: Turn) -> bool:
    """Let an edited message change the words of the problem it reported; False if it reported none."""
    problem = turn.tx.problems.from_source(turn.source) if turn.source else None
    if problem is None:
        return False
    if not problem.is_open:
        raise Refused("problem.settled", problem=problem.tag, state=problem.state)
    own = _own_words(turn, problem)
    # What others added since stays.
    added = problem.text[len(own) :] if problem.text.startswith(own) else ""
    turn.tx.problems.amend(problem, text=turn.text + added)
    turn.record(turn.sender, "problem.reworded", cards.subject(problem), before=problem.text, text=turn.text)
    cards.refresh(turn, deeds.found(turn, problem.id))
    turn.reply("report.reworded", problem=problem.tag)
    return True


def _own_words(turn: Turn, problem: Problem) -> str:
    """Return what the reporting message said last."""
    trail = turn.tx.audit.trail(cards.subject(problem))
    said = [step.detail["text"] for step in trail if step.action in {"problem.reported", "problem.reworded"}]
    return str(said[-1]) if said else problem.text

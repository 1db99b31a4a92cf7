"""Words about problems, typed without a button: 「接办 2026-063」, 「退回 不归我们管」, or just words."""

import re
from collections.abc import Sequence

from bot.domain.problems import Problem, State
from bot.domain.requests import Asking
from bot.domain.rights import Deed, fits, may
from bot.errors import Refused
from handlers import access, attachments, deeds, lists, problems, prompts, requests, ties
from handlers.access import Answer, Entry
from handlers.problem_words import ACTIONS, NOT_SO, TOPICS
from handlers.turn import Turn
from storage.letters import Pressed

_VERBS = {
    "接办": "take", "转办": "transfer", "退回": "return", "已解决": "solved", "提请": "ask_up",
    "反馈": "feedback", "销号": "close", "没解决": "unsolved", "重开": "unsolved", "查": "show",
    "延期": "extend", "推迟": "snooze", "问反映人": "ask_back",
    "同意": "agree", "同意延期": "agree", "不同意": "refuse", "退回提请": "refuse",
    "召开会商": "confer", "转给别人": "direct",
    "agree": "agree", "approve": "agree", "refuse": "refuse", "call a meeting": "confer",
    "extend": "extend", "snooze": "snooze", "ask back": "ask_back", "reopen": "unsolved",
    "take": "take", "transfer": "transfer", "return": "return", "solved": "solved", "ask up": "ask_up",
    "feedback": "feedback", "close": "close", "unsolved": "unsolved", "show": "show",
}  # fmt: skip
_VERB = "|".join(sorted(_VERBS, key=len, reverse=True))
_REST = r"(?:[\s，,：:]+(?P<rest>.*))?"
_NAMED = re.compile(
    rf"(?:(?P<word>{_VERB})\s*(?:问题|任务)?\s*(?:(?P<year>\d{{4}})\s?[-－—]\s?)?(?P<sequence>\d{{1,4}})"
    rf"|(?:问题|任务)?\s*(?P<whole>\d{{4}}-\d{{3,4}})\s*(?P<after>{_VERB})?){_REST}",
    re.DOTALL | re.IGNORECASE,
)
_UNNAMED = re.compile(rf"(?P<word>{_VERB})[\s，,：:]+(?P<rest>.+)", re.DOTALL | re.IGNORECASE)
_BARE = re.compile(_VERB, re.IGNORECASE)
_MOST_TO_POINT_AT = 8


def is_card(subject: str) -> bool:
    """Tell whether a letter is the card of a problem, or asks somebody to decide about one."""
    return subject.startswith(("problem:", "request:"))


def numbers(turn: Turn, pressed: Sequence[Pressed]) -> str:
    """Return the numbers of the problems that several cards are about."""
    found = []
    for each in pressed:
        kind, _, number = each.subject.partition(":")
        request = turn.tx.requests.get(int(number)) if kind == "request" else None
        found.append(turn.tx.problems.get(request.problem_id if request else int(number)))
    return "、".join(dict.fromkeys(problem.number for problem in found if problem))


def named_in(turn: Turn) -> bool:
    """Do what 「接办 2026-063」 or 「反馈 63 已组卷上报」 says; False if a text says no such thing."""
    match = _NAMED.fullmatch(turn.text)
    if match is None:
        return _about_the_only_one(turn)
    word = (match["word"] or match["after"] or "").lower()
    if not word and turn.question is not None:
        # A number alone answers the question 「哪一个？」.
        return False
    number = match["whole"] or f"{match['year'] or turn.today.year}-{int(match['sequence']):03}"
    problem = turn.tx.problems.numbered(number)
    is_certain = match["whole"] or match["year"]
    if problem is None or not may(turn.sender, Deed.SEE, problem, ties.of(turn, turn.sender, problem)):
        if not is_certain:
            # 「已解决 3 户征拆」 is an answer: the 3 is no problem of theirs.
            return False
        if problem is None:
            raise Refused("problem.unknown", number=number)
        raise Refused("problem.not_yours", problem=problem.tag)
    _do(turn, problem, _VERBS.get(word, ""), (match["rest"] or "").strip())
    return True


def _about_the_only_one(turn: Turn) -> bool:
    """Do what 「退回 不归我们管」, or 「接办」 alone, says to the only problem it can be about."""
    match = _UNNAMED.fullmatch(turn.text)
    bare = _BARE.fullmatch(turn.text)
    word = match["word"] if match else bare[0] if bare else ""
    verb = _VERBS.get(word.lower(), "")
    if verb not in (_WITH_WORDS if match else _DEEDS):
        return False
    waiting = _held(turn) if match else deeds.waiting(turn)
    meant = [problem for problem in waiting if fits(_DEEDS[verb], problem.state)]
    if len(meant) > 1:
        found = "、".join(problem.number for problem in meant)
        raise Refused("problem.which", label=word, numbers=found)
    if meant:
        _do(turn, meant[0], verb, match["rest"].strip() if match else "")
    return bool(meant)


def _do(turn: Turn, problem: Problem, verb: str, words: str) -> None:
    """Do one deed; words after it are never lost."""
    turn.argument = str(problem.id)
    if verb:
        turn.close_question()
    if not words and verb not in _ANSWERS:
        ACTIONS[verb or "show"](turn)
        return
    turn.text = words
    turn.known = {"problem": problem.id}
    if verb in _ANSWERS:
        _answer(turn, problem, verb)
    elif verb in _WITH_WORDS:
        TOPICS[_WITH_WORDS[verb]](turn)
    elif verb in {"take", "unsolved"}:
        ACTIONS[verb](turn)
        TOPICS["feedback" if verb == "take" else "reopened"](turn)
    elif verb:
        ACTIONS[verb](turn)
    elif turn.sender.id == problem.holder_id:
        TOPICS["feedback"](turn)
    elif turn.sender.id == problem.confirmer_id and problem.is_unsolved:
        # What its reporter says belongs to it, and may be what it waits for.
        TOPICS["answer_back"](turn)
    elif (
        may(turn.sender, Deed.FEED_BACK, problem, ties.of(turn, turn.sender, problem)) and problem.is_unsolved
    ):
        TOPICS["feedback"](turn)
    else:
        TOPICS["reopened"](turn)


def _answer(turn: Turn, problem: Problem, verb: str) -> None:
    """Answer what the sender is asked about a problem: 「同意 2026-001」."""
    request = requests.asked_of(turn, problem)
    turn.argument, turn.known = str(request.id), {"request": request.id}
    wordless, with_words = _ANSWERS[verb][request.asking]
    (with_words if turn.text and with_words else wordless)(turn)


# --- words without a number -------------------------------------------------------------


def _held(turn: Turn) -> list[Problem]:
    return [each for each in deeds.waiting(turn) if each.state is not State.CONFIRMING]


def word_of_holder(turn: Turn) -> bool:
    """Ask which problem the words of somebody who holds problems are about; False if they hold none."""
    held = _held(turn)
    if not held or not turn.text:
        return False
    turn.ask("feedback_on", text=turn.text, files=attachments.so_far(turn))
    choices = tuple(
        ((f"{each.number} {prompts.shortened(each.project, 12)}", f"feedback_on:{each.id}"),)
        for each in held[:_MOST_TO_POINT_AT]
    )
    turn.reply("problem.whose_words", choices, text=prompts.shortened(turn.text, 40))
    return True


def word_of_holder_again(turn: Turn) -> None:
    """Read which problem was meant – 「2026-063」, 「63」, 「1」 – or add more words to those that wait."""
    held = _held(turn)
    named = [each for each in held if turn.text in {each.number, each.number[-3:].lstrip("0")}]
    if not named and turn.text.isdecimal() and 1 <= int(turn.text) <= min(len(held), _MOST_TO_POINT_AT):
        named = [held[int(turn.text) - 1]]
    if named:
        turn.argument = str(named[0].id)
        FEEDBACK_ON(turn)
        return
    turn.text = f"{turn.known['text']}\n{turn.text}".strip()
    if not word_of_holder(turn):
        lists.unread(turn)


def feedback_on(turn: Turn, problem: Problem) -> None:
    """Take the words said before as feedback on the problem now pointed out."""
    text = str(turn.known.get("text", ""))
    if not text or (turn.question and turn.question.topic != "feedback_on"):
        raise Refused("button.stale")
    turn.text = text
    problems.give_feedback(turn, problem)


FEEDBACK_ON = Answer(access.may(Deed.FEED_BACK), feedback_on)
"""Who may not any more reads why; the words are asked about no more."""


_DEEDS: dict[str, Deed] = {
    "take": Deed.TAKE,
    "transfer": Deed.TRANSFER,
    "return": Deed.RETURN,
    "solved": Deed.SOLVE,
    "ask_up": Deed.ASK_UP,
    "feedback": Deed.FEED_BACK,
    "close": Deed.CONFIRM,
    "unsolved": Deed.REOPEN,
    "extend": Deed.EXTEND,
    "snooze": Deed.SNOOZE,
    "ask_back": Deed.ASK_BACK,
}
_ANSWERS: dict[str, dict[Asking, tuple[Entry, Entry | None]]] = {
    "agree": {Asking.DECISION: (ACTIONS["agree"], None), Asking.TIME: (ACTIONS["grant"], None)},
    "refuse": {
        Asking.DECISION: (ACTIONS["give_back"], TOPICS["give_back"]),
        Asking.TIME: (ACTIONS["refuse"], TOPICS["refuse"]),
    },
    "confer": {Asking.DECISION: (ACTIONS["confer"], None), Asking.TIME: (NOT_SO, None)},
    "direct": {Asking.DECISION: (ACTIONS["direct"], TOPICS["direct"]), Asking.TIME: (NOT_SO, None)},
}
_WITH_WORDS = {
    "transfer": "transfer",
    "return": "return",
    "solved": "solution",
    "ask_up": "ask_up",
    "extend": "extend",
    "snooze": "snooze",
    "ask_back": "ask_back",
    "feedback": "feedback",
}
"""The question that the words after a verb answer before it is asked."""

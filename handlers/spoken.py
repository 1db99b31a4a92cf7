"""Words about problems, typed without a button: 「接办 2026-063」, 「退回 不归我们管」, or just words."""

import re
from collections.abc import Callable, Sequence

from bot.domain.problems import Problem, State
from bot.domain.rights import Deed, fits, may
from bot.errors import Refused
from handlers import cards, custody, lists, pictures, problems, prompts
from handlers.turn import Turn
from storage.letters import Pressed

_VERBS = {
    "接办": "take", "转办": "transfer", "退回": "return", "已解决": "solved", "提请": "ask_up",
    "反馈": "feedback", "销号": "close", "没解决": "unsolved", "查": "show",
    "take": "take", "transfer": "transfer", "return": "return", "solved": "solved", "ask up": "ask_up",
    "feedback": "feedback", "close": "close", "unsolved": "unsolved", "show": "show",
}  # fmt: skip
_VERB = "|".join(sorted(_VERBS, key=len, reverse=True))
_REST = r"(?:[\s，,：:]+(?P<rest>.*))?"
_NAMED = re.compile(
    rf"(?:(?P<word>{_VERB})\s*(?:问题)?\s*(?:(?P<year>\d{{4}})\s?[-－—]\s?)?(?P<sequence>\d{{1,4}})"
    rf"|(?:问题)?\s*(?P<whole>\d{{4}}-\d{{3,4}})\s*(?P<after>{_VERB})?){_REST}",
    re.DOTALL | re.IGNORECASE,
)
_UNNAMED = re.compile(rf"(?P<word>{_VERB})[\s，,：:]+(?P<rest>.+)", re.DOTALL | re.IGNORECASE)
_BARE = re.compile(_VERB, re.IGNORECASE)
_MOST_TO_POINT_AT = 8


def is_card(subject: str) -> bool:
    """Tell whether a letter is the card of a problem."""
    return subject.startswith("problem:")


def numbers(turn: Turn, pressed: Sequence[Pressed]) -> str:
    """Return the numbers of the problems that several cards are about."""
    found = [turn.tx.problems.get(int(each.subject.removeprefix("problem:"))) for each in pressed]
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
    if problem is None or not may(turn.sender, Deed.SEE, problem, cards.ties(turn, turn.sender, problem)):
        if not is_certain:
            # 「已解决 3 户征拆」 is an answer: the 3 is no problem of theirs.
            return False
        raise Refused("problem.unknown" if problem is None else "problem.not_yours", number=number)
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
    waiting = _held(turn) if match else turn.tx.problems.waiting_for(turn.sender.id)
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
    if not words:
        _WORDLESS[verb or "show"](turn)
        return
    turn.text = words
    turn.known = {"problem": problem.id}
    if verb in _WITH_WORDS:
        _WITH_WORDS[verb](turn)
    elif verb in {"take", "unsolved"}:
        _WORDLESS[verb](turn)
        _WITH_WORDS["feedback" if verb == "take" else "remains"](turn)
    elif verb or turn.sender.id != problem.holder_id:
        _WORDLESS[verb or "show"](turn)
    else:
        problems.give_feedback(turn)


# --- words without a number -------------------------------------------------------------


def _held(turn: Turn) -> list[Problem]:
    return [
        each for each in turn.tx.problems.waiting_for(turn.sender.id) if each.state is not State.CONFIRMING
    ]


def word_of_holder(turn: Turn) -> bool:
    """Ask which problem the words of somebody who holds problems are about; False if they hold none."""
    held = _held(turn)
    if not held or not turn.text:
        return False
    turn.ask("feedback_on", text=turn.text, files=pictures.so_far(turn))
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
        feedback_on(turn)
        return
    turn.text = f"{turn.known['text']}\n{turn.text}".strip()
    if not word_of_holder(turn):
        lists.unread(turn)


def feedback_on(turn: Turn) -> None:
    """Take the words said before as feedback on the problem now pointed out."""
    text = str(turn.known.get("text", ""))
    if not text or (turn.question and turn.question.topic != "feedback_on"):
        raise Refused("button.stale")
    turn.text = text
    turn.known |= {"problem": int(turn.argument)}
    problems.give_feedback(turn)


_DEEDS: dict[str, Deed] = {
    "take": Deed.TAKE,
    "transfer": Deed.TRANSFER,
    "return": Deed.RETURN,
    "solved": Deed.SOLVE,
    "ask_up": Deed.ASK_UP,
    "feedback": Deed.FEED_BACK,
    "close": Deed.CONFIRM,
    "unsolved": Deed.CONFIRM,
}
_WITH_WORDS: dict[str, Callable[[Turn], None]] = {
    "transfer": custody.transfer,
    "return": custody.return_because,
    "solved": problems.solve,
    "ask_up": custody.ask_up_for,
    "feedback": problems.give_feedback,
    "remains": problems.say_what_remains,
}
_WORDLESS: dict[str, Callable[[Turn], None]] = {
    "take": problems.take,
    "transfer": custody.ask_transfer,
    "return": custody.ask_return,
    "solved": problems.ask_solution,
    "ask_up": custody.ask_up,
    "feedback": problems.ask_feedback,
    "close": problems.close,
    "unsolved": problems.reopen,
    "show": problems.show,
}

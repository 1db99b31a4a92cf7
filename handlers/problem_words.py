"""What can be said and pressed about problems; `spoken` finds it in words."""

from bot.domain.rights import Deed
from handlers import custody, extension, problems, requests, stillness
from handlers.access import Answer, Entry, may, may_decide, may_grant, may_still, may_still_decide

ACTIONS: dict[str, Entry] = {
    "take": Entry(may(Deed.TAKE), problems.take),
    "transfer": Entry(may(Deed.TRANSFER), custody.ask_transfer),
    "return": Entry(may(Deed.RETURN), custody.ask_return),
    "solved": Entry(may(Deed.SOLVE), problems.ask_solution),
    "solved_plainly": Entry(may(Deed.SOLVE), problems.solve_plainly),
    "feedback": Entry(may(Deed.FEED_BACK), problems.ask_feedback),
    "assign": Entry(may(Deed.ASSIGN), custody.assign),
    "ask_up": Entry(may(Deed.ASK_UP), requests.ask_up),
    "ask_up_to": Entry(may(Deed.ASK_UP), requests.ask_up_to),
    "agree": Entry(may_decide, requests.agree),
    "direct": Entry(may_decide, requests.ask_direct),
    "confer": Entry(may_decide, requests.confer),
    "give_back": Entry(may_decide, requests.ask_give_back),
    "extend": Entry(may(Deed.EXTEND), extension.ask),
    "grant": Entry(may_grant, extension.grant),
    "refuse": Entry(may_decide, extension.ask_refuse),
    "ask_back": Entry(may(Deed.ASK_BACK), stillness.ask_what),
    "answer_back": Entry(may(Deed.SEE), stillness.ask_answer),
    "snooze": Entry(may(Deed.SNOOZE), stillness.ask_snooze),
    "snooze_tomorrow": Entry(may(Deed.SNOOZE), stillness.snooze_tomorrow),
    "close": Entry(may(Deed.CONFIRM), problems.close),
    "unsolved": Entry(may(Deed.REOPEN), problems.reopen),
    "show": Entry(may(Deed.SEE), problems.show),
}

TOPICS: dict[str, Entry] = {
    "transfer": Answer(may_still(Deed.TRANSFER), custody.transfer),
    "transfer_reason": Answer(may_still(Deed.TRANSFER), custody.transfer_because),
    "return": Answer(may_still(Deed.RETURN), custody.return_because),
    "solution": Answer(may_still(Deed.SOLVE), problems.solve),
    "feedback": Answer(may_still(Deed.FEED_BACK), problems.give_feedback),
    "ask_up": Answer(may_still(Deed.ASK_UP), requests.ask_up_for),
    "direct": Answer(may_still_decide, requests.direct),
    "give_back": Answer(may_still_decide, requests.give_back),
    "extend": Answer(may_still(Deed.EXTEND), extension.request),
    "refuse": Answer(may_still_decide, extension.refuse),
    "ask_back": Answer(may_still(Deed.ASK_BACK), stillness.ask_back),
    "answer_back": Answer(may_still(Deed.SEE), stillness.answer_back),
    "snooze": Answer(may_still(Deed.SNOOZE), stillness.snooze),
    "reopened": Answer(may_still(Deed.SEE), problems.say_what_remains),
}

NOT_SO = Entry(may_decide, requests.not_so)
"""An answer that does not fit what is asked; no button says it."""

"""What can be said and pressed about letters (函); the router has it in its tables."""

from collections.abc import Callable

from handlers import missive_desk, missive_register, missive_replies
from handlers.access import Answer, Entry, the_office
from handlers.missive_access import addressee, addressee_still, may_look_up, may_reply, may_turn_page, reader

Handler = Callable[..., None]

COMMANDS: dict[str, Entry] = {
    **dict.fromkeys(("函件", "missives"), Entry(may_look_up, missive_register.register)),
    **dict.fromkeys(("发函", "missive"), Entry(the_office, missive_desk.issue)),
    **dict.fromkeys(("回复", "reply"), Entry(may_reply, missive_replies.reply_typed)),
}

ACTIONS: dict[str, Entry] = {
    "missive": Entry(reader, missive_desk.show),
    "missives": Entry(may_turn_page, missive_register.turn_page),
    "missive_release": Entry(the_office, missive_desk.release),
    "missive_reword": Entry(the_office, missive_desk.ask_rewording),
    "missive_decline": Entry(the_office, missive_desk.ask_decline),
    "missive_receive": Entry(addressee, missive_replies.receive),
    "missive_reply": Entry(addressee, missive_replies.ask_reply),
    "missive_close": Entry(the_office, missive_replies.close),
    "missive_return": Entry(the_office, missive_replies.ask_return),
}

TOPICS: dict[str, Entry] = {
    "missive_text": Answer(the_office, missive_desk.reword),
    "missive_decline": Answer(the_office, missive_desk.decline),
    "missive_reply": Answer(addressee_still, missive_replies.reply),
    "missive_return": Answer(the_office, missive_replies.give_back),
}

ASIDES: frozenset[Handler] = frozenset(
    {
        missive_desk.show,
        missive_register.register,
        missive_register.turn_page,
        missive_replies.receive,
    }
)
"""What may be done while words wait for an answer."""

"""What can be said and pressed about letters (函); the router has it in its tables."""

from collections.abc import Callable

from handlers import missive_desk, missive_register, missive_replies
from handlers.turn import Turn

Handler = Callable[[Turn], None]

COMMANDS: dict[str, Handler] = {
    **dict.fromkeys(("函件", "missives"), missive_register.register),
    **dict.fromkeys(("发函", "missive"), missive_desk.issue),
    **dict.fromkeys(("回复", "reply"), missive_replies.reply_typed),
}

ACTIONS: dict[str, Handler] = {
    "missive": missive_desk.show,
    "missives": missive_register.turn_page,
    "missive_release": missive_desk.release,
    "missive_reword": missive_desk.ask_rewording,
    "missive_decline": missive_desk.ask_decline,
    "missive_receive": missive_replies.receive,
    "missive_reply": missive_replies.ask_reply,
    "missive_close": missive_replies.close,
    "missive_return": missive_replies.ask_return,
}

TOPICS: dict[str, Handler] = {
    "missive_text": missive_desk.reword,
    "missive_decline": missive_desk.decline,
    "missive_reply": missive_replies.reply,
    "missive_return": missive_replies.give_back,
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

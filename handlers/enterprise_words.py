"""What enterprises are asked and say: ballots, reception days, the private line."""

from collections.abc import Callable

from handlers import ballots, private_line, reception, whom
from handlers.turn import Turn
from storage.letters import PRIVATE

Handler = Callable[[Turn], None]

COMMANDS: dict[str, Handler] = {
    **dict.fromkeys(("评议", "ballot"), ballots.command),
    **dict.fromkeys(("预约", "book"), reception.book),
    **dict.fromkeys(("取消预约", "unbook"), reception.cancel),
    **dict.fromkeys(("接待", "receive"), reception.receive),
    **dict.fromkeys(("找谁", "who"), whom.show),
}

ACTIONS: dict[str, Handler] = {
    "vote": ballots.vote,
    "vote_stop": ballots.stop,
    "private": private_line.ask,
    "private_reply": private_line.ask_reply,
}

TOPICS: dict[str, Handler] = {"book": reception.say_what, PRIVATE: private_line.answered}

MEANT: dict[Handler, Callable[[Turn, str], bool]] = {
    ballots.command: ballots.is_meant,
    reception.book: reception.is_owners,
    reception.cancel: reception.is_owners,
    reception.receive: reception.is_offices,
}
"""The commands that are also words of an answer, and what tells one from the other."""

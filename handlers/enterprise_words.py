"""What enterprises are asked and say: ballots, reception days, the private line."""

from collections.abc import Callable

from handlers import ballots, private_line, reception, whom
from handlers.access import Answer, Entry, everybody, the_office
from handlers.people_access import owners
from handlers.turn import Turn
from storage.letters import PRIVATE

Handler = Callable[..., None]

COMMANDS: dict[str, Entry] = {
    **dict.fromkeys(("评议", "ballot"), Entry(the_office, ballots.command)),
    **dict.fromkeys(("预约", "book"), Entry(owners("reception"), reception.book)),
    **dict.fromkeys(("取消预约", "unbook"), Entry(owners("reception"), reception.cancel)),
    **dict.fromkeys(("接待", "receive"), Entry(the_office, reception.receive)),
    **dict.fromkeys(("找谁", "who"), Entry(everybody, whom.show)),
}

ACTIONS: dict[str, Entry] = {
    "vote": Entry(owners("ballots"), ballots.vote),
    "vote_stop": Entry(owners("ballots"), ballots.stop),
    "private": Entry(everybody, private_line.ask),
    "private_reply": private_line.REPLY,
}

TOPICS: dict[str, Entry] = {
    "book": Answer(owners("reception"), reception.say_what),
    PRIVATE: Answer(everybody, private_line.answered),
}

MEANT: dict[Handler, Callable[[Turn, str], bool]] = {
    ballots.command: ballots.is_meant,
    reception.book: reception.is_owners,
    reception.cancel: reception.is_owners,
    reception.receive: reception.is_offices,
}
"""The commands that are also words of an answer, and what tells one from the other."""

"""What people say to papers: the part of the table of contents that the router reads with its own."""

from collections.abc import Callable

from handlers import bulletins, objections, posting, releasing, trial
from handlers.turn import Turn

Handler = Callable[[Turn], None]

COMMANDS: dict[str, Handler] = {
    **dict.fromkeys(("日程", "timetable"), bulletins.timetable),
    **dict.fromkeys(("改数", "amend"), releasing.amend_typed),
    **dict.fromkeys(("试算", "trial"), trial.ask),
}

ACTIONS: dict[str, Handler] = {
    "release": releasing.release,
    "bulletin": releasing.show,
    "bulletin_files": bulletins.files,
    "amend": releasing.ask_amendment,
    "drop_bulletin": releasing.ask_drop,
    "object": objections.ask_objection,
    "uphold": objections.ask_uphold,
    "sign": posting.sign,
}

TOPICS: dict[str, Handler] = {
    "amend": releasing.amend,
    "drop_bulletin": releasing.drop,
    "object": objections.object_to,
    "uphold": objections.uphold,
}

"""What people say to papers: the part of the table of contents that the router reads with its own."""

from collections.abc import Callable

from handlers import bulletins, objections, posting, releasing, trial
from handlers.access import Answer, Entry, leaders, recipient, the_office
from handlers.turn import Turn

Handler = Callable[[Turn], None]

COMMANDS: dict[str, Entry] = {
    **dict.fromkeys(("日程", "timetable"), Entry(the_office, bulletins.timetable)),
    **dict.fromkeys(("改数", "amend"), Entry(the_office, releasing.amend_typed)),
    **dict.fromkeys(("试算", "trial"), Entry(the_office, trial.ask)),
}

ACTIONS: dict[str, Entry] = {
    "release": Entry(the_office, releasing.release),
    "bulletin": Entry(the_office, releasing.show),
    "bulletin_files": Entry(the_office, bulletins.files),
    "amend": Entry(the_office, releasing.ask_amendment),
    "drop_bulletin": Entry(the_office, releasing.ask_drop),
    "object": Entry(leaders, objections.ask_objection),
    "uphold": Entry(the_office, objections.ask_uphold),
    "sign": Entry(recipient, posting.sign),
}

TOPICS: dict[str, Entry] = {
    "amend": Answer(the_office, releasing.amend),
    "drop_bulletin": Answer(the_office, releasing.drop),
    "object": Answer(leaders, objections.object_to),
    "uphold": Answer(the_office, objections.uphold),
}

"""The table of contents of everything people can say: words, buttons, and answers to open questions.

What belongs to one part of the county's work stands with it: `project_words`, `paper_words` and their like.
"""

from collections.abc import Callable

from bot.domain.rights import Deed
from handlers import (
    commons,
    contacts,
    enterprise_words,
    groups,
    handover,
    leave,
    ledger,
    leftovers,
    lists,
    mine,
    missive_words,
    office,
    paper_words,
    problem_words,
    problems,
    progress,
    project_words,
    reporting,
    signing,
    spoken,
    task_words,
    unclear,
    welcome,
)
from handlers.access import (
    Answer,
    Entry,
    everybody,
    liaison,
    liaison_if_named,
    liaison_still,
    may,
    may_feed_back_common,
    may_speak,
    may_still_feed_back_common,
    may_still_speak,
    may_withdraw,
    reporter,
    reporter_and_liaison,
    the_office,
)
from handlers.people_access import giver, may_come_back, may_leave, may_still_leave, taker
from handlers.turn import Turn

Handler = Callable[..., None]

COMMANDS: dict[str, Entry] = {
    **dict.fromkeys(("today", "今日"), Entry(everybody, lists.today)),
    **dict.fromkeys(("projects", "项目"), Entry(everybody, lists.projects)),
    **dict.fromkeys(("problem", "问题"), Entry(everybody, reporting.report)),
    **dict.fromkeys(("ledger", "台账"), Entry(everybody, ledger.ledger)),
    **dict.fromkeys(("help", "帮助"), Entry(everybody, lists.usage)),
    "start": Entry(everybody, welcome.again),
    **dict.fromkeys(("cancel", "取消"), Entry(everybody, lists.cancel)),
    **dict.fromkeys(("代填", "enter"), Entry(the_office, office.enter)),
    **dict.fromkeys(("更正", "correct"), Entry(the_office, office.correct)),
    **dict.fromkeys(("撤销", "withdraw"), Entry(may_withdraw, office.withdraw)),
    **dict.fromkeys(("暂停", "pause"), Entry(the_office, office.pause)),
    **dict.fromkeys(("恢复", "resume"), Entry(the_office, office.resume)),
    **dict.fromkeys(("试点", "pilot"), Entry(the_office, office.pilot)),
    **dict.fromkeys(("待核", "leftovers"), Entry(the_office, leftovers.list_all)),
    **dict.fromkeys(("移交", "handover"), Entry(the_office, handover.ask)),
    **dict.fromkeys(("请假", "leave"), Entry(may_leave, leave.ask)),
    **dict.fromkeys(("销假", "back"), Entry(may_come_back, leave.end)),
    **dict.fromkeys(("我的数据", "mydata"), Entry(everybody, mine.ask)),
    **dict.fromkeys(("未激活", "missing"), Entry(the_office, contacts.missing)),
    **dict.fromkeys(("发到", "prefer", *contacts.TOGETHER), Entry(everybody, contacts.prefer)),
    **project_words.COMMANDS,
    **paper_words.COMMANDS,
    **missive_words.COMMANDS,
    **task_words.COMMANDS,
    **enterprise_words.COMMANDS,
}

ACTIONS: dict[str, Entry] = {
    "today": Entry(everybody, lists.today),
    "same": Entry(everybody, progress.same),
    "progress": Entry(liaison_if_named, progress.ask_progress),
    "trouble": Entry(liaison_if_named, progress.ask_problem),
    "which": Entry(liaison, unclear.pointed),
    "right": Entry(reporter, progress.figures_right),
    "wrong": Entry(reporter_and_liaison, progress.figures_wrong),
    "new": Entry(may_speak, reporting.report_anyway),
    "same_problem": reporting.SAME_PROBLEM,
    "category": Entry(may(Deed.CLASSIFY), reporting.change_category),
    "categories": Entry(may(Deed.CLASSIFY), reporting.show_categories),
    "urgency": Entry(may(Deed.CLASSIFY), reporting.change_urgency),
    "ledger": Entry(everybody, ledger.turn_page),
    "feedback_on": spoken.FEEDBACK_ON,
    "merge": Entry(the_office, commons.merge),
    "keep_apart": Entry(the_office, commons.keep_apart),
    "common_feedback": Entry(may_feed_back_common, commons.ask_feedback),
    "bind": Entry(the_office, groups.bind),
    "forward": Entry(everybody, office.forward),
    "retry": Entry(the_office, leftovers.retry),
    "discard": Entry(the_office, leftovers.ask_discard),
    "discard_sure": Entry(the_office, leftovers.discard),
    "handover": Entry(the_office, handover.confirm),
    "handover_given": Entry(giver, signing.given),
    "handover_taken": Entry(taker, signing.taken),
    "drop": Entry(everybody, lists.cancel),
    **problem_words.ACTIONS,
    **project_words.ACTIONS,
    **paper_words.ACTIONS,
    **missive_words.ACTIONS,
    **task_words.ACTIONS,
    **enterprise_words.ACTIONS,
}

TOPICS: dict[str, Entry] = {
    "progress": Answer(liaison_still, progress.answer_about),
    "which": Answer(everybody, unclear.answered),
    "problem": reporting.DESCRIBED,
    "feedback_on": Answer(everybody, spoken.word_of_holder_again),
    "common_feedback": Answer(may_still_feed_back_common, commons.give_feedback),
    "similar": Answer(may_still_speak, reporting.answer_similar),
    "unread": Answer(everybody, lists.still_unread),
    "leave": Answer(may_still_leave, leave.name_substitute),
    **problem_words.TOPICS,
    **project_words.TOPICS,
    **paper_words.TOPICS,
    **missive_words.TOPICS,
    **task_words.TOPICS,
    **enterprise_words.TOPICS,
}

BARE = frozenset(
    {lists.today, lists.projects, lists.cancel, welcome.again, contacts.missing, leftovers.list_all, mine.ask}
)
"""The commands that take no words after them."""

ASIDES: frozenset[Handler] = frozenset(
    {
        lists.today,
        lists.projects,
        ledger.ledger,
        ledger.turn_page,
        lists.usage,
        problems.show,
        progress.same,
        contacts.missing,
        contacts.prefer,
        leftovers.list_all,
        mine.ask,
        *missive_words.ASIDES,
        *task_words.ASIDES,
    }
)
"""What may be done in between: words that wait for an answer go on waiting."""

WORDLESS: frozenset[str] = frozenset({"progress"})
"""The questions that pictures answer without words."""

MEANT: dict[Handler, Callable[[Turn, str], bool]] = {
    lists.usage: lists.is_usage,
    office.correct: office.is_correction,
    office.pause: office.is_pause,
    office.resume: office.is_resumption,
    handover.ask: handover.is_meant,
    leave.end: leave.is_end,
    **project_words.MEANT,
    **task_words.MEANT,
    **enterprise_words.MEANT,
}
"""The commands that are also words of an answer – 「完成 桩基 30 根」 – and what tells one from the other."""

ELSE: dict[Handler, Entry] = {office.correct: Entry(everybody, progress.answer_after_word)}
"""What a word begins where it is no command, and no part of the answer either."""

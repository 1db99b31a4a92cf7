"""The table of contents of everything people can say: words, buttons, and answers to open questions.

What belongs to one part of the county's work stands with it: `project_words`, `paper_words` and their like.
"""

from collections.abc import Callable

from handlers import (
    commons,
    contacts,
    custody,
    enterprise_words,
    extension,
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
    problems,
    progress,
    project_words,
    reporting,
    requests,
    signing,
    spoken,
    stillness,
    task_words,
    unclear,
    welcome,
)
from handlers.turn import Turn

Handler = Callable[[Turn], None]

COMMANDS: dict[str, Handler] = {
    **dict.fromkeys(("today", "今日"), lists.today),
    **dict.fromkeys(("projects", "项目"), lists.projects),
    **dict.fromkeys(("problem", "问题"), reporting.report),
    **dict.fromkeys(("ledger", "台账"), ledger.ledger),
    **dict.fromkeys(("help", "帮助"), lists.usage),
    "start": welcome.again,
    **dict.fromkeys(("cancel", "取消"), lists.cancel),
    **dict.fromkeys(("代填", "enter"), office.enter),
    **dict.fromkeys(("更正", "correct"), office.correct),
    **dict.fromkeys(("撤销", "withdraw"), office.withdraw),
    **dict.fromkeys(("暂停", "pause"), office.pause),
    **dict.fromkeys(("恢复", "resume"), office.resume),
    **dict.fromkeys(("试点", "pilot"), office.pilot),
    **dict.fromkeys(("待核", "leftovers"), leftovers.list_all),
    **dict.fromkeys(("移交", "handover"), handover.ask),
    **dict.fromkeys(("请假", "leave"), leave.ask),
    **dict.fromkeys(("销假", "back"), leave.end),
    **dict.fromkeys(("我的数据", "mydata"), mine.ask),
    **dict.fromkeys(("未激活", "missing"), contacts.missing),
    **dict.fromkeys(("发到", "prefer"), contacts.prefer),
    **dict.fromkeys(contacts.TOGETHER, contacts.prefer),
    **project_words.COMMANDS,
    **paper_words.COMMANDS,
    **missive_words.COMMANDS,
    **task_words.COMMANDS,
    **enterprise_words.COMMANDS,
}

ACTIONS: dict[str, Handler] = {
    "today": lists.today,
    "same": progress.same,
    "progress": progress.ask_progress,
    "trouble": progress.ask_problem,
    "which": unclear.pointed,
    "right": progress.figures_right,
    "wrong": progress.figures_wrong,
    "new": reporting.report_anyway,
    "same_problem": reporting.add_to_similar,
    "category": reporting.change_category,
    "categories": reporting.show_categories,
    "urgency": reporting.change_urgency,
    "take": problems.take,
    "transfer": custody.ask_transfer,
    "return": custody.ask_return,
    "solved": problems.ask_solution,
    "solved_plainly": problems.solve_plainly,
    "feedback": problems.ask_feedback,
    "assign": custody.assign,
    "ask_up": requests.ask_up,
    "ask_up_to": requests.ask_up_to,
    "agree": requests.agree,
    "direct": requests.ask_direct,
    "confer": requests.confer,
    "give_back": requests.ask_give_back,
    "extend": extension.ask,
    "grant": extension.grant,
    "refuse": extension.ask_refuse,
    "ask_back": stillness.ask_what,
    "answer_back": stillness.ask_answer,
    "snooze": stillness.ask_snooze,
    "snooze_tomorrow": stillness.snooze_tomorrow,
    "close": problems.close,
    "unsolved": problems.reopen,
    "show": problems.show,
    "ledger": ledger.turn_page,
    "feedback_on": spoken.feedback_on,
    "merge": commons.merge,
    "keep_apart": commons.keep_apart,
    "common_feedback": commons.ask_feedback,
    "bind": groups.bind,
    "forward": office.forward,
    "retry": leftovers.retry,
    "discard": leftovers.ask_discard,
    "discard_sure": leftovers.discard,
    "handover": handover.confirm,
    "handover_given": signing.given,
    "handover_taken": signing.taken,
    "drop": lists.cancel,
    **project_words.ACTIONS,
    **paper_words.ACTIONS,
    **missive_words.ACTIONS,
    **task_words.ACTIONS,
    **enterprise_words.ACTIONS,
}

TOPICS: dict[str, Handler] = {
    "progress": progress.answer_about,
    "which": unclear.answered,
    "problem": reporting.describe,
    "transfer": custody.transfer,
    "transfer_reason": custody.transfer_because,
    "return": custody.return_because,
    "solution": problems.solve,
    "feedback": problems.give_feedback,
    "ask_up": requests.ask_up_for,
    "direct": requests.direct,
    "give_back": requests.give_back,
    "extend": extension.request,
    "refuse": extension.refuse,
    "ask_back": stillness.ask_back,
    "answer_back": stillness.answer_back,
    "snooze": stillness.snooze,
    "reopened": problems.say_what_remains,
    "feedback_on": spoken.word_of_holder_again,
    "common_feedback": commons.give_feedback,
    "similar": reporting.answer_similar,
    "unread": lists.still_unread,
    "leave": leave.name_substitute,
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
    **project_words.MEANT,
    **task_words.MEANT,
    **enterprise_words.MEANT,
}
"""The commands that are also words of an answer – 「完成 桩基 30 根」 – and what tells one from the other."""

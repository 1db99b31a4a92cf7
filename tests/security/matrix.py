"""Who may do what: a row for each button, each command and each answer that the router knows.

The people are those of `tests/security/court.py`. 刘敏 reported the problems, 孙立新 holds them;
he is on leave and 林芳 stands in for him. 陈志远 leads the project, 钱多多 owns it, 赵文静 is the office,
周海涛 was asked to decide, 何建国 is the head. 王强, 杨立, 吴畏, 陶然 and 纪明 have nothing to do with it.
"""

from tests.security.court import EVERYBODY, Case

ALL = frozenset(EVERYBODY)
OFFICE = frozenset({"zhao"})
ANSWERING = frozenset({"sun", "lin", "chen", "zhao"})
HOLDING = frozenset({"sun", "lin"})
CONFIRMING = frozenset({"liu", "qian"})
SEEING = ANSWERING | CONFIRMING | {"zhou", "he"}
DECIDING = frozenset({"zhou"})
GRANTING = frozenset({"chen", "zhao"})
LIAISING = frozenset({"liu"})
DEPARTMENTS = frozenset({"sun", "wu", "zhao"})
LEADERS = frozenset({"chen", "yang", "zhao"})

WAITING, WORKING, CONFIRMED_BY, TIME = "1", "2", "3", "2"
"""The problems by their state; the request for more time is the second."""

ACTIONS: dict[str, Case] = {
    "take": Case(ANSWERING, WAITING),
    "transfer": Case(ANSWERING, WORKING),
    "return": Case(ANSWERING, WORKING),
    "solved": Case(ANSWERING, WORKING),
    "solved_plainly": Case(ANSWERING, WORKING),
    "feedback": Case(ANSWERING, WORKING),
    "ask_up": Case(ANSWERING, WORKING),
    "ask_up_to": Case(ANSWERING, "2:7"),
    "extend": Case(ANSWERING, WORKING),
    "ask_back": Case(ANSWERING, WORKING),
    "category": Case(ANSWERING, "2:资金"),
    "categories": Case(ANSWERING, WORKING),
    "urgency": Case(ANSWERING, "2:复杂"),
    "snooze": Case(HOLDING, WORKING),
    "snooze_tomorrow": Case(HOLDING, WORKING),
    "assign": Case(OFFICE, "2:2"),
    "close": Case(CONFIRMING, CONFIRMED_BY),
    "unsolved": Case(CONFIRMING, CONFIRMED_BY),
    "show": Case(SEEING, WORKING),
    "answer_back": Case(SEEING, WORKING),
    "same_problem": Case(SEEING, WORKING),
    "agree": Case(DECIDING, "1"),
    "direct": Case(DECIDING, "1"),
    "confer": Case(DECIDING, "1"),
    "give_back": Case(DECIDING, "1"),
    "grant": Case(GRANTING, TIME),
    "refuse": Case(GRANTING, TIME),
    "progress": Case(LIAISING, "2"),
    "trouble": Case(LIAISING, "2"),
    "which": Case(LIAISING, "2"),
    "approval": Case(DEPARTMENTS, "1"),
    "approval_decide": Case(DEPARTMENTS, "1:用地:granted:2026-12-05"),
    "approval_open": Case(DEPARTMENTS, "1"),
    "object": Case(LEADERS, "1"),
    **dict.fromkeys(
        (
            *("merge", "keep_apart", "stage_agree", "stage_refuse", "stage_open", "resolve"),
            *("retry", "discard", "discard_sure"),
            *("release", "bulletin", "bulletin_files", "amend", "drop_bulletin", "uphold"),
            *("missive_release", "missive_reword", "missive_decline", "missive_close", "missive_return"),
        ),
        Case(OFFICE, "1"),
    ),
    "bind": Case(OFFICE, "1:全县"),
    "handover": Case(OFFICE, "1:2"),
    "milestone_plan": Case(OFFICE, "1:2026-12-05:封顶"),
    "feedback_on": Case(ANSWERING, WORKING, known={"text": "已上报"}, topic="feedback_on"),
    "common_feedback": Case(ANSWERING, "1"),
}
"""The buttons that need a right on what they are about. Whoever lacks it is denied, and it is noted."""

OWN_ACTIONS: dict[str, str] = {
    **dict.fromkeys(("today", "drop"), ""),
    "same": "3",
    "ledger": "1:",
    "tasks": "1:",
}
"""What everybody may press: it shows or changes their own alone, and nothing of others comes of it."""

NOTHING_THERE: dict[str, str] = {
    **dict.fromkeys(("forward", "handover_given", "handover_taken"), "9"),
    **dict.fromkeys(("stage_of", "stage_what", "stage_plain", "sign", "missive", "missives"), "9"),
    **dict.fromkeys(("missive_receive", "missive_reply", "vote_stop"), "9"),
    "new": "2",
    "private": "1",
    **dict.fromkeys(
        ("visit_went", "visit_later", "visit_drop", "visit_how", "visit_promised", "visit_nothing"), "9"
    ),
}
"""Buttons about something that was given to one person: of what is not there nobody gets anything."""

PUT_TOGETHER = frozenset({"right", "wrong", "stage_say", "visit", "visit_on", "vote", "private_reply"})
"""Buttons whose own stories say who presses them: `tests/stories/test_answers.py`, `test_stages.py`,
`test_visits.py`, `test_ballots.py`, `test_private_line.py`. Pressed by another they do nothing, as all do.
"""

COMMANDS: dict[str, Case] = {
    "代填": Case(OFFICE, "XM-002 主体封顶"),
    "试点": Case(OFFICE, "王强"),
    "改期": Case(OFFICE, "XM-002 封顶 12月5日"),
    "四类": Case(OFFICE, "XM-002 一类"),
    "改数": Case(OFFICE, "1"),
    "发函": Case(OFFICE, "督办函 XM-002"),
    "更正": Case(OFFICE, "XM-002 62%"),
    "暂停": Case(OFFICE, "XM-002 到12月5日"),
    "恢复": Case(OFFICE, "XM-002"),
    "移交": Case(OFFICE, "刘敏 王强"),
    "评议": Case(OFFICE, "发起"),
    "接待": Case(OFFICE, "1 供电容量不足"),
    **dict.fromkeys(("未激活", "待核", "日程", "试算", "待同意", "决议"), Case(OFFICE)),
    "撤销": Case(LIAISING | OFFICE, "2026-001 报错了"),
}
"""What needs a right where it is a command. Where the word may begin an answer, others' never come so far."""

READINGS: dict[str, Case] = {
    "pay": Case(ANSWERING, "2026-002 50万"),
    "show": Case(SEEING, "2026-002"),
}
"""What a command may stand for whose readings need a right each."""

OWN_COMMANDS = frozenset(
    {
        *("今日", "项目", "问题", "台账", "帮助", "start", "取消", "请假", "销假", "发到", "开工"),
        *("变更", "节点", "要件", "手续", "清单", "函件", "回复", "任务", "交办", "走访", "兑现"),
        *("预约", "取消预约", "找谁", "我的数据"),
    }
)
"""What everybody may type: it is about their own projects and days, or they hear that it is not theirs."""

TOPICS: dict[str, Case] = {
    "transfer": Case(ANSWERING, text="王强 转给他", known={"problem": 2}),
    "transfer_reason": Case(ANSWERING, text="归他管", known={"problem": 2, "to": 6}),
    "return": Case(ANSWERING, text="不归我管", known={"problem": 2}),
    "solution": Case(ANSWERING, text="已批复", known={"problem": 2}),
    "feedback": Case(ANSWERING, text="已上报", known={"problem": 2}),
    "ask_up": Case(ANSWERING, text="请协调", known={"problem": 2, "to": 6}),
    "extend": Case(ANSWERING, text="12月20日 等批复", known={"problem": 2}),
    "ask_back": Case(ANSWERING, text="缺口多少？", known={"problem": 2}),
    "snooze": Case(HOLDING, text="明天 等会议", known={"problem": 2}),
    "answer_back": Case(SEEING, text="缺 12 亩", known={"problem": 2}),
    "reopened": Case(SEEING, text="还缺 3 亩", known={"problem": 2}),
    "direct": Case(DECIDING, text="王强", known={"request": 1}),
    "give_back": Case(DECIDING, text="自行协调", known={"request": 1}),
    "refuse": Case(GRANTING, text="不同意", known={"request": 2}),
    "common_feedback": Case(ANSWERING, text="已上报", known={"common": 1}),
}
"""The answers to questions about a problem: the right is looked at again when the answer comes."""

ASKED_OF_ONE = frozenset(
    {
        *("progress", "which", "problem", "similar", "feedback_on", "unread", "leave"),
        *("stage", "change", "amend", "drop_bulletin", "object", "uphold", "missive_text", "missive_decline"),
        *("missive_reply", "missive_return", "resolve", "visit_day", "visit_line", "book", "private"),
    }
)
"""The answers to questions that only a row above asks; each looks again at what it changes."""

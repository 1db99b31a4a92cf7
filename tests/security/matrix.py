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
LEADING = frozenset({"chen"})
GIVING = LEADING | OFFICE
SPEAKING = LIAISING | GIVING
STEPPING = LIAISING | OFFICE
OWNING = frozenset({"qian", "tao"})
ADDRESSED = HOLDING | LIAISING
AWAY = frozenset({"wang", "zhao"})
CONCERNED = SPEAKING | {"zhou", "he", "qian"}

WAITING, WORKING, CONFIRMED_BY, TIME = "1", "2", "3", "2"
"""The problems by their state; the request for more time is the second."""

ELSEWHERE = {WAITING: "7", WORKING: "8", CONFIRMED_BY: "9"}
"""Problems of another project, in the same states."""


def elsewhere(allowed: frozenset[str]) -> frozenset[str]:
    """Return who may do there what some may do here; 何建国, who holds them, is not on leave."""
    others = {"liu": "wang", "sun": "he", "qian": "tao"}
    return frozenset(others.get(who, who) for who in allowed - {"lin"})


SENT, DRAFT = "1", "2"
"""The letters."""

STEP = {"step": "阶段", "project": 2, "what": "", "day": "2026-11-20", "text": "履约"}

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
    **dict.fromkeys(("progress", "trouble", "which"), Case(LIAISING, "2")),
    **dict.fromkeys(("right", "wrong"), Case(LIAISING, "1")),
    "new": Case(SPEAKING, "2", known={"text": "用地指标未批"}, topic="similar"),
    "stage_of": Case(LIAISING, "2", known=STEP, topic="stage"),
    "stage_what": Case(STEPPING, "履约评估", known=STEP, topic="stage"),
    "stage_plain": Case(STEPPING, known=STEP, topic="stage"),
    "stage_say": Case(LIAISING, "2:开工:2026-11-20:"),
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
    "visit": Case(LEADING, "2"),
    "visit_on": Case(LEADING, "2:2026-11-26:1"),
    **dict.fromkeys(("visit_went", "visit_later", "visit_drop", "visit_promised"), Case(LEADING, "1")),
    **dict.fromkeys(("visit_nothing",), Case(LEADING, "1")),
    "visit_how": Case(LEADING, "1:well"),
    "handover_given": Case(frozenset({"ji"}), "1"),
    "handover_taken": Case(frozenset({"wu"}), "1"),
    "missive": Case(OFFICE, DRAFT),
    "missives": Case(OFFICE, "1:草稿"),
    **dict.fromkeys(("missive_receive", "missive_reply"), Case(ADDRESSED, SENT)),
    "sign": Case(HOLDING, "bulletin:1"),
    **dict.fromkeys(("vote", "vote_stop"), Case(OWNING, "1:3")),
    "private_reply": Case(frozenset({"ji"}), "2:1", refusal="private.over"),
    "feedback_on": Case(ANSWERING, WORKING, known={"text": "已上报"}, topic="feedback_on"),
    "common_feedback": Case(ANSWERING, "1"),
}
"""The buttons that need a right on what they are about. Whoever lacks it is denied, and it is noted."""

OWN_ACTIONS: dict[str, str] = {
    **dict.fromkeys(("today", "drop", "forward"), ""),
    "same": "3",
    "ledger": "1:",
    "tasks": "1:",
    "private": "1",
}
"""What everybody may press: it shows or changes their own alone, and nothing of others comes of it."""

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
    "请假": Case(AWAY, "王强 12-01 12-05 李强"),
    "销假": Case(AWAY, "王强"),
    "要件": Case(GIVING, "XM-002 举措 每周三现场办公"),
    "手续": Case(DEPARTMENTS, "XM-002 用地 已批", refusal="approvals.usage"),
    "清单": Case(CONCERNED, "XM-002"),
    "交办": Case(GIVING, "自然资源局 XM-002 12月10日前完成组卷"),
    "走访": Case(LEADING, "XM-002 周四", refusal="visit.no_projects"),
    "函件": Case(OFFICE, "草稿"),
    "回复": Case(ADDRESSED, "交办1号 已开工"),
    **dict.fromkeys(("预约", "取消预约"), Case(OWNING, "用电增容")),
}
"""What needs a right where it is a command. Where the word may begin an answer, others' never come so far."""

READINGS: dict[str, Case] = {
    "pay": Case(ANSWERING, "2026-002 50万"),
    "show": Case(SEEING, "2026-002"),
    "promise": Case(GIVING, "XM-002 自然资源局 12月底前补助200万"),
    "paper": Case(CONCERNED, "XM-002"),
    "register": Case(CONCERNED, "XM-002"),
}
"""What a command may stand for whose readings need a right each."""

OWN_COMMANDS = frozenset(
    {
        *("今日", "项目", "问题", "台账", "帮助", "start", "取消", "发到", "开工", "变更", "节点", "任务"),
        *("兑现", "找谁", "我的数据"),
    }
)
"""What everybody may type: it is about their own projects and days, or stands for several readings."""

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
    "progress": Case(LIAISING, text="主体封顶", known={"project": 2}),
    "problem": Case(SPEAKING, text="用地指标未批", known={"project": 2}),
    "similar": Case(SPEAKING, text="2", known={"project": 2, "text": "用地指标未批", "problem": 2}),
    "leave": Case(AWAY, text="李强", known={"person": 2, "first": "2026-12-01", "last": "2026-12-05"}),
    "stage": Case(STEPPING, text="履约评估", known=STEP),
    "change": Case(SPEAKING, text="增加厂房", known={"project": 2, "item": "建设内容", "value": "三期"}),
    "object": Case(LEADERS, text="数不对", known={"bulletin": 1}),
    "missive_reply": Case(ADDRESSED, text="已开工", known={"missive": 1}),
    "visit_day": Case(LEADING, text="周四", known={"about": 2, "visit": 1}),
    "visit_line": Case(LEADING, text="12月10日前通电", known={"visit": 1, "project": 2}),
    "book": Case(OWNING, text="用电增容"),
    **dict.fromkeys(("amend", "drop_bulletin", "resolve"), Case(OFFICE, text="不用", known={"bulletin": 1})),
    "uphold": Case(OFFICE, text="不改", known={"objection": 1}),
    **dict.fromkeys(
        ("missive_text", "missive_decline", "missive_return"),
        Case(OFFICE, text="不用", known={"missive": 1, "version": 1}),
    ),
}
"""The answers to questions: the right is judged again when the answer comes."""

OWN_TOPICS = frozenset({"which", "feedback_on", "unread", "private"})
"""The answers that are about the sender's own, whatever it is by then."""

"""What the people of a long story do with the buttons before them, how likely, in which words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habit:
    """How likely somebody presses a button when they look at it, and what they answer to what it asks."""

    odds: float
    words: tuple[str, ...] = ()


HABITS: dict[str, Habit] = {
    # The office looks over what was drafted, and decides what liaisons, units and leaders have said.
    "release": Habit(0.8),
    "drop_bulletin": Habit(0.04, ("数据还要再核实，这一期先不发",)),
    "amend": Habit(0.15),
    "uphold": Habit(0.9, ("已经核对过原始上报，数字没有错，维持",)),
    "missive": Habit(0.9),
    "missive_release": Habit(0.85),
    "missive_decline": Habit(0.08, ("已当面提醒责任单位，不再发函", "情况特殊，县领导已知悉，暂不发")),
    "missive_close": Habit(0.8),
    "missive_return": Habit(0.1, ("没有写明完成时限，请补充",)),
    "stage_agree": Habit(0.85),
    "stage_refuse": Habit(0.1),
    "approval_decide": Habit(0.3),
    "keep_apart": Habit(0.3),
    "merge": Habit(0.5),
    # Units and leaders.
    "missive_receive": Habit(0.7),
    "missive_reply": Habit(
        0.25, ("已按要求整改，倒排工期推进", "正在办理，月底前完成", "已落实责任人，每周报进度")
    ),
    "sign": Habit(0.6),
    "object": Habit(0.05, ("我牵头的项目数字好像少报了，请核对",)),
    # Heads take their time.
    "agree": Habit(0.05),
    "confer": Habit(0.01),
    "give_back": Habit(0.01, ("请先由牵头领导召集协调一次",)),
    "grant": Habit(0.6),
    "refuse": Habit(0.15, ("请按原时限办结，不再延期",)),
    "visit_went": Habit(0.8),
    "visit_later": Habit(0.0),
    "visit_how": Habit(0.9),
    "visit_promised": Habit(0.4, ("10天内协调解决临时用电", "请住建局15天内办结施工许可")),
    "visit_nothing": Habit(0.5),
    # Whoever is asked whether an odd figure is right.
    "right": Habit(1.0),
}
"""In this order; of one message at most one button is pressed at a look, of a list of letters each."""

OF_THE_OFFICE = frozenset(
    {
        "release",
        "drop_bulletin",
        "amend",
        "uphold",
        "missive",
        "missive_release",
        "missive_decline",
        "missive_close",
        "missive_return",
        "grant",
        "refuse",
        "stage_agree",
        "stage_refuse",
        "approval_decide",
        "keep_apart",
        "merge",
    }
)
"""All of the office see these; on a day one of them sees to all, and leaders see to their own."""

OF_HEADS = frozenset({"agree", "confer", "give_back"})
"""What heads leave for the month's consultation when it is near."""

ONCE = frozenset({"amend", "uphold"})
"""What one of the office has seen to the others leave alone."""

HINTS = ("请于{day}前报送施工组织方案", "请于{day}前完成节点自查并报送", "请于{day}前报送要素保障需求")
CIRCULAR = "本月现场督查发现：部分工地围挡不全、资料不齐，请对照整改"
ORDER = "请于{day}前增派施工力量，抢回滞后工期"
ERRAND = "请于{day}前牵头召开一次现场协调会"
RESOLUTION = "{day}前拿出处理意见"
MEASURES = "一周一调度，倒排工期，挂图作战"
REWARD = "按季考评，列入年度绩效"
"""What the office writes by itself."""

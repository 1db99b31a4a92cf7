"""A problem: its state, who holds it, and what may happen to it next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.phrase import Phrase


class State(StrEnum):
    """Where a problem stands; the values are what people read."""

    WAITING = "待接办"
    WORKING = "办理中"
    CONFIRMING = "待确认"
    CLOSED = "已销号"
    WITHDRAWN = "已撤销"


class Nature(StrEnum):
    """What is owed: a problem solved, or a task done; both run on the same clocks."""

    PROBLEM = "问题"
    TASK = "任务"


class Urgency(StrEnum):
    """How soon a problem must be solved; the values are what people read."""

    TODAY = "当天"
    ORDINARY = "一般"
    COMPLEX = "复杂"


OPEN = (State.WAITING, State.WORKING, State.CONFIRMING)
"""The states of a problem that somebody still owes something."""

UNSOLVED = (State.WAITING, State.WORKING)
"""The states of a problem that its holder still owes something."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A reported problem with the person who holds it now.

    ``number`` is ``2026-063``: counted from one each year. ``generation`` starts at 1 and
    grows each time it is reopened; ``began_at`` is when it began, ``held_since`` when the holder
    got it. ``confirmer_id`` says whether it is solved: the reporter, or whoever took over from them.
    ``first_due`` is the deadline before any 延期.

    A task (``nature``) has an ``origin``: what it came from, such as ``visit:3``. One that pays out what
    an enterprise was ``promised`` is its to confirm; ``paid`` is what its holder has said (政策兑现).

    ``level`` counts the rungs of the ladder climbed in this generation, ``step`` those of the clock
    that runs now, ``late_step`` those of the clock to solve; at ``next_at`` comes ``next_rung``.
    """

    id: int
    number: str
    project_id: int
    project: str
    place: str
    category: str
    text: str
    urgency: Urgency
    state: State
    generation: int
    reporter_id: int
    reporter: str
    holder_id: int
    holder: str
    opened_at: datetime
    confirmer_id: int
    confirmer: str
    began_at: datetime
    held_since: datetime
    accept_due: datetime | None = None
    feedback_due: datetime | None = None
    solve_due: datetime | None = None
    accepted_at: datetime | None = None
    feedback_at: datetime | None = None
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    returns: int = 0
    feedback: str = ""
    solution: str = ""
    first_due: datetime | None = None
    extensions: int = 0
    paused_at: datetime | None = None
    question: str = ""
    snoozed_until: datetime | None = None
    snoozes: int = 0
    level: int = 0
    step: int = 0
    late_step: int = 0
    rung_at: datetime | None = None
    next_rung: str = ""
    next_at: datetime | None = None
    common_id: int | None = None
    nature: Nature = Nature.PROBLEM
    origin: str = ""
    promised: int | None = None
    paid: int = 0

    @property
    def is_task(self) -> bool:
        """Whether it is something promised or given to do, not something reported."""
        return self.nature is Nature.TASK

    @property
    def tag(self) -> Phrase:
        """How sentences name it: 问题 2026-063, 任务 2026-065."""
        return Phrase("task.called" if self.is_task else "problem.called", {"number": self.number})

    @property
    def noun(self) -> Phrase:
        """What it is, where its number is known: 问题, 任务."""
        return Phrase("task.noun" if self.is_task else "problem.noun")

    @property
    def giver(self) -> Phrase:
        """What the one is called who says whether it is done: 反映人, 交办人, 企业方."""
        if self.promised is not None:
            return Phrase("payout.receiver")
        return Phrase("task.giver" if self.is_task else "problem.giver")

    @property
    def outstanding(self) -> int:
        """What was promised and has not been paid."""
        return (self.promised or 0) - self.paid

    @property
    def kind(self) -> str:
        """What stands in lists beside its project: its category; a task is a task."""
        return str(self.nature) if self.is_task else self.category

    @property
    def is_unsolved(self) -> bool:
        """Whether its holder still owes something."""
        return self.state in UNSOLVED

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes something."""
        return self.state in OPEN

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether a clock that runs in this state has run out."""
        if self.paused_at is not None or not self.is_unsolved:
            return False
        accept_due = self.accept_due if self.state is State.WAITING else None
        return any(due is not None and now >= due for due in (accept_due, self.solve_due))


def counted(things: Collection[Problem]) -> Phrase:
    """Return how many problems and tasks there are, as one says it: 3 个问题、1 个任务."""
    tasks = sum(each.is_task for each in things)
    key = "problem.counted" if not tasks else "task.counted" if tasks == len(things) else "task.counted_both"
    return Phrase(key, {"problems": len(things) - tasks, "tasks": tasks})


_WORDS = """
用地  用地 土地 指标 供地 批地 农转用 林地 耕地 占补 净地 国土 红线 摘牌 土规 三区三线 地类
征拆  征拆 征地 拆迁 征收 安置 青苗 迁坟 坟 拆除 补偿 清表 阻工 搬迁 腾退 附着物
规划  规划 控规 选址 容积率 总平 方案评审 调规 退线 详规
审批  审批 手续 许可 备案 批复 施工证 施工许可 图审 证照 报建 验收 消防审 立项 核准 盖章 渣土 外运
资金  资金 贷款 融资 工程款 拨付 专项债 到位 缺口 欠款 付款 缺钱 没钱 垫资 授信 账户 专户 专账 资金链
用水  用水 供水 水源 取水 自来水 水压 给水 通水 缺水 断水 没水 停水
用电  用电 供电 电力 变压器 停电 电网 专线 电杆 高压线 迁改 接电 通电 缺电 没电 断电 电没 增容
用工  用工 招工 工人 缺工 劳务 农民工 工资 人手 招不到 缺人 焊工 电焊 技工
环保  环保 环评 排污 环境容量 扬尘 污水 噪声 能评 能耗 用能 碳排 水土保持 水保 管控 除尘
配套  配套 道路 管网 燃气 天然气 通信 路灯 进场路 排水 蒸汽 桥 宿舍 便道 供热 供暖 雨污
治安  治安 纠纷 阻挠 偷盗 被盗 被偷 强买强卖 堵门 堵路 闹事 强揽 打架 滋事
"""

CATEGORIES: dict[str, tuple[str, ...]] = {
    category: tuple(words) for category, *words in map(str.split, _WORDS.strip().splitlines())
}
"""The words that point to a category; what points nowhere is 其他."""

OTHER = "其他"


def guessed_category(text: str, categories: tuple[str, ...]) -> str:
    """Return the category whose words the text speaks most of, 其他 when it speaks of none.

    A category's own name counts double. On a tie the one that the text mentions first wins,
    because people put what hurts first.
    """

    def weight(category: str) -> tuple[int, int]:
        words = (category, *CATEGORIES.get(category, ()))
        places = [at for word in words if (at := text.find(word)) >= 0]
        own = 1 if category in text else 0
        return (len(places) + own, -min(places, default=len(text)))

    best = max((c for c in categories if c != OTHER), key=weight, default=OTHER)
    return best if weight(best)[0] else OTHER

"""What can be said and pressed about projects themselves; the router has it in its tables.

`MEANT` tells a command from an answer that begins with the same word: 「完成 桩基 30 根」.
"""

from collections.abc import Callable

from bot.domain.stages import Step
from handlers import (
    approval_terms,
    approvals,
    changes,
    elements,
    four_lists,
    milestones,
    nods,
    pointing,
    stages,
)
from handlers.turn import Turn

COMMANDS: dict[str, Callable[[Turn], None]] = {
    **dict.fromkeys(Step, stages.say),
    **dict.fromkeys(("变更", "change"), changes.change),
    "待同意": nods.pending,
    "nods": nods.pending,
    "改期": milestones.move,
    "move": milestones.move,
    "节点": milestones.show,
    "milestones": milestones.show,
    "要件": elements.elements,
    "elements": elements.elements,
    "四类": elements.tier,
    "tier": elements.tier,
    "手续": approvals.approvals,
    "approvals": approvals.approvals,
    "清单": four_lists.ask,
    "lists": four_lists.ask,
}

ACTIONS: dict[str, Callable[[Turn], None]] = {
    "stage_of": stages.of_project,
    "stage_what": stages.of_what,
    "stage_plain": stages.as_progress,
    "stage_say": stages.say_plainly,
    "stage_agree": nods.agree,
    "stage_refuse": nods.refuse,
    "stage_open": nods.open_one,
    "milestone_plan": milestones.plan,
    "approval": approvals.grant,
    "approval_decide": approval_terms.decide,
    "approval_open": approval_terms.show,
}

TOPICS: dict[str, Callable[[Turn], None]] = {"stage": stages.answered, "change": changes.because}

MEANT: dict[Callable[[Turn], None], Callable[[Turn, str], bool]] = {
    stages.say: stages.is_meant,
    changes.change: changes.is_meant,
    **dict.fromkeys(
        (
            milestones.move,
            milestones.show,
            elements.elements,
            elements.tier,
            approvals.approvals,
            four_lists.ask,
        ),
        pointing.is_command,
    ),
}

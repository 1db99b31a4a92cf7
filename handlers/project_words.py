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
    project_access,
    stages,
)
from handlers.access import (
    Answer,
    Entry,
    acting_office,
    everybody,
    liaison,
    may_still_speak,
    may_still_step,
    the_office,
)
from handlers.project_access import departments, papers_of
from handlers.turn import Turn

COMMANDS: dict[str, Entry] = {
    **dict.fromkeys(Step, Entry(everybody, stages.say)),
    **dict.fromkeys(("变更", "change"), Entry(everybody, changes.change)),
    **dict.fromkeys(("待同意", "nods"), Entry(the_office, nods.pending)),
    **dict.fromkeys(("改期", "move"), Entry(the_office, milestones.move)),
    **dict.fromkeys(("节点", "milestones"), Entry(everybody, milestones.show)),
    **dict.fromkeys(("要件", "elements"), Entry(project_access.elements, elements.elements)),
    **dict.fromkeys(("四类", "tier"), Entry(the_office, elements.tier)),
    **dict.fromkeys(("手续", "approvals"), Entry(project_access.approvals, approvals.approvals)),
    **dict.fromkeys(("清单", "lists"), Entry(papers_of(four_lists.PAPER), four_lists.ask)),
}

ACTIONS: dict[str, Entry] = {
    "stage_of": Entry(liaison, stages.of_project),
    "stage_what": Entry(may_still_step, stages.of_what),
    "stage_plain": Entry(may_still_step, stages.as_progress),
    "stage_say": Entry(liaison, stages.say_plainly),
    "stage_agree": Entry(acting_office, nods.agree),
    "stage_refuse": Entry(acting_office, nods.refuse),
    "stage_open": Entry(the_office, nods.open_one),
    "milestone_plan": Entry(the_office, milestones.plan),
    "approval": Entry(departments, approvals.grant),
    "approval_decide": Entry(departments, approval_terms.decide),
    "approval_open": Entry(departments, approval_terms.show),
}

TOPICS: dict[str, Entry] = {
    "stage": Answer(may_still_step, stages.answered),
    "change": Answer(may_still_speak, changes.because),
}

MEANT: dict[Callable[..., None], Callable[[Turn, str], bool]] = {
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

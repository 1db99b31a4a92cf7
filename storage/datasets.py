"""Every dataset by its name: what the tables of papers can be made from."""

from storage.banner import BANNER, banner_lines
from storage.burden import (
    BURDEN,
    BURDEN_UNITS,
    FORMALISM,
    burden_lines,
    formalism_lines,
    unit_lines,
)
from storage.candidates import CANDIDATE, candidate_lines
from storage.changes import CHANGES, change_lines
from storage.dataset import Dataset
from storage.dates import INDICATOR, indicator_lines
from storage.elements import ELEMENTS, element_lines
from storage.figures import PROJECT, project_lines
from storage.leader_figures import LEADER, leader_lines
from storage.lists import DEADLINES, DUTIES, MILESTONES, deadline_lines, duty_lines, milestone_lines
from storage.missive_figures import MISSIVE_FIGURES, missive_lines
from storage.payouts import PAYOUTS, payout_lines
from storage.problem_figures import (
    COMMON,
    DECISION,
    FACTOR,
    PROBLEM,
    lines_of_commons,
    lines_of_decisions,
    lines_of_factors,
    lines_of_problems,
)
from storage.ranking import RANKING, TRIAL, ranking_lines, trial_lines
from storage.task_figures import TASK, VISIT, task_lines, visit_lines
from storage.warnings import WARNINGS, warning_lines

DATASETS: dict[str, Dataset] = {
    "projects": Dataset(PROJECT, project_lines),
    "problems": Dataset(PROBLEM, lines_of_problems),
    "factors": Dataset(FACTOR, lines_of_factors),
    "commons": Dataset(COMMON, lines_of_commons),
    "decisions": Dataset(DECISION, lines_of_decisions),
    "candidates": Dataset(CANDIDATE, candidate_lines),
    "leaders": Dataset(LEADER, leader_lines, of_people=True),
    "dates": Dataset(INDICATOR, indicator_lines),
    "milestones": Dataset(MILESTONES, milestone_lines),
    "duties": Dataset(DUTIES, duty_lines),
    "deadlines": Dataset(DEADLINES, deadline_lines),
    "elements": Dataset(ELEMENTS, element_lines),
    "changes": Dataset(CHANGES, change_lines),
    "warnings": Dataset(WARNINGS, warning_lines),
    "missives": Dataset(MISSIVE_FIGURES, missive_lines),
    "tasks": Dataset(TASK, task_lines),
    "payouts": Dataset(PAYOUTS, payout_lines),
    "visits": Dataset(VISIT, visit_lines),
    "ranking": Dataset(RANKING, ranking_lines, is_ranking=True),
    "trial": Dataset(TRIAL, trial_lines, is_ranking=True, for_office=True),
    "banner": Dataset(BANNER, banner_lines, is_ranking=True),
    "burden": Dataset(BURDEN, burden_lines),
    "burden_units": Dataset(BURDEN_UNITS, unit_lines, of_people=True, for_office=True),
    "formalism": Dataset(FORMALISM, formalism_lines),
}
"""A form may use these and no others."""

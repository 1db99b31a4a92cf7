"""Every dataset by its name: what the tables of papers can be made from."""

from storage.dataset import Dataset
from storage.elements import ELEMENTS, element_lines
from storage.figures import PROJECT, project_lines
from storage.lists import DEADLINES, DUTIES, MILESTONES, deadline_lines, duty_lines, milestone_lines
from storage.warnings import WARNINGS, warning_lines

DATASETS: dict[str, Dataset] = {
    "projects": Dataset(PROJECT, project_lines),
    "milestones": Dataset(MILESTONES, milestone_lines),
    "duties": Dataset(DUTIES, duty_lines),
    "deadlines": Dataset(DEADLINES, deadline_lines),
    "elements": Dataset(ELEMENTS, element_lines),
    "warnings": Dataset(WARNINGS, warning_lines),
}
"""A form may use these and no others."""

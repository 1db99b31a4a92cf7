"""Every dataset by its name: what the tables of papers can be made from."""

from storage.dataset import Dataset
from storage.figures import PROJECT, project_lines
from storage.missive_figures import MISSIVE_FIGURES, missive_lines

DATASETS: dict[str, Dataset] = {
    "projects": Dataset(PROJECT, project_lines),
    "missives": Dataset(MISSIVE_FIGURES, missive_lines),
}
"""A form may use these and no others."""

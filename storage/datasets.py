"""Every dataset by its name: what the tables of papers can be made from."""

from storage.dataset import Dataset
from storage.figures import PROJECT, project_lines

DATASETS: dict[str, Dataset] = {
    "projects": Dataset(PROJECT, project_lines),
}
"""A form may use these and no others."""

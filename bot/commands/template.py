"""`liaison template`: a roster to fill in, empty, of the sample county, or with the people of WeCom."""

import asyncio
from pathlib import Path

from bot.commands.directory import proposal
from bot.config import Settings
from bot.domain.roster import DEFAULT_CATEGORIES
from bot.domain.sample import sample_county
from bot.papers.template import write_roster


def write_template(file: Path, settings: Settings | None, *, sample: bool, directory: bool) -> str:
    """Write a roster and Return the sentence that says so; without settings the usual categories."""
    categories = settings.problems.categories if settings and not sample else DEFAULT_CATEGORIES
    if directory and settings:
        found = asyncio.run(proposal(settings))
        write_roster(file, found, categories)
        return f"{file} 已写好：{len(found.units)} 个单位、{len(found.people)} 个人。请补上角色和项目再导入。"
    write_roster(file, sample_county() if sample else None, categories)
    return f"{file} 已写好。"

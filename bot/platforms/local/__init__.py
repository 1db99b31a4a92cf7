"""The page in the browser: every person and group of a county, with no account anywhere."""

from bot.platforms.local.county import County, Jump, PageEvent, PageGroup, PagePerson
from bot.platforms.local.platform import LocalPlatform

__all__ = ["County", "Jump", "LocalPlatform", "PageEvent", "PageGroup", "PagePerson"]

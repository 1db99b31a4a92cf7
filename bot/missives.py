"""The part of config.toml that is about 函: when the three letters are drafted, and their template."""

from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.credentials import Section
from bot.domain.missives import MissiveKind, MissiveRules
from bot.lengths import Length


class LetterSettings(Section):
    """三函: when each is drafted for the office to look over, and by when a letter is answered."""

    drafts: tuple[Literal["提醒函", "交办函", "督办函"], ...] = ("提醒函", "交办函", "督办函")
    remind_before: int = Field(1, ge=1, le=12)
    overdue_after: Length = timedelta(days=15)
    behind: int = Field(20, ge=1, le=100)
    behind_after: Length = timedelta(days=90)
    reply_within: int = Field(5, ge=1, le=60)
    templates: Path | None = None

    @model_validator(mode="after")
    def _whole_days(self) -> Self:
        if self.overdue_after < timedelta(days=1) or self.behind_after % timedelta(days=1):
            raise ValueError('overdue_after and behind_after are whole days; write "15d"')
        return self

    def rules(self) -> MissiveRules:
        """Return the settings as the handlers see them."""
        return MissiveRules(
            drafts=tuple(MissiveKind(each) for each in self.drafts),
            remind_before=self.remind_before,
            overdue_after=self.overdue_after,
            behind=self.behind * 10,
            behind_after=self.behind_after,
            reply_within=self.reply_within,
        )

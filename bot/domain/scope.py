"""The part of the county that a group chat, a digest or an export is about."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class ScopeKind(StrEnum):
    """What a group chat is about; the values are the words of the roster."""

    COUNTY = "全县"
    PLACE = "属地"
    INDUSTRY = "行业"
    TASK_FORCE = "专班"


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the county that a group or a paper covers: 全县, 属地:X, 行业:X or 专班:X."""

    kind: ScopeKind = ScopeKind.COUNTY
    value: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a scope as people write it, with either colon; raise ValueError if it is none."""
        kind, _, value = (part.strip() for part in text.replace("：", ":").partition(":"))
        if kind not in set(ScopeKind) or (kind == ScopeKind.COUNTY) == bool(value):
            raise ValueError(f"{text!r} is not 全县, 属地:X, 行业:X or 专班:X")
        return cls(ScopeKind(kind), value)

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" if self.value else str(self.kind)

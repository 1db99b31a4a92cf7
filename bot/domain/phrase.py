"""A part of a sentence that is itself said in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence by its key, to be said where a blank is: 「问题 2026-063」, or 「任务 2026-065」."""

    key: str
    blanks: Mapping[str, object] = field(default_factory=dict)

"""Paragraphs and tables of the page."""

import textwrap
from collections.abc import Sequence


def prose(*lines: str) -> str:
    """Return a paragraph, folded."""
    return textwrap.fill(" ".join(lines), 118, break_long_words=False, break_on_hyphens=False)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

"""A paper as A4 pages."""

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.document import Document
from bot.domain.summary import Say
from bot.papers.bulletin import sentences, shown

if TYPE_CHECKING:
    import typst


def pages(document: Document, say: Say) -> bytes:
    """Return a paper as a PDF."""
    words = {
        "title": document.title,
        "period": document.period,
        "lead": sentences(document, say),
        "tables": [
            {
                "name": table.name,
                "headings": [heading.title for heading in table.headings],
                "rows": [
                    [
                        shown(value, heading, say)
                        for value, heading in zip(row.values, table.headings, strict=True)
                    ]
                    for row in table.rows
                ],
            }
            for table in document.tables
        ],
    }
    printed = _compiler().compile(
        format="pdf", sys_inputs={"bulletin": json.dumps(words, ensure_ascii=False)}
    )
    if not isinstance(printed, bytes):
        raise TypeError(type(printed))
    return printed


@cache
def _compiler() -> "typst.Compiler":
    """Load typst and the two fonts once for each process: they are the costly part."""
    import typst  # noqa: PLC0415 -- 80 MB that only a page needs
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415

    template = Path(__file__).with_name("bulletin.typ")
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[sans_path().parent]
    )
    return typst.Compiler(template, font_paths=fonts, ignore_system_fonts=True)

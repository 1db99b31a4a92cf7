"""A missive on paper: DOCX from a Word template that the office can replace, and an A4 PDF."""

import io
import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.chat import Paper
from bot.domain.missives import FIELDS, Sheet
from bot.errors import TemplateError
from bot.papers.missive_template import missive_template

if TYPE_CHECKING:
    import typst

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')
_LONGEST_NAME = 60
ANY = "函"
"""The template for every kind that has none of its own."""


def make_missive(sheet: Sheet, folder: Path | None) -> tuple[Paper, Paper] | tuple[str, str, str]:
    """Return a missive as DOCX and PDF; or the template that is wrong, how, and what is wrong in it.

    Three words rather than an error: this is called in the workshop, and errors arrive as text.
    """
    try:
        document = missive_docx(sheet, template_of(sheet.kind, folder))
    except TemplateError as error:
        return error.file, error.key, error.what
    name = _NOT_IN_NAMES.sub("_", f"{sheet.number}{sheet.title}")[:_LONGEST_NAME]
    return Paper(f"{name}.docx", DOCX, document), Paper(f"{name}.pdf", PDF, missive_pdf(sheet))


def template_of(kind: str, folder: Path | None) -> Path | None:
    """Return the template of a kind: its own, the one for every kind, or none: ours is used."""
    if folder is None:
        return None
    if not folder.is_dir():
        raise TemplateError(str(folder), "no_folder")
    named = (folder / f"{name}.docx" for name in (kind, ANY))
    return next((file for file in named if file.is_file()), None)


def missive_docx(sheet: Sheet, template: Path | None = None) -> bytes:
    """Return a missive as a Word document; raise TemplateError where the template does not fit."""
    from docxtpl import DocxTemplate, Listing  # noqa: PLC0415 -- lxml and jinja2, that only a missive needs
    from jinja2 import TemplateError as Unreadable  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    name = template.name if template else ""
    # An office's file is data: what it may do is put fields in their places.
    fields = SandboxedEnvironment(autoescape=True)
    try:
        document = DocxTemplate(io.BytesIO(template.read_bytes() if template else missive_template()))
        named = document.get_undeclared_template_variables(fields)
    except Unreadable as error:
        raise TemplateError(name, "unreadable", str(error)) from error
    except Exception as error:  # whatever a file that is no Word document makes three libraries raise
        raise TemplateError(name, "not_word") from error
    if unknown := sorted(named - set(FIELDS)):
        raise TemplateError(name, "unknown", unknown[0])
    if missing := [field for field in FIELDS if field not in named]:
        raise TemplateError(name, "missing", missing[0])
    # In a Listing, \a begins a paragraph of the same form.
    words = {field: Listing(value.replace("\n", "\a")) for field, value in sheet.fields().items()}
    written = io.BytesIO()
    try:
        document.render(words, fields)
    except Unreadable as error:
        raise TemplateError(name, "unreadable", str(error)) from error
    document.save(written)
    return written.getvalue()


def missive_pdf(sheet: Sheet) -> bytes:
    """Return a missive as an A4 page, whatever the Word template looks like."""
    words = json.dumps(asdict(sheet), ensure_ascii=False)
    page = _compiler().compile(format="pdf", sys_inputs={"missive": words})
    if not isinstance(page, bytes):
        raise TypeError(type(page))
    return page


@cache
def _compiler() -> "typst.Compiler":
    import typst  # noqa: PLC0415 -- 80 MB that only a paper needs
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[sans_path().parent]
    )
    return typst.Compiler(Path(__file__).with_name("missive.typ"), font_paths=fonts, ignore_system_fonts=True)

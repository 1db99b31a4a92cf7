"""Our Word template of a missive, in the form of a 公文: what the office gets to change as it likes."""

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.styles.style import ParagraphStyle
    from docx.text.paragraph import Paragraph

_TITLE_FONT, _FONT = "方正小标宋简体", "仿宋_GB2312"
_TITLE, _BODY, _LINE = 22, 16, 28
"""Points: 二号, 三号, and the distance of lines, as GB/T 9704 has them."""


def missive_template() -> bytes:
    """Return the template as a Word document: {{标题}} in the middle, {{文号}} below it to the right."""
    import docx  # noqa: PLC0415 -- that only a missive needs
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN  # noqa: PLC0415
    from docx.shared import Mm, Pt  # noqa: PLC0415

    document = docx.Document()
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin = Mm(37), Mm(35)
    page.left_margin, page.right_margin = Mm(28), Mm(26)
    normal: Any = document.styles["Normal"]
    _in_font(normal, _FONT, _BODY)
    normal.paragraph_format.line_spacing = Pt(_LINE)
    normal.paragraph_format.space_after = Pt(0)

    title = document.add_paragraph()
    title.alignment = ALIGN.CENTER
    title.paragraph_format.line_spacing = Pt(34)
    _in_font(title.add_run("{{标题}}"), _TITLE_FONT, _TITLE)
    number = document.add_paragraph("{{文号}}")
    number.alignment = ALIGN.RIGHT
    number.paragraph_format.space_after = Pt(_LINE)
    document.add_paragraph("{{主送}}：")
    body = document.add_paragraph("{{正文}}")
    body.paragraph_format.first_line_indent = Pt(2 * _BODY)
    body.alignment = ALIGN.JUSTIFY
    office = _signature(document.add_paragraph("{{落款}}"))
    office.paragraph_format.space_before = Pt(2 * _LINE)
    _signature(document.add_paragraph("{{日期}}"))
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _signature(line: "Paragraph") -> "Paragraph":
    """Put a line to the right, in from the edge, and keep it with the one before."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    line.alignment = ALIGN.RIGHT
    line.paragraph_format.right_indent = Pt(2 * _BODY)
    line.paragraph_format.keep_together = True
    return line


def _in_font(style: "ParagraphStyle | Any", name: str, size: int) -> None:
    """Set a font for Chinese letters too, which python-docx leaves to the theme."""
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    style.font.name, style.font.size = name, Pt(size)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)

"""A letter on paper: every field in its place, and a template that does not fit said with its fault."""

import io
from pathlib import Path

import docx
import pytest

from bot.domain.missives import FIELDS, Sheet
from bot.errors import TemplateError
from bot.papers.missive import make_missive, missive_docx, missive_pdf, template_of
from bot.papers.missive_template import missive_template

SHEET = Sheet(
    kind="交办函",
    number="〔2026〕交办3号",
    title="关于督促 A&B <物流>园 尽快开工的交办函",
    addressee="经济开发区",
    text="请查明原因，{{文号}} 不是字段。\n请于2026年12月4日前回复办理情况。",
    office="青禾县指挥部办公室",
    day="2026年11月29日",
)


def lines(document: bytes) -> list[str]:
    return [each.text for each in docx.Document(io.BytesIO(document)).paragraphs if each.text]


def template(folder: Path, *texts: str, name: str = "函.docx") -> Path:
    document = docx.Document()
    for text in texts:
        document.add_paragraph(text)
    document.save(str(folder / name))
    return folder / name


def every_field() -> str:
    return "".join(f"{{{{{field}}}}}" for field in FIELDS)


def test_our_template_holds_every_field_and_words_stay_as_they_are() -> None:
    assert lines(missive_docx(SHEET)) == [
        SHEET.title,
        SHEET.number,
        "经济开发区：",
        *SHEET.text.split("\n"),
        SHEET.office,
        SHEET.day,
    ]


def test_the_office_s_own_template_is_used_and_that_of_the_kind_first(tmp_path: Path) -> None:
    assert template_of("交办函", tmp_path) is None
    template(tmp_path, "红头", every_field())
    made = make_missive(SHEET, tmp_path)
    own = template(tmp_path, every_field(), name="交办函.docx")

    assert template_of("交办函", tmp_path) == own
    assert template_of("督办函", tmp_path) == tmp_path / "函.docx"
    assert not isinstance(made[0], str)
    assert lines(made[0].content)[0] == "红头"
    assert made[0].name == "〔2026〕交办3号关于督促 A&B _物流_园 尽快开工的交办函.docx"


@pytest.mark.parametrize(
    ("text", "key", "what"),
    [
        (every_field().replace("{{文号}}", ""), "missing", "文号"),
        (f"{every_field()}{{{{电话}}}}", "unknown", "电话"),
        (f"{every_field()}{{% if %}}", "unreadable", ""),
        (f"{every_field()}{{{{文号", "unreadable", ""),
    ],
)
def test_a_template_that_does_not_fit_is_named_with_its_fault(
    tmp_path: Path, text: str, key: str, what: str
) -> None:
    template(tmp_path, text)

    with pytest.raises(TemplateError) as caught:
        missive_docx(SHEET, tmp_path / "函.docx")
    assert (caught.value.file, caught.value.key) == ("函.docx", key)
    assert what in caught.value.what
    assert make_missive(SHEET, tmp_path) == ("函.docx", key, caught.value.what)


def test_what_is_no_word_document_or_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "函.docx").write_bytes(b"PK no")
    assert make_missive(SHEET, tmp_path) == ("函.docx", "not_word", "")
    with pytest.raises(TemplateError, match="no_folder"):
        template_of("交办函", tmp_path / "gone")


def test_a_template_can_do_nothing_but_show_its_fields(tmp_path: Path) -> None:
    template(tmp_path, every_field() + "{{ 文号.__class__.__mro__ }}")

    with pytest.raises(TemplateError):
        missive_docx(SHEET, tmp_path / "函.docx")


def test_the_page_is_the_same_for_the_same_letter() -> None:
    page = missive_pdf(SHEET)

    assert page.startswith(b"%PDF")
    assert page == missive_pdf(SHEET)


def test_the_template_we_hand_out_is_one_that_fits(tmp_path: Path) -> None:
    (tmp_path / "函.docx").write_bytes(missive_template())

    assert lines(missive_docx(SHEET, tmp_path / "函.docx")) == lines(missive_docx(SHEET))

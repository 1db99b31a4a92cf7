"""Forms of papers: those that come with the bot, a county's own, and what may be wrong with one."""

from pathlib import Path

import pytest

from bot.domain.people import Language
from bot.domain.rhythm import Rhythm, When
from bot.domain.timetable import ALWAYS, PRESETS
from bot.errors import ConfigurationError
from bot.papers.forms import forms, unformed

GOOD = """
title = "{county}征地进度"
lead = ["共 {count} 个项目：{names}。"]

[blanks]
count = { count = "projects" }
names = { list = "projects.name", where = { moved = true } }

[tables.projects]
name = "进度"
columns = ["number", "name", "moved", "planned"]
sums = ["planned"]
"""


def written(folder: Path, text: str, name: str = "征地进度") -> Path:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_forms_of_the_sources_come_with_the_bot() -> None:
    assert {"旬督查表", "周调度表", "半月要账", "月会商", "季考评", "半年述职"} <= forms().keys()


def test_every_paper_of_the_presets_has_a_form() -> None:
    lines = [*ALWAYS, *(line for preset in PRESETS.values() for line in preset)]

    assert {line.paper for line in lines} <= forms().keys()


def test_a_form_of_ones_own_is_a_file_and_may_speak_one_language(tmp_path: Path) -> None:
    form = forms(written(tmp_path, GOOD))["征地进度"]

    assert form.title[Language.ENGLISH] == form.title[Language.CHINESE] == "{county}征地进度"
    assert [blank.name for blank in form.blanks] == ["count", "names"]


def test_a_form_of_ones_own_replaces_the_one_of_its_name(tmp_path: Path) -> None:
    found = forms(written(tmp_path, GOOD, "旬督查表"))

    assert found["旬督查表"].title[Language.CHINESE] == "{county}征地进度"
    assert found["月会商"] == forms()["月会商"]


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ("title = ", "titel = ", "titel: unknown key; did you mean title?"),
        ('title = "{county}征地进度"', "", "title: is missing"),
        (
            '"{county}征地进度"',
            '{ zh-CN = "征地" }',
            "title: is missing in en; write one text, or one for each",
        ),
        ('"{county}征地进度"', '"{conty}征地进度"', "title: there is no blank {conty}; did you mean county?"),
        ('"{county}征地进度"', '"{count}征地进度"', "title: there is no blank {count}; did you mean county?"),
        ('"{county}征地进度"', '"{county"', "write {{ and }} for braces that are meant"),
        ("{names}", "{nams}", "lead.1: there is no blank {nams}; did you mean names?"),
        ("{names}", "{}", "lead.1: there is no blank {}"),
        ("[tables.projects]", "[tables.project]", "there is no dataset 'project'; did you mean projects?"),
        ('name = "进度"', "", "tables.projects.name: is missing"),
        (
            'columns = ["number", ',
            'kolumns = ["number", ',
            "tables.projects.kolumns: unknown key; did you mean columns?",
        ),
        (
            '"planned"]\nsums',
            '"plannd"]\nsums',
            "tables.projects.columns: there is no column 'plannd'; did you mean planned?",
        ),
        ('"moved", ', '"number", ', "tables.projects.columns: names a column twice"),
        (
            'sums = ["planned"]',
            'sums = ["total"]',
            "tables.projects.sums: 'total' is no column of this table",
        ),
        ('sums = ["planned"]', 'sums = "planned"', "tables.projects.sums: must be a list, not 'planned'"),
        ('sums = ["planned"]', 'sort = ["-plan"]', "tables.projects.sort: there is no column 'plan'"),
        ('sums = ["planned"]', "limit = -1", "tables.projects.limit: -1 is no number of lines"),
        ('sums = ["planned"]', "limit = true", "tables.projects.limit: True is no number of lines"),
        (
            'sums = ["planned"]',
            'where = { stag = "x" }',
            "tables.projects.where: there is no column 'stag' in projects; did you",
        ),
        (
            'sums = ["planned"]',
            'where = { planned = ">viel" }',
            "tables.projects.where.planned: write a value, a list",
        ),
        (
            'sums = ["planned"]',
            "where = { planned = [] }",
            "tables.projects.where.planned: write a value, a list",
        ),
        (
            '"projects.name"',
            '"project.name"',
            "blanks.names.list: there is no table 'project'; did you mean projects?",
        ),
        (
            '"projects.name"',
            '"projects.unit"',
            "'unit' is no column of tables.projects; a sentence counts only what",
        ),
        ('"projects.name"', '"projects"', 'blanks.names.list: write list = "projects.name"'),
        ('count = "projects" }', 'share = ["projects.planned"] }', "blanks.count.share: write share = ["),
        (
            'count = "projects" }',
            'many = "projects" }',
            "blanks.count: says not how it is filled; write one of count",
        ),
        (
            'count = "projects" }',
            'count = "projects", sum = "projects.planned" }',
            "blanks.count: says not how",
        ),
        ("{ moved = true }", "{ open = true }", "blanks.names.where: there is no column 'open' in projects"),
        (
            'names = { list = "projects.name", where = { moved = true } }',
            "names = 3",
            "blanks.names: must be a table, not 3",
        ),
        ('lead = ["', 'lead = "', "is not TOML"),
        (
            "[tables.projects]",
            '[tables.leaders]\nsort = ["leader"]',
            "leaders is about persons; ",
        ),
    ],
)
def test_a_fault_is_named_with_file_place_and_cure(
    tmp_path: Path, was: str, becomes: str, fault: str
) -> None:
    assert was in GOOD

    with pytest.raises(ConfigurationError) as caught:
        forms(written(tmp_path, GOOD.replace(was, becomes)))

    assert any(each.startswith("征地进度.toml: ") and fault in each for each in caught.value.faults), (
        caught.value.faults
    )


def test_all_faults_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    written(tmp_path, GOOD.replace("moved = true", "opn = 1").replace("{names}", "{nams}"))
    written(tmp_path, "titel = 1", "乙")

    with pytest.raises(ConfigurationError) as caught:
        forms(tmp_path)

    assert len(caught.value.faults) == len(["乙.titel", "乙.title", "乙.tables", "where", "lead"])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"rhythm\.forms: there is no such folder"):
        forms(tmp_path / "nowhere")


def test_a_paper_of_the_timetable_without_a_form_is_named(tmp_path: Path) -> None:
    of_ours, of_theirs = (Rhythm(paper, When.parse("每旬")) for paper in ("旬督查表", "征地进度"))

    assert unformed(written(tmp_path, GOOD), [of_ours, of_theirs]) == []
    assert unformed(None, [of_theirs])[0].startswith("rhythm.papers: there is no form 征地进度; take one of")

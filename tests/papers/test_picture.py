"""The digest as a picture: whole, literal, the same every time."""

import struct
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.deadlines import Light
from bot.domain.people import Language
from bot.papers.picture import digest_picture
from tests.papers import sample

SAY = sample.sentences()


def size_of(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(("projects", "problems"), [(0, 0), (1, 0), (1, 3), (37, 24), (80, 60)])
def test_a_picture_fits_a_phone(projects: int, problems: int, language: Language) -> None:
    picture = digest_picture(sample.digest(projects, problems), sample.sentences(language))

    width, height = size_of(picture)
    assert width == 1080
    assert 1000 < height < 2900
    assert len(picture) < 2_000_000  # WeCom takes no larger picture


def test_the_same_digest_gives_the_same_bytes() -> None:
    assert digest_picture(sample.digest(), SAY) == digest_picture(sample.digest(), SAY)


@pytest.mark.parametrize(
    "changes",
    [
        {"late": True},
        {"county": "甲县"},
        {"made_at": sample.MADE_AT.replace(minute=31)},
        {"week": sample.WEEK.before()},
    ],
)
def test_what_differs_is_seen(changes: dict[str, Any]) -> None:
    digest = sample.digest(3, 3)

    assert digest_picture(digest, SAY) != digest_picture(replace(digest, **changes), SAY)


def test_how_the_clocks_stand_is_drawn_with_its_word() -> None:
    drawn = {
        digest_picture(sample.digest(0, 0, problems=(sample.problem(1, light=light),)), SAY)
        for light in Light
    }

    assert len(drawn) == len(Light)


def with_name(name: str) -> bytes:
    digest = sample.digest(2, 2)
    first, second = digest.projects
    troubles = tuple(replace(line, project=name, category=name, light=Light.RED) for line in digest.problems)
    return digest_picture(
        replace(digest, county=name, projects=(replace(first, name=name), second), problems=troubles), SAY
    )


@pytest.mark.parametrize("name", sample.HOSTILE)
def test_no_name_breaks_or_stretches_the_picture(name: str) -> None:
    assert size_of(with_name(name)) == size_of(with_name("泵业智造产业园"))


@pytest.mark.parametrize(
    ("name", "read_as_markup"),
    [
        ("$x$", "x"),
        ("*甲*", "甲"),
        ("_甲_", "甲"),
        ("`甲`", "甲"),
        ("甲 // 乙", "甲"),
        ("甲 /* 乙 */", "甲"),
        ("#(1+1)", "2"),
        ("\\u{7532}", "甲"),
        ("甲--乙", "甲–乙"),
        ('"甲"', "“甲”"),
        ("甲~乙", "甲 乙"),
        ("<b>", ""),
        ("@甲", "甲"),
        ("= 甲", "甲"),
    ],
)
def test_a_name_is_never_read_as_markup(name: str, read_as_markup: str) -> None:
    assert with_name(name) != with_name(read_as_markup)


def test_a_name_that_turns_the_writing_round_is_made_visible() -> None:
    assert with_name("甲\u202e乙") == with_name("甲□乙")


def test_a_name_too_long_for_its_line_is_cut() -> None:
    assert with_name("长" * 60) == with_name("长" * 200)


def test_chinese_has_letters_and_not_boxes() -> None:
    assert with_name("甲") != with_name("乙")


def test_only_the_projects_that_moved_most_are_drawn() -> None:
    digest = sample.digest(80, 0)
    least = digest.by_movement[-1]
    renamed = tuple(replace(line, name="另名") if line == least else line for line in digest.projects)

    assert digest_picture(replace(digest, projects=renamed), SAY) == digest_picture(digest, SAY)


def test_odd_figures_break_nothing() -> None:
    odd = (
        sample.project(1, cumulative=10**9, cumulative_before=-5),
        sample.project(2, cumulative=-100, cumulative_before=100),
        sample.project(3, planned=0),
        sample.project(4, planned=1, cumulative=10**15, permille=99_999, permille_before=0),
    )

    assert size_of(digest_picture(sample.digest(0, 0, projects=odd), SAY))[0] == 1080


def test_the_eight_most_frequent_categories_stand_for_all() -> None:
    many = tuple(sample.problem(n, category=f"类{n % 12}") for n in range(40))

    assert size_of(digest_picture(sample.digest(0, 0, problems=many), SAY)) == size_of(
        digest_picture(sample.digest(0, 0, problems=many[:8]), SAY)
    )

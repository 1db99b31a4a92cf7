"""Words from outside are cleaned, shown and cut without losing what people wrote."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.words import clean, fits, split, units, visible

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
WAVE = "\U0001f44b\U0001f3fd"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
CHINA = "\U0001f1e8\U0001f1f3"
ANYTHING = st.text(st.characters(categories=("L", "M", "N", "P", "S", "Z", "C")), max_size=300)
ALPHABET = [FAMILY, WAVE, CHINA, "e\u0301\u0323", "县", "a", "\n", "😀"]
LETTERS = st.lists(st.sampled_from(ALPHABET), max_size=80)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("主体封顶，形象进度62%", "主体封顶，形象进度62%"),
        ("a\x00b\x07c\x1bd", "abcd"),
        ("one\ttwo\nthree", "one\ttwo\nthree"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("\ud83dhalf\ude00", "half"),
        ("e\u0301", "é"),
        ("\x7f\x9b1m\uffff", "1m"),
        (f"{FAMILY}\u202e", f"{FAMILY}\u202e"),  # kept in store, shown as □
    ],
)
def test_what_cannot_be_stored_is_dropped_and_nothing_else(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@given(ANYTHING)
def test_clean_words_are_clean_for_ever(text: str) -> None:
    kept = clean(text)

    assert clean(kept) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert kept.encode().decode() == kept  # no lone surrogate is left


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("王\u202e强", "王□强"),
        ("王\u200b强\ufeff", "王□强□"),
        ("a\u200db", "a□b"),
        (f"{FAMILY} {WAVE} {SCOTLAND}", f"{FAMILY} {WAVE} {SCOTLAND}"),
        ("\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f3f3\ufe0f\u200d\U0001f308"),
        ("王\U000e0041强\u3164", "王□强□"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("one\u2028line", "one□line"),
    ],
)
def test_controls_nobody_sees_are_shown_and_emoji_stay_whole(hidden: str, shown: str) -> None:
    assert visible(hidden) == shown


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("用地指标未批", 6, "用地指标未批"),
        ("用地指标未批", 5, "用地指标…"),
        ("ab😀", 3, "ab…"),
        ("ab😀c", 4, "ab…"),  # the emoji is two units
        (f"a{FAMILY}b", 6, "a…"),
        (f"{CHINA}{CHINA}", 7, f"{CHINA}…"),
        ("abe\u0301f", 4, "ab…"),
        ("a" + "\u0301" * 100, 10, "a" + "\u0301" * 8 + "…"),  # no letter has a hundred marks
        ("ab" + "\u0301" * 100, 90, "ab" + "\u0301" * 87 + "…"),
    ],
)
def test_a_text_is_cut_between_letters(text: str, limit: int, cut: str) -> None:
    assert fits(text, limit) == cut


@given(LETTERS, st.integers(30, 60))
def test_parts_fit_lose_nothing_and_break_no_letter(letters: list[str], limit: int) -> None:
    text = "".join(letters)

    parts = split(text, limit)

    bare = [re.sub(r"^（\d+/\d+）", "", part) for part in parts]
    ends = {units("".join(letters[:n])) for n in range(len(letters) + 1)}
    assert "".join(bare) == text
    assert all(units(part) <= limit for part in parts)
    assert {units("".join(bare[:n])) for n in range(len(bare) + 1)} <= ends


def test_parts_are_numbered_and_end_at_lines() -> None:
    text = "一二三四五六七八\n九十\n" * 3

    assert split(text, 20) == [
        "（1/3）一二三四五六七八\n九十\n",
        "（2/3）一二三四五六七八\n九十\n",
        "（3/3）一二三四五六七八\n九十\n",
    ]


def test_a_hundred_parts_still_fit() -> None:
    parts = split("字" * 2000, 26)

    assert len(parts) > 99
    assert all(units(part) <= 26 for part in parts)
    assert parts[-1].startswith(f"（{len(parts)}/{len(parts)}）")

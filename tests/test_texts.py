"""Every sentence exists in both languages, and every sentence the code asks for exists."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from bot import texts
from bot.domain.people import Language
from bot.errors import Cause, ConfigurationError
from tests.kinds import kinds

ROOT = Path(__file__).parents[1]
TEXTS = texts.load()
CHINESE, ENGLISH = (TEXTS.keys(language) for language in (Language.CHINESE, Language.ENGLISH))
KEY = re.compile(r"[a-z_]+\.[a-z0-9_]+")
OWN_BLANKS = {"digest.money", "digest.money_large"}
"""万元 and millions: each language shows money in its own unit."""


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_both_languages_say_the_same_things() -> None:
    assert CHINESE.keys() == ENGLISH.keys()


@pytest.mark.parametrize("key", sorted(CHINESE.keys() - OWN_BLANKS))
def test_a_sentence_has_the_same_blanks_in_both_languages(key: str) -> None:
    assert blanks(CHINESE[key]) == blanks(ENGLISH[key])


def test_every_sentence_the_code_names_exists() -> None:
    tables = {key.partition(".")[0] for key in CHINESE}
    named: set[str] = set()
    for part in ("bot", "handlers", "storage"):
        for path in (ROOT / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                function = node.func
                name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                if name not in {"say", "reply", "Refused", "_say"}:
                    continue
                named.update(
                    argument.value
                    for argument in node.args[:3]
                    if isinstance(argument, ast.Constant)
                    and isinstance(argument.value, str)
                    and KEY.fullmatch(argument.value)
                    and argument.value.partition(".")[0] in tables
                )

    assert named - CHINESE.keys() == set()
    assert len(named) > 80


def test_every_kind_of_entry_in_the_trail_has_words_in_both_languages() -> None:
    """Both: they have the same keys. What no code writes any more keeps its words: the trail stays."""
    written = kinds()

    assert len(written) > 140
    assert {f"kind.{kind.replace('.', '_')}" for kind in written} - CHINESE.keys() == set()


def test_the_office_is_told_every_cause_in_both_languages() -> None:
    assert {f"leftovers.cause_{cause}" for cause in Cause} - CHINESE.keys() == set()


def test_chinese_sentences_use_full_width_punctuation() -> None:
    half_width = re.compile(r"[一-鿿][,;:?!()]|[,;:?!()][一-鿿]")

    # The columns of workbooks are written as the roster's own: 总投资(万元).
    sentences = {
        key: text
        for key, text in CHINESE.items()
        if not text.endswith(("(万元)", "(小时)", "(天)", "(百分点)"))
    }
    assert {key: text for key, text in sentences.items() if half_width.search(text)} == {}


def test_a_county_may_reword_a_sentence(tmp_path: Path) -> None:
    own = tmp_path / "texts.toml"
    own.write_text('[progress]\nnoted = "收到"\n', encoding="utf-8")

    assert texts.load(own).say(Language.CHINESE, "progress.noted") == "收到"


def test_a_reworded_sentence_that_does_not_exist_is_named(tmp_path: Path) -> None:
    own = tmp_path / "texts.toml"
    own.write_text('[progress]\nnotted = "收到"\n', encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"progress\.notted"):
        texts.load(own)

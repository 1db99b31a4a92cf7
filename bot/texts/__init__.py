"""What the bot says: every sentence by its key, in every language."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from bot.domain.people import Language
from bot.domain.phrase import Phrase
from bot.errors import ConfigurationError


class Texts:
    """The sentences of every language; a county may reword any of them."""

    def __init__(self, sentences: Mapping[Language, Mapping[str, str]]) -> None:
        self._sentences = sentences

    def say(self, language: Language, key: str, **blanks: object) -> str:
        """Return a sentence with its blanks filled in; a phrase is said in the same language."""
        sentence, begins_small = self._sentences[language][key], False
        for name, blank in blanks.items():
            if isinstance(blank, Phrase):
                begins_small = begins_small or sentence.startswith(f"{{{name}}}")
                blanks[name] = self.say(language, blank.key, **blank.blanks)
        said = sentence.format(**blanks)
        return said[:1].upper() + said[1:] if begins_small else said

    def keys(self, language: Language) -> Mapping[str, str]:
        """Return every sentence of a language by its key, blanks unfilled."""
        return self._sentences[language]


def load(rewordings: Path | None = None, language: Language = Language.CHINESE) -> Texts:
    """Return the sentences the bot comes with, some replaced by a county's own file.

    Raise ConfigurationError if that file names a sentence that does not exist.
    """
    sentences = {each: _shipped(each) for each in Language}
    if rewordings is not None:
        own = _flat(tomllib.loads(rewordings.read_text(encoding="utf-8")))
        if unknown := sorted(own.keys() - sentences[language].keys()):
            raise ConfigurationError(
                str(rewordings), [f"{key}: there is no such sentence" for key in unknown]
            )
        sentences[language] = sentences[language] | own
    return Texts(sentences)


@cache
def _shipped(language: Language) -> dict[str, str]:
    # Read once: whoever makes papers asks for each of them, and reading it cost a fifth of their time.
    text = resources.files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return _flat(tomllib.loads(text))


def _flat(tree: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = str(value)
    return flat

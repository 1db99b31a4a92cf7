"""Whatever strangers put in is read, refused or kept: the same functions as under atheris."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.corpus import examples, targets
from tests.fuzz.targets import TARGETS

_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
_MOST_PIECES = 4


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_once_is_no_surprise_any_more(name: str) -> None:
    kept = examples(name)
    assert kept
    for example in kept:
        TARGETS[name](example)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_is_put_in_is_read_or_refused(name: str) -> None:
    _tried(TARGETS[name], examples(name))


def test_every_kept_example_belongs_to_a_target() -> None:
    assert targets() == sorted(TARGETS)


def _tried(target: Callable[[bytes], None], kept: list[bytes]) -> None:
    """Try pieces of examples, put together anew, with whatever else between them."""
    pieces = st.sampled_from(kept).flatmap(_piece) | st.binary(max_size=8) | st.text(max_size=8).map(_encoded)

    @given(st.lists(pieces, max_size=_MOST_PIECES).map(b"".join))
    @settings(max_examples=_EXAMPLES)
    def tried(data: bytes) -> None:
        target(data)

    tried()


def _piece(example: bytes) -> st.SearchStrategy[bytes]:
    places = st.integers(0, len(example))
    return st.tuples(places, places).map(lambda ends: example[min(ends) : max(ends)] or example)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

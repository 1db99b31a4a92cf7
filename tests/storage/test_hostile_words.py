"""Words that look like SQL are words, on both databases (SECURITY row 16)."""

import pytest

from storage.tx import Tx
from tests.storage.county import County, problem

HOSTILE = (
    "'; DROP TABLE problems; --",
    '" OR 1=1 --',
    "') UNION SELECT token FROM outbox --",
    "%' OR '%'='",
    "\\'; DELETE FROM people; --",
    "$1 :name ?1 %s %(name)s",
    "Robert'); DROP TABLE people;--",
    "{0} {name} ${x}",
)


@pytest.mark.parametrize("words", HOSTILE)
def test_words_that_look_like_sql_are_kept_as_they_were_and_found_by_no_other(
    tx: Tx, county: County, words: str
) -> None:
    kept = problem(tx, county, text=words)

    assert tx.problems.several([kept.id])[0].text == words
    assert tx.people.named(words) == []
    assert tx.people.named(words, words) == []
    assert tx.people.at(words, words, words) is None
    assert tx.problems.numbered(words) is None
    assert tx.outbox.pressed(words) is None
    assert tx.people.redeem(words, words, kept.opened_at) is None
    assert len(tx.people.all()) == 5

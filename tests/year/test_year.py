"""Six weeks of the sample county across New Year, with YEAR_DAYS=365 a year, held against the raw rows.

Every paper of every preset once on its working day, every figure as plain SQL counts it, letters numbered
without a gap, nothing out before its release.
"""

import os
from pathlib import Path

import pytest

from bot.papers.forms import forms
from storage.backup import verify
from tests.year import handed, spoken
from tests.year.played import played
from tests.year.tables import TABLES
from tests.year.variety import missed

DAYS = int(os.environ.get("YEAR_DAYS", "45"))


def test_every_form_is_counted_again() -> None:
    assert forms().keys() == TABLES.keys() | {"试算"}


@pytest.mark.slow
async def test_a_county_s_papers_and_letters_say_what_its_people_said(tmp_path: Path) -> None:
    async with played(tmp_path, DAYS) as county:
        checker = county.checker
        found = [
            *county.failures,
            *checker.differences(county.end),
            *handed.faults(checker),
            *spoken.faults(checker.raw),
            *missed(checker, DAYS),
            *verify(f"sqlite:///{tmp_path / 'demo.db'}"),
        ]
        assert found == [], "\n".join(found)
        assert checker.figures > DAYS * 100

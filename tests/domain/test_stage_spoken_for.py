"""Which stage a project is at whose roster does not say: what its dates and its class speak for."""

from datetime import date, timedelta

import pytest

from bot.domain.projects import ProjectClass, Stage, stage_spoken_for

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
PLAIN = {"planned_start": None, "actual_start": None, "actual_completion": None, "is_built_at": False}


@pytest.mark.parametrize(
    ("kind", "known", "stage"),
    [
        (None, {}, Stage.STARTED),
        (None, {"planned_start": TODAY + DAY}, Stage.SITING),
        (None, {"planned_start": TODAY}, Stage.STARTED),
        (None, {"planned_start": TODAY - DAY}, Stage.STARTED),
        (ProjectClass.BUILDING, {"planned_start": TODAY + DAY}, Stage.SITING),
        (ProjectClass.BUILDING, {"planned_start": TODAY + DAY, "is_built_at": True}, Stage.STARTED),
        (ProjectClass.BUILDING, {"planned_start": TODAY + DAY, "actual_start": TODAY}, Stage.STARTED),
        (ProjectClass.NEW, {"planned_start": TODAY - DAY}, Stage.SITING),
        (ProjectClass.NEW, {"planned_start": TODAY - DAY, "actual_start": TODAY}, Stage.STARTED),
        (ProjectClass.NEGOTIATING, {}, Stage.SIGNING),
        (ProjectClass.RESERVE, {"planned_start": TODAY + DAY}, Stage.PLANNING),
        (ProjectClass.SEEKING, {}, Stage.PLANNING),
        (ProjectClass.BUILT, {}, Stage.PRODUCTION),
        (ProjectClass.BUILDING, {"actual_completion": TODAY}, Stage.PRODUCTION),
    ],
)
def test_dates_and_class_speak_where_the_cell_is_empty(
    kind: ProjectClass | None, known: dict[str, object], stage: Stage
) -> None:
    assert stage_spoken_for(kind, today=TODAY, **(PLAIN | known)) is stage  # type: ignore[arg-type]

"""The timetables that counties are known to work by, ready to be chosen (MISSION rows 8-16)."""

from datetime import time, timedelta

from bot.domain.rhythm import Rhythm, When

OFFICE = "指挥部办公室"
GROUPS = "群"

_HOLD = timedelta(hours=24)

# When the day's round is closed: what liaisons say in the afternoon belongs to the day.


def _line(when: str, paper: str, *to: str, at: str = "18:00", hold: timedelta = timedelta(0)) -> Rhythm:
    return Rhythm(paper, When.parse(when), time.fromisoformat(at), to=to, hold=hold)


ALWAYS = (
    _line("每周一", "要件检查", OFFICE, at="09:30"),
    _line("每周五", "预警", OFFICE, "牵头领导", at="10:00"),
    _line("每月末", "负担", OFFICE, at="16:30"),
)
"""What the office gets in any county that has not said otherwise (MISSION row 5, features 6 and 8)."""

PRESETS: dict[str, tuple[Rhythm, ...]] = {
    # 衡东「五每」: every day and every week are the daily question and the visits.
    "五每": (
        _line("每旬", "旬督查表", GROUPS, "牵头领导"),
        _line("每月25日", "月会商", "常务副县长", "县长", "牵头领导"),
        _line("每季末", "季考评", OFFICE),
        _line("每季末", "流动红旗", GROUPS, hold=_HOLD),
    ),
    # 襄都「半月」: 半月一要账、一排名、一通报, 季度擂台赛.
    "半月": (
        _line("每半月", "半月要账", GROUPS, "牵头领导"),
        _line("每半月", "项目排名", GROUPS, hold=_HOLD),
        _line("每季末", "流动红旗", GROUPS, hold=_HOLD),
    ),
    # 城固「周月季」: 周调度、月评比、季观摩、季奖惩.
    "周月季": (
        _line("每周五", "周调度表", GROUPS, "牵头领导"),
        _line("每月末", "项目排名", GROUPS, hold=_HOLD),
        _line("每季末", "季考评", OFFICE),
    ),
    "述职": (_line("每半年末", "半年述职", OFFICE, "牵头领导"),),
}
"""Each a timetable of lines like those a county writes for itself."""

DEFAULT = (*ALWAYS, *PRESETS["五每"])
"""What a county that says nothing works by."""

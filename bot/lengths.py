"""Lengths and times of day as people write them in config.toml: "4h", "3d", "09:00"."""

import re
from datetime import time, timedelta
from typing import Annotated

from pydantic import BeforeValidator

_LENGTH = re.compile(r"(?P<number>\d+)\s*(?P<unit>[mhd])")
_DAYS = re.compile(r"(?P<days>\d{1,5})\s*d")
_SHORTEST_KEPT = 30
_LONGEST = timedelta(days=366)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _length(value: object) -> object:
    """Read a length such as 4h or 3d."""
    if not isinstance(value, str):
        return value
    match = _LENGTH.fullmatch(value.strip())
    if match is None:
        raise ValueError('write a length such as "90m", "4h" or "3d"')
    try:
        length = timedelta(**{_UNITS[match["unit"]]: int(match["number"])})
    except (OverflowError, ValueError):
        length = timedelta.max
    if length > _LONGEST:
        raise ValueError("nobody waits for longer than a year; write 366d or less")
    return length


def _kept(value: object) -> object:
    """Read for how long something is kept: 180d, or forever."""
    if not isinstance(value, str) or value.strip() == "forever":
        return value if not isinstance(value, str) else None
    match = _DAYS.fullmatch(value.strip())
    if match is None or int(match["days"]) < _SHORTEST_KEPT:
        raise ValueError(f'write days, {_SHORTEST_KEPT} or more, such as "180d", or "forever"')
    return timedelta(days=int(match["days"]))


def _time(value: object) -> object:
    """Read a time of day such as 09:00."""
    if isinstance(value, str) and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('write a time such as "09:00"')
    return value


Kept = Annotated[timedelta | None, BeforeValidator(_kept)]
Length = Annotated[timedelta, BeforeValidator(_length)]
Time = Annotated[time, BeforeValidator(_time)]

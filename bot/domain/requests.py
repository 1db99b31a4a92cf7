"""Something one person asks another to decide about a problem: a decision (提请), or more time (延期)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Asking(StrEnum):
    """What is asked for; the values are what people read."""

    DECISION = "提请"
    TIME = "延期"


class Answer(StrEnum):
    """How it was answered; the values are what people read."""

    AGREED = "同意"
    DIRECTED = "转办"
    CONFER = "召开会商"
    RETURNED = "退回"
    REFUSED = "不同意"
    LAPSED = "失效"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, and its answer once there is one.

    Without ``asker_id`` the county's ladder climbed by itself; without ``to_id`` the office decides.
    ``text`` is the decision requested or the plan, ``words`` what was said with the answer.
    """

    id: int
    problem_id: int
    generation: int
    asking: Asking
    asker_id: int | None
    to_id: int | None
    until: date | None
    text: str
    at: datetime
    answer: Answer | None = None
    words: str = ""
    answered_by: int | None = None
    answered_at: datetime | None = None

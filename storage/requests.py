"""What was asked of leaders and the office about problems, and how they answered."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

from bot.domain.problems import Problem
from bot.domain.requests import Answer, Asking, Request
from storage.tables import requests

_OF_PROBLEM = select(requests).where(requests.c.problem_id == bindparam("of")).order_by(requests.c.id)


class Requests:
    """A request is answered once: of two answers, one wins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        problem: Problem,
        asking: Asking,
        text: str,
        now: datetime,
        *,
        asker_id: int | None,
        to_id: int | None,
        until: date | None = None,
    ) -> Request:
        """Ask somebody; the office, where nobody is named."""
        row = {
            "problem_id": problem.id,
            "generation": problem.generation,
            "kind": str(asking),
            "asker_id": asker_id,
            "to_id": to_id,
            "until": until,
            "text": text,
            "at": now,
        }
        key: Any = self._connection.execute(insert(requests), row).inserted_primary_key
        return Request(int(key[0]), problem.id, problem.generation, asking, asker_id, to_id, until, text, now)

    def get(self, request_id: int) -> Request | None:
        """Return a request."""
        row = self._connection.execute(select(requests).where(requests.c.id == request_id)).first()
        return _request(row) if row else None

    def of_problem(self, problem_id: int) -> list[Request]:
        """Return everything asked about a problem, in its order."""
        return [_request(row) for row in self._connection.execute(_OF_PROBLEM, {"of": problem_id})]

    def pending_for(self, person_ids: Collection[int], *, office: bool = False) -> list[Request]:
        """Return what waits for the answer of these people, or of the office, the oldest first."""
        to = requests.c.to_id.in_(list(person_ids))
        statement = (
            select(requests)
            .where(requests.c.answer == "", or_(to, requests.c.to_id.is_(None)) if office else to)
            .order_by(requests.c.id)
        )
        return [_request(row) for row in self._connection.execute(statement)]

    def answer(self, request: Request, answer: Answer, words: str, by_id: int, now: datetime) -> bool:
        """Keep an answer; False if there was one."""
        return (
            self._connection.execute(
                update(requests)
                .where(requests.c.id == request.id, requests.c.answer == "")
                .values(answer=str(answer), words=words, answered_by=by_id, answered_at=now)
            ).rowcount
            == 1
        )

    def lapse(self, problem_id: int, now: datetime) -> None:
        """Let what is asked about a problem lapse: it is over, or began anew."""
        self._connection.execute(
            update(requests)
            .where(requests.c.problem_id == problem_id, requests.c.answer == "")
            .values(answer=str(Answer.LAPSED), answered_at=now)
        )


def _request(row: Row[Any]) -> Request:
    return Request(
        id=row.id,
        problem_id=row.problem_id,
        generation=row.generation,
        asking=Asking(row.kind),
        asker_id=row.asker_id,
        to_id=row.to_id,
        until=row.until,
        text=row.text,
        at=row.at,
        answer=Answer(row.answer) if row.answer else None,
        words=row.words,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )

"""Anonymous ballots: only counts are kept, and who has been asked; never who said what.

The counts are there from the beginning, at zero: were each added with the first vote for it, their order
would tell how the first to vote had voted.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, func, insert, select, update

from bot.domain.ballots import ANSWERS, FEWEST, Ballot, Result, State
from storage.tables import ballot_posts, ballot_tallies, ballot_voters, ballots

_OPEN = ballots.c.state == str(State.OPEN)
_BEFORE = (
    select(ballot_voters.c.post_id)
    .join(ballots, ballots.c.id == ballot_voters.c.ballot_id)
    .where(_OPEN, ballot_voters.c.person_id == bindparam("of"))
    .where(ballot_voters.c.asked, ~ballot_voters.c.voted)
    .order_by(ballot_voters.c.ballot_id.desc())
    .limit(1)
)


class Ballots:
    """Of two votes of one person on one post, one counts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(
        self,
        title: str,
        posts: Sequence[str],
        voters: Collection[int],
        by_id: int,
        now: datetime,
        closes_at: datetime,
    ) -> Ballot:
        """Open a ballot on posts for everybody who may vote."""
        row = {
            "title": title,
            "state": str(State.OPEN),
            "opened_by": by_id,
            "opened_at": now,
            "closes_at": closes_at,
        }
        key: Any = self._connection.execute(insert(ballots), row).inserted_primary_key
        ballot = Ballot(int(key[0]), title, State.OPEN, closes_at)
        rows = [{"ballot_id": ballot.id, "name": name} for name in posts]
        self._connection.execute(insert(ballot_posts), rows)
        post_ids = [each for each, _ in self.posts(ballot.id)]
        counts = [
            {"post_id": each, "score": score, "count": 0}
            for each in post_ids
            for score in range(1, len(ANSWERS) + 1)
        ]
        self._connection.execute(insert(ballot_tallies), counts)
        asked = [
            {"ballot_id": ballot.id, "person_id": person_id, "post_id": each}
            for person_id in voters
            for each in post_ids
        ]
        self._connection.execute(insert(ballot_voters), asked)
        return ballot

    def running(self) -> Ballot | None:
        """Return the ballot that is open now."""
        return self._first(select(ballots).where(_OPEN))

    def latest(self) -> Ballot | None:
        """Return the ballot that was closed last."""
        closed = ballots.c.state == str(State.CLOSED)
        return self._first(select(ballots).where(closed).order_by(ballots.c.closed_at.desc(), ballots.c.id))

    def due(self, now: datetime) -> Ballot | None:
        """Return a ballot whose time is over."""
        return self._first(select(ballots).where(_OPEN, ballots.c.closes_at <= now))

    def posts(self, ballot_id: int) -> list[tuple[int, str]]:
        """Return the posts of a ballot, in their order."""
        rows = self._connection.execute(
            select(ballot_posts).where(ballot_posts.c.ballot_id == ballot_id).order_by(ballot_posts.c.id)
        )
        return [(row.id, row.name) for row in rows]

    # --- asked --------------------------------------------------------------------------

    def unasked(self, ballot_id: int, most: int) -> list[int]:
        """Return who has not been asked anything yet."""
        mine = ballot_voters.c.ballot_id == ballot_id
        some = select(ballot_voters.c.person_id).where(mine, ballot_voters.c.asked)
        statement = (
            select(ballot_voters.c.person_id)
            .where(mine, ballot_voters.c.person_id.not_in(some))
            .distinct()
            .order_by(ballot_voters.c.person_id)
            .limit(most)
        )
        return list(self._connection.execute(statement).scalars())

    def left(self, ballot_id: int, person_id: int) -> set[int]:
        """Return the posts on which somebody has not voted."""
        mine = (ballot_voters.c.ballot_id == ballot_id, ballot_voters.c.person_id == person_id)
        statement = select(ballot_voters.c.post_id).where(*mine, ~ballot_voters.c.voted)
        return set(self._connection.execute(statement).scalars())

    def ask(self, ballot_id: int, person_id: int, post_id: int) -> None:
        """Note that somebody is asked about a post."""
        mine = (ballot_voters.c.ballot_id == ballot_id, ballot_voters.c.person_id == person_id)
        self._connection.execute(
            update(ballot_voters).where(*mine, ballot_voters.c.post_id == post_id).values(asked=True)
        )

    def before(self, person_id: int) -> int | None:
        """Return the post that somebody was asked about and has not voted on."""
        return self._connection.execute(_BEFORE, {"of": person_id}).scalar()

    # --- voted --------------------------------------------------------------------------

    def vote(self, post_id: int, person_id: int, score: int) -> bool:
        """Count a vote, and apart from it that they have voted; False if they had, or it is over."""
        still = select(ballots.c.id).where(_OPEN)
        noted = self._connection.execute(
            update(ballot_voters)
            .where(
                ballot_voters.c.post_id == post_id,
                ballot_voters.c.person_id == person_id,
                ballot_voters.c.ballot_id.in_(still),
                ~ballot_voters.c.voted,
            )
            .values(asked=True, voted=True)
        )
        if noted.rowcount != 1:
            return False
        # All are written: PostgreSQL keeps with a row which transaction wrote it, and so whose it was.
        self._connection.execute(
            update(ballot_tallies)
            .where(ballot_tallies.c.post_id == post_id)
            .values(count=ballot_tallies.c.count + case((ballot_tallies.c.score == score, 1), else_=0))
        )
        return True

    def stop(self, ballot_id: int, person_id: int) -> bool:
        """Ask somebody no more; False if there was nothing left to ask."""
        mine = (ballot_voters.c.ballot_id == ballot_id, ballot_voters.c.person_id == person_id)
        return (
            self._connection.execute(delete(ballot_voters).where(*mine, ~ballot_voters.c.voted)).rowcount > 0
        )

    # --- closed -------------------------------------------------------------------------

    def close(self, ballot_id: int, now: datetime) -> bool:
        """End a ballot, and forget who was asked and what too few voted on; False if somebody has."""
        mine = (ballots.c.id == ballot_id, _OPEN)
        ended = update(ballots).where(*mine).values(state=str(State.CLOSED), closed_at=now)
        if self._connection.execute(ended).rowcount != 1:
            return False
        self._connection.execute(delete(ballot_voters).where(ballot_voters.c.ballot_id == ballot_id))
        mine_too = ballot_tallies.c.post_id.in_(
            select(ballot_posts.c.id).where(ballot_posts.c.ballot_id == ballot_id)
        )
        few = (
            select(ballot_tallies.c.post_id)
            .where(mine_too)
            .group_by(ballot_tallies.c.post_id)
            .having(func.sum(ballot_tallies.c.count) < FEWEST)
        )
        found = list(self._connection.execute(few).scalars())
        self._connection.execute(delete(ballot_tallies).where(ballot_tallies.c.post_id.in_(found)))
        return True

    def results(self, ballot_id: int) -> list[Result]:
        """Return what each post of a closed ballot got; of what too few voted on nothing is left."""
        rows = self._connection.execute(
            select(
                ballot_posts.c.name,
                func.coalesce(func.sum(ballot_tallies.c.count), 0).label("voters"),
                func.coalesce(func.sum(ballot_tallies.c.count * ballot_tallies.c.score), 0).label("points"),
            )
            .outerjoin(ballot_tallies, ballot_tallies.c.post_id == ballot_posts.c.id)
            .join(ballots, ballots.c.id == ballot_posts.c.ballot_id)
            .where(ballot_posts.c.ballot_id == ballot_id, ~_OPEN)
            .group_by(ballot_posts.c.id, ballot_posts.c.name)
            .order_by(ballot_posts.c.id)
        )
        return [Result(row.name, int(row.voters), int(row.points)) for row in rows]

    def _first(self, statement: Any) -> Ballot | None:
        row: Row[Any] | None = self._connection.execute(statement.limit(1)).first()
        return Ballot(row.id, row.title, State(row.state), row.closes_at) if row else None

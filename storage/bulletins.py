"""Bulletins: drafted once for each slot, amended, released or dropped by the office, posted."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, insert, or_, select, update

from bot.domain.bulletins import Amendment, Bulletin, Stage
from bot.domain.document import Document
from bot.domain.folded import Folded, folded
from bot.domain.rhythm import Occasion, Rhythm
from storage.dialects import insert_once
from storage.tables import amendments, bulletins, objections, people, rhythms

_OPEN = (str(Stage.DRAFT),)
_GOING_OUT = (str(Stage.SHOWN), str(Stage.RELEASED))
_DONE_THROUGH = select(rhythms.c.key, rhythms.c.done_through)
_PUT_OFF = select(rhythms.c.key, rhythms.c.retry_at).where(rhythms.c.retry_at.is_not(None))
_IS_OBJECTED_TO = exists().where(objections.c.bulletin_id == bulletins.c.id, objections.c.answer == "")
_MAY_BE_TRIED = or_(bulletins.c.retry_at.is_(None), bulletins.c.retry_at <= bindparam("now"))
_TO_PRINT = (
    select(bulletins.c.id)
    .where(bulletins.c.state.in_(_OPEN), bulletins.c.printed < bulletins.c.version, _MAY_BE_TRIED)
    .order_by(bulletins.c.id)
)
_TO_POST = (
    select(bulletins.c.id)
    .where(bulletins.c.state.in_(_GOING_OUT), bulletins.c.posted_at.is_(None))
    .where(bulletins.c.post_at <= bindparam("now"), ~_IS_OBJECTED_TO, _MAY_BE_TRIED)
    .order_by(bulletins.c.id)
)
_NEXT_POST = (
    select(bulletins.c.post_at)
    .where(bulletins.c.state.in_(_GOING_OUT), bulletins.c.posted_at.is_(None))
    .order_by(bulletins.c.post_at)
    .limit(1)
)


class Bulletins:
    """The county's papers, from the draft to the chats they go to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- the timetable ------------------------------------------------------------------

    def done_through(self) -> dict[str, date]:
        """Return, for each rhythm that has begun, the last day whose paper was drafted or passed by."""
        rows = self._connection.execute(_DONE_THROUGH)
        return {row.key: row.done_through for row in rows}

    def forget(self, but: Iterable[str]) -> None:
        """Forget the rhythms that are in the timetable no more: put back, they begin anew."""
        self._connection.execute(delete(rhythms).where(rhythms.c.key.not_in(list(but))))

    def put_off(self, key: str, until: datetime) -> None:
        """Draft nothing of a rhythm before a moment: it could not be made just now."""
        self._connection.execute(update(rhythms).where(rhythms.c.key == key).values(retry_at=until))

    def put_off_printing(self, bulletin_id: int, until: datetime) -> None:
        """Print a bulletin no more before a moment."""
        self._connection.execute(
            update(bulletins).where(bulletins.c.id == bulletin_id).values(retry_at=until)
        )

    def put_off_until(self) -> dict[str, datetime]:
        """Return, for each rhythm that could not be drafted, when it is tried again."""
        rows = self._connection.execute(_PUT_OFF)
        return {row.key: row.retry_at for row in rows}

    def begin(self, key: str, through: date, now: datetime) -> None:
        """Let a rhythm begin after a day; what lies before is not made up for."""
        insert_once(self._connection, rhythms, {"key": key, "done_through": through, "since": now})

    def pass_by(self, key: str, through: date) -> None:
        """Note that everything of a rhythm is drafted up to a day."""
        self._connection.execute(
            update(rhythms)
            .where(rhythms.c.key == key, rhythms.c.done_through < through)
            .values(done_through=through, retry_at=None)
        )

    # --- drafts -------------------------------------------------------------------------

    def draft(self, rhythm: Rhythm, occasion: Occasion, paper: Folded, stage: Stage, now: datetime) -> bool:
        """Keep the draft of an occasion; False if there is one."""
        row = {
            "slot": slot_of(rhythm, occasion),
            "form": rhythm.paper,
            "scope": rhythm.scope,
            "first": occasion.first,
            "last": occasion.last,
            "title": paper.title,
            "state": str(stage),
            "content": paper.content,
            "lines": paper.lines,
            "personal": paper.personal,
            "says": paper.says,
            "made_at": datetime.fromisoformat(paper.made_at),
            "known_through": paper.known_through,
            "audience": list(rhythm.to),
            "hold": int(rhythm.hold.total_seconds()),
            "drafted_at": now,
        }
        return insert_once(self._connection, bulletins, row)

    def get(self, bulletin_id: int) -> Bulletin | None:
        """Return a bulletin by its id."""
        row = self._connection.execute(select(bulletins).where(bulletins.c.id == bulletin_id)).first()
        return _bulletin(row) if row else None

    def latest(self, form: str) -> Bulletin | None:
        """Return the last paper of a form that the office has let out; None when there is none."""
        row = self._connection.execute(
            select(bulletins)
            .where(bulletins.c.form == form, bulletins.c.state.in_(_GOING_OUT))
            .order_by(bulletins.c.last.desc(), bulletins.c.id.desc())
            .limit(1)
        ).first()
        return _bulletin(row) if row else None

    def last(self, form: str, scope: str) -> Bulletin | None:
        """Return the last paper of a form and a scope, whatever became of it; None when there is none."""
        row = self._connection.execute(
            select(bulletins)
            .where(bulletins.c.form == form, bulletins.c.scope == scope)
            .order_by(bulletins.c.last.desc(), bulletins.c.id.desc())
            .limit(1)
        ).first()
        return _bulletin(row) if row else None

    def unchanged(self, after: datetime, until: datetime) -> list[Bulletin]:
        """Return the papers of some time that said what they had said before, the oldest first."""
        rows = self._connection.execute(
            select(bulletins)
            .where(bulletins.c.state == str(Stage.UNCHANGED))
            .where(bulletins.c.drafted_at > after, bulletins.c.drafted_at <= until)
            .order_by(bulletins.c.id)
        )
        return [_bulletin(row) for row in rows]

    def to_print(self, now: datetime) -> list[int]:
        """Return the drafts whose latest version is not on paper yet, the oldest first."""
        return list(self._connection.execute(_TO_PRINT, {"now": now}).scalars())

    def printed(self, bulletin: Bulletin) -> bool:
        """Note that a version is on paper; False if there is a newer one."""
        return self._change(bulletin, Stage.DRAFT, printed=bulletin.version)

    def drafts(self) -> list[Bulletin]:
        """Return what waits for the office, the oldest first."""
        rows = self._connection.execute(
            select(bulletins).where(bulletins.c.state.in_(_OPEN)).order_by(bulletins.c.id)
        )
        return [_bulletin(row) for row in rows]

    def shown(self) -> list[Bulletin]:
        """Return what stands open to objections, the oldest first."""
        rows = self._connection.execute(
            select(bulletins)
            .where(bulletins.c.state == str(Stage.SHOWN), bulletins.c.posted_at.is_(None))
            .order_by(bulletins.c.id)
        )
        return [_bulletin(row) for row in rows]

    def amend(
        self, bulletin: Bulletin, amended: Document, changes: Iterable[Amendment], by_id: int, now: datetime
    ) -> bool:
        """Put figures of a draft right; False if it is no draft any more, or was amended meanwhile."""
        # One that stood open to objections is a draft again: what is posted was looked over as it is.
        given: dict[str, Any] = {
            "content": folded(amended),
            # No other paper has its marks.
            "says": "",
            "version": bulletin.version + 1,
            "state": str(Stage.DRAFT),
            "post_at": None,
        }
        if not self._change(bulletin, bulletin.stage, **given):
            return False
        for each in changes:
            row = {
                "bulletin_id": bulletin.id,
                "line": each.line,
                "figure": each.figure.key,
                "was": _standing(bulletin.document, each),
                "value": each.value,
                "by_id": by_id,
                "at": now,
                "reason": each.reason,
            }
            self._connection.execute(insert(amendments), row)
        return True

    # --- decisions ----------------------------------------------------------------------

    def release(
        self, bulletin: Bulletin, by_id: int | None, now: datetime, post_at: datetime
    ) -> Bulletin | None:
        """Let a draft go out at a moment, open to objections until then; None if another was quicker."""
        stage = Stage.SHOWN if post_at > now else Stage.RELEASED
        given = {"state": str(stage), "decided_by": by_id, "decided_at": now, "post_at": post_at}
        if not self._change(bulletin, Stage.DRAFT, **given):
            return None
        return replace(bulletin, stage=stage, decided_by=by_id, decided_at=now, post_at=post_at)

    def drop(self, bulletin: Bulletin, by_id: int, reason: str, now: datetime) -> bool:
        """Let a draft, or one that stands open to objections, go out to nobody; False if it went out."""
        given = {"state": str(Stage.DROPPED), "decided_by": by_id, "decided_at": now, "reason": reason}
        return self._change(bulletin, bulletin.stage, **given)

    def to_post(self, now: datetime) -> list[int]:
        """Return the bulletins whose moment has come and to which nobody objects any more."""
        return list(self._connection.execute(_TO_POST, {"now": now}).scalars())

    def posted(self, bulletin: Bulletin, now: datetime) -> bool:
        """Note that a bulletin went out; False if it had, or somebody has objected meanwhile."""
        statement = (
            update(bulletins)
            .where(bulletins.c.id == bulletin.id, bulletins.c.version == bulletin.version)
            .where(bulletins.c.state.in_(_GOING_OUT), bulletins.c.posted_at.is_(None), ~_IS_OBJECTED_TO)
            .values(state=str(Stage.RELEASED), posted_at=now)
        )
        return self._connection.execute(statement).rowcount == 1

    def next_post(self) -> datetime | None:
        """Return when the next bulletin goes out by itself."""
        return self._connection.execute(_NEXT_POST).scalar()

    def _change(self, bulletin: Bulletin, stage: Stage, **values: Any) -> bool:
        statement = (
            update(bulletins)
            .where(bulletins.c.id == bulletin.id, bulletins.c.version == bulletin.version)
            .where(bulletins.c.state == str(stage), bulletins.c.posted_at.is_(None))
            .values(**values)
        )
        return self._connection.execute(statement).rowcount == 1

    # --- objections ---------------------------------------------------------------------

    def object(self, bulletin_id: int, person_id: int, text: str, now: datetime) -> int:
        """Keep what somebody objects to; Return its id."""
        row = {"bulletin_id": bulletin_id, "person_id": person_id, "text": text, "at": now}
        key: Any = self._connection.execute(insert(objections), row).inserted_primary_key
        return int(key[0])

    def objected(self, before: datetime) -> list[Bulletin]:
        """Return what cannot go out, for an objection made before a moment has no answer."""
        unanswered = exists().where(
            objections.c.bulletin_id == bulletins.c.id, objections.c.answer == "", objections.c.at < before
        )
        rows = self._connection.execute(
            select(bulletins)
            .where(bulletins.c.state.in_(_GOING_OUT), bulletins.c.posted_at.is_(None), unanswered)
            .order_by(bulletins.c.id)
        )
        return [_bulletin(row) for row in rows]

    def unanswered(self, bulletin_id: int) -> list[tuple[int, int, str]]:
        """Return the id, the maker and the words of each objection that has no answer, the oldest first."""
        rows = self._connection.execute(
            select(objections.c.id, objections.c.person_id, objections.c.text)
            .where(objections.c.bulletin_id == bulletin_id, objections.c.answer == "")
            .order_by(objections.c.id)
        )
        return [(row.id, row.person_id, row.text) for row in rows]

    def objection(self, objection_id: int) -> tuple[int, int, str, str] | None:
        """Return of which bulletin and by whom an objection is, its words, and its answer."""
        row = self._connection.execute(
            select(objections.c.bulletin_id, objections.c.person_id, objections.c.text, objections.c.answer)
            .where(objections.c.id == objection_id)
            .join(people, people.c.id == objections.c.person_id)
        ).first()
        return (row.bulletin_id, row.person_id, row.text, row.answer) if row else None

    def settle(self, bulletin_id: int, answer: str, by_id: int, now: datetime) -> None:
        """Answer every open objection to a bulletin."""
        self._connection.execute(
            update(objections)
            .where(objections.c.bulletin_id == bulletin_id, objections.c.answer == "")
            .values(answer=answer, answered_by=by_id, answered_at=now)
        )

    def answer(self, objection_id: int, answer: str, by_id: int, now: datetime) -> bool:
        """Answer an objection; False if it is answered."""
        statement = (
            update(objections)
            .where(objections.c.id == objection_id, objections.c.answer == "")
            .values(answer=answer, answered_by=by_id, answered_at=now)
        )
        return self._connection.execute(statement).rowcount == 1


def slot_of(rhythm: Rhythm, occasion: Occasion) -> str:
    """Return the name of the one place that a paper of an occasion fills."""
    return f"{rhythm.paper}:{rhythm.scope}:{occasion.first}:{occasion.last}"


def _standing(document: Document, change: Amendment) -> Any:
    for table in document.tables:
        at = table.place(change.figure.key)
        for row in table.rows:
            if at is not None and row.key == change.line:
                return row.values[at]
    return None


def _bulletin(row: Row[Any]) -> Bulletin:
    return Bulletin(
        id=row.id,
        slot=row.slot,
        form=row.form,
        scope=row.scope,
        first=row.first,
        last=row.last,
        title=row.title,
        stage=Stage(row.state),
        content=row.content,
        lines=row.lines,
        personal=row.personal,
        says=row.says,
        audience=tuple(row.audience),
        hold=timedelta(seconds=row.hold),
        version=row.version,
        printed=row.printed,
        drafted_at=row.drafted_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        post_at=row.post_at,
        posted_at=row.posted_at,
    )

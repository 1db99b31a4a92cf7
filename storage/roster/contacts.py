"""The columns Telegram and 企业微信: an account the roster names is that person's and nobody else's."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from bot.domain.roster import PersonRow, Platform
from storage.outbox import Outbox
from storage.people import People
from storage.roster.changes import NOTHING
from storage.tables import contacts, invitations, outbox

NAMES = {Platform.TELEGRAM: "telegram", Platform.WECOM: "wecom"}
"""What the database calls the platforms of the roster."""
_COLUMNS = {name: str(platform) for platform, name in NAMES.items()}


@dataclass(frozen=True, slots=True)
class _Contact:
    id: int
    person_id: int
    platform: str
    account: str
    chat: str


class Contacts:
    """Everybody's accounts, and how a roster changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._by_account: dict[tuple[str, str], _Contact] = {}
        self._of: dict[tuple[int, str], list[_Contact]] = defaultdict(list)
        self._told: dict[int, list[str]] = defaultdict(list)
        self._named: set[int] = set()
        columns = (contacts.c[name] for name in _Contact.__slots__)
        for row in connection.execute(select(*columns).order_by(contacts.c.id)):
            contact = _Contact(*row)
            self._by_account[contact.platform, contact.account] = contact
            self._of[contact.person_id, contact.platform].append(contact)

    def give(self, rows: Mapping[int, PersonRow]) -> None:
        """Give everybody the accounts of their row.

        An account that is new to somebody replaces those they had on that platform, and is taken
        from whoever else had it: neither may act, or be written to, there any more.
        """
        self._named = set(rows)
        given: dict[tuple[int, str], str] = {}
        lost: dict[int, _Contact] = {}
        for person_id, row in rows.items():
            for platform, account in _accounts(row):
                holder = self._by_account.get((platform, account))
                if holder is not None and holder.person_id == person_id:
                    continue
                given[person_id, platform] = account
                mine = self._of[person_id, platform]
                lost |= {each.id: each for each in (*mine, *([holder] if holder else []))}
        for (person_id, platform), account in given.items():
            before = "、".join(each.account for each in self._of[person_id, platform]) or NOTHING
            self._told[person_id].append(f"{_COLUMNS[platform]} {before} → {account}")
        for each in lost.values():
            if (each.person_id, each.platform) not in given:
                self._told[each.person_id].append(f"{_COLUMNS[each.platform]} {each.account} 归了别人")
        self._take(list(lost.values()))
        if given:
            self._connection.execute(
                insert(contacts),
                [
                    {"person_id": person_id, "platform": platform, "account": account, "chat": account}
                    for (person_id, platform), account in given.items()
                ],
            )

    def _take(self, lost: Sequence[_Contact]) -> None:
        """Take accounts away; what waits to be sent there goes where its owner still is, or will be."""
        letters, everybody = Outbox(self._connection), People(self._connection)
        for each in lost:
            self._connection.execute(delete(contacts).where(contacts.c.id == each.id))
            letters.unaddress(each.platform, each.chat)
            if to := everybody.address(each.person_id):
                letters.address(each.person_id, to)

    def told(self, person_id: int) -> list[str]:
        """Return what changed about somebody's accounts."""
        return self._told.get(person_id, [])

    def told_of_others(self) -> dict[int, list[str]]:
        """Return what those lost whom the roster did not name."""
        return {person_id: told for person_id, told in self._told.items() if person_id not in self._named}

    def let_in(self, person_ids: Sequence[int]) -> None:
        """Write again to who came back."""
        self._reach(person_ids, reachable=True)

    def shut_out(self, person_ids: Sequence[int], now: datetime) -> None:
        """Write no more to who has left, not even what is waiting; no invitation of theirs is good."""
        self._reach(person_ids, reachable=False)
        waiting = select(outbox.c.id).where(outbox.c.person_id.in_(person_ids), outbox.c.state == "waiting")
        Outbox(self._connection).supersede(self._connection.execute(waiting).scalars().all())
        self._connection.execute(
            update(invitations)
            .where(invitations.c.person_id.in_(person_ids), invitations.c.used_at.is_(None))
            .where(invitations.c.expires_at > now)
            .values(expires_at=now)
        )

    def _reach(self, person_ids: Sequence[int], *, reachable: bool) -> None:
        self._connection.execute(
            update(contacts).where(contacts.c.person_id.in_(person_ids)).values(reachable=reachable)
        )


def platforms(told: Iterable[str]) -> list[str]:
    """Return where accounts changed: the audit is never forgotten, so it names none of them."""
    return list(dict.fromkeys(each.partition(" ")[0] for each in told))


def _accounts(row: PersonRow) -> Iterator[tuple[str, str]]:
    if not row.active:
        return
    if row.telegram is not None:
        yield NAMES[Platform.TELEGRAM], str(row.telegram)
    if row.wecom:
        yield NAMES[Platform.WECOM], row.wecom

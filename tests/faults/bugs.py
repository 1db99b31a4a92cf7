"""Mistakes that lose or double messages, to see that the sweep finds them (FAULTS section 5.7)."""

import json
from typing import Any

import pytest
from sqlalchemy import bindparam, update

from bot.platforms.telegram.request import Transport
from storage import dispatch
from storage.dispatch import Dispatch
from storage.inbox import Inbox
from storage.prepared import Prepared
from storage.tables import outbox


def confirms_before_it_stores(patch: pytest.MonkeyPatch) -> None:
    real = Transport.updates

    async def updates(self: Transport, **given: Any) -> bytes:
        payload = await real(self, **given)
        numbers = [each["update_id"] for each in json.loads(payload)["result"]]
        if numbers:
            await real(self, **(given | {"offset": max(numbers) + 1, "wait": 0}))
        return payload

    patch.setattr(Transport, "updates", updates)


def marks_before_it_sends(patch: pytest.MonkeyPatch) -> None:
    ids = outbox.c.id.in_(bindparam("ids", expanding=True))
    marked = update(outbox).where(ids).values(state="sent", leased_until=bindparam("lease"))
    patch.setattr(dispatch, "_CLAIM", Prepared(marked, "ids"))


def knows_no_update_again(patch: pytest.MonkeyPatch) -> None:
    real = Inbox.admit

    def admit(self: Inbox, key: str, *given: Any) -> bool:
        real(self, key, *given)
        return True

    patch.setattr(Inbox, "admit", admit)


def repeats_what_may_have_arrived(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Dispatch, "doubt", Dispatch.release)


def forgets_what_was_in_hand(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Dispatch, "orphans", lambda *_: [])


BUGS = {
    each.__name__: (each, kind)
    for each, kind in (
        (confirms_before_it_stores, "received"),
        (marks_before_it_sends, "send"),
        (knows_no_update_again, "confirm"),
        (repeats_what_may_have_arrived, "sent"),
        (forgets_what_was_in_hand, "send"),
    )
}
"""Each with the kind of death that it does not survive."""

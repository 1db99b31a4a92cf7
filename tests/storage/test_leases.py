"""The rows of leases, on both databases; and who is gone."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from bot.errors import LeaseLost
from storage import holder
from storage.holder import Holder
from storage.tx import Tx

ONE, OTHER = Holder("one", "1@here"), Holder("other", "2@there")


def test_of_two_who_see_a_lease_alike_one_takes_it(tx: Tx) -> None:
    seen = tx.leases.look(["telegram", "duties"])["telegram"]

    assert tx.leases.take("telegram", seen, ONE) == 1
    assert tx.leases.take("telegram", seen, OTHER) is None
    assert tx.leases.look(["telegram"])["telegram"].holder == ONE.place


def test_who_renewed_it_since_it_was_seen_keeps_it(tx: Tx) -> None:
    tx.leases.take("telegram", tx.leases.look(["telegram"])["telegram"], ONE)
    seen = tx.leases.look(["telegram"])["telegram"]

    assert tx.leases.renew(["telegram", "wecom"], ONE) == {"telegram": 1}
    assert tx.leases.take("telegram", seen, OTHER) is None
    assert tx.leases.renew(["telegram"], OTHER) == {}


def test_what_was_begun_under_an_older_lease_is_refused(tx: Tx) -> None:
    tx.leases.take("telegram", tx.leases.look(["telegram"])["telegram"], ONE)
    tx.leases.stand("telegram", 1)

    tx.leases.take("telegram", tx.leases.look(["telegram"])["telegram"], OTHER)

    with pytest.raises(LeaseLost, match="telegram is in the hands of another process"):
        tx.leases.stand("telegram", 1)
    tx.leases.stand("telegram", 2)


def test_what_is_let_go_of_is_free_and_nobody_elses_is(tx: Tx) -> None:
    for name, who in (("telegram", ONE), ("duties", OTHER)):
        tx.leases.take(name, tx.leases.look([name])[name], who)

    tx.leases.let_go(ONE)

    seen = tx.leases.look(["telegram", "duties"])
    assert [(each.mark, each.holder) for each in seen.values()].count(("", "")) == 1
    assert seen["duties"] == replace(seen["duties"], mark="other", holder=OTHER.place)


def test_a_process_that_ended_is_known_to_be_gone_on_its_own_machine_alone() -> None:
    line = "from storage.holder import myself; print(myself().mark)"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)  # noqa: S603 -- ours
    boot, names, *rest = done.stdout.strip().split("/")

    assert holder.is_gone("/".join([boot, names, *rest]))
    assert not holder.is_gone("/".join(["another-boot", names, *rest]))
    assert not holder.is_gone("/".join([boot, "1", *rest]))
    assert not holder.is_gone(holder.myself().mark)
    assert not any(map(holder.is_gone, ("", "one", "////", f"//{os.getpid()}/1/2")))


def test_a_number_that_another_process_has_by_now_is_another_process() -> None:
    boot, names, pid, began, mine = holder.myself().mark.split("/")

    assert holder.is_gone("/".join([boot, names, pid, str(int(began) - 1), mine]))

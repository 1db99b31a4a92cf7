"""What a monitor asks about a running bot, in the text format of Prometheus."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import wellbeing
from handlers.leases import DUTIES
from storage.dispatch import Backlog

if TYPE_CHECKING:
    from bot.app import Bot

_LABEL = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is measured: its name, what it means, and a value for each of its labels."""

    name: str
    meaning: str
    values: dict[tuple[tuple[str, str], ...], float]

    def lines(self) -> Iterator[str]:
        """Yield it as Prometheus reads it."""
        yield f"# HELP {self.name} {self.meaning}"
        yield f"# TYPE {self.name} gauge"
        for labels, value in self.values.items():
            told = ",".join(f'{name}="{words.translate(_LABEL)}"' for name, words in labels)
            yield f"{self.name}{{{told}}} {value:g}" if told else f"{self.name} {value:g}"


async def text(bot: "Bot") -> str:
    """Return everything that is measured; the database is asked beside its writer."""
    now = bot.clock.now()
    backlog, dead = await bot.store.read(lambda tx: (tx.dispatch.backlog(now), tx.inbox.buried()))
    lines = [line for metric in _metrics(bot, backlog, dead) for line in metric.lines()]
    return "\n".join(lines) + "\n"


def _metrics(bot: "Bot", backlog: list[Backlog], dead: int) -> Iterator[Metric]:
    now, loop = bot.clock.now(), asyncio.get_running_loop().time()
    leases, carriers = bot.leases, bot.delivery.carriers
    loops = {"fetching": bot.fetching.beat_at}
    if leases.holds(DUTIES):
        loops["duties"] = max(bot.beat_at, leases[DUTIES].since)
    loops |= {
        f"delivery {name}": max(carrier.beat_at, leases[name].since)
        for name, carrier in carriers.items()
        if leases.holds(name)
    }
    yield Metric(
        "liaison_well",
        "1 while every loop comes round and every channel is up, as /healthz says.",
        {(): float(not wellbeing.ailments(bot))},
    )
    yield Metric(
        "liaison_channel_up",
        "1 while a channel is up.",
        {
            (("channel", name),): float(not each.healthy())
            for name, each in bot.platforms.items()
            if leases.holds(name)
        },
    )
    yield Metric(
        "liaison_lease_held",
        "1 for what this process does, 0 for what another one may.",
        {(("lease", each.name),): float(each.holds) for each in leases},
    )
    yield Metric(
        "liaison_loop_age_seconds",
        "Seconds since a loop came round last; over 90 it stands still.",
        {(("loop", name),): loop - max(at, bot.started_at) for name, at in loops.items()},
    )
    lanes = {(("channel", each.platform), ("lane", each.lane.name.lower())): each for each in backlog}
    yield Metric(
        "liaison_outbox_due",
        "Messages that are due and not delivered.",
        {labels: float(each.count) for labels, each in lanes.items()},
    )
    yield Metric(
        "liaison_outbox_oldest_seconds",
        "For how long the oldest of them has been due.",
        {labels: (now - each.since).total_seconds() for labels, each in lanes.items()},
    )
    yield Metric(
        "liaison_dead_letters", "Messages that could not be handled and were kept.", {(): float(dead)}
    )

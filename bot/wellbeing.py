"""What is wrong with a county's bot, what goes well, and what another process does."""

import asyncio
from typing import TYPE_CHECKING

from bot.chat import Finding
from bot.messengers import TITLES, titled
from handlers import machine
from handlers.alarm import DELIVERY
from handlers.leases import DUTIES
from storage.holder import in_words

if TYPE_CHECKING:
    from bot.app import Bot

_STALLED = 90.0


def ailments(bot: "Bot") -> dict[str, str]:
    """Return a sentence for everything that is wrong: with a platform, the machine, a loop of ours."""
    found = {name: each.healthy() for name, each in bot.platforms.items() if bot.leases.holds(name)}
    is_timely = bot.timekeeper is not None and bot.leases.holds(DUTIES)
    found[machine.CLOCK] = bot.timekeeper.sentence() if is_timely and bot.timekeeper else ""
    found[machine.FILE] = bot.upkeep.sentence() if bot.upkeep is not None else _unreachable(bot)
    return {name: sentence for name, sentence in found.items() if sentence} | standstills(bot)


def findings(bot: "Bot") -> list[Finding]:
    """Return how each channel goes, for `liaison check`, and whatever else is wrong."""
    ours = [each for each in bot.messengers if bot.leases.holds(each.name)]
    found = [each for messenger in ours for each in titled(messenger.name, messenger.state())]
    wrong = [sentence for name, sentence in ailments(bot).items() if name not in bot.platforms]
    elsewhere = [
        Finding(f"{TITLES.get(lease.name, lease.name)}：本进程待命，由{_place(lease.elsewhere)}收发")
        for lease in bot.leases
        if lease.elsewhere and lease.name != DUTIES
    ]
    return [*found, *elsewhere, *(Finding(sentence, fault=True) for sentence in wrong)]


def standing_by(bot: "Bot") -> list[str]:
    """Return a sentence for everything that another process does."""
    return [
        f"standing by: {lease.name} is held by {in_words(lease.elsewhere)}"
        for lease in bot.leases
        if lease.elsewhere
    ]


def standstills(bot: "Bot") -> dict[str, str]:
    """Return a sentence for each loop of ours that has not come round for too long: a new start helps."""
    long_ago = asyncio.get_running_loop().time() - _STALLED
    found = {}
    if not bot.store.healthy:
        found["writer"] = "the database's writer has stopped; restart the bot"
    duties = bot.leases[DUTIES]
    if duties.holds and max(bot.beat_at, bot.started_at, duties.since) < long_ago:
        found["duties"] = "the duties have not been done for 90 seconds"
    if max(bot.fetching.beat_at, bot.started_at) < long_ago:
        found["fetching"] = "no file that people sent has been fetched or looked for in 90 seconds"
    for name, carrier in bot.delivery.carriers.items():
        lease = bot.leases[name]
        if lease.holds and max(carrier.beat_at, bot.started_at, lease.since) < long_ago:
            found[DELIVERY + name] = f"{name}: nothing has been delivered or looked for in 90 seconds"
    return found


def _place(place: str) -> str:
    pid, _, host = place.partition("@")
    return f"主机 {host} 上的进程 {pid} "


def _unreachable(bot: "Bot") -> str:
    return f"数据库连不上（{bot.leases.ailment}）：请检查数据库服务器和网络" if bot.leases.ailment else ""

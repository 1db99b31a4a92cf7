"""The county's clock as the page shows and pushes it."""

from bot.platforms.local.county import County, Jump
from bot.platforms.local.timeline import Timeline


class Clockwork:
    """Reads the clock for the page, and lets one hand at a time push it."""

    def __init__(self, county: County, timeline: Timeline) -> None:
        self._county = county
        self._timeline = timeline
        self._moving = False

    async def reading(self) -> dict[str, object]:
        """Return what the clock shows and what it will bring next."""
        now = self._county.now()
        following = await self._county.next_event()
        return {
            "now": now.isoformat(),
            "workday": self._county.is_workday(now.astimezone(self._county.zone).date()),
            "moving": self._moving,
            "next": {"at": following.at.isoformat(), "text": following.text} if following else None,
        }

    async def push(self, to: Jump) -> bool:
        """Push the clock; False if somebody else is pushing it at this moment."""
        if self._moving:
            return False
        self._moving = True
        self._timeline.add("clock", await self.reading())
        try:
            await self._county.jump(to)
        finally:
            self._moving = False
            self._timeline.add("clock", await self.reading())
        return True

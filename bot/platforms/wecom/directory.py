"""The directory of the corporation, as far as the app may see it: people, departments, encrypted ids."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.words import clean, visible
from bot.platforms.wecom.api import Api

MOST_AT_ONCE = 1000
"""Ids that one conversion takes (WECOM.md section 7)."""

_NONE_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the app's visible range, with the names of their departments."""

    userid: str
    name: str
    departments: tuple[str, ...] = ()
    position: str = ""


class Directory:
    """Looks people up through the API of an app; ``agent_id`` finds those who are visible one by one."""

    def __init__(self, api: Api, agent_id: int = 0) -> None:
        self._api = api
        self._agent_id = agent_id
        self._plain: dict[str, str] = {}
        self._unknown: dict[str, datetime] = {}

    def known(self, userid: str) -> str:
        """Return the plain id of an encrypted one as far as it was looked up before, else the id itself."""
        return self._plain.get(userid, userid)

    def found(self, userids: Iterable[str]) -> dict[str, str]:
        """Return the plain id of each that was looked up lately; what is no encrypted id, as it is."""
        now = self._api.clock.now()
        return {
            userid: self.known(userid)
            for userid in userids
            if userid in self._plain or now < self._unknown.get(userid, now)
        }

    async def plain(self, userid: str) -> str:
        """Return the plain id of somebody whose id is encrypted; an id that is plain, as it is."""
        return (await self.plain_of([userid]))[userid]

    async def plain_of(self, userids: Iterable[str]) -> dict[str, str]:
        """Return the plain id of each; what WeCom cannot convert stays as it is."""
        wanted = list(dict.fromkeys(userids))
        now = self._api.clock.now()
        found = self.found(wanted)
        asked = [userid for userid in wanted if userid not in found]
        for start in range(0, len(asked), MOST_AT_ONCE):
            await self._convert(asked[start : start + MOST_AT_ONCE], now)
        return {userid: self.known(userid) for userid in wanted}

    async def people(self) -> list[Member]:
        """Return everybody in the app's visible range, by their userid."""
        departments = {
            each["id"]: visible(clean(str(each.get("name") or each["id"])))
            for each in (await self._api.call("GET", "department/list")).get("department", [])
        }
        found: dict[str, Member] = {}
        for number in departments:
            answer = await self._api.call("GET", "user/list", params={"department_id": number})
            for user in answer.get("userlist", []):
                found[str(user["userid"])] = _member(user, departments)
        for userid in await self._one_by_one():
            if userid not in found:
                user = await self._api.call("GET", "user/get", params={"userid": userid})
                found[userid] = _member(user, departments)
        return [found[userid] for userid in sorted(found)]

    async def _one_by_one(self) -> list[str]:
        """Return who was put into the visible range by name: their departments are not."""
        if not self._agent_id:
            return []
        agent = await self._api.call("GET", "agent/get", params={"agentid": self._agent_id})
        return [str(user["userid"]) for user in agent.get("allow_userinfos", {}).get("user", [])]

    async def _convert(self, userids: list[str], now: datetime) -> None:
        answer = await self._api.call(
            "POST", "batch/openuserid_to_userid", json={"open_userid_list": userids}, reads=True
        )
        for pair in answer.get("userid_list", []):
            if pair.get("open_userid") in userids and pair.get("userid"):
                self._plain[pair["open_userid"]] = str(pair["userid"])
        for userid in userids:
            if userid not in self._plain:
                # Plain already, or not in the visible range, which may change.
                self._unknown[userid] = now + _NONE_FOR


def _member(user: dict[str, Any], departments: dict[int, str]) -> Member:
    return Member(
        str(user["userid"]),
        visible(clean(str(user.get("name") or user["userid"]))),
        tuple(departments[number] for number in user.get("department", []) if number in departments),
        visible(clean(str(user.get("position", "")))),
    )

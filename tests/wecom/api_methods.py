"""The methods of the loopback API: what an app and a group robot may do."""

import base64
import binascii
import hashlib
from pathlib import Path

from bot.clock import Clock
from tests.wecom.api_chats import Chats
from tests.wecom.api_rules import (
    LARGEST,
    LARGEST_POSTED_PICTURE,
    LONGEST_MARKDOWN,
    LONGEST_TEXT,
    PER_MINUTE_OF_A_ROBOT,
    PICTURES,
    Json,
    Minute,
    Person,
    required,
    wrong,
)
from tests.wecom.socket_cards import check_card
from tests.wecom.socket_rules import Refusal, Sent, Upload

_APP = "app"


class Methods(Chats):
    """One corporation, one app in it, and some groups with robots."""

    def __init__(
        self, agent_id: int, clock: Clock | None, ledger: Path | None, per_minute: int | None
    ) -> None:
        super().__init__(clock, ledger)
        self.agent_id = agent_id
        self.agent: Json = {"name": "联络员机器人", "close": 0}
        self.departments: dict[int, str] = {1: "鹿山县"}
        self.people: dict[str, Person] = {}
        self.encrypted: dict[str, str] = {}
        self.robots: dict[str, str] = {}
        self.refuses_all_invalid = True
        """Whether a message that reaches nobody is refused; else it is 0 with ``invaliduser``."""
        self.numbers: list[str] = []
        self._minute = Minute(per_minute)
        self._robot_minute = Minute(PER_MINUTE_OF_A_ROBOT)
        self._recent: dict[bytes, float] = {}

    def adds(
        self,
        userid: str,
        name: str = "",
        *,
        departments: tuple[int, ...] = (1,),
        position: str = "",
        is_visible: bool = True,
        is_licensed: bool = True,
        encrypted: str = "",
    ) -> None:
        """Add a member, or change one."""
        self.people[userid] = Person(userid, name or userid, departments, position, is_visible, is_licensed)
        if encrypted:
            self.encrypted[encrypted] = userid

    def adds_robot(self, name: str, key: str) -> None:
        """Put a robot into a group."""
        self.robots[key] = name

    def answer(self, path: str, query: Json, body: Json, raw: bytes, file: tuple[str, bytes] | None) -> Json:
        """Do what was asked and return the answer, or raise Refusal."""
        match path:
            case "message/send":
                return self._send(body, raw)
            case "message/update_template_card":
                self._check_agent(body)
                check_card(required(body, "template_card"))
                self.renew(str(required(body, "response_code")), body)
                return {"invaliduser": []}
            case "media/upload":
                return self._upload(str(query.get("type", "")), file, _APP)
            case "webhook/upload_media":
                kind = str(query.get("type", ""))
                if kind not in {"file", "voice"}:
                    raise Refusal(40005, "invalid type")
                return self._upload(kind, file, self._robot(query))
            case "webhook/send":
                return self._post(body, self._robot(query))
        return self._look_up(path, query, body)

    def _look_up(self, path: str, query: Json, body: Json) -> Json:
        seen = {userid: person for userid, person in self.people.items() if person.is_visible}
        match path:
            case "agent/get":
                self._check_agent(query)
                return {
                    "agentid": self.agent_id,
                    **self.agent,
                    "allow_userinfos": {
                        "user": [{"userid": userid} for userid in seen if self._alone(userid)]
                    },
                    "allow_partys": {"partyid": list(self.departments)},
                    "allow_tags": {"tagid": []},
                }
            case "department/list":
                listed = [{"id": each, "name": name} for each, name in self.departments.items()]
                return {"department": listed}
            case "user/list":
                number = int(required(query, "department_id"))
                return {
                    "userlist": [_shown(person) for person in seen.values() if number in person.departments]
                }
            case "user/get":
                person = seen.get(str(query.get("userid")))
                if person is None:
                    raise Refusal(60111, "userid not found")
                return _shown(person)
            case "batch/openuserid_to_userid":
                return self._convert(required(body, "open_userid_list"))
        raise Refusal(40066, "invalid url")

    def _send(self, body: Json, raw: bytes) -> Json:
        self._check_agent(body)
        named = str(required(body, "touser")).split("|")
        known = {userid.casefold(): userid for userid, person in self.people.items() if person.is_visible}
        reached = [known[each.casefold()] for each in named if each.casefold() in known]
        if not reached and self.refuses_all_invalid:
            raise Refusal(81013, "user & party & tag all invalid")
        answer: Json = {
            "invaliduser": "|".join(each.lower() for each in named if each.casefold() not in known),
            "unlicenseduser": "|".join(each.lower() for each in reached if not self.people[each].is_licensed),
            "msgid": f"msg-{len(self.sent) + 1}",
        }
        kind = str(required(body, "msgtype"))
        payload, upload = self._checked(kind, required(body, kind))
        if self._is_repeat(body, raw):
            self.dropped += [(userid, "duplicate") for userid in reached]
            return answer
        if kind == "template_card":
            if payload.get("task_id") in self.cards:
                raise wrong("duplicate task_id")
            answer["response_code"] = self.new_code(str(payload.get("task_id", "")))
        for userid in reached:
            if not self.people[userid].is_licensed:
                continue
            if self._minute.is_full(userid, self.now()):
                self.dropped.append((userid, "30 a minute"))
            else:
                self.keep(
                    Sent(userid, 1, kind, {**body, kind: payload}, 0, "message/send", self.now(), upload)
                )
        return answer

    def _checked(self, kind: str, payload: Json) -> tuple[Json, Upload | None]:
        match kind:
            case "text" | "markdown":
                content = str(required(payload, "content"))
                # Too long is cut off without a word.
                return {**payload, "content": content.encode()[:LONGEST_TEXT].decode(errors="ignore")}, None
            case "template_card":
                check_card(payload)
                return payload, None
            case "image" | "file" | "voice" | "video":
                return payload, self.upload_of(payload, kind, _APP)
        raise Refusal(40008, "invalid message type")

    def _is_repeat(self, body: Json, raw: bytes) -> bool:
        now = self.now()
        last = self._recent.get(raw)
        self._recent[raw] = now
        within = body.get("duplicate_check_interval", 1800)
        return body.get("enable_duplicate_check") == 1 and last is not None and now - last < within

    def _post(self, body: Json, key: str) -> Json:
        chat = f"webhook:{self.robots[key]}"
        kind = body.get("msgtype")
        if kind not in {"text", "markdown", "markdown_v2", "image", "file"}:
            raise Refusal(40008, "invalid message type")
        if self._robot_minute.is_full(key, self.now()):
            raise Refusal(45009, "api freq out of limit")
        payload = required(body, kind)
        upload = None
        if kind == "file":
            upload = self.upload_of(payload, "file", key)
        elif kind == "image":
            upload = Upload("image", "", _picture(payload), self.now())
        elif len(str(required(payload, "content")).encode()) > (
            LONGEST_TEXT if kind == "text" else LONGEST_MARKDOWN
        ):
            raise wrong("content exceeds the limit")
        self.keep(Sent(chat, 2, kind, body, 0, "webhook/send", self.now(), upload))
        return {}

    def _upload(self, kind: str, file: tuple[str, bytes] | None, owner: str) -> Json:
        if kind not in LARGEST:
            raise Refusal(40005, "invalid type")
        if file is None or not file[0]:
            raise Refusal(44001, "empty media data")
        if not 5 < len(file[1]) <= LARGEST[kind]:
            raise Refusal(40006, "invalid file size")
        if kind == "image" and not file[1].startswith(PICTURES):
            raise Refusal(40009, "invalid image")
        media_id = self.add_upload(Upload(kind, *file, self.now()), owner)
        return {"type": kind, "media_id": media_id, "created_at": str(int(self.now()))}

    def _convert(self, asked: list[str]) -> Json:
        if len(asked) > 1000:
            raise wrong("more than 1000")
        self.numbers.append(str(len(asked)))
        found = [
            {"open_userid": each, "userid": self.encrypted[each]}
            for each in asked
            if each in self.encrypted and self.people[self.encrypted[each]].is_visible
        ]
        converted = {pair["open_userid"] for pair in found}
        invalid = [each for each in asked if each not in converted]
        return {"userid_list": found, "invalid_open_userid_list": invalid}

    def _robot(self, query: Json) -> str:
        key = str(query.get("key", ""))
        if key not in self.robots:
            raise Refusal(93000, "invalid webhook url")
        return key

    def _check_agent(self, values: Json) -> None:
        if str(values.get("agentid")) != str(self.agent_id):
            raise Refusal(40056, "invalid agentid")

    def _alone(self, userid: str) -> bool:
        """Tell whether somebody is in the visible range by name, not through a department."""
        return not set(self.people[userid].departments) & set(self.departments)


def _picture(payload: Json) -> bytes:
    try:
        content = base64.b64decode(required(payload, "base64"), validate=True)
    except (binascii.Error, TypeError):
        raise wrong("base64") from None
    if len(content) > LARGEST_POSTED_PICTURE:
        raise Refusal(40009, "invalid image size")
    if hashlib.md5(content).hexdigest() != payload.get("md5"):  # noqa: S324 -- what WeCom asks for
        raise wrong("md5")
    if not content.startswith(PICTURES):
        raise Refusal(40009, "invalid image")
    return content


def _shown(person: Person) -> Json:
    return {
        "userid": person.userid,
        "name": person.name,
        "department": list(person.departments),
        "position": person.position,
    }

"""Whose an encrypted userid is, and what is held until that can be told."""

import asyncio
from collections.abc import Callable, Iterable

import pytest

from bot.chat import Incoming, Unreadable
from bot.errors import Unrecognised
from bot.platforms.wecom import arrivals, senders
from bot.platforms.wecom.errors import NotSent, WeComError
from tests.platforms.ear import Ear
from tests.platforms.wecom_bot_running import running, until
from tests.wecom.socket import WeComSocket


class Book:
    """Knows the userids behind encrypted ones, when it is asked for long enough."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.fails: Callable[[], Exception | None] = lambda: None
        self.gate = asyncio.Event()
        self.gate.set()
        self._found: dict[str, str] = {}

    def found(self, userids: Iterable[str]) -> dict[str, str]:
        return {userid: self._found[userid] for userid in userids if userid in self._found}

    async def plain_of(self, userids: Iterable[str]) -> dict[str, str]:
        self.asked.append(sorted(userids))
        await self.gate.wait()
        if error := self.fails():
            raise error
        self._found |= {userid: userid.removeprefix("enc-") for userid in self.asked[-1]}
        return self.found(userids)


class Guarded(Ear):
    """Knows nobody by an encrypted userid, but takes the code of an invitation."""

    def __init__(self) -> None:
        super().__init__()
        self.joined: set[str] = set()
        self.refused: list[str] = []
        self.fails = self._cannot_tell

    def _cannot_tell(self, said: Incoming | Unreadable) -> Exception | None:
        if not isinstance(said, Incoming) or not said.is_disguised or said.sender in self.joined:
            return None
        if said.text == "加入 code":
            self.joined.add(said.sender)
            return None
        self.refused.append(said.text)
        return Unrecognised()


def out_of_reach() -> Exception:
    return NotSent("no answer")


async def test_the_sender_is_the_plain_id_and_the_chat_is_as_it_came() -> None:
    ear, book = Ear(), Book()
    book.gate.clear()
    async with WeComSocket() as wecom, running(wecom, ear, names=book):
        for n, who in enumerate(["enc-liu", "enc-chen", "enc-liu"]):
            await wecom.says(who, str(n))
        await wecom.pushes("7")
        await until(lambda: book.asked)
        book.gate.set()
        await wecom.until(lambda: len(ear.heard) == 4)

        senders = [
            (said.sender, said.alias, said.at.chat) for said in ear.heard if isinstance(said, Incoming)
        ]
        assert senders == [(who, f"enc-{who}", f"enc-{who}") for who in ("liu", "chen", "liu")]
        assert ear.texts == ["0", "1", "2", "?"]


async def test_an_id_that_is_plain_already_is_taken_as_it_is() -> None:
    ear, book = Ear(), Book()
    async with WeComSocket() as wecom, running(wecom, ear, names=book):
        await wecom.says("liu", "62%")
        await wecom.until(lambda: ear.texts == ["62%"])

        assert (ear.last.sender, ear.last.alias) == ("liu", "")


@pytest.mark.parametrize("error", [out_of_reach(), WeComError(60020, "from ip: 203.0.113.7")])
async def test_whoever_cannot_be_looked_up_is_still_heard_and_said_to_be_disguised(error: Exception) -> None:
    ear, book = Ear(), Book()
    book.fails = lambda: error
    async with WeComSocket() as wecom, running(wecom, ear, names=book):
        await wecom.says("enc-liu", "62%")
        await wecom.until(lambda: ear.texts == ["62%"])

        assert ear.last.sender == "enc-liu"
        assert ear.last.is_disguised


async def test_nobody_waits_longer_than_a_moment_and_after_that_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(senders, "_MOMENT", 0.05)
    ear, book = Ear(), Book()
    book.gate.clear()
    async with WeComSocket() as wecom, running(wecom, ear, names=book):
        await wecom.says("enc-liu", "62%")
        await wecom.until(lambda: ear.texts == ["62%"])
        monkeypatch.setattr(senders, "_MOMENT", 60.0)
        await wecom.says("enc-chen", "63%")
        await wecom.until(lambda: ear.texts == ["62%", "63%"])

        assert book.asked == [["enc-liu"]]


async def test_words_of_whom_nobody_knows_are_held_until_it_can_be_told_and_keep_no_other_waiting() -> None:
    ear, book = Guarded(), Book()
    book.fails = out_of_reach
    async with WeComSocket() as wecom, running(wecom, ear, names=book):
        for number in "12":
            await wecom.says("enc-liu", number)
        await wecom.pushes("7")
        await wecom.until(lambda: ear.texts == ["?"] and ear.refused == ["1", "2"])
        await wecom.says("enc-chen", "3")
        await wecom.until(lambda: ear.refused == ["1", "2", "3"])
        book.fails = lambda: None
        await wecom.until(lambda: len(ear.heard) == 4)
        await wecom.says("enc-liu", "4")
        await wecom.until(lambda: len(ear.heard) == 5)

        told = [(said.sender, said.text) for said in ear.heard if isinstance(said, Incoming)]
        assert told == [("liu", "1"), ("liu", "2"), ("chen", "3"), ("liu", "4")]
        assert ["enc-chen", "enc-liu"] in book.asked


async def test_the_order_of_one_sender_holds_though_the_answer_comes_in_between() -> None:
    ear, book = Guarded(), Book()
    book.fails = out_of_reach
    async with WeComSocket() as wecom, running(wecom, ear, names=book):
        ear.gate.clear()
        await wecom.says("enc-liu", "1")
        await wecom.until(lambda: len(ear.began) == 1)
        book.fails = lambda: None
        await wecom.until(lambda: bool(book.found(["enc-liu"])))
        await wecom.says("enc-liu", "2")
        await wecom.until(lambda: len(ear.began) == 2)
        ear.gate.set()
        await wecom.until(lambda: len(ear.heard) == 2)

        assert ear.texts == ["1", "2"]


async def test_who_joins_by_a_code_meanwhile_is_heard_with_what_they_said_before() -> None:
    ear, book = Guarded(), Book()
    book.fails = out_of_reach
    async with WeComSocket() as wecom, running(wecom, ear, names=book):
        await wecom.says("enc-liu", "你好")
        await wecom.until(lambda: ear.refused == ["你好"])
        await wecom.says("enc-liu", "加入 code")
        await wecom.until(lambda: len(ear.heard) == 2)

        assert ear.texts == ["加入 code", "你好"]


async def test_only_so_much_is_held_and_the_rest_is_taken_for_a_strangers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrivals, "MOST_HELD", 2)
    ear, book = Guarded(), Book()
    book.fails = out_of_reach
    async with WeComSocket() as wecom, running(wecom, ear, names=book):
        for number in "123":
            await wecom.says("enc-liu", number)
        await wecom.until(lambda: ear.texts == ["3"])

        assert not ear.last.is_disguised

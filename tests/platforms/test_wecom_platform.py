"""Which channel of WeCom carries what: the bot, the app, the group robots."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat import (
    Address,
    Attachment,
    Button,
    Event,
    Fetched,
    Finding,
    Incoming,
    Listener,
    Outgoing,
    Paper,
    Ref,
    Unreadable,
)
from bot.clock import VirtualClock
from bot.errors import DeliveryError, Failure
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.parts import Hints, Part
from bot.platforms.wecom.platform import WeComPlatform

MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)
HINTS = Hints(typed=str, numbered=str)


@dataclass
class FakeChannel:
    """A channel in memory that names its cards after itself."""

    name: str
    sent: list[tuple[str, Part]] = field(default_factory=list)
    changed: list[tuple[str, Part]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    incoming: list[Incoming] = field(default_factory=list)
    ill: str = ""

    def listen(self) -> None:
        pass

    async def run(self, listener: Listener) -> None:
        for each in self.incoming:
            await listener(each)

    def healthy(self) -> str:
        return self.ill

    async def deliver(self, chat: str, part: Part, *, in_group: bool) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((chat, part))
        return f"{self.name}:{part.card['task_id']}" if part.card else ""

    async def change(self, name: str, part: Part) -> bool:
        self.changed.append((name, part))
        return True

    def reread(self, raw: str) -> Incoming | None:
        return next((each for each in self.incoming if each.text == raw), None)

    async def fetch(self, token: str) -> Fetched:
        return Fetched(token.encode())

    async def check(self) -> list[Finding]:
        return [Finding(self.name)]

    def state(self) -> list[Finding]:
        return [Finding(self.name)]

    async def close(self) -> None:
        pass


def to(chat: str, text: str = "早上好", *, buttons: bool = False, mark: str = "") -> Outgoing:
    rows = ((Button("接办", "T1.0"),),) if buttons else ()
    return Outgoing(
        Address("wecom", chat), text, rows, mark=mark, in_group=chat.startswith(("group", "webhook"))
    )


def platform(
    bot: FakeChannel | None = None, app: FakeChannel | None = None, robots: FakeChannel | None = None
) -> WeComPlatform:
    return WeComPlatform(clock=VirtualClock(MONDAY), hints=HINTS, bot=bot, app=app, robots=robots)


async def nobody(_incoming: Incoming | Unreadable) -> str:
    return ""


async def test_who_never_wrote_to_the_bot_is_reached_through_the_app_from_then_on() -> None:
    bot, app = FakeChannel("bot", failures=[WeComError(93006)]), FakeChannel("app")
    wecom = platform(bot=bot, app=app)

    await wecom.send(to("liumin"))
    await wecom.send(to("liumin"))

    assert (len(bot.sent), len(app.sent)) == (0, 2)


async def test_who_never_wrote_to_the_bot_is_unopened_where_there_is_no_app() -> None:
    wecom = platform(bot=FakeChannel("bot", failures=[WeComError(93006)]))

    with pytest.raises(DeliveryError) as failure:
        await wecom.send(to("liumin"))

    assert failure.value.kind is Failure.UNOPENED


async def test_an_answer_goes_where_the_person_wrote_last() -> None:
    at = Address("wecom", "liumin")
    app = FakeChannel("app", incoming=[Incoming("k", at, "liumin", MONDAY)])
    bot = FakeChannel("bot")
    wecom = platform(bot=bot, app=app)

    await asyncio.wait_for(wecom.run(nobody), 5)
    await wecom.send(to("liumin"))
    await wecom.send(to("chenzhiyuan"))

    assert [chat for chat, _ in app.sent] == ["liumin"]
    assert [chat for chat, _ in bot.sent] == ["chenzhiyuan"]


async def test_who_wrote_to_the_app_last_is_answered_there_by_either_of_their_ids() -> None:
    with_bot = Incoming("1", Address("wecom", "enc-liu"), "liumin", MONDAY, alias="enc-liu")
    with_app = Incoming("2", Address("wecom", "liumin"), "liumin", MONDAY)
    bot, app = FakeChannel("bot", incoming=[with_bot]), FakeChannel("app", incoming=[with_app])
    wecom = platform(bot=bot, app=app)

    await asyncio.wait_for(wecom.run(nobody), 5)
    await wecom.send(to("enc-liu"))

    assert [chat for chat, _ in app.sent] == ["enc-liu"]


async def test_a_group_is_the_bots_and_a_robot_has_its_own() -> None:
    bot, app, robots = FakeChannel("bot"), FakeChannel("app"), FakeChannel("robots")
    wecom = platform(bot=bot, app=app, robots=robots)

    await wecom.send(to("group-1"))
    await wecom.send(to("webhook:大桥镇群"))

    assert [chat for chat, _ in bot.sent] == ["group-1"]
    assert [chat for chat, _ in robots.sent] == ["webhook:大桥镇群"]
    assert app.sent == []


async def test_without_the_channel_a_chat_is_unreachable() -> None:
    with pytest.raises(DeliveryError) as failure:
        await platform(app=FakeChannel("app")).send(to("group-1"))

    assert failure.value.kind is Failure.UNREACHABLE


async def test_a_card_is_changed_on_the_channel_it_was_sent_over() -> None:
    bot, app = FakeChannel("bot"), FakeChannel("app")
    wecom = platform(bot=bot, app=app)

    ref = await wecom.send(to("liumin", buttons=True))
    done = await wecom.update(Ref(Address("wecom", "liumin"), "app:T9:code"), to("liumin", "已接办"))

    assert ref == Ref(Address("wecom", "liumin"), "bot:T1")
    assert done
    assert (len(bot.changed), app.changed[0][0]) == (0, "app:T9:code")
    assert app.changed[0][1].card is not None
    assert app.changed[0][1].card["task_id"] == "T9"


async def test_a_long_message_goes_on_with_the_part_that_failed() -> None:
    app = FakeChannel("app")
    wecom = platform(app=app)
    long = to("liumin", "一" * 1500)
    app.failures = []
    await wecom.send(to("liumin", "短"))
    app.failures = [Unanswered("gone")]
    with pytest.raises(DeliveryError) as failure:
        await wecom.send(long)
    await wecom.send(long)
    whole = [part.text[:5] for _, part in app.sent[1:]]

    assert failure.value.kind is Failure.IN_DOUBT
    assert whole == ["（1/3）", "（2/3）", "（3/3）"]


async def test_the_second_page_is_not_preceded_by_the_first_again() -> None:
    bot = FakeChannel("bot")
    wecom = platform(bot=bot)
    long = to("liumin", "一" * 8000)
    original = bot.deliver

    async def second_fails(chat: str, part: Part, *, in_group: bool) -> str:
        if part.text.startswith("（2/") and not bot.failures:
            bot.failures.append(NotSent("no line"))
        return await original(chat, part, in_group=in_group)

    bot.deliver = second_fails  # type: ignore[method-assign]
    with pytest.raises(DeliveryError):
        await wecom.send(long)
    bot.deliver = original  # type: ignore[method-assign]
    await wecom.send(to("liumin", "一" * 8000, mark="（可能重复）"))

    assert [part.text.partition("）")[0] for _, part in bot.sent] == ["（1/2", "（2/2"]


async def test_a_repeat_is_marked_by_the_bot_and_left_to_the_app_to_drop() -> None:
    bot, app = FakeChannel("bot"), FakeChannel("app")

    await platform(bot=bot).send(to("liumin", "问题", mark="（可能重复）"))
    await platform(app=app).send(to("liumin", "问题", mark="（可能重复）"))

    assert bot.sent[0][1].text == "（可能重复）\n问题"
    assert app.sent[0][1].text == "问题"


async def test_a_file_that_another_process_handed_over_is_marked_for_the_app_shows_it_again() -> None:
    app = FakeChannel("app", failures=[Unanswered("cut off")])
    letter = replace(to("liumin", "台账"), paper=Paper("a.xlsx", "application/xlsx", b"ledger"), key="1")
    again = replace(letter, mark="（可能重复）")

    await platform(app=FakeChannel("app")).send(letter)
    await platform(app=(after_a_death := FakeChannel("app"))).send(again)
    over_the_app = platform(app=app)
    with pytest.raises(DeliveryError):
        await over_the_app.send(letter)
    await over_the_app.send(again)

    assert [part.text for _, part in after_a_death.sent] == ["", "（可能重复）\n台账"]
    assert [part.text for _, part in app.sent] == ["", "台账"]


async def test_an_attachment_is_fetched_over_the_channel_it_came_on() -> None:
    wecom = platform(bot=FakeChannel("bot"), app=FakeChannel("app"))

    assert (await wecom.fetch(Attachment('bot:{"url":1}', "a", "image/jpeg"))).content == b'{"url":1}'
    assert (await wecom.fetch(Attachment("app:M1", "a", "image/jpeg"))).content == b"M1"
    with pytest.raises(DeliveryError):
        await wecom.fetch(Attachment("fax:1", "a", "image/jpeg"))


async def test_it_is_as_ill_as_any_of_its_channels() -> None:
    wecom = platform(bot=FakeChannel("bot"), app=FakeChannel("app", ill="回调没有验证"))

    assert wecom.healthy() == "回调没有验证"
    assert [finding.sentence for finding in await wecom.check()] == ["bot", "app"]
    assert wecom.capabilities.writes_first
    assert not platform(bot=FakeChannel("bot")).capabilities.writes_first


async def test_an_unknown_code_of_the_bot_is_unclear_unless_it_is_about_the_message() -> None:
    bot = FakeChannel("bot", failures=[WeComError(860001), WeComError(44004)])
    app = FakeChannel("app", failures=[WeComError(860001)])
    kinds = []
    for wecom in (platform(bot=bot), platform(bot=bot), platform(app=app)):
        with pytest.raises(DeliveryError) as failure:
            await wecom.send(to("liumin"))
        kinds.append(failure.value.kind)

    assert kinds == [Failure.UNCLEAR, Failure.REFUSED, Failure.REFUSED]


async def test_whom_the_bot_may_not_reach_the_app_does_and_the_bot_is_tried_again() -> None:
    bot, app = FakeChannel("bot", failures=[WeComError(860001)]), FakeChannel("app")
    wecom = platform(bot=bot, app=app)

    await wecom.send(to("liumin"))
    await wecom.send(to("liumin"))

    assert (len(bot.sent), len(app.sent)) == (1, 1)


async def test_the_app_says_for_how_long_a_repeat_is_dropped_and_the_bot_that_none_is() -> None:
    free = []
    for name in ("bot", "app"):
        with pytest.raises(DeliveryError) as failure:
            await platform(**{name: FakeChannel(name, failures=[Unanswered("gone")])}).send(to("liumin"))
        free.append(failure.value.drops_repeats_for)

    assert free == [timedelta(0), timedelta(minutes=30)]


@pytest.mark.parametrize(
    ("name", "chat", "most"), [("app", "liumin", 30), ("robots", "webhook:大桥镇群", 20)]
)
async def test_what_another_process_sent_counts_for_the_minute(name: str, chat: str, most: int) -> None:
    channel = FakeChannel(name)
    wecom = platform(**{name: channel})
    wecom.recall([(chat, MONDAY - timedelta(seconds=20))] * (most - 1))

    await wecom.send(to(chat))
    with pytest.raises(DeliveryError) as failure:
        await wecom.send(to(chat))

    assert len(channel.sent) == 1
    assert (failure.value.kind, failure.value.after) == (Failure.RETRY, timedelta(seconds=40))


async def test_whom_neither_reaches_has_not_left_but_may_still_open_the_bot() -> None:
    bot = FakeChannel("bot", failures=[WeComError(93006)])
    app = FakeChannel("app", failures=[WeComError(81013)])

    with pytest.raises(DeliveryError) as failure:
        await platform(bot=bot, app=app).send(to("liumin"))

    assert failure.value.kind is Failure.UNOPENED


async def test_a_broken_channel_stops_its_own_chats_and_not_the_others() -> None:
    bot = FakeChannel("bot", failures=[WeComError(93006)])
    app = FakeChannel("app", failures=[WeComError(60020), WeComError(60020)])

    with pytest.raises(DeliveryError) as one_of_two:
        await platform(bot=bot, app=app).send(to("liumin"))
    with pytest.raises(DeliveryError) as only_one:
        await platform(app=app).send(to("liumin"))

    assert (one_of_two.value.kind, one_of_two.value.whole_bot) == (Failure.RETRY, False)
    assert one_of_two.value.after is not None
    assert one_of_two.value.until_heard
    assert only_one.value.whole_bot
    assert not only_one.value.until_heard


async def test_who_is_out_of_the_apps_range_has_not_left_the_bot() -> None:
    at = Address("wecom", "liumin")
    gone = Incoming("k", at, "liumin", MONDAY, event=Event.BLOCKED)
    heard: list[Incoming | Unreadable] = []

    async def listen(incoming: Incoming | Unreadable) -> str:
        heard.append(incoming)
        return ""

    await platform(bot=FakeChannel("bot"), app=FakeChannel("app", incoming=[gone])).run(listen)
    with_both = list(heard)
    await platform(app=FakeChannel("app", incoming=[gone])).run(listen)

    assert (with_both, heard) == ([], [gone])

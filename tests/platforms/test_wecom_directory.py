"""Who is who in WeCom, as far as the app may see."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import VirtualClock
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.directory import Directory, Member
from bot.platforms.wecom.errors import NotSent, WeComError
from tests.wecom.api import Fault, WeComApi

MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)
CONVERT = "batch/openuserid_to_userid"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MONDAY)


@pytest.fixture
async def wecom(clock: VirtualClock) -> AsyncIterator[WeComApi]:
    async with WeComApi(clock=clock) as wecom:
        wecom.departments = {1: "鹿山县", 2: "大桥镇"}
        wecom.adds("LiuMin", "刘敏", departments=(2,), position="对接人", encrypted="woAJ-Liu")
        wecom.adds("ChenZhiyuan", "陈志远", departments=(1, 2))
        wecom.adds("ZhaoJianguo", "赵建国", departments=(9,), position="副县长")
        wecom.adds("Mallory", "局外人", is_visible=False, encrypted="woAJ-Mallory")
        yield wecom


@pytest.fixture
async def directory(wecom: WeComApi, clock: VirtualClock) -> AsyncIterator[Directory]:
    api = Api(wecom.base, wecom.corp_id, wecom.secret, clock=clock)
    yield Directory(api, wecom.agent_id)
    await api.close()


async def test_everybody_in_the_visible_range_is_listed_with_their_departments(directory: Directory) -> None:
    assert await directory.people() == [
        Member("ChenZhiyuan", "陈志远", ("鹿山县", "大桥镇")),
        Member("LiuMin", "刘敏", ("大桥镇",), "对接人"),
        Member("ZhaoJianguo", "赵建国", (), "副县长"),
    ]


async def test_a_name_is_shown_without_what_cannot_be_seen(wecom: WeComApi, directory: Directory) -> None:
    wecom.departments[2] = "大桥\u202e镇"
    wecom.adds("LiuMin", "刘\u200b敏", departments=(2,))

    members = {member.userid: member for member in await directory.people()}

    assert (members["LiuMin"].name, members["LiuMin"].departments) == ("刘□敏", ("大桥□镇",))


async def test_an_encrypted_id_is_looked_up_once(wecom: WeComApi, directory: Directory) -> None:
    found = [await directory.plain("woAJ-Liu") for _ in range(3)]

    assert found == ["LiuMin"] * 3
    assert wecom.calls.count(CONVERT) == 1
    assert directory.known("woAJ-Liu") == "LiuMin"
    assert directory.found(["woAJ-Liu", "woAJ-Nobody"]) == {"woAJ-Liu": "LiuMin"}


async def test_what_cannot_be_converted_stays_as_it_is_and_is_asked_again_after_an_hour(
    wecom: WeComApi, directory: Directory, clock: VirtualClock
) -> None:
    found = [await directory.plain(each) for each in ("LiuMin", "woAJ-Mallory", "woAJ-Mallory")]
    asked = wecom.calls.count(CONVERT)
    assert directory.found(["LiuMin"]) == {"LiuMin": "LiuMin"}
    wecom.adds("Mallory", encrypted="woAJ-Mallory")
    clock.set(MONDAY + timedelta(hours=1))
    assert directory.found(["LiuMin"]) == {}
    found.append(await directory.plain("woAJ-Mallory"))

    assert found == ["LiuMin", "woAJ-Mallory", "woAJ-Mallory", "Mallory"]
    assert asked == 2


async def test_many_are_converted_a_thousand_at_a_time(wecom: WeComApi, directory: Directory) -> None:
    ids = [f"woAJ-{number}" for number in range(2001)]
    for number, each in enumerate(ids):
        wecom.adds(f"user{number}", encrypted=each)

    found = await directory.plain_of([*ids, *ids])

    assert found == {each: f"user{number}" for number, each in enumerate(ids)}
    assert wecom.numbers == ["1000", "1000", "1"]


async def test_a_lookup_that_failed_is_remembered_by_nobody(wecom: WeComApi, directory: Directory) -> None:
    wecom.script(CONVERT, Fault.UNANSWERED)
    wecom.script(CONVERT, Fault.ERRCODE, code=48002)

    with pytest.raises(NotSent):
        await directory.plain("woAJ-Liu")
    with pytest.raises(WeComError):
        await directory.plain("woAJ-Liu")

    assert await directory.plain("woAJ-Liu") == "LiuMin"

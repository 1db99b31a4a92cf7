"""`liaison …` on WeCom, as an operator meets it: checked, peopled from the directory, run."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from bot.clock import SystemClock
from bot.domain.sample import sample_county
from bot.papers.template import write_roster
from tests.command import Ended, liaison, started
from tests.wecom.api import WeComApi
from tests.wecom.socket import WeComSocket

pytestmark = pytest.mark.slow


@pytest.fixture
async def wecom() -> AsyncIterator[WeComSocket]:
    async with WeComSocket() as server:
        yield server


@pytest.fixture
async def api() -> AsyncIterator[WeComApi]:
    async with WeComApi() as server:
        yield server


def free_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def configured(folder: Path, *sections: str) -> None:
    text = "\n".join(['county = "青禾县"', f'office.listen = "{free_address()}"', *sections, always_open()])
    file = folder / "config.toml"
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")


def bot(wecom: WeComSocket, secret: str = "") -> str:
    return (
        f'[wecom.bot]\nbot_id = "{wecom.bot_id}"\nsecret = "{secret or wecom.secret}"\nws_url = "{wecom.url}"'
    )


def app(api: WeComApi, listen: str = "127.0.0.1:0") -> str:
    return (
        f'[wecom.app]\ncorp_id = "{api.corp_id}"\nagent_id = {api.agent_id}\nsecret = "{api.secret}"\n'
        f'token = "{api.token}"\naes_key = "{api.aes_key}"\napi_base = "{api.base}"\nlisten = "{listen}"'
    )


def always_open() -> str:
    """Let the county be disturbed whenever the tests are run: a day off is quiet too, and its year known."""
    today = SystemClock().now().date()
    days = ", ".join(str(today + timedelta(days=shift)) for shift in (-1, 0, 1))
    return f'[quiet]\nfrom = "00:00"\nuntil = "00:01"\n[calendar]\nextra = [{days}]'


async def imported(folder: Path) -> Ended:
    """Bring in the sample county, in which 刘敏 has an account of WeCom."""
    sample = sample_county()
    people = tuple(
        replace(person, wecom="liumin") if person.name == "刘敏" else person for person in sample.people
    )
    write_roster(folder / "roster.xlsx", replace(sample, people=people))
    return await liaison("import", "roster.xlsx", cwd=folder)


async def test_a_bot_that_can_connect_is_said_to_work_and_who_is_missing_is_named(
    tmp_path: Path, wecom: WeComSocket
) -> None:
    configured(tmp_path, bot(wecom))
    await imported(tmp_path)

    ended = await liaison("check", cwd=tmp_path)

    assert "✓ 企业微信：智能机器人：长连接可用" in ended.out
    assert "1 人还收不到消息，请转告：在企业微信里打开机器人，随便发一句话：刘敏" in ended.out
    assert (ended.code, ended.err) == (0, "")


async def test_a_wrong_secret_is_said_with_wecoms_code_and_the_cure(
    tmp_path: Path, wecom: WeComSocket
) -> None:
    configured(tmp_path, bot(wecom, "not-the-secret"))
    await imported(tmp_path)

    ended = await liaison("check", cwd=tmp_path)

    assert "40001" in ended.out
    assert "Secret" in ended.out
    assert "not-the-secret" not in ended.out + ended.err
    assert ended.code == 1


async def test_an_address_that_is_not_trusted_is_named_with_the_page_to_enter_it(
    tmp_path: Path, api: WeComApi
) -> None:
    api.untrusted_ip = "203.0.113.9"
    configured(tmp_path, app(api))
    await imported(tmp_path)

    ended = await liaison("check", cwd=tmp_path)

    assert "203.0.113.9" in ended.out
    assert "企业可信IP" in ended.out
    assert "60020" in ended.out
    assert ended.code == 1


async def test_a_running_bot_is_asked_and_not_thrown_out(tmp_path: Path, wecom: WeComSocket) -> None:
    configured(tmp_path, bot(wecom))
    await imported(tmp_path)
    async with started("run", cwd=tmp_path) as running:
        await wecom.until(lambda: wecom.subscribed, within=30)
        await wecom.says("liumin", "今日")
        await wecom.until(lambda: len(wecom.texts("liumin")) > 1, within=30)

        ended = await liaison("check", cwd=tmp_path)
        code = await running.stopped()

    assert "✓ 机器人正在运行，各平台的连接都正常" in ended.out
    assert [ok for _, ok in wecom.subscribes] == [True]
    assert wecom.texts("liumin")[0].startswith("刘敏，您好，我是青禾县项目联络员机器人。")
    assert code == 0
    assert "Traceback" not in running.err
    assert wecom.secret not in running.out + running.err


async def test_a_running_bot_tells_of_each_channel_and_names_the_one_that_is_broken(
    tmp_path: Path, wecom: WeComSocket, api: WeComApi
) -> None:
    listen = free_address()
    robot = f'[wecom.webhooks]\n"大桥镇群" = "{api.webhook("大桥镇群", "key-1")}"'
    configured(tmp_path, bot(wecom), app(api, listen).replace(api.secret, "not-the-secret", 1), robot)
    await imported(tmp_path)
    api.callbacks.url = f"http://{listen}/wecom/callback"
    at_rest = await liaison("check", cwd=tmp_path)
    async with started("run", cwd=tmp_path) as running:
        await running.has_said("is ready")
        await running.has_said("WeCom refuses the app")
        await wecom.until(lambda: wecom.subscribed, within=30)
        await api.until(lambda: "webhook/send" in api.calls[-1:], within=30)
        assert await api.verifies()
        await wecom.says("liumin", "今日")
        await wecom.until(lambda: len(wecom.texts("liumin")) > 1, within=30)
        told = await liaison("check", cwd=tmp_path)
        await running.stopped()

    assert "! 企业微信：自建应用的回调地址只有在 liaison run 运行时才能验证" in at_rest.out
    lines = told.out.splitlines()[-5:]
    assert lines[0] == "! 机器人正在运行；下面打 ✗ 的要处理"
    assert lines[1] == "✓ 企业微信：智能机器人：长连接可用"
    assert lines[2].startswith("✗ 企业微信：自建应用：Secret 不对：")
    assert "错误码 40001" in lines[2]
    assert lines[3].startswith("✓ 企业微信：自建应用的回调：地址已通过验证")
    assert lines[4] == "✓ 企业微信：群机器人「大桥镇群」：地址可用"
    assert told.code == 1
    for secret in ("not-the-secret", "key-1", api.aes_key, api.token):
        assert secret not in told.out + running.err


async def test_a_callback_port_that_is_taken_is_said_at_once(tmp_path: Path, api: WeComApi) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        configured(tmp_path, app(api, listen))

        ended = await liaison("run", cwd=tmp_path)

    assert ended.code == 78
    assert f"wecom.app.listen: {listen} cannot be used" in ended.err
    assert "Traceback" not in ended.err


async def test_people_reached_through_the_app_need_not_write_first(tmp_path: Path, api: WeComApi) -> None:
    listen = free_address()
    api.adds("liumin", "刘敏")
    configured(tmp_path, app(api, listen))
    await imported(tmp_path)
    async with started("run", cwd=tmp_path) as running:
        await running.has_said("is ready")
        await api.until(lambda: bool(api.texts("liumin")), within=30)
        code = await running.stopped()

    assert api.texts("liumin")[0].startswith("刘敏，您好，我是青禾县项目联络员机器人。")
    assert code == 0


async def test_a_roster_is_proposed_from_the_directory(tmp_path: Path, api: WeComApi) -> None:
    api.departments |= {7: "科工局", 8: "大桥镇"}
    api.adds("liumin", "刘敏", departments=(7,), position="科员")
    api.adds("zhaojing", "赵静", departments=(8,))
    configured(tmp_path, app(api))

    ended = await liaison("template", "roster.xlsx", "--directory", cwd=tmp_path)

    assert (ended.code, ended.err) == (0, "")
    assert "2 个单位、2 个人" in ended.out
    book = openpyxl.load_workbook(tmp_path / "roster.xlsx")
    units = {row[0]: row[1] for row in book["单位"].iter_rows(min_row=2, values_only=True) if row[0]}
    people = {row[0]: row for row in book["人员"].iter_rows(min_row=2, values_only=True) if row[0]}
    assert units == {"科工局": "责任单位", "大桥镇": "乡镇街道"}
    assert people["刘敏"][:3] == ("刘敏", "科工局", "科员")
    assert people["刘敏"][6] == "liumin"


async def test_without_an_app_there_is_no_directory(tmp_path: Path, wecom: WeComSocket) -> None:
    configured(tmp_path, bot(wecom))

    ended = await liaison("template", "roster.xlsx", "--directory", cwd=tmp_path)

    assert ended.code == 78
    assert "wecom.app: is missing" in ended.err

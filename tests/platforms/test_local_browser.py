"""The local page in a real browser; these tests need Chromium at /usr/bin/chromium."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, async_playwright, expect

from bot.chat import Address, Button, Outgoing, Paper
from bot.platforms.local import Jump, LocalPlatform
from tests.platforms.local_county import CHEN, GROUP, LIU, LIU_CHAT, MONDAY, FakeBot, FakeCounty, open_page

# One Chromium for all: starting it takes longer than any of the tests.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
HOSTILE = "<b>粗</b> <img src=x onerror=document.title='hacked'> \u202egnp.exe"
CARD = Outgoing(
    LIU_CHAT,
    "您有 2 个项目：\n1 年产100万吨纯碱项目",
    ((Button("全部照旧", "same:1"),), (Button("1 有进展", "p:1"), Button("1 有问题", "q:1"))),
)


@dataclass
class Desk:
    """A person at the page, and the bot behind it."""

    page: Page
    platform: LocalPlatform
    bot: FakeBot
    county: FakeCounty
    complaints: list[str] = field(default_factory=list)

    async def open(self, chat: str = LIU_CHAT.chat, query: str = "") -> None:
        await self.page.goto(f"{self.platform.url}{query}#{chat}")
        await expect(self.page.locator("#chat")).to_be_visible()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    context.set_default_timeout(10_000)
    yield await context.new_page()
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(page: Page) -> AsyncIterator[Desk]:
    county = FakeCounty()
    bot = FakeBot(county)
    async with open_page(county, bot) as platform:
        desk = Desk(page, platform, bot, county)
        page.on("pageerror", lambda error: desk.complaints.append(str(error)))
        page.on("console", lambda said: desk.complaints.append(said.text) if said.type == "error" else None)
        yield desk
        await page.close()
    # A breach of the content security policy is an error in the console, too.
    assert desk.complaints == []


async def test_somebody_new_is_shown_three_steps_and_walks_them(desk: Desk) -> None:
    page = desk.page
    await page.goto(desk.platform.url)
    await expect(page.locator("#steps li")).to_have_count(3)

    await page.locator("#steps").get_by_role("button", name="下一件事").click()
    await expect(page.locator("#hour")).to_have_text("09:55")
    await page.locator("#steps").get_by_role("button", name="打开「刘敏」").click()

    await expect(page.locator("#chat-name")).to_have_text("刘敏")
    await expect(page.locator("#words")).to_be_focused()


async def test_a_button_is_pressed_its_notice_shown_and_the_card_changed_in_place(desk: Desk) -> None:
    ref = await desk.platform.send(CARD)
    assert ref is not None
    desk.bot.notice = "已记下，谢谢"
    await desk.open()

    await desk.page.get_by_role("button", name="全部照旧").click()
    await expect(desk.page.locator(".toast")).to_have_text("已记下，谢谢")
    await desk.platform.update(ref, Outgoing(LIU_CHAT, "已记：全部照旧"))

    await expect(desk.page.locator("#stream article .text")).to_have_text(["已记：全部照旧"])
    await expect(desk.page.locator(".keyboard")).to_have_count(0)
    assert (desk.bot.last.button, desk.bot.last.sender) == ("same:1", LIU)


async def test_enter_sends_and_shift_enter_begins_a_line(desk: Desk) -> None:
    await desk.open()
    words = desk.page.locator("#words")

    await words.press_sequentially("1 主体封顶")
    await words.press("Shift+Enter")
    await words.press_sequentially("2 照旧")
    await words.press("Enter")

    await expect(desk.page.locator(".own .text")).to_have_text("1 主体封顶\n2 照旧", use_inner_text=True)
    await expect(words).to_have_value("")
    assert desk.bot.last.text == "1 主体封顶\n2 照旧"


async def test_ones_own_message_can_be_corrected(desk: Desk) -> None:
    await desk.open()
    words = desk.page.locator("#words")
    await words.fill("1 形象进度26%")
    await words.press("Enter")
    await expect(desk.page.locator(".own .text")).to_have_text("1 形象进度26%")

    await words.press("ArrowUp")
    await expect(words).to_have_value("1 形象进度26%")
    await words.fill("1 形象进度62%")
    await words.press("Enter")

    await expect(desk.page.locator(".own .text")).to_have_text(["1 形象进度62%"])
    await expect(desk.page.locator(".own .foot")).to_contain_text("已修改")
    assert desk.bot.last.edited


async def test_files_are_sent_with_words_and_shown_as_what_they_are(desk: Desk) -> None:
    await desk.open()
    page = desk.page

    photo = FilePayload(name="现场.png", mimeType="image/png", buffer=PNG)
    monthly = FilePayload(name="<i>月报</i>.pdf", mimeType="application/pdf", buffer=b"x" * 2048)
    await page.locator("#files").set_input_files([photo, monthly])
    await page.locator("#words").fill("照片和月报")
    await page.locator("#send").click()

    await expect(page.locator(".own .file")).to_contain_text("i>.pdf")
    await expect(page.locator(".own .file")).to_contain_text("2 KB")
    await expect(page.locator(".own .picture img")).to_have_js_property("naturalWidth", 1)
    picture, report = desk.bot.last.attachments
    assert (await desk.platform.fetch(picture)).content == PNG
    assert (report.media_type, report.size, desk.bot.last.text) == ("application/pdf", 2048, "照片和月报")


async def test_a_picture_of_ours_is_enlarged_and_a_workbook_downloaded(desk: Desk) -> None:
    page = desk.page
    await desk.platform.send(Outgoing(GROUP, "周报", paper=Paper("周报.png", "image/png", PNG)))
    await desk.platform.send(Outgoing(GROUP, "台账", paper=Paper("台账.xlsx", "application/x", b"PK12")))
    await desk.open(GROUP.chat)

    await page.get_by_role("button", name="放大图片 周报.png").click()
    await expect(page.locator("#viewer img")).to_be_visible()
    await page.keyboard.press("Escape")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="台账.xlsx").click()

    download = await downloading.value
    assert download.suggested_filename == "台账.xlsx"
    assert (await asyncio.to_thread(Path(await download.path()).read_bytes)) == b"PK12"


async def test_hostile_text_is_shown_as_it_was_written(desk: Desk) -> None:
    await desk.platform.send(Outgoing(LIU_CHAT, HOSTILE, ((Button(HOSTILE, "x"),),)))
    desk.platform.note(MONDAY, HOSTILE)
    await desk.open()

    await expect(desk.page.locator(".bot .text")).to_have_js_property("textContent", HOSTILE)
    await expect(desk.page.locator(".row button")).to_have_js_property("textContent", HOSTILE)
    await expect(desk.page.locator("#notes p")).to_have_js_property("textContent", HOSTILE)
    await expect(desk.page.locator("#stream b, #stream img, #notes img")).to_have_count(0)
    await expect(desk.page).to_have_title(re.compile("联络员机器人$"))
    isolation = await desk.page.locator(".bot .text").evaluate("node => getComputedStyle(node).unicodeBidi")
    assert isolation.startswith("isolate")


async def test_what_is_unread_is_counted_until_the_chat_is_opened(desk: Desk) -> None:
    page = desk.page
    await desk.open(GROUP.chat)
    chen = page.locator(f'.entry[href="#{"p%3A" + CHEN}"]')

    for n in range(2):
        ref = await desk.platform.send(Outgoing(Address("local", f"p:{CHEN}"), str(n)))
    assert ref is not None
    await desk.platform.update(ref, Outgoing(ref.to, "1"))  # no news
    desk.platform.note(MONDAY, "到此")
    await expect(page.locator("#notes")).to_contain_text("到此")
    await expect(chen.locator(".badge")).to_have_text("2")
    await expect(page).to_have_title(re.compile(r"^\(1\) "))
    await chen.click()

    await expect(chen.locator(".badge")).to_be_hidden()
    await page.reload()
    await expect(page.locator(".bot .text")).to_have_text(["0", "1"])
    await expect(chen.locator(".badge")).to_be_hidden()


async def test_people_are_found_by_name_or_unit_and_reached_by_keyboard(desk: Desk) -> None:
    page = desk.page
    await desk.open(GROUP.chat)
    await page.locator("#messages").focus()

    await page.keyboard.press("/")
    await page.keyboard.type("发改")
    await expect(page.locator(".entry:visible .name")).to_have_text(["刘敏"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")

    await expect(page.locator("#chat-name")).to_have_text("刘敏")


async def test_after_a_restart_of_the_bot_the_page_finds_it_again(page: Page) -> None:
    county = FakeCounty()
    bot = FakeBot(county)
    async with open_page(county, bot) as first:
        await first.send(CARD)
        await page.goto(f"{first.url}#{LIU_CHAT.chat}")
        await expect(page.locator(".bot .text")).to_have_count(1)
    await expect(page.locator("#link")).to_have_text("连接断开，正在重连……")

    async with open_page(county, bot, first.url.removeprefix("http://").rstrip("/")) as second:
        await second.send(Outgoing(LIU_CHAT, "早上好"))

        await expect(page.locator("#link")).to_be_hidden()
        await expect(page.locator(".bot .text")).to_have_text(["早上好"])
        await page.close()


async def test_what_was_not_stored_waits_in_the_chat_to_be_sent_again(desk: Desk) -> None:
    page = desk.page
    await desk.open()
    desk.bot.broken = True
    await page.locator("#words").fill("1 问题 用地指标未批")
    await page.keyboard.press("Enter")
    await expect(page.locator(".own .alarm")).to_have_text("未送达")
    desk.complaints.clear()  # the browser notes every answer of 503
    desk.bot.broken = False

    await page.get_by_role("button", name="重发").click()

    await expect(page.locator(".own .alarm")).to_have_count(0)
    assert [incoming.text for incoming in desk.bot.heard] == ["1 问题 用地指标未批"]


async def test_the_bot_is_added_to_a_new_group_which_then_opens(desk: Desk) -> None:
    page = desk.page
    await desk.open()

    await page.locator("#add-group").click()
    await page.locator("#group-title").fill("云集镇项目群")
    await page.locator("#founding").get_by_role("button", name="拉入群").click()

    await expect(page.locator("#chat-name")).to_have_text("云集镇项目群")
    await expect(page.locator("#as")).to_have_value("40")
    assert desk.bot.last.detail == "云集镇项目群"


async def test_without_a_movable_clock_there_are_no_controls(desk: Desk) -> None:
    desk.county.controllable = False

    await desk.open()

    await expect(desk.page.locator("#hour")).to_have_text("08:55")
    await expect(desk.page.locator("#controls")).to_be_hidden()


async def test_the_plug_can_be_pulled_for_three_days(desk: Desk) -> None:
    await desk.open()

    await desk.page.get_by_role("button", name="停机三天").click()

    await expect(desk.page.locator("#hour")).to_have_text("09:55")
    assert desk.county.jumps == [Jump.DOWN]


async def test_the_page_speaks_english_when_asked(desk: Desk) -> None:
    await desk.open(query="?lang=en")

    await expect(desk.page.locator("#date")).to_have_text("Monday, November 23, 2026")
    await expect(desk.page.get_by_role("button", name="Next Monday")).to_be_visible()
    await expect(desk.page.get_by_role("button", name="Down for 3 days")).to_be_visible()
    labels = await desk.page.locator("button, summary, h2, label").all_inner_texts()
    assert not [label for label in labels if "一" <= label[:1] <= "鿿" and "刘敏" not in label]


async def test_on_a_phone_one_column_is_shown_and_the_others_are_a_tap_away(desk: Desk) -> None:
    page = desk.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await desk.open()
    await expect(page.locator("#list")).to_be_hidden()

    await page.locator("#chat").get_by_role("link", name="返回").click()
    await expect(page.locator("#list")).to_be_visible()
    await page.locator("#pill").click()
    await expect(page.locator("#time")).to_be_visible()

    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

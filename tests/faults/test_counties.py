"""Two counties in one process: what befalls one is not felt in the other (issue 7)."""

import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import pytest

from storage.migrate import migrate
from tests.at_length import takes_long
from tests.command import PATIENCE, Running, liaison, started
from tests.faults.processes import MAIN, Line, Telegram, Town
from tests.faults.town import LIAISON, settings
from tests.test_command_line import free_address

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]

OTHER_TOKEN = "43:" + "neighbour" * 4
SOON_STILL = "from bot import counties, wellbeing; wellbeing._STALLED = 15.0; counties._LOOK = 1.0\n"
BREAKS_ONCE = """
from bot import app
whole, left = app.Bot.run, ["once"]
async def breaks_once(self):
    if self.county.name == "滕北县" and left:
        left.pop()
        raise ValueError("a mistake of ours")
    await whole(self)
app.Bot.run = breaks_once
"""


class Neighbours:
    """青禾县 and 滕北县, a schema each of one database; 滕北县 behind a line of its own."""

    def __init__(self, folder: Path, towns: list[Town], line: Line) -> None:
        self.folder = folder
        self.town, self.other = towns
        self.line = line
        self.address, self.other_address = free_address(), free_address()

    def process(self, *patches: str) -> AbstractAsyncContextManager[Running]:
        """Start one process for both."""
        lines = settings(self.town.api)
        first = lines.replace('office.listen = ""', f'office.listen = "{self.address}"')
        second = settings(self.other.api).replace("青禾县", "滕北县").replace(
            'office.listen = ""', f'office.listen = "{self.other_address}"'
        )  # fmt: skip
        second = second.replace(self.town.api.token, OTHER_TOKEN)
        for name, text, url in (("qinghe", first, self.town.url), ("tengbei", second, self.line.url)):
            file = self.folder / name / "config.toml"
            file.parent.mkdir(exist_ok=True)
            file.write_text(f'{text}\ndatabase.url = "{url}"\ndatabase.schema = "{name}"\n', encoding="utf-8")
            file.chmod(0o600)
        words = ("run", "-c", "qinghe/config.toml", "-c", "tengbei/config.toml")
        return started(*words, cwd=self.folder, program=(sys.executable, "-c", "".join(patches) + MAIN))

    async def first_answers(self, liaison: int) -> None:
        """Let somebody of 青禾县 report, and be answered."""
        await answers(self.town, liaison)


async def answers(town: Town, liaison: int) -> None:
    town.api.says(LIAISON + liaison, "基坑完成，形象进度12%")
    await town.api.until(lambda: any("已记" in each for each in town.api.answers(liaison)), within=PATIENCE)


async def health(address: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://{address}/healthz") as answer:
        return answer.status, await answer.text()


@pytest.fixture
async def neighbours(tmp_path: Path, postgresql_url: str) -> AsyncIterator[Neighbours]:
    with tempfile.TemporaryDirectory(prefix="ln-") as short:
        async with (
            Telegram() as one,
            Telegram(OTHER_TOKEN) as other,
            Line(Path(short), postgresql_url) as line,
        ):
            towns = [Town(tmp_path, postgresql_url, api) for api in (one, other)]
            for town, schema in zip(towns, ("qinghe", "tengbei"), strict=True):
                migrate(postgresql_url, schema)
                await town.is_peopled(schema)
            yield Neighbours(tmp_path, towns, line)


async def test_a_county_whose_database_is_away_begins_anew_alone(neighbours: Neighbours) -> None:
    neighbours.line.is_cut()
    async with neighbours.process() as running:
        await running.has_said("青禾县 is ready")
        await running.has_said("滕北县: .* it begins anew in")
        status, words = await health(neighbours.other_address)
        await neighbours.first_answers(1)
        assert (status, (await health(neighbours.address))[0]) == (503, 200)
        assert "the database" in words or "cannot be" in words

        await neighbours.line.mended()
        await running.has_said("滕北县 is ready")
        await answers(neighbours.other, 2)
        await neighbours.first_answers(2)
        assert await running.stopped() == 0, running.err

    one, other = (
        neighbours.town.asked(f"SELECT count(*) FROM {schema}.reports")  # noqa: S608 -- ours
        for schema in ("qinghe", "tengbei")
    )
    assert (one[0][0], other[0][0]) == (2, 1)
    assert neighbours.town.asked("SELECT count(*) FROM public.reports")[0][0] == 0


@takes_long
async def test_a_county_whose_writer_stands_still_begins_anew_alone(neighbours: Neighbours) -> None:
    async with neighbours.process(SOON_STILL) as running:
        await answers(neighbours.other, 1)
        neighbours.line.goes_dead()
        neighbours.other.api.says(LIAISON + 2, "基坑完成，形象进度12%")
        await neighbours.first_answers(1)
        await running.has_said("滕北县: .* it begins anew in")
        await neighbours.first_answers(2)

        await neighbours.line.mended()
        await neighbours.other.api.until(
            lambda: any("已记" in each for each in neighbours.other.api.answers(2)), within=PATIENCE
        )
        assert "青禾县: " not in running.err
        assert await running.stopped() == 0, running.err


async def test_a_mistake_in_one_county_ends_it_alone_and_not_for_long(neighbours: Neighbours) -> None:
    async with neighbours.process(BREAKS_ONCE) as running:
        await running.has_said("滕北县: a mistake of the program's own: ValueError.* it begins anew in 1 s")
        await neighbours.first_answers(1)
        await answers(neighbours.other, 1)
        assert await running.stopped() == 0, running.err

    assert "青禾县: " not in running.err


@takes_long
async def test_a_flood_in_one_county_is_not_felt_in_the_other(neighbours: Neighbours) -> None:
    async with neighbours.process() as running:
        await answers(neighbours.town, 0)
        await answers(neighbours.other, 0)
        for number in range(3000):
            neighbours.town.api.says(LIAISON + 1 + number % 70, f"第{number}段完成，形象进度12%")
        await answers(neighbours.other, 1)
        left = len(neighbours.town.api.pending)
        await answers(neighbours.other, 2)
        assert await running.stopped(signal.SIGTERM) == 0, running.err

    # Of a queue that both stand in, 3,000 messages would have been answered first.
    assert left > 1500


async def test_one_bot_for_two_counties_is_refused_with_the_cure(neighbours: Neighbours) -> None:
    async with neighbours.process():
        pass
    file = neighbours.folder / "tengbei" / "config.toml"
    text = file.read_text(encoding="utf-8").replace(OTHER_TOKEN, neighbours.town.api.token)
    file.write_text(text, encoding="utf-8")

    words = ("run", "-c", "qinghe/config.toml", "-c", "tengbei/config.toml")
    refused = await liaison(*words, cwd=neighbours.folder)

    assert refused.code == 78
    assert "telegram.token: is that of qinghe/config.toml as well" in refused.err

"""One week of the sample county without a browser: played, printed, and its papers left in a folder."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.chat import Address, Attachment, Capabilities, Fetched, Incoming, Listener, Outgoing, Ref
from bot.clock import VirtualClock
from bot.config import Settings
from bot.demo.cast import Cast
from bot.demo.everybody import Everybody
from bot.demo.town import SETTINGS, START, Town, town
from bot.domain.people import Person
from bot.domain.problems import Problem
from bot.domain.sample import sample_county
from bot.papers.template import write_roster
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Scene:
    """What one of the main characters does: so many days after Monday, at a time, in words."""

    day: int
    at: str
    who: str
    words: str


LIU, HOLDER, LEAD, OWNER = "刘敏", "holder", "陈志远", "傅春雷"

SCRIPT = (
    Scene(0, "09:03", LIU, "1 主体封顶，形象进度62%，本月完成3200万"),
    Scene(0, "09:04", LIU, "2 问题 用地指标未批，影响二期开挖"),
    Scene(0, "10:10", HOLDER, "接办"),
    Scene(1, "09:06", LIU, "全部照旧"),
    Scene(1, "14:20", HOLDER, "反馈 {problem} 已组卷，报市局待批"),
    Scene(2, "09:04", LIU, "1 设备基础开挖，形象进度26%"),
    Scene(2, "09:05", LIU, "写错了"),
    Scene(2, "09:06", LIU, "形象进度63%"),
    Scene(2, "16:00", HOLDER, "已解决 {problem} 用地指标已批，批文今天送到"),
    Scene(2, "16:20", LIU, "没解决"),
    Scene(2, "16:21", LIU, "批文还没有收到，二期仍不能开挖"),
    Scene(3, "09:10", LEAD, "接办 {problem}"),
    Scene(3, "09:15", LIU, "1 到12月5日前无变化"),
    Scene(3, "15:30", LEAD, "已解决 {problem} 批文已当面送到项目部"),
    Scene(3, "15:45", LIU, "销号"),
    Scene(3, "15:50", OWNER, "销号 {problem}"),
    Scene(4, "09:20", LIU, "泵业 二期开始土方开挖，本月完成800万"),
)
"""What 刘敏 and those around her do; everybody else is played by the cast."""

LONG = 31
"""Days; in a longer story everybody acts, the office and the units too."""


class Stage:
    """A chat platform of paper: everything said in both directions is written down in its order."""

    name = "local"
    capabilities = Capabilities()

    def __init__(self, clock: VirtualClock, zone: ZoneInfo) -> None:
        self.papers: dict[str, bytes] = {}
        self.lines: list[Spoken] = []
        self._offers: dict[str, dict[str, list[str]]] = {}
        self._clock = clock
        self._zone = zone
        self._count = 0

    async def run(self, listener: Listener) -> None:
        """Wait: in a story nobody comes in from outside."""
        del listener
        await asyncio.Event().wait()

    def healthy(self) -> str:
        """Return nothing: there is no connection to lose."""
        return ""

    async def send(self, message: Outgoing) -> Ref | None:
        """Write down what the bot says."""
        said = [message.text] if message.text else []
        said += ["".join(f"〔{button.label}〕" for button in row) for row in message.buttons]
        if message.paper is not None:
            said.append(f"［{message.paper.name}，{len(message.paper.content) // 1024} KB］")
            self.papers[message.paper.name] = message.paper.content
        self.write(message.to.chat, "", "\n".join(said))
        self._count += 1
        name = str(self._count)
        self._lay(message, name)
        return Ref(message.to, name)

    async def update(self, ref: Ref, message: Outgoing) -> bool:
        """Change a message where it stands, which in a chat says nothing new."""
        self._lay(message, ref.message)
        return True

    async def fetch(self, attachment: Attachment) -> Fetched:
        """Return nothing: nobody sends files here."""
        del attachment
        return Fetched(b"")

    def reread(self, _raw: str) -> Incoming | None:
        """Return nothing: everything could be read."""
        return None

    def recall(self, _sent: Sequence[tuple[str, datetime]]) -> None:
        """Do nothing: a story is told without a pace."""

    async def link(self, code: str) -> str:
        """Return nothing: everybody is here already."""
        del code
        return ""

    async def close(self) -> None:
        """Let go of nothing."""

    def _lay(self, message: Outgoing, name: str) -> None:
        """Lay the buttons of a message before whoever reads the chat, in the place of those it had."""
        before = self._offers.setdefault(message.to.chat, {})
        before.pop(name, None)
        if message.buttons:
            before[name] = [button.data for row in message.buttons for button in row]

    def offers(self, chat: str) -> dict[str, list[str]]:
        """Return the buttons that stand in a chat, by message; whoever has dealt with one drops it."""
        return self._offers.setdefault(chat, {})

    def write(self, chat: str, speaker: str, text: str) -> None:
        """Write down what somebody said in a chat; the bot, where no speaker is named."""
        at = self._clock.now().astimezone(self._zone)
        self.lines.append(Spoken(at, chat, speaker, text))


@dataclass(frozen=True, slots=True)
class Spoken:
    """One thing said; ``speaker`` is empty for the bot."""

    at: datetime
    chat: str
    speaker: str
    text: str


class Story:
    """A town with a stage: people speak, time passes, everything is written down."""

    def __init__(self, built: Town, stage: Stage, people: dict[int, Person]) -> None:
        self.town = built
        self.stage = stage
        self.people = people
        self._count = 0

    async def say(self, person_id: int, text: str) -> None:
        """Let somebody say something in their own chat."""
        self.stage.write(f"p:{person_id}", self.people[person_id].name, text)
        await self._hear(person_id, text=text)

    async def press(self, person_id: int, data: str) -> None:
        """Let somebody press a button in their own chat."""
        await self._hear(person_id, button=data)

    async def _hear(self, person_id: int, *, text: str = "", button: str = "") -> None:
        self._count += 1
        await self.town.bot.router.receive(
            Incoming(
                key=f"story:{self._count}",
                at=Address("local", f"p:{person_id}"),
                sender=str(person_id),
                sent_at=self.town.clock.now(),
                text=text,
                button=button,
                message=str(self._count),
            )
        )

    async def play(self, days: int, tick: Callable[[], None]) -> None:
        """Play a number of days from Monday on, then the morning after, when the digest goes out."""
        bot = self.town.bot
        by_name = {person.name: person.id for person in self.people.values()}
        for name in (LIU, LEAD):
            self.town.cast.leave_alone(str(by_name[name]))
        calendar = bot.county.calendar
        monday = calendar.day_of(START)
        problem: Problem | None = None
        last = max(scene.day for scene in SCRIPT)
        for day in range(days):
            if day == last + 1:
                for name in (LIU, LEAD):
                    self.town.cast.take_back(str(by_name[name]))
            for scene in (each for each in SCRIPT if each.day == day):
                await self.town.reach(calendar.at(monday + timedelta(days=day), time.fromisoformat(scene.at)))
                if problem is None:
                    problem = await bot.store.read(lambda tx: _first_of(tx, by_name[LIU]))
                    if problem is not None:
                        self.town.cast.leave_problem(problem.number)
                who = problem.holder_id if scene.who == HOLDER and problem else by_name.get(scene.who)
                if who is None:
                    continue
                await self.say(who, scene.words.format(problem=problem.number if problem else ""))
                await self.town.settle()
            await self.town.reach(calendar.at(monday + timedelta(days=day + 1), time(0)))
            tick()
        await self.town.reach(calendar.at(monday + timedelta(days=days), time(8, 55)))
        tick()


def _first_of(tx: Tx, person_id: int) -> Problem | None:
    mine = [problem for problem in tx.problems.open() if problem.reporter_id == person_id]
    return mine[0] if mine else None


@asynccontextmanager
async def told(scratch: Path, actors: type[Cast], settings: Settings = SETTINGS) -> AsyncIterator[Story]:
    """Set a story up: the town with its people and its stage, its database in a folder."""
    clock = VirtualClock(START)
    zone = START.tzinfo
    if not isinstance(zone, ZoneInfo):
        raise TypeError(zone)
    stage = Stage(clock, zone)
    async with town(scratch, stage, clock, actors, settings) as built:
        people = {each.id: each for each in await built.bot.store.read(lambda tx: tx.people.all())}
        story = Story(built, stage, people)
        built.cast.say, built.cast.press, built.carried = story.say, story.press, False
        if isinstance(built.cast, Everybody):
            built.cast.offers = stage.offers
        yield story


async def play(folder: Path, days: int, tick: Callable[[], None]) -> list[str]:
    """Play a story into a folder; Return the transcript of its main characters, line by line."""
    with tempfile.TemporaryDirectory(prefix="liaison-story-") as scratch:
        async with told(Path(scratch), Everybody if days > LONG else Cast) as story:
            await story.play(days, tick)
            main = await _main_chats(story.town, story.people)
    names = {f"p:{each.id}": f"{each.name}（{each.unit or each.title}）" for each in story.people.values()}
    whole = transcript(story.stage.lines, names, None if days <= LONG else main)
    _leave_papers(folder, whole, story.stage.papers)
    return transcript(story.stage.lines, names, main)


def _leave_papers(folder: Path, whole: Sequence[str], papers: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "transcript.txt").write_text("\n".join(whole) + "\n", encoding="utf-8")
    for name, content in papers.items():
        (folder / name).write_bytes(content)
    write_roster(folder / "roster.xlsx", sample_county())


async def _main_chats(built: Town, people: dict[int, Person]) -> set[str]:
    """Return the chats worth reading aloud: 刘敏, the owner, those who held her problem, one group."""
    held = await built.bot.store.read(
        lambda tx: {
            person.id
            for problem in tx.problems.of_reporter(next(p.id for p in people.values() if p.name == LIU))
            for person in [tx.people.get(holder) for holder in tx.custody.holders(problem.id)]
        }
    )
    groups = await built.bot.store.read(lambda tx: [chat.at.chat for chat in tx.chats.all()])
    others = {person.id for person in people.values() if person.name in {LIU, OWNER}}
    return {f"p:{person_id}" for person_id in held | others} | set(groups[:1])


def transcript(lines: Sequence[Spoken], names: dict[str, str], chats: set[str] | None) -> list[str]:
    """Return what was said, for reading: who, when, to whom."""
    told: list[str] = []
    day = None
    for line in lines:
        if chats is not None and line.chat not in chats:
            continue
        if line.at.date() != day:
            day = line.at.date()
            told += ["", f"════ {day:%Y-%m-%d} {'一二三四五六日'[day.weekday()]} ════"]
        place = names.get(line.chat, line.chat.removeprefix("g:"))
        head = f"{line.speaker} → 机器人" if line.speaker else f"机器人 → {place}"
        told += ["", f"{line.at:%H:%M} {head}", *(f"    {each}" for each in line.text.splitlines())]
    return told

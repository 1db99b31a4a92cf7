"""Nine months of a county (MISSION S1): 63 problems, 56 solved, 181 letters, and all counts right."""

import asyncio
import random
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select

from bot.chat import Address
from bot.domain.custody import by_holder
from bot.domain.deadlines import working_time_between
from bot.domain.missives import Missive, MissiveState
from bot.domain.people import Duty, Role
from bot.domain.problems import Problem, State
from bot.domain.roster import Roster
from bot.domain.sample import sample_county
from bot.domain.scope import Scope
from bot.domain.week import Week
from storage import tables
from storage.ledger import Ledger
from storage.missives import subject
from storage.store import Store
from storage.tx import Tx
from tests.databases import in_a_file
from tests.world import ZONE, World
from tests.world import world as make_world
from tests.year.figures import Raw
from tests.year.letters import Letters

FIRST, LAST = date(2026, 2, 2), date(2026, 10, 30)
SCENARIO = tomllib.loads((Path(__file__).parents[1] / "scenarios" / "nine_months.toml").read_text("utf-8"))
FOUND, SOLVED = SCENARIO["problems"]["found"], SCENARIO["problems"]["solved"]
LIAISONS, PROJECTS = 10, 30
POWER_CUT = (date(2026, 8, 11), date(2026, 8, 13))
LEAVE = (date(2026, 5, 11), date(2026, 5, 15))
HANDOVER = date(2026, 6, 15)
MORNING, NOON, AFTERNOON, EVENING = TIMES = (time(9, 0), time(11, 30), time(15, 0), time(18, 0))
"""What a working day is made of: the questions, the deeds, the reminders, the close.

The heart beats at each but the second; beats in between would find nothing more to do that is asked of here.
"""

TROUBLES = (
    "用地指标未批", "村民阻工", "控规待调整", "施工许可没办下来", "工程款拨付缺口", "没有通水",
    "变压器没有装", "缺少电焊工", "环评没有批", "进场路不通", "有人强买强卖", "缺少技术资料",
)  # fmt: skip

Deed = tuple[int, str]
"""So many half days after the one before, somebody does something."""

PLAIN: tuple[Deed, ...] = ((1, "take"), (3, "feedback"), (4, "solve"), (1, "close"))
LIVES: tuple[tuple[Deed, ...], ...] = (
    PLAIN,
    ((9, "take"), (2, "feedback"), (3, "solve"), (2, "close")),  # accepted late: the ladder climbs
    ((1, "give_back"), (2, "take"), (2, "feedback"), (3, "solve"), (1, "close")),
    ((1, "transfer"), (1, "take"), (3, "feedback"), (4, "solve"), (1, "close")),
    ((1, "take"), (2, "extend"), (1, "grant"), (14, "feedback"), (3, "solve"), (1, "close")),
    ((1, "take"), (2, "ask_up"), (2, "agree"), (3, "feedback"), (2, "solve"), (1, "close")),
    ((2, "take"), (30, "solve"), (8, "close")),  # no word, solved late, confirmed after a reminder
    ((1, "take"), (3, "solve"), (1, "unsolved"), (2, "take"), (2, "feedback"), (3, "solve"), (1, "close")),
    ((1, "take"), (1, "ask_back"), (2, "answer"), (2, "feedback"), (3, "solve"), (1, "close")),
)
"""How problems that are solved go; the ones that stay open stop somewhere on the way."""

UNFINISHED: tuple[tuple[Deed, ...], ...] = ((), PLAIN[:1], PLAIN[:2], PLAIN[:3], PLAIN[:2], (), PLAIN[:1])


def roster() -> Roster:
    """The sample county with thirty projects in the hands of ten liaisons, and no problems yet."""
    whole = sample_county()
    liaisons = [row for row in whole.people if Role.LIAISON in row.roles][:LIAISONS]
    names = [
        next(p.liaisons[0] for p in whole.projects if p.liaisons[0].name == row.name) for row in liaisons
    ]
    projects = tuple(
        replace(row, liaisons=(names[at % LIAISONS],)) for at, row in enumerate(whole.projects[:PROJECTS])
    )
    return replace(whole, projects=projects, milestones=(), groups=(), problems=())


class Year:
    """The county at work, played by people with a script and a seed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance = random.Random(63)
        self.lives: dict[str, Iterator[Deed]] = {}
        self.next_at: dict[str, tuple[int, str]] = {}
        self.halves = 0
        calendar = world.county.calendar
        self.days = [
            day for n in range((LAST - FIRST).days + 1) if calendar.is_workday(day := FIRST + timedelta(n))
        ]
        lives = [LIVES[at % len(LIVES)] for at in range(SOLVED)]
        lives[20:20] = UNFINISHED
        lit = [day for day in self.days[3:-45] if not self.is_dark(day)]
        days = sorted(self.chance.sample(lit, FOUND))
        self.plan = dict(zip(days, lives, strict=True))
        self.letters = _letters([day for day in self.days if not self.is_dark(day)])

    def is_dark(self, day: date) -> bool:
        return POWER_CUT[0] <= day <= POWER_CUT[1]

    async def plays(self) -> None:
        """Play every working day; the dark ones pass without a beat."""
        for day in self.days:
            if self.is_dark(day):
                continue
            for clock in TIMES:
                if clock == NOON:
                    self.world.clock.set(datetime.combine(day, clock, ZONE))
                else:
                    await self.world.day_at(day, clock.isoformat())
                if clock == MORNING:
                    await self.liaisons_answer(day, late=False)
                if clock in {NOON, AFTERNOON}:
                    self.halves += 1
                    await self.leaders_act()
                if clock == NOON and day in self.plan:
                    await self.somebody_reports(self.plan[day])
                if clock == NOON:
                    await self.office_writes(day)
                if clock == AFTERNOON:
                    await self.liaisons_answer(day, late=True)
                    await self.units_answer(day)
            await self.happens_once(day)
        await self.world.reaches(self.world.clock.now() + timedelta(days=4))

    async def happens_once(self, day: date) -> None:
        """Leave and handover come once, each on its day."""
        office = await self.of_role(Role.OFFICE)
        if day == LEAVE[0] - timedelta(days=3):
            away, stands_in = (await self.world.asks(lambda tx: tx.people.with_role(Role.LEAD_LEADER)))[:2]
            await self.says(away.id, f"请假 {LEAVE[0]:%m-%d} {LEAVE[1]:%m-%d} {stands_in.name}")
        if day == HANDOVER:
            giver, taker = await self.world.asks(_two_liaisons)
            await self.says(office, f"移交 {giver} {taker}")
            await self.world.hears(str(office), button="确认移交")

    # --- liaisons -----------------------------------------------------------------------

    async def liaisons_answer(self, day: date, *, late: bool) -> None:
        """Most answer in the morning, some after the reminder, a few not at all."""
        prompts = await self.world.asks(lambda tx: tx.rounds.asked(day))
        said = []
        for prompt in prompts:
            mood = random.Random(f"{day}|{prompt.person_id}").random()
            is_late, is_silent = 0.85 <= mood < 0.96, mood >= 0.96
            if not prompt.answered and not is_silent and is_late is late:
                words = "照旧" if mood < 0.7 else f"1 主体施工第{self.halves}段"
                said.append(self.world.hears(str(prompt.person_id), words, settle=False))
        await asyncio.gather(*said)
        await self.world.delivery.drain()

    async def somebody_reports(self, life: tuple[Deed, ...]) -> None:
        number = len(self.lives) + 1
        project, liaison = self.chance.choice(await self.world.asks(_projects_with_liaisons))
        trouble = TROUBLES[number % len(TROUBLES)]
        await self.says(liaison, f"{project} 问题 {trouble}（第{number}件）")
        question = await self.world.asks(lambda tx: tx.conversations.open(liaison))
        if question is not None and question.topic == "similar":
            await self.says(liaison, "2")
        self.lives[f"2026-{number:03}"] = iter(life)
        self.turn_to_next(f"2026-{number:03}")

    # --- letters ------------------------------------------------------------------------

    async def office_writes(self, day: date) -> None:
        """Write the letters of a day and let them go out; the next beat sends them."""
        office = await self.of_role(Role.OFFICE)
        for kind, unit in self.letters.get(day, ()):
            await self.says(office, f"发函 {kind} {unit} {SCENARIO['words'][kind]}")
            await self.world.hears(str(office), button="发出")

    async def units_answer(self, day: date) -> None:
        """Every eleventh letter is never answered, some are late; half of the others are closed."""
        office = await self.of_role(Role.OFFICE)
        for letter, to in await self.world.asks(_unanswered):
            assert letter.sent_at is not None
            waited = (day - letter.sent_at.astimezone(ZONE).date()).days
            if letter.id % 11 == 0 or waited < letter.id % 10:
                continue
            await self.says(to, f"回复 {letter.call} 已落实责任人，按期办理")
            if letter.id % 2:
                await self.world.hears(str(office), button="办结")

    # --- leaders ------------------------------------------------------------------------

    def turn_to_next(self, number: str) -> None:
        deed = next(self.lives[number], None)
        if deed is None:
            self.next_at.pop(number, None)
        else:
            self.next_at[number] = (self.halves + deed[0], deed[1])

    async def leaders_act(self) -> None:
        for number, (at, deed) in list(self.next_at.items()):
            if at <= self.halves:
                problem = await self.world.asks(partial(_numbered, number=number))
                assert problem is not None
                await getattr(self, deed)(problem)
                self.turn_to_next(number)

    async def take(self, problem: Problem) -> None:
        await self.says(problem.holder_id, f"接办 {problem.number}")

    async def feedback(self, problem: Problem) -> None:
        await self.says(problem.holder_id, f"反馈 {problem.number} 已现场踏勘，正在办")

    async def solve(self, problem: Problem) -> None:
        await self.says(problem.holder_id, f"已解决 {problem.number} 批复已下")

    async def close(self, problem: Problem) -> None:
        for person_id in await self.world.asks(partial(_asked_to_confirm, problem=problem)):
            await self.says(person_id, f"销号 {problem.number}")

    async def unsolved(self, problem: Problem) -> None:
        await self.says(problem.confirmer_id, f"没解决 {problem.number} 现场还没动")

    async def transfer(self, problem: Problem) -> None:
        others = await self.world.asks(lambda tx: tx.people.with_role(Role.DEPARTMENT_LIAISON))
        to = next(each for each in others if each.id != problem.holder_id)
        await self.says(problem.holder_id, f"转办 {problem.number} {to.name} 归他们管")

    async def give_back(self, problem: Problem) -> None:
        await self.says(problem.holder_id, f"退回 {problem.number} 不归我们管")

    async def extend(self, problem: Problem) -> None:
        assert problem.solve_due is not None
        day = problem.solve_due.astimezone(ZONE) + timedelta(days=6)
        await self.says(problem.holder_id, f"延期 {problem.number} {day.month}月{day.day}日 已组卷上报")

    async def grant(self, problem: Problem) -> None:
        await self.presses_wherever(problem, "同意延期")

    async def ask_up(self, problem: Problem) -> None:
        await self.says(problem.holder_id, f"提请 {problem.number} 请协调用地指标")
        await self.says(problem.holder_id, "1")

    async def agree(self, problem: Problem) -> None:
        await self.presses_wherever(problem, "同意")

    async def ask_back(self, problem: Problem) -> None:
        await self.says(problem.holder_id, f"问反映人 {problem.number} 具体在哪一段？")

    async def answer(self, problem: Problem) -> None:
        await self.world.hears(str(problem.confirmer_id), button="回答")
        await self.says(problem.confirmer_id, "在二期北侧")

    async def presses_wherever(self, problem: Problem, label: str) -> None:
        """Let whoever was asked press their answer."""
        for chat, messages in self.world.platform.chats.items():
            if any(label in m.labels and problem.number in m.text for m in messages):
                await self.world.hears(chat.removeprefix("account-"), button=label)
                return
        raise AssertionError(f"nobody was asked: {label} {problem.number}")

    async def says(self, person_id: int, text: str) -> None:
        await self.world.hears(str(person_id), text)

    async def of_role(self, role: Role) -> int:
        return (await self.world.asks(lambda tx: tx.people.with_role(role)))[0].id


def _letters(days: list[date]) -> dict[date, list[tuple[str, str]]]:
    """Return which letters go to whom on which day: those of a month spread over its working days."""
    units = cycle(SCENARIO["units"]["names"])
    months = sorted({(day.year, day.month) for day in days})
    found: dict[date, list[tuple[str, str]]] = defaultdict(list)
    for kind, counts in SCENARIO["letters"].items():
        for month, count in zip(months, counts, strict=True):
            of_month = [day for day in days if (day.year, day.month) == month]
            for nth in range(count):
                found[of_month[nth * len(of_month) // count]].append((kind, next(units)))
    return found


def _unanswered(tx: Tx) -> list[tuple[Missive, int]]:
    sent = [each for each in tx.missives.in_state(MissiveState.SENT) if each.awaits_reply]
    return [(each, min(tx.receipts.of(subject(each.id)))) for each in sent]


def _asked_to_confirm(tx: Tx, problem: Problem) -> list[int]:
    owners = tx.projects.on([problem.project_id], Duty.OWNER, LAST).get(problem.project_id, [])
    return [problem.confirmer_id, *(each for each in owners if each != problem.confirmer_id)]


def _numbered(tx: Tx, number: str) -> Problem | None:
    return tx.problems.numbered(number)


def _projects_with_liaisons(tx: Tx) -> list[tuple[str, int]]:
    projects = tx.projects.all()
    on = tx.projects.on([project.id for project in projects], Duty.LIAISON, LAST)
    return [(project.number, on[project.id][0]) for project in projects]


def _two_liaisons(tx: Tx) -> list[str]:
    ids = dict.fromkeys(liaison for _, liaison in _projects_with_liaisons(tx))
    return [tx.people.get(each).name for each in list(ids)[:2]]


# --- the proof --------------------------------------------------------------------------


def _move_in(tx: Tx, world: World) -> None:
    tx.rosters.apply(roster(), FIRST, world.clock.now(), zone=ZONE)
    for person in tx.people.all():
        account = world.account(str(person.id))
        tx.people.bind(person.id, "fake", account, account, world.clock.now())
        world.ids[str(person.id)] = person.id
    for scope in ("全县", "属地:城关镇"):
        chat = tx.chats.meet(Address("fake", f"group-{scope}"), scope, world.clock.now())
        tx.chats.bind(chat.id, scope, None, world.clock.now())


@pytest.mark.slow
async def test_nine_months_of_a_county(copied: Callable[..., str], tmp_path: Path) -> None:
    url = copied()
    async with Store(url) as store:
        world = make_world(store, datetime.combine(FIRST, time(8, 0), ZONE))
        await store.perform(partial(_move_in, world=world))
        year = Year(world)
        await year.plays()
        now = world.clock.now()
        assert await world.delivery.pending() == 0
    engine = create_engine(url)
    with engine.connect() as connection:
        tx = Tx(connection)
        _the_ledger_counts_right(tx, world, now)
        _custody_adds_up(tx, world, now)
        _every_rung_is_accounted_for(tx)
        _everybody_was_asked_once_a_day(tx, year)
        _a_digest_a_week_and_group(tx, year)
        _the_register_counts_right(tx, now)
        assert tx.audit.broken_at() is None
        assert _count(tx, tables.dead_letters) == 0
        untold = tables.escalation_notices.c.told_at.is_(None)
        assert _count(tx, tables.escalation_notices, untold) == 0
        owed = tables.outbox.c.state.in_(("waiting", "claimed")) & (tables.outbox.c.due_at <= now)
        assert _count(tx, tables.outbox, owed) == 0
    engine.dispose()
    letters = Letters(Raw(in_a_file(url, tmp_path)), datetime.combine(FIRST, time(8, 0), ZONE))
    assert [*letters.numbers(), *letters.receipts()] == []
    letters.raw.close()


def _count(tx: Tx, table: Any, *conditions: Any) -> int:
    return int(tx.connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())


def _problems(tx: Tx) -> list[Problem]:
    ids = tx.connection.execute(select(tables.problems.c.id).order_by(tables.problems.c.id)).scalars()
    return tx.problems.several(list(ids))


def _the_ledger_counts_right(tx: Tx, world: World, now: datetime) -> None:
    """Digest and export say what was found, solved and is open: 88.9 % solved."""
    digest = Ledger(tx.connection).digest(Scope.parse("全县"), Week.of(LAST), county=world.county, now=now)
    states = Counter(line.state for line in digest.problems)
    assert (len(digest.problems), states[State.CLOSED], len(digest.open)) == (FOUND, SOLVED, FOUND - SOLVED)
    assert digest.solved_permille in {888, 889}
    lines = list(Ledger(tx.connection).problems(world.county, now))
    assert len(lines) == FOUND
    assert sum(line.closed_at is not None for line in lines) == SOLVED
    weeks = {Week.of(FIRST + timedelta(n)) for n in range((LAST - FIRST).days + 1)}
    opened = sum(
        len(Ledger(tx.connection).digest(Scope.parse("全县"), week, county=world.county, now=now).opened)
        for week in weeks
    )
    assert opened == FOUND


def _custody_adds_up(tx: Tx, world: World, now: datetime) -> None:
    """Somebody held each problem at every moment of its life, and their times make it up."""
    deadlines, calendar = world.county.deadlines, world.county.calendar
    for problem in _problems(tx):
        spans = tx.custody.spans(problem.id)
        times = by_holder(spans, now, deadlines, calendar)
        assert spans[0].since == problem.opened_at
        assert all(one.until == two.since for one, two in pairwise(spans))
        assert spans[-1].until == problem.closed_at
        life = working_time_between(problem.opened_at, problem.closed_at or now, deadlines, calendar)
        assert sum((length for _, length in times), timedelta(0)) == life
        assert all(length >= timedelta(0) for _, length in times)


def _every_rung_is_accounted_for(tx: Tx) -> None:
    """Levels without a gap, each in the audit, and there were some of every kind that a county meets."""
    climbed = tx.connection.execute(select(tables.escalations).order_by(tables.escalations.c.id)).all()
    levels: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in climbed:
        levels[row.problem_id, row.generation].append(row.level)
    assert all(found == list(range(1, len(found) + 1)) for found in levels.values())
    assert _count(tx, tables.audit, tables.audit.c.action == "problem.escalated") == len(climbed)
    for problem in _problems(tx):
        assert problem.level == len(levels[problem.id, problem.generation])
    kinds = Counter(row.rung for row in climbed)
    assert {
        "accept_1",
        "accept_2",
        "accept_3",
        "feedback_1",
        "solve_1",
        "solve_2",
        "confirm_1",
    } <= kinds.keys()


def _everybody_was_asked_once_a_day(tx: Tx, year: "Year") -> None:
    """One question for each liaison and working day; the days without power are noted as missed."""
    keys = tx.connection.execute(
        select(tables.outbox.c.key).where(tables.outbox.c.key.startswith("prompt:"))
    ).scalars()
    asked = Counter(key for key in keys if key.count(":") == 2)
    assert set(asked.values()) == {1}
    rounds = {row.day: row.state for row in tx.connection.execute(select(tables.rounds))}
    for day in year.days:
        assert rounds[day] == ("missed" if year.is_dark(day) else "closed")
    lit = [day for day in year.days if not year.is_dark(day)]
    by_day = Counter(key.rsplit(":", 1)[1] for key in asked)
    assert all(LIAISONS - 1 <= by_day[day.isoformat()] <= LIAISONS for day in lit)


def _the_register_counts_right(tx: Tx, now: datetime) -> None:
    """45 交（督）办函, 126 工作提示, 10 督查通报; what nobody answered is open, and overdue."""
    counters = {str(each.kind): each for each in tx.missive_register.counters(2026, now.date())}
    sent = {kind: each.sent for kind, each in counters.items()}
    assert (sent["交办函"] + sent["督办函"], sent["工作提示"], sent["督查通报"]) == (45, 126, 10)
    waiting = [each for each in tx.missives.in_state(MissiveState.SENT) if each.kind.wants_reply]
    late = [each for each in waiting if each.is_overdue(now.date())]
    lately = now - timedelta(days=14)
    assert {each.id % 11 for each in late if each.sent_at and each.sent_at < lately} == {0}
    assert sum(each.overdue for each in counters.values()) == len(late)


def _a_digest_a_week_and_group(tx: Tx, year: "Year") -> None:
    keys = tx.connection.execute(
        select(tables.outbox.c.key).where(tables.outbox.c.key.startswith("digest:"))
    ).scalars()
    slots = Counter(":".join(key.split(":")[:3]) for key in keys if key.count(":") == 2)
    weeks = {Week.of(day) for day in year.days}
    assert set(slots.values()) == {1}
    assert len(slots) >= 2 * (len(weeks) - 1)

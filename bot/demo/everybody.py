"""Everybody in a long story: the office decides, leaders go and see, units answer their letters.

They press the buttons that stand in their chats, as people do; the same year plays the same way each time.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, time, timedelta

from bot.app import Bot
from bot.demo import incidents
from bot.demo.cast import Cast, Line
from bot.demo.habits import (
    CIRCULAR,
    ERRAND,
    HABITS,
    HINTS,
    MEASURES,
    OF_HEADS,
    OF_THE_OFFICE,
    ONCE,
    ORDER,
    RESOLUTION,
    REWARD,
)
from bot.domain.people import Duty, Role
from bot.domain.problems import Problem
from bot.domain.projects import Project, ProjectClass
from bot.domain.roster import Roster
from bot.domain.stages import Milestone, Move, Step
from handlers.turn import Beat
from storage.rounds import Prompt

Offers = Callable[[str], dict[str, list[str]]]
"""The buttons that stand in a chat: the data of each, message by message."""

_DELAYS = (-4, 0, 1, 3, 12, 25, 40)
"""Days by which steps come before or after their plan."""

_TROUBLED = 0.3
"""Of the problems of a lively week so many are left: a county finds some seventy a year (MISSION S1)."""
_TUESDAY, _WEDNESDAY, _THURSDAY = 1, 2, 3
_CONSULTED = 26
_WEEK = 7
_PERCENT, _WHOLE = 10, 100
_HARDLY = 0.08
"""So much less likely is a letter answered by a unit that is late, or closed before it is answered."""
_CONFERENCE, _WAITING = 25, 9
"""The day of the month on which heads decide together, and for how many before they decide nothing."""
_TELLS_MONEY, _TELLS_PERCENT = 0.8, 0.4
_TEN_TENS = 1000
"""Ten 万元: the figures that liaisons give are round."""


class Everybody(Cast):
    """Plays the county of a year: who is asked answers, who has something before them decides."""

    grid = timedelta(minutes=30)
    answers_at = (time(9, 30), time(15, 0))
    deeds_at = (time(10, 30), time(14, 30), time(17, 0))

    def __init__(self, bot: Bot, roster: Roster) -> None:
        super().__init__(bot, roster)
        self.offers: Offers = _nothing
        self._actions: dict[str, str] = {}
        self._projects: dict[int, Project] = {}
        self._milestones: dict[int, list[Milestone]] = {}
        self._pending: set[tuple[int, str, str]] = set()
        self._county = incidents.County()
        self._done: set[str] = set()
        self._turned: set[str] = set()
        self._turns: list[Line] = []
        self._is_before_conference = False

    # --- liaisons -----------------------------------------------------------------------

    async def answers(self, day: date, clock: time) -> list[Line]:
        """Return what liaisons answer, steps of their projects among it."""
        projects, milestones, pending = await self.bot.watch.read(_standing)
        self._projects = {each.id: each for each in projects}
        self._milestones = {}
        for each in milestones:
            self._milestones.setdefault(each.project_id, []).append(each)
        self._pending = {(move.project_id, str(move.step), move.what) for move in pending}
        return await super().answers(day, clock)

    def words(self, prompt: Prompt, numbers: dict[int, str], day: date) -> str:
        """Return a step, where one has come; else the day's answer."""
        for place, project_id in enumerate(prompt.projects, 1):
            if step := self._step(self._projects[project_id], day):
                return f"{step[0]} {place} {step[1]}".rstrip()
        return super().words(prompt, numbers, day)

    def daily(self, number: str, day: date, person_id: int) -> str:
        """Return the answer on a project: of this year as the sample has it, then at the plan's pace."""
        project = next(each for each in self._projects.values() if each.number == number)
        if project.kind is ProjectClass.BUILDING and incidents.is_copied(number, day):
            return incidents.COPIED
        said = super().daily(number, day, person_id)
        if said.startswith("问题") and random.Random(f"{number}|{day}|{person_id}").random() > _TROUBLED:
            return "照旧"
        if day.year == self.began.year:
            return said
        chance = random.Random(f"{number}|{day}")
        said = said.partition("，")[0]
        if said == "照旧" or said.startswith("问题") or project.actual_start is None:
            return said
        pace = random.Random(f"{number}|{day.year}").uniform(0.55, 1.1)
        spent = int(project.planned * day.timetuple().tm_yday * pace) // 365 // _TEN_TENS * 10
        percent = project.permille // _PERCENT + 1
        figures = [f"累计完成{spent}万元"] if spent and chance.random() < _TELLS_MONEY else []
        if percent < _WHOLE and chance.random() < _TELLS_PERCENT:
            figures.append(f"形象进度{percent}%")
        return "，".join([said, *figures])

    def _step(self, project: Project, day: date) -> tuple[str, str] | None:
        """Return what has come of a project today, as its liaison says it."""
        if project.actual_start is None:
            is_due = self._has_come(project, Step.START, project.planned_start, day)
            return (Step.START, "") if is_due else None
        for each in self._milestones.get(project.id, ()):
            if each.done is None and self._has_come(project, Step.MILESTONE, each.planned, day, each.name):
                return Step.MILESTONE, each.name
        if project.actual_completion is None and self._has_come(
            project, Step.COMPLETION, project.planned_completion, day
        ):
            return Step.COMPLETION, ""
        return None

    def _has_come(
        self, project: Project, step: Step, planned: date | None, day: date, what: str = ""
    ) -> bool:
        if planned is None or (project.id, str(step), what) in self._pending:
            return False
        delay = random.Random(f"{project.number}|{step}|{what}").choice(_DELAYS)
        return day >= planned + timedelta(days=delay)

    # --- whoever has something before them ----------------------------------------------

    async def deeds(self, day: date, clock: time) -> list[Line]:
        """Return what is done about problems, what is pressed, and what is begun."""
        people = await self.bot.watch.read(lambda beat: beat.tx.people.all())
        office = [each.id for each in people if each.is_office]
        clerk = office[day.toordinal() % len(office)]
        chats = {each.id: self.offers(f"p:{each.id}") for each in people if self.plays(each.id)}
        await self._learn(chats.values())
        if clock == self.deeds_at[0]:
            self._county = await self.bot.watch.read(incidents.county)
        self._turns = []
        self._is_before_conference = _CONFERENCE - _WAITING <= day.day <= _CONFERENCE
        lines = await super().deeds(day, clock) + self._turns
        for person_id, messages in chats.items():
            is_clerk = person_id == clerk or person_id not in office
            for message in list(messages):
                pressed = self._pressed(person_id, messages[message], f"{day}|{clock}", is_clerk=is_clerk)
                if pressed is not None:
                    del messages[message]
                    lines += [await self._answering(line, day) for line in pressed]
        if clock == self.deeds_at[0]:
            lines += await self._begun(clerk, day)
            lines += incidents.of_day(clerk, self._county, day)
        return [line for line in lines if self.plays(line.person_id)]

    def deed(self, problem: Problem, silent: list[int], day: date, clock: time) -> Line | None:
        """Return what is done about one problem; whoever is away has a substitute."""
        turn = () if problem.number in self._turned else self._turn(problem)
        if turn:
            self._turned.add(problem.number)
            self._turns += turn
            return None
        if problem.id in self._county.asked:
            return None
        line = super().deed(problem, silent, day, clock)
        return replace(line, person_id=self._county.acts_for(line.person_id)) if line else None

    def _turn(self, problem: Problem) -> list[Line]:
        return incidents.of_problem(problem, self._county, self.bot.county.calendar.day_of)

    async def _learn(self, chats: Iterable[dict[str, list[str]]]) -> None:
        """Find out what the new buttons stand for, and forget those that nobody here presses."""
        datas = [data for chat in chats for message in chat.values() for data in message]
        new = [data for data in datas if data not in self._actions]
        found = await self.bot.watch.read(lambda beat: [beat.tx.outbox.pressed(data) for data in new])
        self._actions = {data: self._actions[data] for data in datas if data in self._actions}
        self._actions |= {
            data: pressed.action if pressed else "" for data, pressed in zip(new, found, strict=True)
        }
        for chat in chats:
            for message in list(chat):
                if not any(self._verb(data) in HABITS for data in chat[message]):
                    del chat[message]

    def _verb(self, data: str) -> str:
        return self._actions[data].partition(":")[0]

    def _argument(self, data: str) -> str:
        return self._actions[data].partition(":")[2]

    def _pressed(self, person_id: int, message: list[str], when: str, *, is_clerk: bool) -> list[Line] | None:
        """Return what somebody presses of a message; nothing for good where it is not theirs."""
        first: dict[str, str] = {}
        for data in message:
            first.setdefault(self._verb(data), data)
        verbs = [verb for verb in HABITS if verb in first]
        if not is_clerk and OF_THE_OFFICE.intersection(verbs):
            return None
        draw = random.Random(f"{person_id}|{self._actions[first[verbs[0]]]}|{when}").random()
        for verb in verbs:
            draw -= self._odds(first[verb], verbs)
            if draw < 0:
                if verb == "missive":
                    return self._opened(person_id, message)
                if verb in ONCE:
                    self._done.add(self._actions[first[verb]])
                return [Line(person_id, button=first[verb])]
        return [] if verbs == ["object"] else None

    def _odds(self, data: str, verbs: list[str]) -> float:
        """Return how likely a button is pressed at a look; only an answered letter is readily closed."""
        verb = self._verb(data)
        is_late = verb == "missive_reply" and incidents.is_answered_late(self._argument(data))
        is_early = verb == "missive_close" and "missive_return" not in verbs
        waits = self._is_before_conference and verb in OF_HEADS
        if waits or self._actions[data] in self._done:
            return 0
        return HABITS[verb].odds * (_HARDLY if is_late or is_early else 1)

    def _opened(self, person_id: int, message: list[str]) -> list[Line] | None:
        """Return the presses on a list of drafts, but on those that are left lying."""
        drafts = [
            data
            for data in message
            if self._verb(data) == "missive" and not incidents.is_left_lying(self._argument(data))
        ]
        return [Line(person_id, button=data) for data in drafts] or None

    async def _answering(self, line: Line, day: date) -> Line:
        """Return a press with the words that it will be asked for."""
        verb, _, argument = self._actions[line.button].partition(":")
        if verb == "amend":
            words = await self.bot.watch.read(lambda beat: _put_right(beat, int(argument)))
        else:
            choices = HABITS[verb].words
            words = random.Random(f"{line.button[-3:]}{argument}|{day}").choice(choices) if choices else ""
        return Line(line.person_id, words, line.button)

    # --- begun by themselves ------------------------------------------------------------

    async def _begun(self, clerk: int, day: date) -> list[Line]:
        """Return what the office writes by itself, and where leaders say they will go."""
        projects, units, led = await self.bot.watch.read(_places)
        chance = random.Random(f"begun|{day}")
        project = chance.choice(projects)
        unit = units.get(project.id, "发改局")
        by = f"{(until := day + timedelta(days=10)).month}月{until.day}日"
        week = (day.day - 1) // _WEEK
        said = []
        if day.weekday() == 0:
            said += [Line(leader, f"走访 {chance.choice(mine)} 周四") for leader, mine in led.items()]
        if day.weekday() == _TUESDAY:
            said.append(
                Line(clerk, f"发函 工作提示 {unit} {project.number} {chance.choice(HINTS).format(day=by)}")
            )
        if day.weekday() == _WEDNESDAY:
            letters = (
                f"发函 督查通报 {unit} {project.number} {CIRCULAR}",
                f"发函 任务交办单 {unit} {project.number} {ERRAND.format(day=by)}",
                f"发函 调度令 {unit} {project.number} {ORDER.format(day=by)}",
                f"要件 {project.number} 举措 {MEASURES}",
                f"要件 {project.number} 奖惩 {REWARD}",
            )
            said.append(Line(clerk, letters[week]))
        if day.weekday() == _THURSDAY and day.day >= _CONSULTED:
            said.append(Line(clerk, f"决议 {project.number} 自然资源局 {RESOLUTION.format(day=by)}"))
        return said


def _standing(beat: Beat) -> tuple[list[Project], list[Milestone], list[Move]]:
    projects = beat.tx.projects.all()
    return projects, beat.tx.stages.milestones([each.id for each in projects]), beat.tx.stages.pending()


def _places(beat: Beat) -> tuple[list[Project], dict[int, str], dict[int, list[str]]]:
    """Return the projects, the unit of each, and what each leader may visit."""
    projects = [each for each in beat.tx.projects.all() if each.kind is not ProjectClass.BUILT]
    names = {each.id: each.name for each in beat.tx.people.units()}
    units = {each.id: names.get(beat.tx.missives.unit_of(each.id) or 0, "") for each in projects}
    visited = {each.id for each in projects if each.kind in {ProjectClass.BUILDING, ProjectClass.NEW}}
    led: dict[int, list[str]] = {}
    for leader in beat.tx.people.with_role(Role.LEAD_LEADER):
        mine = beat.tx.projects.of(leader.id, Duty.LEAD_LEADER, beat.today)
        if numbers := [each.number for each in mine if each.id in visited]:
            led[leader.id] = numbers
    return projects, {key: name for key, name in units.items() if name}, led


def _put_right(beat: Beat, bulletin_id: int) -> str:
    """Return the words that put a figure of a draft right."""
    bulletin = beat.tx.bulletins.get(bulletin_id)
    chance = random.Random(f"amended|{bulletin_id}")
    for table in bulletin.document.tables if bulletin else ():
        money = [each for each in table.headings if each.kind == "money" and not each.of]
        if money and table.rows:
            return f"{chance.choice(table.rows).key} {chance.choice(money).title} 3200万（漏报，已核实）"
    return "取消"


def _nothing(_chat: str) -> dict[str, list[str]]:
    return {}

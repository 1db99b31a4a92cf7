"""The invented people of the sample county, playing whoever nobody at the page speaks for.

They use words alone, as any person could: 「1 照旧」, 「接办 2026-003」, 「销号 2026-003」. What they do
follows from the county and the day, so the same week plays the same way each time.
"""

import random
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.app import Bot
from bot.domain.problems import Problem, State
from bot.domain.roster import Roster
from bot.domain.sample import daily_words
from handlers.clocks import unconfirmed
from handlers.turn import Beat
from storage.rounds import Prompt

Voice = Callable[[int, str], Awaitable[None]]
"""Says something in the name of the person with an id, or presses the button with some data."""

ANSWERS_AT = (*(time(9, minute) for minute in (2, 5, 8, 12, 17, 25, 40)), time(10, 30), time(15, 12))
"""When liaisons answer; who does not until three o'clock needs the reminder."""

DEEDS_AT = (time(9, 50), time(11, 20), time(14, 40), time(16, 30))
"""When leaders, department liaisons and reporters look after problems."""

acting: ContextVar[bool] = ContextVar("acting", default=False)
"""Whether what reaches us now is said by the cast rather than by somebody at the page."""

_NEVER = 0.04
_LATE = 0.12
_TAKE, _FEED_BACK, _SOLVE, _SATISFIED = 0.75, 0.35, 0.3, 0.85
_PAY = 0.06
"""Money is slower than anything else."""
_HALF = 200
"""Half of hundredths of 万元."""

_FEEDBACK = (
    "已现场踏勘，正在组卷",
    "已召集相关单位会商，本周出方案",
    "材料已报市局，等批复",
    "已约项目业主明天上门对接",
)
_SOLUTIONS = ("批复已下，请查收", "已协调到位，可以进场", "已办结，手续齐全", "相关费用已拨付")


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody is about to say; ``button`` is what they press before it, or instead."""

    person_id: int
    text: str = ""
    button: str = ""


class Cast:
    """Knows what each of them will say next."""

    grid = timedelta(0)
    """How long what time and words bring may wait, so that a long story has fewer beats."""
    answers_at: tuple[time, ...] = ANSWERS_AT
    deeds_at: tuple[time, ...] = DEEDS_AT

    def __init__(self, bot: Bot, roster: Roster) -> None:
        self.bot = bot
        self._rows = {row.number: row for row in roster.projects}
        self._silent: set[str] = set()
        self._told: set[str] = set()
        self._played = bot.clock.now()
        self.began = bot.county.calendar.day_of(self._played)
        self.say: Voice = _nobody
        self.press: Voice = _nobody

    def leave_alone(self, account: str) -> None:
        """Play this person no more: somebody at the page speaks for them."""
        self._silent.add(account)

    def take_back(self, account: str) -> None:
        """Play this person again."""
        self._silent.discard(account)

    def plays(self, person_id: int) -> bool:
        """Tell whether nobody else speaks for a person."""
        return str(person_id) not in self._silent

    def leave_problem(self, number: str) -> None:
        """Let others see to this problem: the story tells what becomes of it."""
        self._told.add(number)

    def next_moment(self, now: datetime) -> datetime | None:
        """Return when somebody will next say something."""
        calendar = self.bot.county.calendar
        day = calendar.day_of(now)
        if not calendar.is_workday(day):
            day = calendar.next_workday(day)
        for each in (day, calendar.next_workday(day)):
            for clock in sorted((*self.answers_at, *self.deeds_at)):
                if (moment := calendar.at(each, clock)) > max(now, self._played):
                    return moment
        return None

    async def play(self, now: datetime) -> int:
        """Say what was to be said since the last time; Return how much that was."""
        said = 0
        calendar = self.bot.county.calendar
        day = calendar.day_of(now)
        for clock in sorted((*self.answers_at, *self.deeds_at)):
            moment = calendar.at(day, clock)
            if not (calendar.is_workday(day) and self._played < moment <= now):
                continue
            lines = await (self.answers(day, clock) if clock in self.answers_at else self.deeds(day, clock))
            acting.set(True)
            for line in lines:
                if line.button:
                    await self.press(line.person_id, line.button)
                if line.text:
                    await self.say(line.person_id, line.text)
            acting.set(False)
            said += len(lines)
        self._played = max(self._played, now)
        return said

    # --- liaisons -----------------------------------------------------------------------

    async def answers(self, day: date, clock: time) -> list[Line]:
        """Return what liaisons answer at a time of a day."""
        prompts, names = await self.bot.watch.read(
            lambda beat: (
                beat.tx.rounds.asked(day),
                {project.id: project.number for project in beat.tx.projects.all()},
            )
        )
        return [
            Line(prompt.person_id, self.words(prompt, names, day))
            for prompt in prompts
            if not prompt.answered
            and self.plays(prompt.person_id)
            and self._answers_at(prompt.person_id, day) == clock
        ]

    def words(self, prompt: Prompt, numbers: dict[int, str], day: date) -> str:
        """Return one line a project, or one word when nothing has changed anywhere."""
        said = [self.daily(numbers[project_id], day, prompt.person_id) for project_id in prompt.projects]
        if set(said) == {"照旧"}:
            return "照旧"
        if len(said) == 1:
            return said[0]
        return "\n".join(f"{place} {words}" for place, words in enumerate(said, 1))

    def daily(self, number: str, day: date, person_id: int) -> str:
        """Return what somebody answers about one project on a day."""
        return daily_words(self._rows[number], (day - self.began).days + 1, person_id)

    def _answers_at(self, person_id: int, day: date) -> time | None:
        """Return when somebody answers on a day; None when they do not."""
        chance = random.Random(f"{person_id}|{day}")
        draw = chance.random()
        if draw < _NEVER:
            return None
        *early, late = self.answers_at
        return late if draw < _NEVER + _LATE else chance.choice(early)

    # --- problems -----------------------------------------------------------------------

    async def deeds(self, day: date, clock: time) -> list[Line]:
        """Return what those with a problem do about it at a time of a day."""
        problems = await self.bot.watch.read(_with_silent)
        lines = [
            self.deed(problem, silent, day, clock)
            for problem, silent in problems
            if problem.number not in self._told
        ]
        return [line for line in lines if line and self.plays(line.person_id)]

    def deed(self, problem: Problem, silent: list[int], day: date, clock: time) -> Line | None:
        """Return what is done about one problem, if anything."""
        chance = random.Random(f"{problem.number}|{problem.generation}|{day}|{clock}")
        now = self.bot.county.calendar.at(day, clock)
        match problem.state:
            case State.WAITING if chance.random() < _TAKE:
                return Line(problem.holder_id, f"接办 {problem.number}")
            case State.WORKING if now - (problem.accepted_at or now) > timedelta(hours=20):
                draw = chance.random()
                if problem.outstanding:
                    paid = "付清" if draw < _PAY else f"累计{problem.outstanding // _HALF}万"
                    is_told = draw < _PAY or (draw < _FEED_BACK and not problem.paid)
                    return Line(problem.holder_id, f"兑现 {problem.number} {paid}") if is_told else None
                if draw < _SOLVE:
                    return Line(problem.holder_id, f"已解决 {problem.number} {chance.choice(_SOLUTIONS)}")
                if draw < _SOLVE + _FEED_BACK and not problem.feedback:
                    return Line(problem.holder_id, f"反馈 {problem.number} {chance.choice(_FEEDBACK)}")
            case State.CONFIRMING if silent:
                word = "销号" if chance.random() < _SATISFIED else "没解决"
                return Line(silent[0], f"{word} {problem.number}")
            case _:
                pass
        return None


def _with_silent(beat: Beat) -> list[tuple[Problem, list[int]]]:
    """Return the open problems, and who has yet to say whether each is solved."""
    return [(problem, unconfirmed(beat, problem)) for problem in beat.tx.problems.open()]


async def _nobody(person_id: int, text: str) -> None:
    raise NotImplementedError(person_id, text)

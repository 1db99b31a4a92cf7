"""A county to which anything may happen in any order: what people do, and how time passes."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bot.chat import Event
from bot.domain.people import Duty
from bot.domain.rights import Deed
from bot.errors import DeliveryError, Failure
from tests.stateful.eyes import look
from tests.stateful.stage import EVERYBODY, Stage
from tests.world import ZONE

TROUBLES = ("用地指标未批", "缺少电焊工", "变压器没有电", "村民阻工堵路", "资金缺口大", "当天要办：围墙倒了")
REASONS = ("不归我们管", "需要县里统筹", "已组卷上报", "等局长签字")
TARGETS = ("孙立新", "周海涛", "陈志远", "王强", "自然资源局", "林芳", "刘敏")
ROLES = ("holder", "holder", "holder", "lead", "office", "confirmer", "passed", *EVERYBODY)
MOST_PROBLEMS = 6

who_for = st.sampled_from(ROLES)
somebody = st.sampled_from(EVERYBODY)
PROJECTS = {"#soda": "年产100万吨纯碱项目", "#pump": "泵业智造产业园", "#park": "智慧物流园"}

which = st.integers(0, MOST_PROBLEMS - 1)
any_number = st.integers(0, 9999)
reason = st.sampled_from(REASONS)


def has_problems(machine: "Machine") -> bool:
    """Tell whether there is a problem to do something about."""
    return bool(machine.seen.problems)


class Machine(Stage):
    """The rules; what they have in common is the stage."""

    # --- problems are reported ----------------------------------------------------------

    @precondition(lambda self: len(self.seen.problems) < MOST_PROBLEMS)
    @rule(project=st.sampled_from(sorted(PROJECTS)), trouble=st.sampled_from(TROUBLES), is_new=st.booleans())
    def reports(self, project: str, trouble: str, is_new: bool) -> None:
        """A liaison reports a problem; asked whether it is a known one, they say yes or no."""
        who = self.keys[min(self.seen.duties[self.w.ids[project], Duty.LIAISON])]
        word = self.new_word()
        known = set(self.seen.problems)
        self.step(self._reporting(who, f"{PROJECTS[project]} 问题 {trouble}{word}", is_new=is_new), by=(who,))
        new = [self.seen.problems[each] for each in self.seen.problems.keys() - known]
        added = [self.seen.problems[each.problem_id] for each in self.eyes.deeds if each.action == "added_to"]
        assert len(new) + len(added) == 1, f"{len(new)} reported, {len(added)} added to"
        self.words.setdefault((new + added)[0].number, []).append(word)

    async def _reporting(self, who: str, text: str, *, is_new: bool) -> None:
        self.said.append((who, text, f"m{self.count}"))
        await self.w.hears(who, text, key=f"m{self.count}", message=f"msg{self.count}")
        question = await self.w.asks(lambda tx: tx.conversations.open(self.w.ids[who]))
        if question is not None and question.topic == "similar":
            await self.w.hears(who, "2" if is_new else "1")

    def new_word(self) -> str:
        """Return a word that nobody has said before."""
        self.count += 1
        return f"事由{self.count}号"

    # --- and held, by one after the other -----------------------------------------------

    @precondition(has_problems)
    @rule(number=which, role=who_for, word=st.booleans())
    def takes(self, number: int, role: str, word: bool) -> None:
        problem = self.pick(number)
        can = self.tries(Deed.TAKE, self.who(role, problem), problem, f"接办 {problem.number}")
        assert self.done("taken", problem) is can

    @precondition(has_problems)
    @rule(number=which, one=who_for, other=who_for)
    def two_take_at_once(self, number: int, one: str, other: str) -> None:
        """Of two who press at the same moment one wins, and the other is told (I9)."""
        problem = self.pick(number)
        both = list(dict.fromkeys((self.who(one, problem), self.who(other, problem))))
        can = any(self.seen.can(self.w.ids[who], Deed.TAKE, problem) for who in both)
        before = dict.fromkeys(both, self.eyes.last_letter)
        texts = [self.w.hears(who, f"接办 {problem.number}", settle=False) for who in both]
        self.step(*texts, by=tuple(both))
        won = [each for each in self.eyes.deeds if each.action == "taken"]
        assert len(won) == can, f"{problem.number} was taken {len(won)} times"
        told = {letter.person_id for letter in self.eyes.letters if letter.key.startswith("reply:")}
        assert {self.w.ids[who] for who in before} <= told

    @precondition(has_problems)
    @rule(number=which, role=who_for, words=reason)
    def gives_feedback(self, number: int, role: str, words: str) -> None:
        problem = self.pick(number)
        can = self.tries(Deed.FEED_BACK, self.who(role, problem), problem, f"反馈 {problem.number} {words}")
        assert self.done("feedback", problem) is can

    @precondition(has_problems)
    @rule(number=which, role=who_for, to=st.sampled_from(TARGETS), words=reason)
    def passes_on(self, number: int, role: str, to: str, words: str) -> None:
        problem = self.pick(number)
        self.tries(Deed.TRANSFER, self.who(role, problem), problem, f"转办 {problem.number} {to} {words}")

    @precondition(has_problems)
    @rule(number=which, role=who_for, words=reason)
    def gives_back(self, number: int, role: str, words: str) -> None:
        problem = self.pick(number)
        self.tries(Deed.RETURN, self.who(role, problem), problem, f"退回 {problem.number} {words}")

    @precondition(has_problems)
    @rule(number=which, role=who_for, words=st.sampled_from((*REASONS, "")))
    def calls_it_solved(self, number: int, role: str, words: str) -> None:
        problem = self.pick(number)
        can = self.tries(
            Deed.SOLVE, self.who(role, problem), problem, f"已解决 {problem.number} {words}".strip()
        )
        assert self.done("solved", problem) is (can and bool(words))

    @precondition(has_problems)
    @rule(number=which, role=st.sampled_from(("confirmer", "confirmer", "qian", "office", *EVERYBODY)))
    def confirms(self, number: int, role: str) -> None:
        problem = self.pick(number)
        can = self.tries(Deed.CONFIRM, self.who(role, problem), problem, f"销号 {problem.number}")
        assert (self.done("closed", problem) or self.done("confirmed", problem)) is can

    @precondition(has_problems)
    @rule(number=which, role=st.sampled_from(("confirmer", "confirmer", "qian", "office", *EVERYBODY)))
    def says_it_is_not_solved(self, number: int, role: str) -> None:
        """It is opened again, within thirty days of its closing, and what is still wrong is kept."""
        problem, word = self.pick(number), self.new_word()
        is_late = problem.closed_at is not None and self.seen.now - problem.closed_at > timedelta(days=30)
        can = self.tries(Deed.REOPEN, self.who(role, problem), problem, f"没解决 {problem.number} 还差{word}")
        assert self.done("reopened", problem) is (can and not is_late)
        if self.done("reopened", problem):
            self.words[problem.number].append(word)

    # --- and what is asked of others ----------------------------------------------------

    @precondition(has_problems)
    @rule(number=which, role=who_for, head=any_number, words=reason)
    def asks_up(self, number: int, role: str, head: int, words: str) -> None:
        problem = self.pick(number)
        who = self.who(role, problem)
        self.says(who, f"提请 {problem.number} {words}")
        heads = [b for b in self.standing(who) if "县长" in b.label]
        if heads:
            self.step(self.press(heads[head % len(heads)], who), by=(who,))

    @precondition(has_problems)
    @rule(number=which, role=who_for, days=st.sampled_from((-3, 1, 5, 7, 8, 20, 60)), words=reason)
    def asks_for_more_time(self, number: int, role: str, days: int, words: str) -> None:
        problem = self.pick(number)
        due = (problem.solve_due or self.seen.now).astimezone(ZONE) + timedelta(days=days)
        self.tries(
            Deed.EXTEND,
            self.who(role, problem),
            problem,
            f"延期 {problem.number} {due.year}年{due.month}月{due.day}日 {words}",
        )

    @precondition(lambda self: any(each.answer is None for each in self.seen.requests))
    @rule(
        pick=any_number,
        label=st.sampled_from(("同意", "转给别人", "召开会商", "退回提请", "同意延期", "不同意")),
        words=st.sampled_from(("自然资源局 三天内办结", "王强 马上办", "先自行协调")),
        somebody_else=st.one_of(st.none(), somebody),
    )
    def answers_what_was_asked(self, pick: int, label: str, words: str, somebody_else: str | None) -> None:
        """One of the heads, or whoever may grant time, presses an answer and says why."""
        found = [b for b in self.post.shown.values() if b.label == label]
        if found:
            shown = found[-1 - pick % min(3, len(found))]
            who = somebody_else or shown.who
            self.step(self.press(shown, who), by=(who,))
            if label in {"转给别人", "退回提请", "不同意"}:
                self.says(who, words)

    @precondition(has_problems)
    @rule(number=which, role=who_for, days=st.integers(0, 9), words=st.sampled_from((*REASONS, "")))
    def puts_the_reminder_off(self, number: int, role: str, days: int, words: str) -> None:
        problem = self.pick(number)
        day = (self.seen.now + timedelta(days=days)).astimezone(ZONE)
        text = f"推迟 {problem.number} {day.month}月{day.day}日 {words}".strip()
        self.tries(Deed.SNOOZE, self.who(role, problem), problem, text)

    @precondition(has_problems)
    @rule(number=which, role=who_for, words=reason)
    def asks_the_reporter(self, number: int, role: str, words: str) -> None:
        problem = self.pick(number)
        self.tries(Deed.ASK_BACK, self.who(role, problem), problem, f"问反映人 {problem.number} {words}？")

    @precondition(lambda self: any(each.paused_at for each in self.seen.problems.values()))
    @rule(pick=any_number)
    def the_reporter_answers(self, pick: int) -> None:
        found = [b for b in self.post.shown.values() if b.label == "回答"]
        if not found:
            return
        shown, word = found[-1 - pick % min(2, len(found))], self.new_word()
        self.step(self.press(shown, shown.who), by=(shown.who,))
        if self.asked_of(shown.who) == "answer_back":
            self.says(shown.who, f"答复{word}")
            for deed in self.eyes.deeds:
                if deed.action == "added_to":
                    self.words[self.seen.problems[deed.problem_id].number].append(word)

    @rule(pick=any_number)
    def the_office_assigns(self, pick: int) -> None:
        found = [b for b in self.post.shown.values() if b.label.startswith("交给")]
        if found:
            shown = found[-1 - pick % min(3, len(found))]
            self.step(self.press(shown, shown.who), by=(shown.who,))

    # --- people are as people are -------------------------------------------------------

    @precondition(lambda self: self.post.shown)
    @rule(pick=any_number)
    def presses_any_button_ever_shown(self, pick: int) -> None:
        """However stale: it does what it says, or says why not; nothing else."""
        shown = list(self.post.shown.values())[pick % len(self.post.shown)]
        if shown.label not in {"是，补充上去", "不是，另报"}:
            (notice,) = self.step(self.press(shown, shown.who), by=(shown.who,))
            assert notice or self.eyes.letters, f"{shown} was not answered"

    @precondition(lambda self: self.post.shown)
    @rule(pick=any_number, who=somebody)
    def presses_a_button_of_somebody_else(self, pick: int, who: str) -> None:
        shown = list(self.post.shown.values())[pick % len(self.post.shown)]
        if shown.who != who:
            before = self.seen.problems
            self.step(self.press(shown, who), by=(who,))
            assert self.seen.problems == before

    @rule(
        who=somebody,
        words=st.sampled_from(
            ("好的，谢谢", "照旧", "到明天 等局长签字", "孙立新 归他们管", "今日", "取消", "台账")
        ),
    )
    def says_something(self, who: str, words: str) -> None:
        """Whatever the bot had asked, this may be the answer to it."""
        if self.asked_of(who) not in {"similar", "answer_back", "reopened", "problem"}:
            self.says(who, words)

    @precondition(lambda self: self.said)
    @rule(pick=any_number)
    def says_it_again(self, pick: int) -> None:
        """A message that is delivered once more changes nothing (I2)."""
        who, text, key = self.said[pick % len(self.said)]
        before = self.seen.problems
        self.step(self.w.hears(who, text, key=key, settle=False), by=(who,))
        assert self.seen.problems == before
        assert not [each.key for each in self.eyes.letters if each.key.startswith("reply:")]

    @precondition(lambda self: self.said)
    @rule(pick=any_number)
    def edits_a_message(self, pick: int) -> None:
        """The words of a problem follow the message that reported it, while it is open."""
        who, text, key = self.said[pick % len(self.said)]
        if " 问题 " not in text:
            return
        word = self.new_word()
        self.step(
            self.w.hears(who, f"{text}，{word}", message=f"msg{key[1:]}", edited=True, key=f"e{self.count}"),
            by=(who,),
        )
        for deed in self.eyes.deeds:
            words = self.words.setdefault(self.seen.problems[deed.problem_id].number, [])
            if deed.action == "reworded":
                # It says what it says now, not what it said after an earlier change.
                words[:] = [each for each in words if each != self.edited.get(key)]
                self.edited[key] = word
            if deed.action in {"reworded", "added_to", "reported"}:
                words.append(word)

    @rule(who=somebody, is_gone=st.booleans())
    def blocks_the_bot_or_comes_back(self, who: str, is_gone: bool) -> None:
        event = Event.BLOCKED if is_gone else Event.UNBLOCKED
        self.step(self.w.happens(event, who=who), by=(who,))
        if is_gone:
            self.post.closed.add(self.w.account(who))
        else:
            assert self.loop.run(self.w.asks(lambda tx: tx.people.address(self.w.ids[who]))) is not None

    @rule(who=somebody, substitute=somebody, starts=st.integers(0, 3), lasts=st.integers(0, 6))
    def goes_on_leave(self, who: str, substitute: str, starts: int, lasts: int) -> None:
        first = self.seen.now.astimezone(ZONE) + timedelta(days=starts)
        last = first + timedelta(days=lasts)
        self.says(who, f"请假 {first:%m-%d} {last:%m-%d} {self.name(substitute)}")

    @rule(who=somebody)
    def comes_back(self, who: str) -> None:
        self.says(who, "销假")

    @rule(giver=somebody, taker=somebody, is_meant=st.integers(0, 3))
    def hands_over(self, giver: str, taker: str, is_meant: int) -> None:
        self.says("zhao", f"移交 {self.name(giver)} {self.name(taker)}")
        sure = [b for b in self.standing("zhao") if b.label == "确认移交"]
        if sure and is_meant:
            self.step(self.press(sure[-1], "zhao"), by=("zhao",))

    @rule(kind=st.sampled_from((Failure.RETRY, Failure.IN_DOUBT, Failure.REFUSED)))
    def the_platform_stumbles(self, kind: Failure) -> None:
        self.post.failures.append(DeliveryError(kind, "it stumbled"))

    # --- time passes --------------------------------------------------------------------

    @rule(hours=st.sampled_from((1 / 3600, 0.1, 1, 3, 4.5, 9, 24, 72, 240)))
    def time_passes(self, hours: float) -> None:
        """In one jump."""
        self.beats_at(self.w.clock.now() + timedelta(hours=hours))

    @rule(hours=st.sampled_from((1, 8, 24)), beats=st.integers(2, 4))
    def time_passes_beat_by_beat(self, hours: float, beats: int) -> None:
        start = self.w.clock.now()
        for beat in range(1, beats + 1):
            self.beats_at(start + timedelta(hours=hours) * beat / beats)

    @rule(hours=st.sampled_from((1, 12, 72)))
    def the_power_is_cut(self, hours: float) -> None:
        """Time passes without a beat."""
        self.w.clock.set(self.w.clock.now() + timedelta(hours=hours))
        self.seen = look(self.engine, self.eyes, self.w)

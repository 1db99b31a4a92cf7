"""`make mutants`: how many of our own mistakes the tests see, file by file.

MUTANTS=40 takes so many of each file, by SEED; MUTANTS=0 takes all. FILES chooses the files,
a part of whose path is named; LINES (`storage/outbox.py:12 …`) tries only what begins on these, LONGEST=60
gives each more seconds of tests, TESTS asks others. `equivalent.toml` says what cannot be seen, and why.
"""

import math
import os
import random
import sys
import threading
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.changes import Mutant, mutants_of
from tests.mutants.trial import Subject, seen_by

HERE = Path(__file__).parent
_LONGEST = float(os.environ.get("LONGEST", "20"))
_LINES = frozenset(os.environ.get("LINES", "").split())
"""Seconds of tests that a mutant meets, the quickest first; it lives if all of them pass."""


@dataclass
class Score:
    """What became of the mutants of a file."""

    of: int
    met: int = 0
    seen: int = 0
    equivalent: int = 0
    lives: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """How many of those that can be seen were."""
        return self.seen / max(1, self.met - self.equivalent)

    def interval(self) -> tuple[float, float]:
        """Return between what the share of all lies, 19 times of 20 (Wilson); itself if all were tried."""
        number, share, z = self.met - self.equivalent, self.share, 1.96
        if self.met == self.of or not number:
            return share, share
        middle = (share + z * z / (2 * number)) / (1 + z * z / number)
        half = z / (1 + z * z / number) * math.sqrt(share * (1 - share) / number + z * z / (4 * number**2))
        return middle - half, middle + half


class Court:
    """The plugin: first the tests as they are, watched; then the mutants."""

    def __init__(self, files: Sequence[str], most: int, seed: int) -> None:
        self.files = files
        self.most = most
        self.seed = seed
        self.scores: dict[str, Score] = {}
        self.seconds: dict[str, float] = {}
        self.broken: set[str] = set()
        self._came_by: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._watched: dict[str, str] = {}
        self._now: dict[str, set[int]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        subjects = [Subject(file) for file in self.files]
        self._watched = {subject.path: subject.file for subject in subjects}
        _say(f"{len(session.items)} tests as they are …")
        self._watch(session)
        _say(f"{sum(self.seconds.values()):.0f} s; {len(self.broken)} fail: {sorted(self.broken)[:5]}")
        for subject in subjects:
            self._try(session, subject)
        return True

    def _watch(self, session: pytest.Session) -> None:
        """Run every test once, and note which lines of the files it comes by."""
        threading.settrace(self._on_call)
        sys.settrace(self._on_call)
        try:
            # The last leaves what the whole session has made to the copies.
            for item, following in zip(session.items, [*session.items[1:], session.items[0]], strict=True):
                self._now = {file: set() for file in self.files}
                began = time.process_time()
                reports = runtestprotocol(item, log=False, nextitem=following)
                self.seconds[item.nodeid] = time.process_time() - began
                if any(report.failed for report in reports):
                    self.broken.add(item.nodeid)
                elif all(report.passed for report in reports):
                    for file, lines in self._now.items():
                        for line in lines:
                            self._came_by[file, line].add(item.nodeid)
        finally:
            sys.settrace(None)
            threading.settrace(None)

    def _on_call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        return self._on_line if frame.f_code.co_filename in self._watched else None

    def _on_line(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            self._now[self._watched[frame.f_code.co_filename]].add(frame.f_lineno)
        return self._on_line

    def _try(self, session: pytest.Session, subject: Subject) -> None:
        every = mutants_of(subject.tree)
        chosen = every
        if 0 < self.most < len(every):
            sample = random.Random(f"{self.seed} {subject.file}").sample(every, self.most)
            chosen = sorted(sample, key=lambda each: each.line)
        if _LINES:
            chosen = [each for each in chosen if f"{subject.file}:{each.line}" in _LINES]
        written = Path(subject.file).read_text("utf-8").splitlines()
        score = self.scores[subject.file] = Score(len(every))
        by_name = {item.nodeid: item for item in session.items}
        steady = self._steady(session, subject, by_name)
        for mutant in chosen:
            names = set[str]().union(*(self._came_by[subject.file, n] for n in subject.lines_for(mutant)))
            quickest = list(self._quickest(names & steady))
            items = [by_name[name] for name in quickest]
            seconds = sum(self.seconds[name] for name in quickest)
            seen = seen_by(session, items, seconds, subject, mutant) if items else ""
            words = written[mutant.line - 1].strip()
            score.met += 1
            score.seen += bool(seen)
            if not seen and _is_equivalent(subject.file, mutant, words):
                score.equivalent += 1
            elif not seen:
                score.lives.append(
                    f"{subject.file}:{mutant.line} {mutant.what} ({len(items)} tests): {words}"
                )
                _say(f"lives: {score.lives[-1]}")
        _say(f"{subject.file}: {score.seen} of {score.met - score.equivalent} seen")

    def _quickest(self, names: set[str]) -> Iterator[str]:
        """Yield tests as long as there is time for them, one in any case."""
        spent = 0.0
        for name in sorted(names, key=lambda name: (self.seconds[name], name)):
            if spent and spent + self.seconds[name] > _LONGEST:
                return
            spent += self.seconds[name]
            yield name

    def _steady(self, session: pytest.Session, subject: Subject, by_name: dict[str, pytest.Item]) -> set[str]:
        """Return the tests of a file that pass a second time too, in a copy of the process."""
        names = set[str]().union(
            *(found for (file, _), found in self._came_by.items() if file == subject.file)
        )
        steady = sorted(names, key=lambda name: (self.seconds[name], name))
        while steady:
            seconds = sum(self.seconds[name] for name in steady)
            failed = seen_by(session, [by_name[name] for name in steady], seconds, subject, None)
            if not failed:
                break
            _say(f"not steady, and left out: {failed}")
            if failed not in steady:
                raise RuntimeError(f"the tests as they are: {failed}")
            steady.remove(failed)
        return set(steady)


def _is_equivalent(file: str, mutant: Mutant, words: str) -> bool:
    known = tomllib.loads((HERE / "equivalent.toml").read_text("utf-8"))["mutant"]
    return any(
        (each["file"], each["what"]) == (file, mutant.what) and each["line"] in words for each in known
    )


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def main() -> int:
    """Try the files of `plan.toml`, and print a table."""
    plan = tomllib.loads((HERE / "plan.toml").read_text("utf-8"))
    wanted = os.environ.get("FILES", "").split()
    files = {
        file: tests
        for group in plan["group"]
        for file in group["files"]
        for tests in [group["tests"]]
        if not wanted or any(each in file for each in wanted)
    }
    planned = Counter(test for each in files.values() for test in each)
    tests = os.environ.get("TESTS", "").split() or list(planned)
    seed = int(os.environ.get("SEED", "1"))
    court = Court(list(files), int(os.environ.get("MUTANTS", "40")), seed)
    options = ["-q", "-s", "-p", "no:cacheprovider", "-m", "not postgresql and not browser and not slow"]
    code = pytest.main([*options, *tests], plugins=[court])
    print("| file | mistakes | tried | seen | cannot be seen | score | 95 % |\n|---|--:|--:|--:|--:|--:|---|")
    for file, each in court.scores.items():
        low, high = each.interval()
        row = (f"`{file}`", each.of, each.met, each.seen, each.equivalent, f"{each.share:.0%}")
        print("|", *(f"{cell} |" for cell in row), f"{low:.0%}–{high:.0%} |")
    number = sum(each.met - each.equivalent for each in court.scores.values())
    print(
        f"\n{sum(each.seen for each in court.scores.values()) / max(1, number):.1%} of {number}, seed {seed}"
    )
    for each in court.scores.values():
        print("\n".join(f"- {line}" for line in each.lives))
    return int(code)


if __name__ == "__main__":
    raise SystemExit(main())

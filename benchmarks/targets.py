"""What we promise, and whether it is so."""

from dataclasses import dataclass

from benchmarks.climbing import Climbing
from benchmarks.fanout import ALLOWED_BY
from benchmarks.growth import Cost
from benchmarks.markdown import prose, table
from benchmarks.postgres import Shared
from benchmarks.results import Going, Papering, Resting, Results, Size, Turning, middle, waits_of, within
from benchmarks.rush import MEMORY, Rush
from benchmarks.sides import BARE, BARE_GATHER, PGQUEUER, US
from benchmarks.wecom import SHARE, TIMES, Line

TIMES_BEST, BARE_SHARE, TIMES_FAN, FLAT = 3.0, 0.4, 2.0, 16.0
ALLOWED_SHARE, ANSWER_WAIT = 0.95, 0.1
GROWN, RUSH_WAIT = 1.2, 2.0
PLANNED, TIMES_QUEUE, TIMES_DUCK = 0.5, 3.0, 3.0
BEAT, LATENESS = 100.0, 15.0
FIGURES, PAPER_WAIT, GROWTH = 5.0, 0.1, 8.0
IDLE_CPU, IDLE_MEMORY, START, HELP = 1.0, 140.0, 4.0, 0.5

# Why what is missed is missed: what profiles of 30 November 2026 say.
TURN = (
    "of 1.4 ms of CPU a turn, 30 % are our 23 statements, half of it SQLite's own; 27 % the update that "
    "comes and the reply that goes; 24 % reading the words and deciding; the rest rows, commits and the "
    "journal (py-spy, 300 a second). The bare loop has 8 statements, knows what will be said, and takes "
    "0.2 ms. For 40 % of its pace all of a turn would have to fit into 0.5 ms: its statements alone take 0.4."
)
PAGES = (
    "the steps are the same, and our own CPU grows by a tenth. The rest is what goes to the disk: in five "
    "indexes each person has a page of their own after much history, where in a small database the turns of "
    "one commit share them (the journal of 100 turns: 749 pages after 4,000,000 rows instead of 217)."
)
WORDS = (
    "a question's rule, words and buttons are Python and cost as much as its rows, and a hundred people take "
    "15 statements instead of 3; more processes share nothing, since one of them holds the duties."
)
NOTHING_KEPT = (
    "asking somebody costs it one call. Ours writes the question down before, with what its numbers mean, "
    "and its arrival after, so that a death loses and doubles nothing; against libraries that keep the same "
    "it is the row before."
)
CACHE = (
    "16 MB are the database's cache, which fills once: from 5,000 prompts to 20,000 the bot stayed at "
    "148.2 MB (a county of 20,000, /proc/PID/status)."
)

SLOWEST = (
    "one round of five; the other four went at 95.6 to 97.5 %, and the median is in 2. What held that one up "
    "was not looked into."
)
COLD = (
    "it wakes every second, each time on a processor that has gone cold (see 3 for what a rest costs here). "
    "On 29 November it was 0.80–0.85 %; on the 30th, where a rest cost 4.5 ×, 1.3–2.3 % (perf stat, 15 s), "
    "and where it cost 30–53 ×, 7–9 %, as python-telegram-bot's empty bot then took 1.5 % instead of 0.2."
)


@dataclass(frozen=True, slots=True)
class Target:
    """Something we promise, what was found, whether it is so, and what a profile says if it is not."""

    promise: str
    found: str
    met: bool
    why: str = ""


def section(results: Results, size: Size) -> list[str]:
    """Return the part of the page about them."""
    found = targets(results, size)
    missed = [target for target in found if not target.met]
    words = f"{len(missed)} of {len(found)} targets are missed." if missed else "All targets are met."
    rows = [[target.promise, target.found, "yes" if target.met else "**no**"] for target in found]
    whys = [prose(f"- “{each.promise}” is missed: {each.why}") for each in missed if each.why]
    chart = "![what was measured side by side](chart.svg)"
    return ["## Targets", words, table(["promise", "found", "met"], rows), *whys, chart]


def targets(results: Results, size: Size) -> list[Target]:
    """Return everything we promise, in the order in which it is measured."""
    return [
        *(_of_turns(results.turn) if results.turn else ()),
        *(_of_growth(*results.growth) if results.growth else ()),
        *(_of_rounds(results.fanout, size) if results.fanout else ()),
        *(_of_rush(results.rush, size) if results.rush else ()),
        *(_of_rest(results.rest, size) if results.rest else ()),
        *(_of_climbing(results.climbing, size) if results.climbing else ()),
        *(_of_wecom(results.wecom, size) if results.wecom else ()),
        *(_of_papers(results.papers, size) if results.papers else ()),
        *(_of_postgresql(results.postgresql, size) if results.postgresql else ()),
    ]


def _of_turns(results: Turning) -> list[Target]:
    rates = {name: middle(turns, lambda each: each.rate) for name, turns in results.turns.items()}
    ours, bare = rates.pop(US), rates.pop(BARE)
    best = max(rates, key=rates.__getitem__)
    times, share = ours / rates[best], ours / bare
    return [
        Target(
            f"durable turns a second: {TIMES_BEST:g} × the best bot library's ({best})",
            f"{times:.1f} ×",
            times >= TIMES_BEST,
        ),
        Target(f"… and {BARE_SHARE:.0%} of a {BARE}'s", f"{share:.0%}", share >= BARE_SHARE, TURN),
    ]


def _of_wecom(line: Line, size: Size) -> list[Target]:
    return [
        Target(
            f"{size.prompts:,} prompts over WeCom: {SHARE:g} × a bare loop",
            f"{line.share:.2f} ×",
            line.share >= SHARE,
        ),
        Target(
            f"… a workbook of {size.megabytes} MB within {TIMES:g} × of its serial upload",
            f"{line.times:.2f} ×",
            line.times <= TIMES,
        ),
    ]


def _of_papers(results: Papering, size: Size) -> list[Target]:
    papers, week = results.papers, results.figures
    reports = size.paper_projects * size.paper_days
    small, large = papers.memory
    return [
        Target(
            f"a week's digest of {size.paper_projects:,} projects: {TIMES_DUCK:g} × DuckDB's time",
            f"{week.ours / week.duckdb:.2f} ×",
            week.ours / week.duckdb <= TIMES_DUCK,
        ),
        Target(
            f"the figures of all {len(papers.alone)} papers of a quarter, {size.paper_projects:,} projects, "
            f"{reports:,} reports: {FIGURES:g} s",
            f"{papers.figures:.1f} s",
            papers.figures < FIGURES,
        ),
        Target(
            f"… and no message delayed by more than {PAPER_WAIT * 1000:g} ms while papers are made",
            f"{papers.wait * 1000:.0f} ms",
            papers.wait <= PAPER_WAIT,
        ),
        Target(
            f"a workbook of {size.paper_rows:,} rows streams: within {GROWTH:g} MB of a tenth of it",
            f"{large - small:.1f} MB more",
            large - small <= GROWTH,
        ),
    ]


def _of_rounds(results: Going, size: Size) -> list[Target]:
    found = []
    for (name, side), runs in results.paced.items():
        if side != US:
            continue
        allowed = ALLOWED_BY[name]
        share = min(run.rate for run in runs) / allowed
        refused, waits = max(run.refused for run in runs), waits_of(runs)
        waited = within(waits, 0.99)
        found += [
            Target(
                f"{runs[0].prompts:,} prompts, {allowed:,}/s ({name}): no 429", str(refused), refused == 0
            ),
            Target(
                f"… at {ALLOWED_SHARE:.0%} of that rate, the slowest round",
                f"{share * 100:.1f} %",
                share >= ALLOWED_SHARE,
                SLOWEST,
            ),
            Target(
                f"… an answer typed meanwhile is replied to within {ANSWER_WAIT} s (p99)",
                f"{waited:.3f} s",
                bool(waits) and waited <= ANSWER_WAIT,
            ),
        ]
    rates = {name: middle(runs, lambda run: run.rate) for (_, name), runs in results.unlimited.items()}
    ours, bare = rates.pop(US), rates.pop(BARE_GATHER)
    best = max(rates, key=rates.__getitem__)
    grown = max(run.grown for (_, name), runs in results.unlimited.items() if name == US for run in runs)
    return [
        *found,
        Target(
            f"{size.unlimited:,} prompts to a server without limits: {TIMES_FAN:g} × the best ({best})",
            f"{ours / rates[best]:.2f} ×",
            ours / rates[best] >= TIMES_FAN,
        ),
        Target(
            f"… {TIMES_FAN:g} × {BARE_GATHER}",
            f"{ours / bare:.2f} ×",
            ours / bare >= TIMES_FAN,
            NOTHING_KEPT,
        ),
        Target(f"… with no more than {FLAT:g} MB more at the end", f"{grown:.0f} MB", grown <= FLAT, CACHE),
    ]


def _of_growth(little: Cost, much: Cost) -> list[Target]:
    steps, cpu = much.steps / little.steps, much.cpu / little.cpu
    return [
        Target(
            f"a turn after {much.rows:,} rows of history: {GROWN:g} × the steps after {little.rows:,}",
            f"{steps:.2f} ×",
            steps <= GROWN,
        ),
        Target(f"… and {GROWN:g} × the CPU", f"{cpu:.2f} ×", cpu <= GROWN, PAGES),
    ]


def _of_rush(rush: Rush, size: Size) -> list[Target]:
    return [
        Target(
            f"{size.liaisons:,} liaisons answering within 30 minutes, {MEMORY} MB: p99 under {RUSH_WAIT:g} s",
            f"{rush.p99:.2f} s",
            rush.p99 < RUSH_WAIT,
        ),
        Target("… and nothing lost", str(rush.lost), rush.lost == 0),
    ]


def _of_postgresql(shared: Shared, size: Size) -> list[Target]:
    best = max(shared.planned.values())
    ours = max(rate for (name, _), rate in shared.finished.items() if name == US)
    queue = max(rate for (name, _), rate in shared.finished.items() if name == PGQUEUER)
    return [
        Target(
            f"{size.planned:,} prompts planned on PostgreSQL: {PLANNED:.0%} of the same rows without a rule",
            f"{best / shared.plain:.0%}",
            best / shared.plain >= PLANNED,
            WORDS,
        ),
        Target(
            f"{size.letters:,} letters claimed and finished: {TIMES_QUEUE:g} × {PGQUEUER}",
            f"{ours / queue:.1f} ×",
            ours / queue >= TIMES_QUEUE,
        ),
    ]


def _of_climbing(climbing: Climbing, size: Size) -> list[Target]:
    worst = max(climbing.folded, climbing.single)
    return [
        Target(
            f"a beat, {size.due} of {size.problems:,} open problems due: under {BEAT:g} ms of the writer",
            f"{worst:.0f} ms",
            worst < BEAT,
        ),
        Target(
            f"an escalation at the platform within {LATENESS:g} s (p99)",
            f"{climbing.late:.1f} s",
            climbing.late <= LATENESS,
        ),
    ]


def _of_rest(results: Resting, size: Size) -> list[Target]:
    cpu = middle(results.idle[US], lambda each: each.cpu)
    memory = middle(results.idle[US], lambda each: each.memory)
    start, help_ = results.start, results.help
    return [
        Target(f"idle: under {IDLE_CPU:g} % of a processor", f"{cpu:.2f} %", cpu < IDLE_CPU, COLD),
        Target(f"idle: under {IDLE_MEMORY:g} MB", f"{memory:.0f} MB", memory < IDLE_MEMORY),
        Target(
            f"start to ready with {size.projects:,} projects: under {START:g} s",
            f"{start:.2f} s",
            start < START,
        ),
        Target(f"`liaison --help`: under {HELP} s", f"{help_:.2f} s", help_ < HELP),
    ]

"""What we promise, and whether it is so."""

from dataclasses import dataclass

from benchmarks.fanout import ALLOWED
from benchmarks.papers import Papers
from benchmarks.results import Results, Size, middle
from benchmarks.sides import BARE, US
from benchmarks.wecom import SHARE, TIMES, Line

TIMES_BEST, BARE_SHARE, ALLOWED_SHARE, ANSWER_WAIT = 3.0, 0.4, 0.93, 0.3
BEAT, LATENESS = 100.0, 15.0
FIGURES, PAPER_WAIT, GROWTH = 5.0, 0.1, 8.0
IDLE_CPU, IDLE_MEMORY, START, HELP = 1.0, 140.0, 4.0, 0.5


@dataclass(frozen=True, slots=True)
class Target:
    """Something we promise, what was found, and whether it is so."""

    promise: str
    found: str
    met: bool


def targets(results: Results, size: Size) -> list[Target]:
    """Return everything we promise, in the order in which it is measured."""
    return [
        *_of_turns(results),
        *_of_rounds(results, size),
        *_of_rest(results, size),
        *_of_wecom(results.wecom, size),
        *_of_papers(results.papers, size),
    ]


def _of_turns(results: Results) -> list[Target]:
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
        Target(f"… and {BARE_SHARE:.0%} of a {BARE}'s", f"{share:.0%}", share >= BARE_SHARE),
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


def _of_papers(papers: Papers, size: Size) -> list[Target]:
    reports = size.paper_projects * size.paper_days
    small, large = papers.memory
    return [
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


def _of_rounds(results: Results, size: Size) -> list[Target]:
    found = []
    for (limit, _), runs in results.rounds.items():
        share = min(run.rate for run in runs) / ALLOWED
        refused, waited = max(run.refused for run in runs), max(run.p99 for run in runs)
        round_ = f"{size.prompts:,} prompts under a {limit}"
        found += [
            Target(f"{round_}: no 429", str(refused), refused == 0),
            Target(
                f"… at {ALLOWED_SHARE:.0%} of the allowed rate",
                f"{share * 100:.1f} %",
                share >= ALLOWED_SHARE,
            ),
            Target(
                f"… an answer typed meanwhile is replied to within {ANSWER_WAIT} s (p99)",
                f"{waited:.3f} s",
                waited <= ANSWER_WAIT,
            ),
        ]
    return found


def _of_rest(results: Results, size: Size) -> list[Target]:
    cpu = middle(results.idle, lambda each: each.cpu)
    memory = middle(results.idle, lambda each: each.memory)
    start, help_ = results.start, results.help
    worst = max(results.climbing.folded, results.climbing.single)
    return [
        Target(f"idle: under {IDLE_CPU:g} % of a processor", f"{cpu:.2f} %", cpu < IDLE_CPU),
        Target(f"idle: under {IDLE_MEMORY:g} MB", f"{memory:.0f} MB", memory < IDLE_MEMORY),
        Target(
            f"start to ready with {size.projects:,} projects: under {START:g} s",
            f"{start:.2f} s",
            start < START,
        ),
        Target(f"`liaison --help`: under {HELP} s", f"{help_:.2f} s", help_ < HELP),
        Target(
            f"a beat, {size.due} of {size.problems:,} open problems due: under {BEAT:g} ms of the writer",
            f"{worst:.0f} ms",
            worst < BEAT,
        ),
        Target(
            f"an escalation at the platform within {LATENESS:g} s (p99)",
            f"{results.climbing.late:.1f} s",
            results.climbing.late <= LATENESS,
        ),
    ]

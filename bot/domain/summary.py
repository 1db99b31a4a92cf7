"""The weekly digest in words: what fits on one screen of a chat."""

from typing import Protocol

from bot.domain.deadlines import Light
from bot.domain.digest import Digest
from bot.domain.lines import ProblemLine, ProjectLine
from bot.domain.scope import Scope, ScopeKind
from bot.domain.words import clean, fits, visible

_YI = 1_000_000
"""One 亿元 in hundredths of 万元."""

_SHOWN = 3
"""As many projects and problems as a summary names; the rest stand in the ledger."""

_CATEGORIES_SHOWN = 5

_LONGEST = 600


class Say(Protocol):
    """Puts blanks into the sentence that a key names, in the reader's language."""

    def __call__(self, key: str, /, **blanks: object) -> str:
        """Return the sentence."""


def summary(digest: Digest, say: Say) -> str:
    """Return the digest as a text of at most 14 lines and 600 characters.

    Where words are long, fewer projects are named.
    """
    head = _head(digest, say)
    tail = _tail(digest, say)
    movers = [_mover(line, say) for line in digest.by_movement if line.has_moved(digest.week)][:_SHOWN]
    while movers:
        text = "\n".join([*head, say("digest.movers"), *movers, *tail])
        if len(text) <= _LONGEST:
            return text
        movers.pop()
    return "\n".join([*head, *tail])


def _head(digest: Digest, say: Say) -> list[str]:
    week = week_words(digest, say)
    lines = [
        say("digest.head", county=cut(digest.county, 20), scope=scope_words(digest.scope, say)),
        say("digest.late", week=week) if digest.late else week,
    ]
    if digest.projects:
        lines += [_investment(digest, say), _progress(digest, say)]
    else:
        lines.append(say("digest.no_projects"))
    return lines + _problems(digest, say)


def _tail(digest: Digest, say: Say) -> list[str]:
    answered = digest.answered_permille
    lines = [] if answered is None else [say("digest.answered", share=percent(answered))]
    return [*lines, say("digest.attached")]


def _investment(digest: Digest, say: Say) -> str:
    blanks = {"invested": money(digest.invested, say), "cumulative": money(digest.cumulative, say)}
    if (done := digest.plan_permille) is None:
        return say("digest.investment_without_plan", **blanks)
    return say("digest.investment", share=percent(done), time=percent(digest.year_permille), **blanks)


def _progress(digest: Digest, say: Say) -> str:
    text = say("digest.progress", moved=len(digest.moved), total=len(digest.projects))
    if still := len(digest.standing_still):
        text += say("digest.standing_still", count=still)
    if digest.visited:
        text += say("digest.visited", count=digest.visited)
    return text


def _problems(digest: Digest, say: Say) -> list[str]:
    if not (digest.open or digest.opened or digest.closed):
        return [say("digest.no_problems")]
    lines = [
        say(
            "digest.problems",
            opened=len(digest.opened),
            closed=len(digest.closed),
            open=len(digest.open),
            overdue=len(digest.overdue),
            soon=digest.shining(Light.YELLOW),
            solved=percent(digest.solved_permille or 0),
        )
    ]
    if counts := digest.by_category:
        named = [
            say("digest.category", name=cut(name, 8), count=count)
            for name, count in counts[:_CATEGORIES_SHOWN]
        ]
        key = "digest.categories_among" if len(counts) > _CATEGORIES_SHOWN else "digest.categories"
        lines.append(say(key, list=say("digest.comma").join(named)))
    if late := digest.overdue:
        named = [
            say("digest.late_problem", number=line.number, project=cut(line.project, 12))
            for line in late[:_SHOWN]
        ]
        key = "digest.overdue_among" if len(late) > _SHOWN else "digest.overdue"
        blanks = {"list": say("digest.comma").join(named), "count": len(late)}
        lines.append(say(key, sign=light_words(Light.RED, say), **blanks))
    return lines


def _mover(line: ProjectLine, say: Say) -> str:
    facts = []
    if line.invested > 0:
        facts.append(say("digest.gained", amount=money(line.invested, say)))
    if line.advanced > 0:
        facts.append(say("digest.advanced", permille=percent(line.permille), points=points(line.advanced)))
    if not facts:
        facts.append(cut(line.last_text, 24))
    return say("digest.mover", name=cut(line.name, 20), facts=say("digest.comma").join(facts))


def light_words(light: Light, say: Say) -> str:
    """Return how a clock stands, never by colour alone: 🔴 超期."""
    return f"{light.value} {light_word(light, say)}"


def light_word(light: Light, say: Say) -> str:
    """Return the word that stands beside a sign or a colour: 超期."""
    return say(f"light.{light.name.lower()}")


def scope_words(scope: Scope, say: Say) -> str:
    """Return a scope as a title speaks of it."""
    match scope.kind:
        case ScopeKind.COUNTY:
            return say("digest.scope_county")
        case ScopeKind.PLACE:
            return say("digest.scope_place", value=cut(scope.value, 20))
        case ScopeKind.INDUSTRY:
            return say("digest.scope_industry", value=cut(scope.value, 20))
        case ScopeKind.TASK_FORCE:
            return say("digest.scope_task_force", value=cut(scope.value, 20))


def week_words(digest: Digest, say: Say) -> str:
    """Return the week with its dates."""
    week = digest.week
    return say(
        "digest.week",
        year=week.year,
        week=week.week,
        from_month=week.monday.month,
        from_day=week.monday.day,
        to_month=week.sunday.month,
        to_day=week.sunday.day,
    )


def lateness_words(line: ProblemLine, digest: Digest, say: Say) -> str:
    """Return how long a problem has been late, or has waited to be taken."""
    if line.solve_due is not None and line.solve_due <= digest.made_at:
        days = (digest.day_of(digest.made_at) - digest.day_of(line.solve_due)).days
        return say("digest.days_late", days=days) if days else say("digest.late_today")
    return say(
        "digest.days_waiting", days=(digest.day_of(digest.made_at) - digest.day_of(line.opened_at)).days
    )


def money(amount: int, say: Say) -> str:
    """Return an amount as people say it: 1.24 亿元 from one 亿元 on, else 3,200 万元."""
    return say(
        "digest.money_large" if abs(amount) >= _YI else "digest.money",
        yi=f"{amount / _YI:,.2f}",
        wan=f"{amount / 100:,.2f}".removesuffix("0").removesuffix(".0"),
        million=f"{amount / 10_000:,.1f}",
    )


def percent(permille: int) -> str:
    """Return thousandths as a percentage: 625 is 62.5%."""
    return f"{permille / 10:.1f}".removesuffix(".0") + "%"


def points(permille: int) -> str:
    """Return a difference of two percentages with its sign: 40 is +4."""
    return f"{permille / 10:+.1f}".removesuffix(".0")


def cut(text: str, length: int) -> str:
    """Return a user's text on one line, harmless to the eye, and no longer than ``length``."""
    return fits(" ".join(visible(clean(text)).split()), length)

"""By what a ranking is made, in words: a line for a chat, and what a clerk needs to recompute it."""

from collections.abc import Sequence

from bot.domain.ranking import Scorecard
from bot.domain.summary import Say
from bot.papers.forms import Form
from storage.dataset import Question
from storage.datasets import DATASETS


def blanks_of_ranking(form: Form, asked: Sequence[Question], say: Say) -> dict[str, str]:
    """Return the formula of a form's first ranking, and how many a group must have; empty of no ranking."""
    for table, of in zip(form.tables, asked, strict=True):
        if DATASETS[table.dataset].is_ranking:
            return {"formula": formula(of.scorecard, say), "minimum": str(of.scorecard.minimum)}
    return {"formula": "", "minimum": ""}


def formula(card: Scorecard, say: Say) -> str:
    """Return by what a ranking is made, in one line."""
    items = [
        say("ranking.weighed", item=say(f"ranking.{item}"), weight=f"{each:f}") for item, each in card.weights
    ]
    return say("ranking.plus").join(items)


def rules(card: Scorecard, by: str, say: Say) -> str:
    """Return how each item is reckoned, and who is compared with whom."""
    items = say("ranking.and").join(say(f"ranking.rule_{item}") for item, _ in card.weights)
    how = say("ranking.rules", formula=formula(card, say), items=items)
    return how + say(f"ranking.alike_{by}", minimum=card.minimum)

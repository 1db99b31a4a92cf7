"""试算: what a ranking would be by other weights; nothing is changed."""

from datetime import date, datetime, timedelta

from bot.domain.county import County
from bot.domain.ranking import Formalism, typed_weights
from bot.domain.rhythm import Occasion
from bot.domain.scope import Scope
from bot.errors import Refused
from handlers.turn import Turn

PAPER = "试算"
RANKING = "项目排名"
_DAY = timedelta(days=1)
_MONTH = timedelta(days=29)


def ask(turn: Turn) -> None:
    """Take 「试算 plan=50 progress=30 problems=20」, to be made in the workshop."""
    try:
        weights = typed_weights(turn.argument)
    except Formalism as error:
        raise Refused("trial.formalism") from error
    except ValueError as error:
        raise Refused("trial.usage") from error
    words = " ".join(f"{item}={weight:f}" for item, weight in weights)
    turn.tx.orders.add(turn.incoming.key, turn.sender.id, PAPER, str(Scope()), turn.now, words)
    turn.reply("trial.coming")


def occasion(county: County, today: date, now: datetime) -> Occasion:
    """Return the days of the last ranking that is over; the last thirty where the timetable has none."""
    rhythm = next((each for each in county.rhythms if each.paper == RANKING), None)
    if rhythm is None:
        return Occasion(today - _MONTH, today, now)
    last = rhythm.day_before(today + _DAY)
    return Occasion(rhythm.day_before(last) + _DAY, last, now)

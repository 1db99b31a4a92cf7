"""The counties of one process must not meet: no two have a bot, an app or a database in common."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.config import Settings
from bot.errors import ConfigurationError
from storage.dialects import place


def refuse_shared(files: Sequence[Path], every: Sequence[Settings]) -> None:
    """Raise ConfigurationError where two counties have something in common that one alone may have."""
    owners: dict[tuple[str, str], Path] = {}
    faults = []
    for file, settings in zip(files, every, strict=True):
        for what, own, cure in _own(settings):
            if (other := owners.setdefault((what, own), file)) is not file:
                faults.append(f"{what}: is that of {other} as well; {cure}")
        if faults:
            raise ConfigurationError(str(file), faults)


def _own(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield what is a county's own: the setting, its value, and what helps."""
    if settings.telegram.is_set:
        bot = settings.telegram.token.get_secret_value().partition(":")[0]
        yield "telegram.token", bot, "make a bot for each county with @BotFather"
    if settings.wecom.bot.is_set:
        yield "wecom.bot.bot_id", settings.wecom.bot.bot_id, "make a bot for each county"
    if settings.wecom.app.is_set:
        app = f"{settings.wecom.app.corp_id} {settings.wecom.app.agent_id}"
        yield "wecom.app.agent_id", app, "make an app for each county"
    where = place(settings.database.url, settings.database.schema_)
    yield "database", where, "give each county a database.url or a database.schema of its own"

"""`liaison run`: the counties at work; whatever ends them is said in the log's own form."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from bot.commands.ending import FAILED, foreseen
from bot.commands.neighbours import refuse_shared
from bot.config import Settings, load
from bot.counties import run as run_bots
from bot.errors import ConfigurationError
from bot.logs import set_up
from bot.papers.forms import unformed

log = logging.getLogger(__name__)


def run(files: Sequence[Path], *, json_lines: bool) -> int:
    """Run the bots of these configuration files until told to stop; Return the exit code.

    For people, raise what was foreseen. A collector of logs is given it as a line like the others.
    """
    set_up(json_lines=json_lines, secrets=[])
    try:
        every = _loaded(files, json_lines=json_lines)
        asyncio.run(run_bots(every))
    except Exception as error:
        ending = foreseen(error)
        if ending is None:
            log.critical("stopped by a mistake of the program's own", exc_info=True)
            return FAILED
        if not json_lines:
            raise
        words, code = ending
        log.critical("stopped: %s", words)
        return code
    return 0


def _loaded(files: Sequence[Path], *, json_lines: bool) -> list[Settings]:
    loaded = [load(file) for file in files]
    for file, (settings, _) in zip(files, loaded, strict=True):
        if not (settings.telegram.is_set or settings.wecom.is_set or settings.local.listen):
            cure = (
                "nobody could talk to the bot; fill in [wecom.bot] or [telegram], "
                "or local.listen for a page to try"
            )
            raise ConfigurationError(str(file), [cure])
        if faults := unformed(settings.rhythm.forms, settings.rhythm.timetable()):
            raise ConfigurationError(str(file), faults)
    refuse_shared(files, [settings for settings, _ in loaded])
    set_up(json_lines=json_lines, secrets=[secret for settings, _ in loaded for secret in settings.secrets])
    for _, warnings in loaded:
        for warning in warnings:
            log.warning("config: %s", warning)
    return [settings for settings, _ in loaded]

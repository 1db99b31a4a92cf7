"""How a command ends: with a sentence and an exit code for everything that was foreseen."""

from bot.errors import BotError, ConfigurationError, StorageError

DONE, FAILED, WRONG_USAGE, UNUSABLE_STORAGE, UNUSABLE_CONFIGURATION = 0, 1, 2, 74, 78

_CODES = (
    (ConfigurationError, UNUSABLE_CONFIGURATION),
    (StorageError, UNUSABLE_STORAGE),
    (BotError, FAILED),
)


def foreseen(error: BaseException) -> tuple[str, int] | None:
    """Return the sentence and the exit code of an error; None for a mistake of the program's own.

    What was raised inside a group of tasks is found there. A file that cannot be read or written
    is the operator's to put right, like everything raised on purpose.
    """
    if isinstance(error, BaseExceptionGroup):
        endings = [foreseen(each) for each in error.exceptions]
        return None if None in endings else endings[0]
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}", FAILED
    return next(((str(error), code) for kind, code in _CODES if isinstance(error, kind)), None)

"""Logs on stderr: for people, or one JSON object a line; secrets never get through."""

import logging
import re
import sys

import structlog

_HIDDEN = "***"
_BLANKS = re.compile(r"%[-+ #0-9.]*[a-zA-Z]")
_WORDS = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_MOST_WORDS = 6


class Redactor(logging.Filter):
    """Blots secrets out of messages, arguments and tracebacks."""

    def __init__(self, secrets: list[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret]

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through without its secrets, and with the key of what happened."""
        record.event = event_of(record.name, str(record.msg))
        record.msg = self.blotted(record.getMessage())
        record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.blotted(record.exc_text)
            record.exc_info = None
        return True

    def blotted(self, text: str) -> str:
        """Return a text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text


def event_of(logger: str, template: str) -> str:
    """Return the key of what happened, for machines: ``undelivered.gave_up`` of ``gave up %s (%s): %s``."""
    words = _WORDS.findall(_BLANKS.sub(" ", template).lower())
    return ".".join([logger.rpartition(".")[2], "_".join(words[:_MOST_WORDS])]).rstrip(".")


def set_up(*, json_lines: bool, secrets: list[str]) -> None:
    """Send all logs to stderr, from INFO on; the libraries that log requests only from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Redactor(secrets))
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
                _with_trace,
            ],
            processors=[
                *([_named] if json_lines else []),
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                renderer,
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # A warning of Python's own would not be a line of JSON.
    logging.captureWarnings(capture=True)
    for chatty in ("alembic", "httpx", "httpcore", "aiohttp", "apscheduler", "telegram", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _named(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {"event": event["_record"].event, "message": event.pop("event"), **event}


def _with_trace(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    # Taken before the formatter drops it; the traceback itself was blotted out of the record.
    if trace := event["_record"].exc_text:
        event["exception"] = trace
    return event

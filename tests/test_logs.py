"""Every line of the log has a key of its own that does not change with what it tells of."""

import ast
import json
import logging
from collections import Counter

import pytest

from bot.logs import event_of, set_up
from tests.test_architecture import modules

_LEVELS = {"info", "warning", "error", "exception", "critical"}


def events() -> list[str]:
    """Return the key of every line that our code can log."""
    found = []
    for name, path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and (node.func.value.id, node.func.attr in _LEVELS) == ("log", True)
            ):
                template = ast.literal_eval(node.args[0])
                found.append(event_of(name, template))
    return found


def test_no_two_things_that_are_logged_have_the_same_key() -> None:
    counted = Counter(events())

    assert {event: number for event, number in counted.items() if number > 1} == {}
    assert len(counted) > 60
    assert [event for event in counted if "." not in event] == []


@pytest.mark.parametrize(
    ("template", "event"),
    [
        ("gave up %s (%s): %s", "undelivered.gave_up"),
        ("%d wait, tried again in %.1f s: %s", "undelivered.wait_tried_again_in_s"),
        ("WeCom's app: errcode %d", "undelivered.wecom's_app_errcode"),
        ("%s", "undelivered"),
    ],
)  # fmt: skip
def test_a_key_is_made_of_the_words_that_stay(template: str, event: str) -> None:
    assert event_of("handlers.undelivered", template) == event


def test_a_line_of_json_has_the_key_and_the_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    try:
        set_up(json_lines=True, secrets=["s3cret"])
        logging.getLogger("handlers.undelivered").error("gave up %s (%s): %s", "prompt:1", "ab12", "s3cret")
    finally:
        logging.getLogger().handlers[:] = before
        logging.captureWarnings(capture=False)
    told = json.loads(capsys.readouterr().err)

    assert (told["event"], told["message"]) == ("undelivered.gave_up", "gave up prompt:1 (ab12): ***")
    assert (told["level"], told["logger"]) == ("error", "handlers.undelivered")

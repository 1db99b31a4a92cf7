"""What WeCom asks of a template card (WECOM.md section 4)."""

import re
from collections.abc import Callable
from typing import Any

from tests.wecom.socket_rules import Json, Refusal

_TASK = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
_MOST = {"horizontal_content_list": 6, "jump_list": 3, "vertical_content_list": 4}


def check_card(card: Json) -> None:
    """Refuse a card that WeCom would refuse."""
    rules = _RULES.get(card.get("card_type", ""))
    if rules is None:
        raise _wrong("card_type")
    task = card.get("task_id")
    if task is None and ("interaction" in card["card_type"] or "action_menu" in card):
        raise _wrong("task_id is missing")
    if task is not None and not (isinstance(task, str) and _TASK.fullmatch(task)):
        raise _wrong("task_id")
    for name, most in _MOST.items():
        if name in card:
            _listed(card, name, most)
    rules(card)


def _buttons(card: Json) -> None:
    _titled(card)
    keys = set()
    for button in _listed(card, "button_list", 6):
        key = str(button.get("key") or "")
        if not _filled(button.get("text")) or not 0 < len(key.encode()) <= 1024 or key in keys:
            raise _wrong("button_list: text or key")
        if button.get("style", 1) not in {1, 2, 3, 4}:
            raise _wrong("button_list: style")
        keys.add(key)


def _vote(card: Json) -> None:
    _titled(card)
    _submitted(card)
    _options(card.get("checkbox") or {}, 20)


def _multiple(card: Json) -> None:
    _titled(card)
    _submitted(card)
    for selector in _listed(card, "select_list", 3):
        _options(selector, 10)


def _text_notice(card: Json) -> None:
    if not _filled((card.get("main_title") or {}).get("title")) and not _filled(card.get("sub_title_text")):
        raise _wrong("main_title.title or sub_title_text")
    _leads_somewhere(card)


def _news_notice(card: Json) -> None:
    _titled(card)
    image = card.get("card_image") or {}
    if not str(image.get("url", "")).startswith("http") or not 1.3 <= image.get("aspect_ratio", 1.3) <= 2.25:
        raise _wrong("card_image")
    _leads_somewhere(card)


_RULES: dict[str, Callable[[Json], None]] = {
    "button_interaction": _buttons,
    "vote_interaction": _vote,
    "multiple_interaction": _multiple,
    "text_notice": _text_notice,
    "news_notice": _news_notice,
}


def _titled(card: Json) -> None:
    if not _filled((card.get("main_title") or {}).get("title")):
        raise _wrong("main_title.title")


def _submitted(card: Json) -> None:
    submit = card.get("submit_button") or {}
    if not _filled(submit.get("text")) or not _filled(submit.get("key")):
        raise _wrong("submit_button")


def _leads_somewhere(card: Json) -> None:
    action = card.get("card_action") or {}
    field = {1: "url", 2: "appid"}.get(action.get("type", 0))
    if field is None or not _filled(action.get(field)):
        raise _wrong("card_action")


def _options(question: Json, most: int) -> None:
    options = _listed(question, "option_list", most)
    ids = {option.get("id") for option in options}
    if not _filled(question.get("question_key")) or len(ids) < len(options):
        raise _wrong("question_key or option_list")
    if not all(_filled(name) and len(str(name).encode()) <= 128 for name in ids):
        raise _wrong("option_list: id")


def _listed(values: Json, name: str, most: int) -> list[Json]:
    found = values.get(name)
    if (
        not isinstance(found, list)
        or not 1 <= len(found) <= most
        or not all(isinstance(each, dict) for each in found)
    ):
        raise _wrong(f"{name}: 1 to {most}")
    return found


def _filled(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _wrong(what: str) -> Refusal:
    return Refusal(40058, f"invalid template_card: {what}")

"""What is not there cannot be broken into: no webhook, no markup, no redirects, no name of others on disk."""

import ast
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from bot.shelf import Shelf

ROOT = Path(__file__).parents[2]


def sources(*parts: str) -> Iterator[tuple[str, str]]:
    for part in parts or ("bot", "handlers", "storage"):
        for path in sorted((ROOT / part).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def calls(text: str, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            yield node


def test_nothing_listens_for_telegram() -> None:
    said = "".join(text for _, text in sources("bot/platforms/telegram"))

    assert not re.search(r"set_webhook|setWebhook|starlette|uvicorn|start_server|web\.Application", said)


def test_telegram_is_given_no_parse_mode() -> None:
    assert [name for name, text in sources("bot/platforms/telegram") if "parse_mode" in text] == []


def test_signatures_are_compared_in_constant_time() -> None:
    crypto = (ROOT / "bot/platforms/wecom/crypto.py").read_text(encoding="utf-8")

    assert "compare_digest" in crypto
    assert not re.search(r"signature\w*\s*[!=]=|[!=]=\s*\w*signature", crypto)


def test_nobody_follows_a_redirect() -> None:
    asking = {
        f"{name}:{call.lineno}"
        for name, text in sources("bot/platforms/telegram", "bot/platforms/wecom")
        if "aiohttp" in text
        for verb in ("get", "post", "request")
        for call in calls(text, verb)
        if ast.unparse(call.func).startswith(("self._open()", "session.", "self._session."))
        if not any(
            word.arg == "allow_redirects" and ast.unparse(word.value) == "False" for word in call.keywords
        )
    }

    assert asking == set()


def test_nothing_is_written_as_csv() -> None:
    assert [
        name for name, text in sources() if re.search(r"^\s*(import|from) csv\b", text, re.MULTILINE)
    ] == []


async def test_what_is_kept_has_a_name_of_ours_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    shelf = Shelf({}, tmp_path / "attachments")

    await shelf.keep("12-0123456789abcdef", b"jpg")

    file = tmp_path / "attachments" / "12-0123456789abcdef"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_no_name_of_anybody_is_given_to_the_shelf() -> None:
    fetching = (ROOT / "handlers/fetching.py").read_text(encoding="utf-8")

    assert [ast.unparse(call.args[0]) for call in calls(fetching, "keep")] == [
        "f'{wanted.id}-{digest[:16]}'",
    ]

"""Who may import whom (DESIGN §1). Each rule is a line of data."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("bot", "handlers", "storage")

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "bot.domain": ("bot.domain", "bot.errors"),
    "bot.chat": (),
    "bot.clock": (),
    "bot.errors": (),
    "bot.failpoints": ("bot.errors",),
    "bot.texts": ("bot.domain.people", "bot.domain.phrase", "bot.errors"),
    "storage": ("storage", "bot.domain", "bot.chat", "bot.errors", "bot.failpoints"),
    "handlers": (
        "handlers",
        "storage",
        "bot.domain",
        "bot.chat",
        "bot.clock",
        "bot.errors",
        "bot.failpoints",
        "bot.texts",
    ),
    "bot.platforms": (
        "bot.platforms",
        "bot.domain",
        "bot.chat",
        "bot.clock",
        "bot.errors",
        "bot.failpoints",
        "bot.web",
    ),
    "bot.papers": ("bot.papers", "storage", "bot.domain", "bot.chat", "bot.errors", "bot.texts"),
    "bot.office": ("bot.office", "storage", "bot.domain", "bot.errors", "bot.texts", "bot.web"),
}
"""What a part may import of ours. Parts not named here put the others together."""

ONLY_IN: dict[str, tuple[str, ...]] = {
    "telegram": ("bot.platforms.telegram",),
    "sqlalchemy": ("storage",),
    "alembic": ("storage",),
    "apscheduler": ("bot.ticker",),
    "pydantic": (
        "bot.config",
        "bot.credentials",
        "bot.lengths",
        "bot.missives",
        "bot.platforms",
        "bot.timetable",
    ),
    "aiohttp": ("bot.platforms",),
    "cryptography": ("bot.platforms.wecom",),
    "defusedxml": ("bot.platforms.wecom",),
    "typer": ("bot.__main__",),
}
"""Where a library may appear."""


def modules() -> list[tuple[str, Path]]:
    return [
        (".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path)
        for part in OURS
        for path in sorted((ROOT / part).rglob("*.py"))
    ]


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def within(name: str, parts: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


@pytest.mark.parametrize(
    ("name", "path"), modules(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_module_imports_only_what_its_part_may(name: str, path: Path) -> None:
    part = next((part for part in MAY_IMPORT if within(name, (part,))), None)
    strangers = {
        imported
        for imported in imports(path)
        if part is not None and within(imported, OURS) and not within(imported, MAY_IMPORT[part])
    }
    misplaced = {
        imported
        for imported in imports(path)
        for library, places in ONLY_IN.items()
        if within(imported, (library,)) and not within(name, places)
    }

    assert strangers == set()
    assert misplaced == set()


def test_nobody_but_the_clock_asks_the_time() -> None:
    asking = {
        name
        for name, path in modules()
        if name != "bot.clock"
        for word in ("datetime.now(", "date.today(", "time.time(", "datetime.utcnow(")
        if word in path.read_text(encoding="utf-8")
    }

    assert asking == set()


def test_only_the_operator_at_the_machine_makes_the_exports() -> None:
    """Custody, all reports and all projects as files (MISSION row 27): no chat command leads there."""
    makers = {"full_ledger_workbook", "reports_workbook", "projects_workbook"}
    naming = {
        name for name, path in modules() for maker in makers if maker in path.read_text(encoding="utf-8")
    }
    exporting = {name for name, path in modules() if "bot.commands.export" in str(imports(path))}

    assert naming == {"bot.papers.ledger", "bot.commands.export"}
    assert exporting == {"bot.__main__"}


def test_no_file_has_outgrown_its_noun() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules()}
    grown = {name for name, length in lengths.items() if length > LONGEST and "migrations" not in name}

    assert grown - {"storage.tables"} == set()


LONGEST = 400
"""Lines; past 250 one looks for the noun that wants its own file, past this there surely is one.

`storage.tables` is one long table of contents on purpose.
"""

"""SQL compiled once for a whole run of tests: every store would compile all of its statements anew."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_first: dict[tuple[type, object], tuple[Any, LRUCache[Any, Any]]] = {}


def share() -> None:
    """Let an engine use what an earlier one of its kind compiled; a connection is still its own."""
    DefaultDialect.engine_created = staticmethod(_share)  # type: ignore[method-assign]


def _share(engine: Engine) -> None:
    own: Any = engine.dialect
    kind = (type(own), own._on_connect_isolation_level)
    dialect, compiled = _first.get(kind, (own, None))
    if compiled is None or dialect.server_version_info is None:
        # The first, or a successor of one that never connected and knows nothing of its database.
        dialect, compiled = _first[kind] = (own, LRUCache(5_000))
    engine.dialect, engine._compiled_cache = dialect, compiled

"""What the bot is made of, as CycloneDX: every package of requirements.lock with its version and hashes.

`make sbom` writes it to `liaison-bot.cdx.json`. Packages that only tests and tools need are `excluded`.
"""

import json
import re
import sys
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)", re.IGNORECASE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NEEDED_BY = re.compile(r"^\s+#(?:\s+via)?\s+([a-z0-9][a-z0-9._-]*)", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE)


def bill(lock: str, project: dict[str, Any]) -> dict[str, Any]:
    """Return the bill of materials of a lock file, for the project that its pyproject.toml describes."""
    packages = _packages(lock)
    needed = _needed(packages, project)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": project["name"],
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": [
            {
                "type": "library",
                "bom-ref": f"pkg:pypi/{name}@{version}",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "scope": "required" if name in needed else "excluded",
                "hashes": [{"alg": "SHA-256", "content": each} for each in hashes],
            }
            for name, (version, hashes, _) in sorted(packages.items())
        ],
    }


def _packages(lock: str) -> dict[str, tuple[str, list[str], set[str]]]:
    """Return each package's version, hashes, and what needs it."""
    found: dict[str, tuple[str, list[str], set[str]]] = {}
    hashes: list[str] = []
    needed_by: set[str] = set()
    for line in lock.splitlines():
        if pinned := _PINNED.match(line):
            hashes, needed_by = [], set()
            found[_plain(pinned["name"])] = (pinned["version"], hashes, needed_by)
        hashes += _HASH.findall(line)
        if who := _NEEDED_BY.match(line):
            needed_by.add(_plain(who[1]))
    return found


def _needed(packages: dict[str, tuple[str, list[str], set[str]]], project: dict[str, Any]) -> set[str]:
    """Return the packages that a running bot loads."""
    asked = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    needed = {_plain(found[0]) for each in asked if (found := _NAME.match(each))}
    while more := {name for name, (_, _, by) in packages.items() if name not in needed and by & needed}:
        needed |= more
    return needed


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    described = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made = bill((ROOT / "requirements.lock").read_text(encoding="utf-8"), described)
    json.dump(made, sys.stdout, indent=1)

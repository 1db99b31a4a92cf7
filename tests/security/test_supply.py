"""Where the bot comes from, what it is made of, and what its service may do (SECURITY rows 24 and 27)."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
UNIT = (ROOT / "deploy" / "liaison.service").read_text(encoding="utf-8")
PINNED = re.compile(r"^[A-Za-z0-9._-]+(?:\[[^\]]*\])?==\S+.*(?:\n +(?:--hash=|#).*)*", re.MULTILINE)


def test_every_package_is_pinned_with_its_hashes() -> None:
    blocks = [match[0] for match in PINNED.finditer(LOCK)]
    lines = [line for line in LOCK.splitlines() if line and not line.startswith((" ", "#"))]

    assert len(blocks) == len(lines) > 50
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_the_lock_names_no_host_and_make_installs_by_hash() -> None:
    assert "://" not in LOCK
    assert "--require-hashes -r requirements.lock" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_bill_of_materials_names_every_package_with_version_and_hashes() -> None:
    made = subprocess.run([sys.executable, ROOT / "deploy" / "sbom.py"], capture_output=True, check=True)  # noqa: S603
    bill = json.loads(made.stdout)

    found = {each["name"]: each for each in bill["components"]}
    locked = re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", LOCK, re.MULTILINE | re.IGNORECASE)
    assert bill["bomFormat"] == "CycloneDX"
    assert [(name, each["version"]) for name, each in sorted(found.items())] == sorted(locked)
    assert all(each["hashes"] for each in found.values())
    assert found["sqlalchemy"]["scope"] == found["greenlet"]["scope"] == "required"
    assert found["pytest"]["scope"] == found["iniconfig"]["scope"] == "excluded"


def test_the_service_has_a_user_of_its_own_and_may_do_little() -> None:
    for line in (
        "User=liaison",
        "NoNewPrivileges=true",
        "ProtectSystem=strict",
        "ProtectHome=true",
        "UMask=0077",
        "StateDirectoryMode=0700",
        "MemoryDenyWriteExecute=true",
        "SystemCallFilter=@system-service",
        "CapabilityBoundingSet=",
    ):
        assert line in UNIT.splitlines()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_itself_finds_the_service_little_exposed() -> None:
    said = subprocess.run(  # noqa: S603
        ["systemd-analyze", "security", "--offline=true", "--no-pager", ROOT / "deploy" / "liaison.service"],  # noqa: S607
        capture_output=True,
        check=True,
        text=True,
    ).stdout

    exposure = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert exposure is not None, said
    assert float(exposure[1]) <= 2.0

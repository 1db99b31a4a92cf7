"""The end of `make faults`: atheris looks for input that surprises us, FUZZ_SECONDS (20) for each target.

What it finds is put beside the examples of its target, where `make test` tries it from then on; what
leads it further is kept in .fuzz/, so that the next run goes on from there. TARGETS chooses.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from tests.fuzz.corpus import HERE, examples, targets

_LONGEST = 4_096
_LONGEST_FILE = 32_768
_WITHIN = 10
"""Seconds that one input may take: far more than any needs, on a machine with other things to do."""
_MEGABYTES = 2_048
_KEPT = Path(".fuzz")


def _hunt(name: str) -> None:
    """Try one target until its time is up; atheris ends the process."""
    import atheris  # noqa: PLC0415 -- not everywhere to be had

    with atheris.instrument_imports(include=["bot", "storage"]):
        # Marked as it is loaded, and nothing of others'.
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415

    found = _KEPT / name
    found.mkdir(parents=True, exist_ok=True)
    for example in examples(name):
        (found / sha256(example).hexdigest()[:16]).write_bytes(example)
    (HERE / name).mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={os.environ.get('FUZZ_SECONDS', '20')}",
        f"-max_len={_LONGEST_FILE if name == 'workbook' else _LONGEST}",
        f"-timeout={_WITHIN}",
        f"-rss_limit_mb={_MEGABYTES}",
        f"-artifact_prefix={HERE / name}/",
        "-print_final_stats=1",
        "-verbosity=1",
    ]

    def tried(data: bytes) -> None:
        try:
            TARGETS[name](data)
        except BaseException:
            (HERE / name / f"found-{sha256(data).hexdigest()[:16]}").write_bytes(data)
            raise

    atheris.Setup([sys.argv[0], *options, str(found)], tried)
    atheris.Fuzz()


def _run(name: str) -> tuple[str, int, str]:
    command = [sys.executable, "-m", "tests.fuzz", name]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    return name, done.returncode, done.stderr + done.stdout


def main() -> int:
    """Try every target, two at a time, and say what came of it."""
    if sys.argv[1:]:
        _hunt(sys.argv[1])
    try:
        import atheris  # noqa: F401, PLC0415 -- only whether it is there
    except ImportError:
        print("atheris is not to be had here; tests/fuzz tries more examples instead: FUZZ_EXAMPLES=100000")
        return 0
    wanted = os.environ.get("TARGETS", "").split() or targets()
    failed = 0
    with ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
        for name, code, said in pool.map(_run, wanted):
            number = re.search(r"number_of_executed_units:\s*(\d+)", said) or re.search(
                r"Done (\d+) runs", said
            )
            print(
                f"{name}: {number[1] if number else '?'} inputs, {'fine' if code == 0 else 'FOUND SOMETHING'}"
            )
            if code:
                failed += 1
                print("\n".join(said.splitlines()[-40:]))
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())

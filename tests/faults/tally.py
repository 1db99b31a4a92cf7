"""What the runs of faults count, from every process of the tests, until ``tests.faults.report`` adds it up.

``FAULTS_TALLY`` names the file; without it nothing is kept.
"""

import json
import os
from pathlib import Path


def note(what: str, **found: object) -> None:
    """Write down what was found, a line for each."""
    file = os.environ.get("FAULTS_TALLY")
    if file:
        with Path(file).open("a", encoding="utf-8") as tally:
            tally.write(json.dumps({"what": what, **found}, ensure_ascii=False) + "\n")

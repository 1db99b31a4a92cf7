"""How much of what takes long is played: a sample in `make test`, all of it in `make faults`."""

import os

import pytest

SWEEP = os.environ.get("SWEEP", "2")
"""How much is played: so many cases of each kind, or all there are, on a platform or on ``all``."""
AT_LENGTH = not SWEEP.isdecimal()
"""Whether there is time for everything."""
takes_long = pytest.mark.skipif(not AT_LENGTH, reason="it takes long: make faults")

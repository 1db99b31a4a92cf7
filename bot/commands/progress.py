"""A bar while something long goes on."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(words: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show a bar while something long goes on, where somebody is watching."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415 -- only where somebody is watching
    from rich.progress import Progress  # noqa: PLC0415 -- see above

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words, total=total)
        yield lambda: progress.advance(task)

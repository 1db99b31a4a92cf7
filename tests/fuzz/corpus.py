"""Examples that are kept: lines that people write, what platforms send, and whatever was found once."""

from pathlib import Path

HERE = Path(__file__).parent / "corpus"


def examples(target: str) -> list[bytes]:
    """Return the kept examples of a target: each line of a .txt, and each other file whole."""
    found: list[bytes] = []
    for file in sorted((HERE / target).glob("*")):
        content = file.read_bytes()
        found += [line for line in content.split(b"\n") if line] if file.suffix == ".txt" else [content]
    return found


def targets() -> list[str]:
    """Return the targets that have examples; a test holds them to be all there are."""
    return sorted(folder.name for folder in HERE.iterdir())

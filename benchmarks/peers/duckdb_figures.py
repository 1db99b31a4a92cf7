"""Runs statements on a DuckDB copy of a SQLite database whenever told to; prints the seconds they took."""

import csv
import json
import re
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import duckdb  # type: ignore[import-not-found]

_NULL = "\\N"
_PLAIN = "FORMAT csv, AUTO_DETECT false, HEADER false, DELIM ',', QUOTE '\"', ESCAPE '\"'"


def main() -> None:
    """Copy the tables that the statements name, then run them once for each line that comes."""
    order = json.loads(Path(sys.argv[1]).read_text())
    statements = [(text, values) for text, values in order["statements"]]
    with tempfile.TemporaryDirectory(dir=Path(order["database"]).parent) as folder:
        copy = duckdb.connect(f"{folder}/copy.duckdb")
        _copy(order["database"], Path(folder), copy, " ".join(text for text, _ in statements))
        print(json.dumps("ready"), flush=True)
        for _ in sys.stdin:
            begun = time.perf_counter()
            for text, values in statements:
                copy.execute(text, values).fetchall()
            print(json.dumps(time.perf_counter() - begun), flush=True)


def _copy(file: str, folder: Path, copy: "duckdb.DuckDBPyConnection", named: str) -> None:
    source = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    tables = [name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        if not re.search(rf"\b{table}\b", named):
            continue
        columns = [(name, kind) for _, name, kind, *_ in source.execute(f"PRAGMA table_info({table})")]
        typed = ", ".join(f'"{name}" {_type(kind)}' for name, kind in columns)
        copy.execute(f"CREATE TABLE {table} ({typed})")
        with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            for row in source.execute(f"SELECT * FROM {table}"):  # noqa: S608 -- our own tables
                writer.writerow([_NULL if value is None else value for value in row])
        copy.execute(f"COPY {table} FROM '{folder}/rows.csv' ({_PLAIN}, NULLSTR '{_NULL}')")
    source.close()


def _type(kind: str) -> str:
    return "BIGINT" if kind.upper() in {"INTEGER", "BIGINT", "BOOLEAN"} else "VARCHAR"


if __name__ == "__main__":
    main()

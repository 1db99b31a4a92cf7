"""What a paper says in a chat, put together anew from its form and its tables as they were released."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import bot.papers
from tests.year.figures import Raw
from tests.year.rows import opened

_FORMS = Path(bot.papers.__file__).with_name("forms")
_ORDER = re.compile(r"([<>]=?)(-?\d+)")
_LINES, _LETTERS, _NAME = 14, 600, 14
_YI = 1_000_000
_GIVEN = {
    "county": "青禾县",
    "scope": "",
    "minimum": "3",
    "formula": "年度计划 30＋本期投资 30＋形象进度 20＋按期解决 10＋节点 10",
}


def faults(raw: Raw) -> Iterator[str]:
    """Yield a sentence for every message with a paper that says something else than its tables."""
    office = {row[0] for row in raw.rows("SELECT person_id FROM roles WHERE role = '指挥部办公室'")}
    for row in raw.rows("SELECT * FROM bulletins WHERE printed > 0"):
        document = opened(row["content"])
        amended = raw.rows(
            "SELECT COUNT(DISTINCT line || figure) FROM amendments WHERE bulletin_id = :of", of=row["id"]
        )[0][0]
        for letter in raw.rows(
            "SELECT key, text, person_id FROM outbox WHERE key > :first AND key < :last AND text <> ''",
            first=f"bulletin:{row['id']}:",
            last=f"bulletin:{row['id']};",
        ):
            if not re.fullmatch(rf"bulletin:\d+:(posted|group|{row['version']}:draft):\d+", letter["key"]):
                continue
            reader = letter["person_id"] if letter["person_id"] not in office else None
            body = _body(letter["text"], document["title"])
            tables = [_of(reader, document, table) for table in document["tables"]]
            marked = amended if reader is None or not document["personal"] else _marks(tables)
            if fault := _fault(body, _sentences(document, tables), marked):
                yield f"{letter['key']}: {fault}"


def _of(reader: int | None, document: Any, table: Any) -> Any:
    """Return a table as a reader has it: of a personal paper their own lines, of which the office has all."""
    if not document["personal"] or reader is None:
        return table
    return table | {"rows": [row for row in table["rows"] if reader in row["about"]]}


def _marks(tables: Sequence[Any]) -> int:
    return len(
        {(row["key"], figure) for table in tables for row in table["rows"] for figure in row["amended"]}
    )


def _body(text: str, title: str) -> list[str]:
    """Return the lines below a paper's title."""
    lines = text.split("\n")
    return lines[lines.index(f"【{title}】") + 1 :] if f"【{title}】" in lines else []


def _fault(body: list[str], wanted: list[str], amended: int) -> str:
    """Return what is wrong with the lines of a chat: a sentence, the mark of an amendment, or one cut off."""
    tail = ["明细见附件。"]
    if amended:
        tail.insert(0, f"有 {amended} 个数字经指挥部办公室核改，表中已标出。")
    if not body or body[-len(tail) :] != tail:
        return f"ends {body[-2:]}, not {tail}"
    said = body[1 : -len(tail)]
    if said != wanted[: len(said)]:
        return f"says {said}, not {wanted}"
    if len(said) < len(wanted):
        whole = [body[0], *wanted[: len(said) + 1], *tail]
        if len(whole) + 1 <= _LINES and len("\n".join(whole)) + 30 <= _LETTERS:
            return f"leaves out {wanted[len(said)]}"
    return ""


def _sentences(document: Any, tables: Sequence[Any]) -> list[str]:
    form = tomllib.loads((_FORMS / f"{document['form']}.toml").read_text(encoding="utf-8"))
    names = list(form["tables"])
    last = min(date.fromisoformat(document["last"]), date.fromisoformat(document["made_at"][:10]))
    blanks = _GIVEN | {
        "time": _percent(last.timetuple().tm_yday * 1000 // (366 if last.year % 4 == 0 else 365)),
        "until": "",
        "days_left": "",
    }
    for name, blank in form.get("blanks", {}).items():
        how = next(each for each in ("count", "sum", "share", "list") if each in blank)
        named = blank[how] if isinstance(blank[how], list) else [blank[how]]
        table = tables[names.index(named[0].partition(".")[0])]
        figures = [each.partition(".")[2] for each in named]
        blanks[name] = _filled(how, table, figures, blank)
    found = []
    for words in form.get("lead", []):
        sentence = words["zh-CN"] if isinstance(words, dict) else words
        if all(blanks[each] for each in re.findall(r"{(\w+)}", sentence)):
            found.append(sentence.format_map(blanks))
    return found or ["本期没有要列出的事项。"]


def _filled(how: str, table: Any, figures: list[str], blank: Any) -> str:
    kinds = {each["key"]: each["kind"] for each in table["headings"]}
    lines = [dict(zip(kinds, row["values"], strict=True)) for row in table["rows"]]
    lines = [
        line
        for line in lines
        if all(_holds(line[figure], wanted) for figure, wanted in blank.get("where", {}).items())
    ]
    if how == "count":
        return str(len(lines))
    if how == "list":
        names = list(dict.fromkeys(_cut(str(line[figures[0]])) for line in lines))
        show = blank.get("show", 3)
        return "、".join(names[:show]) + (f"等 {len(names)} 个" if len(names) > show else "")
    sums = [sum(line[figure] or 0 for line in lines) for figure in figures]
    if how == "share":
        return _percent(sums[0] * 1000 // sums[1]) if sums[1] else ""
    return {"money": _money, "share": _percent}.get(kinds[figures[0]], str)(sums[0])


def _holds(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool):
        return bool(value) is wanted
    if isinstance(wanted, str) and (order := _ORDER.fullmatch(wanted)):
        bound = int(order[2])
        holds = {"<": value is not None and value < bound, ">": value is not None and value > bound}
        return holds[order[1][0]] or (order[1].endswith("=") and value == bound)
    return value in wanted if isinstance(wanted, list) else value == wanted


def _cut(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1].rstrip()}…"


def _money(amount: int) -> str:
    if abs(amount) >= _YI:
        return f"{amount / _YI:,.2f} 亿元"
    return f"{amount / 100:,.2f}".removesuffix("0").removesuffix(".0") + " 万元"


def _percent(permille: int) -> str:
    return f"{permille / 10:.1f}".removesuffix(".0") + "%"

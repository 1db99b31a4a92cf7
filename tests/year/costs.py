"""What the bot cost each liaison, counted anew from what was sent, asked and said."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from tests.year import days
from tests.year.figures import Look
from tests.year.rows import Lines, day_of

MEASURES = {
    "messages": "收到的消息（条）",
    "questions": "早上的提问（次）",
    "reminders": "催报提醒（次）",
    "asked_back": "答完又请核对的（次）",
    "taps": "点一下的回答（次）",
    "lines": "打字的回答（行）",
    "minutes": "估算用时（分钟）",
}
_READ, _TAP, _LINE = 10, 20, 60
"""Seconds, as the paper says."""

_OFTEN, _MANY = 10, 5
"""Questions that bring nothing, and messages of a day, that are too many."""

_SENT = "sent_at >= :begins AND sent_at < :ends AND NOT in_group AND updates_id IS NULL"
_COUNTED = {
    "messages": f"SELECT person_id, COUNT(*) FROM outbox WHERE {_SENT} GROUP BY 1",
    "reminders": f"SELECT person_id, COUNT(*) FROM outbox WHERE {_SENT} AND key GLOB 'remind:*' GROUP BY 1",
    "asked_back": f"SELECT person_id, COUNT(*) FROM outbox WHERE {_SENT} AND key GLOB 'reply:*'"
    " AND token IS NOT NULL GROUP BY 1",
    "questions": "SELECT person_id, COUNT(*) FROM prompts WHERE day BETWEEN :first AND :until GROUP BY 1",
    "taps": "SELECT person_id, COUNT(DISTINCT source) FROM reports WHERE text = '' AND entered_by IS NULL"
    " AND day BETWEEN :first AND :until GROUP BY 1",
    "lines": "SELECT person_id, COUNT(*) FROM reports WHERE text <> '' AND entered_by IS NULL"
    " AND day BETWEEN :first AND :until GROUP BY 1",
}

Loads = dict[int, dict[str, int]]


def measures(look: Look) -> Lines:
    """Return each measure over all liaisons."""
    every = list(_loads(look).values())
    return {
        measure: {
            "measure": name,
            "liaisons": len(every),
            "sum_of_all": sum(each[measure] for each in every),
            "median": _middle([each[measure] for each in every]),
            "most": max(each[measure] for each in every),
            "source": "",
        }
        for measure, name in MEASURES.items()
    }


def units(look: Look) -> Lines:
    """Return the middle one of each unit's liaisons, in the order of the roster."""
    loads = _loads(look)
    theirs: dict[str, list[dict[str, int]]] = {}
    for row in look.rows(
        "SELECT h.id, u.name FROM people h LEFT JOIN units u ON u.id = h.unit_id ORDER BY u.id, h.id"
    ):
        if row["id"] in loads:
            theirs.setdefault(row["name"] or "", []).append(loads[row["id"]])
    return {
        unit or "-": {
            "unit": unit,
            "liaisons": len(those),
            **{f"load_{each}": _middle([load[each] for load in those]) for each in MEASURES},
            "source": "",
        }
        for unit, those in theirs.items()
    }


def findings(look: Look) -> Lines:
    """Return what of the sample's settings costs too much: it asks 在建 daily, and nothing before work."""
    return {
        str(number): {"finding": finding, "how_much": many, "setting": setting, "cure": cure, "source": ""}
        for number, (finding, many, setting, cure) in enumerate(_findings(look), 1)
    }


def _findings(look: Look) -> Iterator[tuple[str, int, str, str]]:
    still = sum(
        line["class"] == "在建" and not line["moved"] and line["asked"] >= _OFTEN
        for line in look.projects().values()
    )
    if still:
        yield (
            "天天问却没变化的项目",
            still,
            'prompts.cadence "在建" = "workday"',
            "问了 10 次以上、一直没变化。把这类项目改成每周问一次，或请联络员回「到某月某日前无变化」。",
        )
    pressed = Counter(
        (row["person_id"], day_of(row["sent_at"]))
        for row in look.rows(
            f"SELECT person_id, sent_at FROM outbox WHERE {_SENT}"
            " AND (key GLOB 'remind:*' OR key GLOB 'escalation*')"
        )
        if row["person_id"] in _liaisons(look)
    )
    if twice := sum(many > 1 for many in pressed.values()):
        yield (
            "一天催同一人几次",
            twice,
            "prompts.remind_at",
            "数量是人次。看看是哪些问题在反复催，能合并的合并，或把 escalation.step 放长。",
        )
    daily = _middle([each["messages"] for each in _loads(look).values()]) // max(1, _worked(look))
    if daily > _MANY:
        yield ("每天消息太多", daily, "prompts.cadence", _TOO_MANY)


_TOO_MANY = "数量是每人每天条数的中位数。减少天天问的类别；同一单位的项目尽量由一位联络员一次答完。"


def _worked(look: Look) -> int:
    length = (look.until - look.first).days + 1
    return sum(days.works(look.first + timedelta(day)) for day in range(length))


def _liaisons(look: Look) -> set[int]:
    rows = look.rows(
        "SELECT DISTINCT person_id FROM assignments"
        " WHERE duty = '联络员' AND (until IS NULL OR until > :today)"
    )
    return {row["person_id"] for row in rows}


def _loads(look: Look) -> Loads:
    found: Loads = {each: dict.fromkeys(MEASURES, 0) for each in _liaisons(look)}
    for measure, statement in _COUNTED.items():
        for person_id, many in look.rows(statement):
            if person_id in found:
                found[person_id][measure] = many
    for load in found.values():
        seconds = load["messages"] * _READ + load["taps"] * _TAP + load["lines"] * _LINE
        load["minutes"] = (seconds + 30) // 60
    return found


def _middle(values: list[int]) -> int:
    """Return the middle one; of two the larger."""
    return sorted(values)[len(values) // 2]

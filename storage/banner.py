"""流动红旗: who stands first in each group of a ranking, and who held the banner before."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from bot.domain.bulletins import Stage
from bot.domain.document import Document, Kind
from bot.domain.folded import opened
from storage.dataset import Figure, Line, Question
from storage.ranking import RANKING, ranking_lines
from storage.tables import bulletins

BANNER = (
    Figure("group", Kind.PROSE, 20),
    Figure("among", Kind.COUNT, 10),
    Figure("number", Kind.WORD, 11),
    Figure("name", Kind.PROSE, 26),
    Figure("place", Kind.WORD, 10),
    Figure("unit", Kind.PROSE, 16),
    Figure("score", Kind.SCORE, 10),
    *(figure for figure in RANKING if figure.key.startswith("points_")),
    Figure("in_a_row", Kind.COUNT, 10),
    Figure("held", Kind.COUNT, 10),
    Figure("holder_before", Kind.PROSE, 26),
    Figure("history", Kind.PROSE, 36),
)

_LOOKED_BACK = 12
"""Earlier papers that are read: three years of quarters."""
_TOLD = 4


@dataclass(frozen=True, slots=True)
class _Held:
    """Who held the banners by an earlier paper: the names by group, as the office released them."""

    last: str
    holders: tuple[tuple[str, str], ...]

    def of(self, group: str) -> list[str]:
        return [name for of, name in self.holders if of == group]

    @property
    def names(self) -> set[str]:
        return {name for _, name in self.holders}


def banner_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield who is proposed: the first of each group that is large enough; those who tie are all proposed."""
    earlier = _earlier(connection, question)
    for line in ranking_lines(connection, question):
        if line["rank"] == 1:
            shown = {figure.key: line.get(figure.key) for figure in BANNER}
            past = _history(str(line["group"]), str(line["name"]), earlier)
            yield {**shown, **past, "key": line["key"], "source": line["source"]}


def _history(group: str, name: str, earlier: list[_Held]) -> dict[str, int | str]:
    in_a_row = 1
    for paper in earlier:
        if name not in paper.names:
            break
        in_a_row += 1
    told = [(paper.last, paper.of(group)) for paper in earlier if paper.of(group)]
    return {
        "in_a_row": in_a_row,
        "held": 1 + sum(name in paper.names for paper in earlier),
        "holder_before": "、".join(earlier[0].of(group)) if earlier else "",
        "history": "；".join(f"{last} {'、'.join(names)}" for last, names in told[:_TOLD]),
    }


def _earlier(connection: Connection, question: Question) -> list[_Held]:
    """Return who held the banners by the released papers of this form and scope, the latest first."""
    rows = connection.execute(
        select(bulletins.c.last, bulletins.c.content)
        .where(
            bulletins.c.form == question.form,
            bulletins.c.scope == str(question.scope),
            bulletins.c.last < question.first,
            bulletins.c.state == str(Stage.RELEASED),
        )
        .order_by(bulletins.c.last.desc())
        .limit(_LOOKED_BACK)
    )
    return [_Held(row.last.isoformat(), tuple(_holders(opened(row.content)))) for row in rows]


def _holders(document: Document) -> Iterator[tuple[str, str]]:
    """Yield the group and the name of each line that proposed somebody."""
    for table in document.tables:
        if table.place("in_a_row") is not None:
            for line in table.lines():
                if line.get("name"):
                    yield str(line.get("group") or ""), str(line["name"])

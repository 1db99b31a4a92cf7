"""What a peer writes down for an answer – eight statements, one commit – and for a question."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

PROMPT = "早上好。11月23日 周一，您有 1 个项目：\n1 年产100万吨纯碱项目｜落地开工｜形象进度 58%"
"""What a peer sends in the morning."""

_SCHEMA = """
CREATE TABLE inbox (key TEXT PRIMARY KEY, at TEXT NOT NULL);
CREATE TABLE people (id INTEGER PRIMARY KEY, account TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE projects (
    id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people, name TEXT NOT NULL,
    permille INTEGER NOT NULL, said TEXT NOT NULL);
CREATE INDEX of_person ON projects (person_id);
CREATE TABLE questions (person_id INTEGER PRIMARY KEY REFERENCES people, topic TEXT NOT NULL);
CREATE TABLE reports (
    id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects, day TEXT NOT NULL,
    version INTEGER NOT NULL, said TEXT NOT NULL, permille INTEGER NOT NULL, at TEXT NOT NULL,
    UNIQUE (project_id, day, version));
CREATE TABLE prompts (
    person_id INTEGER NOT NULL REFERENCES people, day TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL,
    message TEXT, PRIMARY KEY (person_id, day));
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people, subject TEXT NOT NULL,
    detail TEXT NOT NULL, at TEXT NOT NULL);
"""
ADMIT = text("INSERT INTO inbox (key, at) VALUES (:key, :at) ON CONFLICT DO NOTHING")
PERSON = text("SELECT id, name FROM people WHERE account = :account")
PROJECT = text("SELECT id, name, permille FROM projects WHERE person_id = :person ORDER BY id LIMIT 1")
QUESTION = text("SELECT topic FROM questions WHERE person_id = :person")
VERSION = text("SELECT max(version) FROM reports WHERE project_id = :project AND day = :day")
REPORT = text(
    "INSERT INTO reports (project_id, day, version, said, permille, at) "
    "VALUES (:project, :day, :version, :said, :permille, :at)"
)
STAND = text("UPDATE projects SET permille = :permille, said = :said WHERE id = :project")
AUDIT = text("INSERT INTO audit (person_id, subject, detail, at) VALUES (:person, :subject, :detail, :at)")

ASK = text("INSERT INTO prompts (person_id, day, text, at) VALUES (:person, :day, :text, :at)")
ASKED = text("UPDATE prompts SET message = :message WHERE person_id = :person AND day = :day")


class Journal:
    """A peer's database; one session for each update.

    One connection: several wait for SQLite's one writer with pauses of up to 100 ms, which was slower.
    """

    def __init__(self, file: str) -> None:
        self._engine = create_async_engine(
            f"sqlite+aiosqlite:///{file}", pool_size=1, max_overflow=0, pool_timeout=600
        )
        event.listen(self._engine.sync_engine, "connect", prepare)
        self._sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(self._engine)

    @property
    def engine(self) -> AsyncEngine:
        """The engine, to be disposed of."""
        return self._engine

    async def create(self, people: range) -> None:
        """Make the tables, and fill in who writes, with two projects each."""
        async with self._engine.begin() as connection:
            for statement in _SCHEMA.split(";\n"):
                if statement.strip():
                    await connection.execute(text(statement))
            await connection.execute(
                text("INSERT INTO people VALUES (:id, :account, :name)"),
                [{"id": account, "account": str(account), "name": f"联络员{account}"} for account in people],
            )
            await connection.execute(
                text(
                    "INSERT INTO projects (person_id, name, permille, said) VALUES (:person, :name, 580, '')"
                ),
                [{"person": account, "name": f"项目{account}-{n}"} for account in people for n in (1, 2)],
            )

    async def answer(self, key: str, account: str, said: str, permille: int) -> str:
        """Take an answer in and return what to reply, once it is committed."""
        at = datetime.now(UTC).isoformat()
        async with self._sessions() as session:
            if (await session.execute(ADMIT, {"key": key, "at": at})).rowcount == 0:  # type: ignore[attr-defined]
                return ""
            person = (await session.execute(PERSON, {"account": account})).one()
            project = (await session.execute(PROJECT, {"person": person.id})).one()
            await session.execute(QUESTION, {"person": person.id})
            day = {"project": project.id, "day": at[:10]}
            version = (await session.execute(VERSION, day)).scalar() or 0
            report: dict[str, Any] = {
                **day,
                "version": version + 1,
                "said": said,
                "permille": permille,
                "at": at,
            }
            await session.execute(REPORT, report)
            await session.execute(STAND, {"project": project.id, "permille": permille, "said": said})
            detail = json.dumps({"permille": permille, "said": said}, ensure_ascii=False)
            subject = f"project:{project.id}"
            await session.execute(
                AUDIT, {"person": person.id, "subject": subject, "detail": detail, "at": at}
            )
            await session.commit()
        return f"已记 {project.name}：{said}；形象进度 {permille / 10:g}%"

    async def prompt(self, person: int, send: Callable[[], Awaitable[Any]]) -> None:
        """Write down that somebody is asked, send it, and write down as what: who dies between knows it."""
        at = datetime.now(UTC).isoformat()
        day = {"person": person, "day": at[:10]}
        async with self._sessions() as session:
            await session.execute(ASK, {**day, "text": PROMPT, "at": at})
            await session.commit()
        message = await send()
        async with self._sessions() as session:
            await session.execute(ASKED, {**day, "message": str(message.message_id)})
            await session.commit()


def prepare(connection: Any, _: object) -> None:
    """Set a connection of the driver to what all sides are measured with."""
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()

"""config.toml as frozen values: every key known, every fault named with its cure."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from bot.credentials import Credentials, Listen, Section, Telegram, WeCom, exposed, opened
from bot.domain.cadence import DEFAULT as CADENCE
from bot.domain.cadence import Cadence
from bot.domain.calendar import Calendar
from bot.domain.county import CATEGORY_NAMES, County
from bot.domain.deadlines import Clock, Deadlines
from bot.domain.people import Language
from bot.domain.projects import ProjectClass
from bot.domain.ranking import DEFAULT as WEIGHTS
from bot.domain.ranking import Scorecard, Weights, read_weights
from bot.domain.retention import Retention
from bot.errors import ConfigurationError
from bot.lengths import Kept, Length, Time
from bot.missives import LetterSettings
from bot.timetable import RhythmSettings

ENVIRONMENT = "LIAISON_"
"""Environment variables such as LIAISON_TELEGRAM__TOKEN stand above the file."""

_FEWEST = 2
_SCHEMA = re.compile(r"(?:[^\W\d]\w{0,62})?")
_SHORTEST_STEP = timedelta(minutes=15)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _clocks(value: object) -> object:
    """Read which clocks count working time."""
    every = {str(clock) for clock in Clock}
    if not isinstance(value, list | frozenset) or not all(isinstance(each, str) for each in value):
        raise ValueError('write a list such as ["accept"] or ["accept", "feedback", "solve"]')
    if unknown := [each for each in value if each not in every]:
        raise ValueError(f"{unknown[0]!r} is no clock; choose out of accept, feedback and solve")
    return value


def _cadence(value: object) -> object:
    """Read how often each class is asked about; a class that is left out keeps its default."""
    if not (isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values())):
        raise ValueError('write a table such as { "洽谈" = "weekly" }')
    kinds, cadences = [str(each) for each in ProjectClass], [str(each) for each in Cadence]
    if unknown := [each for each in value if each not in kinds]:
        raise ValueError(f"{unknown[0]!r} is no class; choose out of {'、'.join(kinds)}")
    if unknown := [each for each in value.values() if each not in cadences]:
        raise ValueError(f"{unknown[0]!r} is no cadence; choose out of {', '.join(cadences)}")
    return {**CADENCE, **value}


def _weights(value: object) -> object:
    """Read the weights of a ranking, so that a wrong one is said with its cure."""
    return value if isinstance(value, tuple) else read_weights(value)


def _minimum(value: object) -> object:
    """Read from how many projects on a group is ranked."""
    if not isinstance(value, int) or isinstance(value, bool) or value < _FEWEST:
        raise ValueError(f"{value!r}: whoever is compared with nobody is always the first; write 2 or more")
    return value


def _schema(name: object) -> object:
    # It stands in SQL as it is.
    if not isinstance(name, str) or not _SCHEMA.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a schema; write letters, digits and _, such as qinghe")
    return name


Schema = Annotated[str, BeforeValidator(_schema)]
Clocks = Annotated[frozenset[Clock], BeforeValidator(_clocks)]
Cadences = Annotated[dict[ProjectClass, Cadence], BeforeValidator(_cadence)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Database(Section):
    """Where everything is remembered."""

    url: str = "sqlite:///liaison.db"
    schema_: Schema = Field("", alias="schema")


class Local(Section):
    """The page in the browser of this machine; empty: not served."""

    listen: Listen = ""


class Office(Section):
    """The office's web address; today it tells the bot's health."""

    listen: Listen = "127.0.0.1:8090"
    public_url: str = ""


class Prompts(Section):
    """When liaisons are asked, reminded, and when the day's round is closed; which classes how often."""

    ask_at: Time = time(9, 0)
    remind_at: Time = time(15, 0)
    close_at: Time = time(18, 0)
    cadence: Cadences = Field(default_factory=lambda: dict(CADENCE))

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.ask_at < self.remind_at < self.close_at:
            raise ValueError("ask_at, remind_at and close_at must follow one another within a day")
        return self


class DeadlineSettings(Section):
    """How long each step of a problem may take, and which clocks stand still outside office hours."""

    preset: Literal["13710"] = "13710"
    accept: Length = timedelta(hours=4)
    feedback: Length = timedelta(days=3)
    ordinary: Length = timedelta(days=7)
    complex: Length = timedelta(days=30)
    working: Clocks = frozenset({Clock.ACCEPT})
    office_from: Time = time(8, 30)
    office_until: Time = time(18, 0)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.office_from >= self.office_until:
            raise ValueError("office_from must be earlier than office_until")
        if min(self.accept, self.feedback, self.ordinary, self.complex) <= timedelta(0):
            raise ValueError("a deadline must be longer than nothing")
        return self


class EscalationSettings(Section):
    """How far what is late goes up by itself, and how fast."""

    climb: Literal["offer", "automatic"] = "offer"
    step: Length = timedelta(hours=4)

    @model_validator(mode="after")
    def _leaves_time(self) -> Self:
        if self.step < _SHORTEST_STEP:
            raise ValueError('step leaves nobody the time to act; write "15m" or more')
        return self


class DigestSettings(Section):
    """When the weekly digest goes to the groups."""

    weekday: Weekday = "mon"
    at: Time = time(8, 30)


class Quiet(Section):
    """When nobody is disturbed, but for what must be solved the same day."""

    from_: Time = Field(time(21, 0), alias="from")
    until: Time = time(7, 30)


class CalendarSettings(Section):
    """Days on which the county differs from the State Council's calendar."""

    extra: tuple[date, ...] = ()
    removed: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _no_day_twice(self) -> Self:
        if both := set(self.extra) & set(self.removed):
            raise ValueError(f"{min(both)} is both an extra working day and a removed one")
        return self


class Ranking(Section):
    """By what projects and places are ranked, and from how many in a group on; persons never are."""

    weights: Annotated[Weights, BeforeValidator(_weights)] = WEIGHTS
    minimum: Annotated[int, BeforeValidator(_minimum)] = 3


class Privacy(Section):
    """What may leave the country: with ``reference``, Telegram carries numbers only."""

    telegram: Literal["full", "reference"] = "full"


class RetentionSettings(Section):
    """How long what is kept; what is the county's files – reports, problems, papers, the trail – stays."""

    inbox: Kept = timedelta(days=30)
    strangers: Kept = timedelta(days=30)
    dead_letters: Kept = timedelta(days=180)
    messages: Kept = timedelta(days=365)
    contacts: Kept = timedelta(days=180)
    attachments: Kept = None
    backups: Kept = timedelta(days=365)


class Problems(Section):
    """The categories a problem may have; 其他 is always the last."""

    categories: tuple[str, ...] = CATEGORY_NAMES

    @model_validator(mode="after")
    def _ends_with_other(self) -> Self:
        if (
            not self.categories
            or self.categories[-1] != "其他"
            or len(set(self.categories)) < len(self.categories)
        ):
            raise ValueError("list each category once and end with 其他")
        return self


class Settings(Section):
    """The whole file."""

    county: str = Field(min_length=1)
    timezone: str = "Asia/Shanghai"
    language: Language = Language.CHINESE
    texts: Path | None = None
    strict_files: bool = False
    database: Database = Database()
    telegram: Telegram = Telegram()
    wecom: WeCom = WeCom()
    local: Local = Local()
    office: Office = Office()
    prompts: Prompts = Prompts()
    deadlines: DeadlineSettings = DeadlineSettings()
    escalation: EscalationSettings = EscalationSettings()
    digest: DigestSettings = DigestSettings()
    quiet: Quiet = Quiet()
    calendar: CalendarSettings = CalendarSettings()
    rhythm: RhythmSettings = RhythmSettings()
    letters: LetterSettings = LetterSettings()
    ranking: Ranking = Ranking()
    problems: Problems = Problems()
    privacy: Privacy = Privacy()
    retention: RetentionSettings = RetentionSettings()

    @model_validator(mode="after")
    def _zone_exists(self) -> Self:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
            near = difflib.get_close_matches(self.timezone, available_timezones(), 1)
            cure = f"; try {near[0]}" if near else "; try Asia/Shanghai"
            raise ValueError(f"timezone: {self.timezone!r} is not a time zone{cure}") from error
        return self

    @property
    def secrets(self) -> list[str]:
        """Every secret, so that the log can blot it out."""
        return Credentials(self.telegram, self.wecom).secrets

    def of_county(self) -> County:
        """Return the settings as the handlers see them."""
        calendar = Calendar(
            zone=ZoneInfo(self.timezone),
            extra=frozenset(self.calendar.extra),
            removed=frozenset(self.calendar.removed),
            quiet_from=self.quiet.from_,
            quiet_until=self.quiet.until,
        )
        deadlines = Deadlines(**self.deadlines.model_dump(exclude={"preset"}))
        step = self.escalation.step
        return County(
            name=self.county,
            calendar=calendar,
            language=self.language,
            categories=self.problems.categories,
            ask_at=self.prompts.ask_at,
            remind_at=self.prompts.remind_at,
            close_at=self.prompts.close_at,
            cadence=self.prompts.cadence,
            deadlines=deadlines,
            digest_weekday=_WEEKDAYS.index(self.digest.weekday),
            digest_at=self.digest.at,
            rhythms=self.rhythm.timetable(),
            missives=self.letters.rules(),
            ranking=Scorecard(self.ranking.weights, self.ranking.minimum),
            reception=self.rhythm.reception_day(),
            climbs=self.escalation.climb == "automatic",
            # Steps are office hours, and a day of them is not 24.
            step=step if step % timedelta(days=1) else deadlines.workday * step.days,
            retention=Retention(**self.retention.model_dump()),
            by_reference=frozenset({"telegram"} if self.privacy.telegram == "reference" else ()),
        )


def load(path: Path) -> tuple[Settings, list[str]]:
    """Return the settings of a file, and what the operator should be warned about.

    Raise ConfigurationError with every fault.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            str(path), ["there is no such file; `liaison init` writes one, `-c` names another"]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), [f"cannot be read: {error}"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(str(path), [f"is not TOML: {error}"]) from error
    _overlay(tree, os.environ)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise ConfigurationError(str(path), [_fault(each) for each in error.errors()]) from None
    found = opened(settings.telegram, settings.wecom, path)
    settings = settings.model_copy(update={"telegram": found.telegram, "wecom": found.wecom})
    warnings = exposed(found.files)
    if warnings and settings.strict_files:
        raise ConfigurationError(str(path), warnings)
    return _beside(settings, path.parent.resolve()), warnings


def example() -> str:
    """Return the example configuration: every key with its default, and what it is for."""
    beside = Path(__file__).with_name("config.example.toml")
    return (beside if beside.exists() else Path(__file__).parents[1] / beside.name).read_text(
        encoding="utf-8"
    )


def _overlay(tree: dict[str, Any], environment: Any) -> None:
    for name, value in environment.items():
        if name.startswith(ENVIRONMENT) and "__" in name:
            *tables, key = name.removeprefix(ENVIRONMENT).lower().split("__")
            place = tree
            for table in tables:
                place = place.setdefault(table, {})
            place[key] = value


def _fault(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), _keys(error["loc"][:-1]), 1)
        return f"{place}: unknown key" + (f"; did you mean {near[0]}?" if near else "; remove it")
    if error["type"] == "missing":
        return f'{place}: is missing; write {place} = "…"'
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _keys(place: tuple[object, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in place:
        field = model.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type):
            return []
        model = field.annotation
    return [field.alias or name for name, field in model.model_fields.items()]


def _beside(settings: Settings, folder: Path) -> Settings:
    """Let relative paths begin at the folder of config.toml, wherever the program is started."""
    url = settings.database.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    texts = folder / settings.texts if settings.texts else None
    templates = settings.letters.templates
    letters = settings.letters.model_copy(update={"templates": folder / templates if templates else None})
    database = settings.database.model_copy(update={"url": url})
    forms = folder / settings.rhythm.forms if settings.rhythm.forms else None
    rhythm = settings.rhythm.model_copy(update={"forms": forms})
    return settings.model_copy(
        update={"database": database, "texts": texts, "rhythm": rhythm, "letters": letters}
    )

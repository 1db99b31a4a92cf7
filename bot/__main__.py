"""The command line: prints for people, exits with a code."""

from __future__ import annotations

import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from bot.commands.ending import FAILED, foreseen
from bot.commands.progress import progress
from bot.errors import BotError, ConfigurationError, RosterError

if TYPE_CHECKING:
    from bot.config import Settings


class _InBothLanguages(TyperGroup):
    """Lists the commands with both of their sentences, neither cut short."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("命令 Commands"):
            for name in self.list_commands(ctx):
                chinese, english = (self.commands[name].help or "").split("。 ")
                formatter.write(f"  {name:<10}{chinese}。\n{'':<12}{english}\n")


app = typer.Typer(
    name="liaison",
    cls=_InBothLanguages,
    help="""联络员机器人：每天问一次，问题有人管。

    Asks every project liaison once a day; every problem has somebody.""",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Config = Annotated[
    list[Path],
    typer.Option(
        "-c", "--config", envvar="LIAISON_CONFIG", metavar="PATH", help="配置文件。 The configuration file."
    ),
]
DEFAULT = [Path("config.toml")]


class LogForm(StrEnum):
    """Who reads the log."""

    PEOPLE = "people"
    JSON = "json"


def main() -> None:
    """Run one command; what was foreseen becomes a sentence and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file's name may hold what no terminal can show; that must not end a command.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except Exception as error:
        ending = foreseen(error)
        if ending is None:
            raise
        _stop(*ending)


def _stop(words: str, code: int) -> None:
    print(words, file=sys.stderr)  # noqa: T201 -- the command line's own voice
    raise SystemExit(code) from None


def _say(words: str = "") -> None:
    print(words)  # noqa: T201 -- the command line's own voice


def _one(files: list[Path]) -> Path:
    """Return the one file that most commands take."""
    if len(files) != 1:
        raise typer.BadParameter("this command takes one configuration file")
    return files[0]


def _settings(files: list[Path]) -> Settings:
    """Return the settings of the one file."""
    from bot.config import load

    settings, warnings = load(_one(files))
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)  # noqa: T201 -- see above
    return settings


@app.command()
def demo(
    story: Annotated[
        Optional[Path],  # noqa: UP045 -- typer reads the annotation at run time on 3.11
        typer.Option(
            help="不开网页，演一周，把周报写进这个文件夹。 Play a week into this folder instead of a page."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="演几天。 How many days.")] = 7,
    listen: Annotated[str, typer.Option(help="网页地址。 Where the page is.")] = "127.0.0.1:8080",
    config: Config = DEFAULT,
) -> None:
    """样板县：在浏览器里试用全部功能。 A sample county in the browser; nothing else is needed."""
    del config  # the sample county has settings of its own
    import asyncio

    if story is not None:
        from bot.demo.story import LONG, play

        # Now rather than when the week is over: that a folder cannot be made is said before it.
        story.mkdir(parents=True, exist_ok=True)
        with progress("演一周 playing", days + 1) as tick:
            lines = asyncio.run(play(story, days, tick))
        _say("\n".join(lines))
        left = sorted(path.name for path in story.iterdir())
        _say(f"\n{story}/: " + ("  ".join(left) if days <= LONG else f"{len(left)} 份文件 files"))
        return
    from bot.demo.page import serve_until_stopped

    def ready(url: str) -> None:
        _say(f"青禾县已经开始工作，请用浏览器打开： {url}\n按 Ctrl-C 结束。 Open the page; Ctrl-C ends it.")
        sys.stdout.flush()

    try:
        asyncio.run(serve_until_stopped(listen, ready))
    except ConfigurationError as error:
        raise BotError("\n".join(error.faults).replace("local.listen", "--listen")) from error


@app.command()
def init(config: Config = DEFAULT) -> None:
    """写一个配置文件，权限只给自己。 Write a configuration file that only you can read."""
    from bot.config import example

    path = _one(config)
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise BotError(f"{path} is there already; remove it first, or name another with -c") from None
    path.write_text(example(), encoding="utf-8")
    _say(f"{path} 已写好，请填 county，以及 [wecom.bot] 或 [telegram] 的凭据，然后运行 liaison check。")


@app.command()
def check(config: Config = DEFAULT) -> None:
    """检查配置、数据库和连接，说清缺什么。 Say what works and what is missing."""
    import asyncio

    from bot.commands.check import checkup

    settings = _settings(config)
    findings = asyncio.run(checkup(settings))
    for finding in findings:
        _say(f"{'✗' if finding.fault else '!' if finding.todo else '✓'} {finding.sentence}")
    if any(finding.fault for finding in findings):
        raise SystemExit(FAILED)


@app.command()
def run(
    config: Config = DEFAULT,
    log: Annotated[
        LogForm, typer.Option(help="日志给人看，或每行一个 JSON。 For people, or one JSON object a line.")
    ] = LogForm.PEOPLE,
) -> None:
    """开始工作，直到收到停止信号。 Work until told to stop."""
    from bot.commands.run import run as run_until_stopped

    raise SystemExit(run_until_stopped(config, json_lines=log is LogForm.JSON))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="名册表格 .xlsx。 The roster.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只看会改什么。 Only show what would change.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """导入名册：有错一次列全，要么全进要么不进。 Import the roster: all faults at once, all or nothing."""
    import asyncio

    from bot.commands.roster import import_roster

    settings = _settings(config)
    try:
        with progress("导入 importing"):
            changes = asyncio.run(import_roster(settings, file, dry_run=dry_run))
    except RosterError as error:
        for fault in error.faults:
            _say(str(fault))
        _stop(f"{file}: {len(error.faults)} 处要改，一行都没有导入。", FAILED)
        return
    for change in changes:
        _say(str(change))
    word = "会有" if dry_run else "已作"
    _say(f"{word} {len(changes)} 处改动。" if changes else "没有改动。")


@app.command()
def template(
    file: Annotated[Path, typer.Argument(help="写到哪里。 Where to write it.")],
    *,
    sample: Annotated[
        bool, typer.Option("--sample", help="写样板县的名册。 Write the sample county.")
    ] = False,
    directory: Annotated[
        bool,
        typer.Option("--directory", help="照企业微信通讯录写好单位和人员。 Fill in WeCom's directory."),
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """写一份空白名册（带下拉选项）。 Write an empty roster with drop-downs."""
    from bot.commands.template import write_template

    # The first roster is often written before there is a configuration.
    known = directory or ((config != DEFAULT or _one(config).exists()) and not sample)
    _say(write_template(file, _settings(config) if known else None, sample=sample, directory=directory))


@app.command()
def invite(
    name: Annotated[Optional[str], typer.Argument(help="姓名，或 姓名（单位）。")] = None,  # noqa: UP045 -- see demo
    *,
    everybody: Annotated[
        bool, typer.Option("--all", help="所有还没加入的人。 All who have not joined.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """发邀请：一次有效，24 小时。 Make invitations: single use, 24 hours."""
    import asyncio

    from bot.commands.invite import invitations

    if (name is None) is not everybody:
        raise typer.BadParameter("give a name, or --all")
    for line in asyncio.run(invitations(_settings(config), name)):
        _say(line)


@app.command()
def handover(
    giver: Annotated[str, typer.Argument(metavar="FROM", help="姓名，或 姓名（单位）。")],
    taker: Annotated[str, typer.Argument(metavar="TO", help="姓名，或 姓名（单位）。")],
    config: Config = DEFAULT,
) -> None:
    """移交：干部调整，项目和问题全部交给另一个人。 Hand everything of one person over to another."""
    import asyncio

    from bot.commands.handover import hand_over

    _say(asyncio.run(hand_over(_settings(config), giver, taker)))


@app.command()
def forget(
    name: Annotated[str, typer.Argument(help="姓名，或 姓名（单位）。")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="不再确认。 Do not ask.")] = False,
    config: Config = DEFAULT,
) -> None:
    """删除一个人的个人信息，各处改用代号。 Erase a person's data; a pseudonym takes their place."""
    import asyncio

    from bot.commands.forget import forget as forget_person

    _say(asyncio.run(forget_person(_settings(config), name, lambda words: yes or typer.confirm(words))))


@app.command()
def export(
    what: Annotated[str, typer.Argument(help="ledger | reports | projects | person NAME")],
    target: Annotated[list[str], typer.Argument(metavar="FILE", help="写到哪里。 Where to write it.")],
    config: Config = DEFAULT,
) -> None:
    """导出台账、日报、项目或一个人的数据。 Export a workbook; of one person, all that is kept."""
    from bot.commands.export import EXPORTS, person_workbook

    *name, file = target
    if what not in {*EXPORTS, "person"}:
        raise typer.BadParameter(f"{what!r}: choose one of {', '.join(EXPORTS)}, person")
    if len(name) != (what == "person"):
        raise typer.BadParameter("write: export person NAME FILE" if what == "person" else "name one file")
    settings = _settings(config)
    with progress(f"导出 {what}"):
        made = person_workbook(settings, name[0]) if name else EXPORTS[what](settings)
        Path(file).write_bytes(made)
    _say(f"{file} 已写好。")


@app.command()
def digest(
    folder: Annotated[Path, typer.Argument(help="写到哪个文件夹。 The folder to write to.")],
    week: Annotated[Optional[str], typer.Option(help="2026-W47；默认上一周。 Default: last week.")] = None,  # noqa: UP045 -- see demo
    config: Config = DEFAULT,
) -> None:
    """把周报（文字、图、台账）写进文件夹。 Write the weekly digest to a folder."""
    from bot.commands.export import write_digest
    from bot.domain.week import Week

    try:
        wanted = Week.parse(week) if week else None
    except ValueError as error:
        raise typer.BadParameter(f"--week {week}: {error}; write it like 2026-W47") from None
    settings = _settings(config)
    with progress("周报 digest"):
        written = write_digest(settings, folder, wanted)
    _say("  ".join(str(path) for path in written))


@app.command()
def letter(
    file: Annotated[Path, typer.Argument(help="写到哪里，如 letters/函.docx。 Where to write it.")],
    config: Config = DEFAULT,
) -> None:
    """写一份函的文档模板，照着改。 Write the Word template of a letter, to be changed as you like."""
    del config  # the same for every county
    from bot.papers.missive_template import missive_template

    file.write_bytes(missive_template())
    _say(f"{file} 已写好。改好后放进 [letters] templates 的文件夹，叫 函.docx，或只管一种的 交办函.docx。")


@app.command()
def migrate(
    to: Annotated[
        str,
        typer.Option(metavar="URL", help="把全部数据搬进这个数据库。 Move everything into this database."),
    ] = "",
    config: Config = DEFAULT,
) -> None:
    """升级数据库结构，先自动备份；或搬到别的数据库。 Bring the database up to date, or move it."""
    from storage.migrate import migrate as migrate_database

    settings = _settings(config)
    if to:
        from bot.commands.migrate import move_to

        for line in move_to(settings, to):
            _say(line)
        return
    steps = migrate_database(settings.database.url, settings.database.schema_)
    _say("\n".join(steps) or "数据库已是最新。")


@app.command()
def backup(file: Annotated[Path, typer.Argument()], config: Config = DEFAULT) -> None:
    """在线备份数据库。 Back the database up while it is in use."""
    import asyncio

    from bot.commands.backup import back_up

    asyncio.run(back_up(_settings(config), file))
    _say(f"{file} 已写好，已检查完整。")


@app.command()
def restore(
    file: Annotated[Optional[Path], typer.Argument(help="PostgreSQL 不带文件。")] = None,  # noqa: UP045 -- see demo
    config: Config = DEFAULT,
) -> None:
    """从备份恢复；运行中拒绝。 Restore a backup; refused while the bot runs."""
    from bot.commands.restore import bring_back

    for line in bring_back(_settings(config), file):
        _say(line)


@app.command()
def verify(
    anchor: Annotated[str, typer.Argument(help="办公室日报里的留痕码。 An anchor of the day summary.")] = "",
    config: Config = DEFAULT,
) -> None:
    """核对数据库和审计链。 Check the database and the audit chain."""
    from storage.backup import verify as look_over

    settings = _settings(config)
    problems = look_over(settings.database.url, settings.database.schema_, anchor)
    for problem in problems:
        _say(f"✗ {problem}")
    if problems:
        raise SystemExit(FAILED)
    _say("✓ 数据库完整，审计链没有断。")


if __name__ == "__main__":
    main()

"""`liaison template --directory`: a roster proposed from WeCom's directory, for the clerk to complete."""

from collections.abc import Sequence

from bot.clock import SystemClock
from bot.config import Settings
from bot.domain.people import UnitKind
from bot.domain.roster import PersonRow, Roster, UnitRow
from bot.errors import BotError, ConfigurationError
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.directory import Directory, Member
from bot.platforms.wecom.errors import NotSent, WeComError
from bot.platforms.wecom.standing import explain

_KINDS = (
    (("镇", "乡", "街道", "街道办", "街道办事处"), UnitKind.TOWNSHIP),
    (("园区", "开发区", "园区管委会", "开发区管委会", "管委会"), UnitKind.PARK),
    (("专班", "工作组"), UnitKind.WORKING_GROUP),
    (("公司", "集团", "厂"), UnitKind.ENTERPRISE),
)
"""What kind of unit a department is by how its name ends; any other is a 责任单位. The clerk corrects it."""


async def proposal(settings: Settings) -> Roster:
    """Return units and people as WeCom's directory has them; duties and projects are not known there.

    Raise BotError, with the cure, if the directory cannot be read.
    """
    app = settings.wecom.app
    if not app.is_set:
        cure = "wecom.app: is missing; the directory is read through a self-built app (README, WeCom)"
        raise ConfigurationError("config.toml", [cure])
    api = Api(app.api_base, app.corp_id, app.secret.get_secret_value(), clock=SystemClock())
    try:
        return roster_of(await Directory(api, app.agent_id).people())
    except (WeComError, NotSent) as error:
        raise BotError(f"通讯录没有读到：{explain(error)}") from error
    finally:
        await api.close()


def roster_of(members: Sequence[Member]) -> Roster:
    """Return the roster of a directory: somebody of several departments is of the first."""
    units = dict.fromkeys(member.departments[0] for member in members if member.departments)
    return Roster(
        units=tuple(UnitRow(row, name, _kind(name)) for row, name in enumerate(units, 2)),
        people=tuple(
            PersonRow(
                row,
                member.name,
                unit=member.departments[0] if member.departments else "",
                title=member.position,
                wecom=member.userid,
            )
            for row, member in enumerate(members, 2)
        ),
    )


def _kind(name: str) -> UnitKind:
    return next((kind for endings, kind in _KINDS if name.endswith(endings)), UnitKind.RESPONSIBLE)

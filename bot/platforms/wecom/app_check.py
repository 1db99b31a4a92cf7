"""What `liaison check` says of the self-built app: each fault with its code and where it is cured."""

from collections.abc import Collection
from datetime import timedelta

from bot.chat import Finding
from bot.domain.words import clean, visible
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.callback import Callback
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.exchange import Json
from bot.platforms.wecom.standing import PAGE, Standing, explain

_WHERE = f"{PAGE}的「接收消息 → 设置API接收」"
_LONG_SILENT = timedelta(days=3)
_UNITS = ((86_400, "天"), (3600, "小时"), (60, "分钟"))


async def look_over(api: Api, agent_id: int, callback: Callback | None) -> list[Finding]:
    """Return what there is to know about an app that does not run: credentials, address, visible range."""
    try:
        agent = await api.call("GET", "agent/get", params={"agentid": agent_id})
    except (WeComError, NotSent, Unanswered) as failure:
        return [Finding(f"自建应用：{explain(failure)}", fault=True), _at_rest(callback)]
    return [*_described(agent), _at_rest(callback)]


def state(standing: Standing, missed: Collection[int], callback: Callback | None) -> list[Finding]:
    """Return how an app goes that runs; ``missed`` holds the code for each person it does not reach."""
    findings = [_standing(standing)]
    if missed:
        codes = "、".join(map(str, sorted(set(missed))))
        cure = f"到{PAGE}的「可见范围」里加上他们，并核对名册里的「企业微信」账号"
        findings.append(Finding(f"自建应用发不到 {len(missed)} 人（错误码 {codes}）：{cure}", todo=True))
    return [*findings, _hearing(callback) if callback else _at_rest(None)]


def _standing(standing: Standing) -> Finding:
    if wrong := standing.sentence():
        return Finding(wrong, fault=True)
    if not standing.is_good or not standing.has_answered:
        return Finding("自建应用：企业微信的接口还没有应答，过一分钟再看", todo=True)
    return Finding("自建应用：凭据有效，本机 IP 可信")


def _described(agent: Json) -> list[Finding]:
    name = visible(clean(str(agent.get("name", ""))))
    counted = {
        "个部门": _many(agent, "allow_partys", "partyid"),
        "名成员": _many(agent, "allow_userinfos", "user"),
        "个标签": _many(agent, "allow_tags", "tagid"),
    }
    found = [f"{number} {unit}" for unit, number in counted.items() if number]
    findings = [Finding(f"自建应用「{name}」：凭据有效，本机 IP 可信")]
    if agent.get("close"):
        findings.append(Finding(f"自建应用「{name}」已停用：到{PAGE}启用", fault=True))
    if found:
        findings.append(Finding(f"自建应用的可见范围：{'、'.join(found)}；不在其中的人收不到消息"))
    else:
        cure = f"到{PAGE}的「可见范围」里加上各联络员和领导"
        findings.append(Finding(f"自建应用的可见范围是空的，谁也收不到消息：{cure}", fault=True))
    return findings


def _at_rest(callback: Callback | None) -> Finding:
    """Return what is known of the callback of an app that does not run: whether it has one."""
    if callback is None:
        answer = "大家要到智能机器人（[wecom.bot]）里回答"
        cure = "要在应用里也能回答、点按钮，请填 wecom.app.token 和 wecom.app.aes_key"
        return Finding(f"自建应用只发不收（没有设回调）：{answer}。{cure}")
    cure = f"先运行 liaison run，再到{_WHERE}点「保存」"
    return Finding(f"自建应用的回调地址只有在 liaison run 运行时才能验证。还没验证过的，{cure}", todo=True)


def _hearing(callback: Callback) -> Finding:
    """Return what the process that serves the callback knows of it: nobody else can."""
    now = callback.clock.now()
    last = max(filter(None, (callback.heard_at, callback.verified_at)), default=None)
    if callback.turned_away and (last is None or callback.turned_away_at > last):
        when, cure = _ago(now - callback.turned_away_at), f"改好后重启 liaison run，再到{_WHERE}点「保存」"
        return Finding(f"自建应用的回调没有通过验证（{when}）：{callback.turned_away}；{cure}", fault=True)
    if last is None:
        how = f"还没在管理后台验证过的，到{_WHERE}填外网地址、Token 和 EncodingAESKey，点「保存」"
        return Finding(f"自建应用的回调：这次启动以来企业微信还没有来过。{how}", todo=True)
    if now - last > _LONG_SILENT:
        cure = f"到{_WHERE}再点一次「保存」，看地址还通不通"
        silence = f"自建应用的回调：企业微信上一次来：{_ago(now - last)}。如果有人发了消息却没有回音，{cure}"
        return Finding(silence, todo=True)
    if callback.heard_at is None:
        return Finding(f"自建应用的回调：地址已通过验证（{_ago(now - last)}），还没有收到过消息")
    return Finding(f"自建应用的回调：收得到消息，最近一次：{_ago(now - callback.heard_at)}")


def _ago(length: timedelta) -> str:
    """Say how long ago something was, in the largest whole unit."""
    seconds = int(length.total_seconds())
    return next((f"{seconds // unit} {name}前" for unit, name in _UNITS if seconds >= unit), "刚刚")


def _many(agent: Json, group: str, name: str) -> int:
    listed = agent.get(group)
    found = listed.get(name) if isinstance(listed, dict) else None
    return len(found) if isinstance(found, list) else 0

"""What `liaison check` says of the self-built app: each fault with its code and where it is cured."""

from bot.chat import Finding
from bot.domain.words import clean, visible
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.callback import Callback
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.exchange import Json
from bot.platforms.wecom.standing import UNTRUSTED_IP, explain

_PAGE = "管理后台「应用管理 → 自建 → 该应用」"
_CURES = {
    40001: f"Secret 不对：到{_PAGE}点 Secret 旁的「查看」，在手机上收到后复制到 wecom.app.secret",
    40013: "企业 ID 不对：到管理后台「我的企业 → 企业信息」最下面复制，填到 wecom.app.corp_id",
    40056: f"应用编号不对：到{_PAGE}看 AgentId，填到 wecom.app.agent_id",
    48002: f"这个 Secret 没有调用应用接口的权限：要用{_PAGE}的 Secret，不是通讯录同步的",
    301002: f"这个 Secret 不是这个应用的：到{_PAGE}把 AgentId 和 Secret 成对复制",
}


async def look_over(api: Api, agent_id: int, callback: Callback | None) -> list[Finding]:
    """Return what there is to know about the app's credentials, address, visible range and callback."""
    try:
        agent = await api.call("GET", "agent/get", params={"agentid": agent_id})
    except (WeComError, NotSent, Unanswered) as failure:
        return [_fault(failure), *_hearing(callback)]
    return [*_described(agent), *_hearing(callback)]


def _fault(failure: Exception) -> Finding:
    if not isinstance(failure, WeComError):
        return Finding(f"企业微信应用：{explain(failure)}", fault=True)
    if failure.code in _CURES:
        return Finding(f"企业微信应用：{_CURES[failure.code]}（错误码 {failure.code}）", fault=True)
    sentence = explain(failure)
    if failure.code == UNTRUSTED_IP:
        sentence += "；那一项要先设好可信域名或回调地址才能填"
    return Finding(f"企业微信应用：{sentence}", fault=True)


def _described(agent: Json) -> list[Finding]:
    name = visible(clean(str(agent.get("name", ""))))
    counted = {
        "个部门": _many(agent, "allow_partys", "partyid"),
        "名成员": _many(agent, "allow_userinfos", "user"),
        "个标签": _many(agent, "allow_tags", "tagid"),
    }
    found = [f"{number} {unit}" for unit, number in counted.items() if number]
    findings = [Finding(f"企业微信应用「{name}」的凭据有效，本机 IP 可信")]
    if agent.get("close"):
        findings.append(Finding(f"企业微信应用「{name}」已停用：到{_PAGE}启用", fault=True))
    if found:
        findings.append(Finding(f"企业微信应用的可见范围：{'、'.join(found)}；不在其中的人收不到消息"))
    else:
        cure = f"到{_PAGE}的「可见范围」里加上各联络员和领导"
        findings.append(Finding(f"企业微信应用的可见范围是空的，谁也收不到消息：{cure}", fault=True))
    return findings


def _hearing(callback: Callback | None) -> list[Finding]:
    """Return what is known of the callback: only the process that serves it can know."""
    if callback is None:
        cure = "要收消息和按钮，请填 wecom.app.token 和 wecom.app.aes_key"
        return [Finding(f"企业微信应用只发不收：没有设回调；{cure}")]
    if callback.heard_at is not None:
        return [Finding("企业微信应用的回调收得到消息")]
    if callback.verified_at is not None:
        return [Finding("企业微信应用的回调地址已通过验证，还没有收到过消息")]
    where = f"到{_PAGE}的「接收消息 → 设置API接收」填好外网地址、Token 和 EncodingAESKey，点保存即验证"
    if callback.listener is None:
        return [Finding(f"企业微信应用的回调要等机器人运行时才能验证：{where}")]
    return [Finding(f"企业微信应用的回调地址自启动以来没有被验证过：如果从没验证过，{where}")]


def _many(agent: Json, group: str, name: str) -> int:
    listed = agent.get(group)
    found = listed.get(name) if isinstance(listed, dict) else None
    return len(found) if isinstance(found, list) else 0

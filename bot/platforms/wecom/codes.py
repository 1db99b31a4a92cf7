"""WeCom's error codes as data: what each means for a message, and what the operator does about it."""

from dataclasses import dataclass
from datetime import timedelta

from bot.errors import Cause, DeliveryError, Failure
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError

_MINUTE = timedelta(minutes=1)
_SOON = timedelta(seconds=5)
_LATER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Code:
    """What an error code means: for the message, for how long, for whom, and its cure in plain words.

    ``cause`` is told where it is not what the kind says by itself.
    """

    kind: Failure
    cure: str = ""
    after: timedelta | None = None
    whole_bot: bool = False
    cause: Cause | None = None


def _ours(cure: str) -> Code:
    """Return the code of something in our settings that keeps all from going out until it is set right."""
    return Code(Failure.RETRY, cure, _LATER, whole_bot=True, cause=Cause.CREDENTIALS)


_ABOUT_THE_MESSAGE = (40004, 40005, 40006, 40009, 40011, 40035, 44001, 44004, 45001, 47001)

CODES: dict[int, Code] = {
    **dict.fromkeys(
        _ABOUT_THE_MESSAGE,
        Code(Failure.REFUSED, "消息或文件的内容、类型或大小不合要求", cause=Cause.MALFORMED),
    ),
    -1: Code(Failure.RETRY, "企业微信忙，稍后会自动再试", _SOON),
    6000: Code(Failure.RETRY, "企业微信正在处理另一条，稍后会自动再试", _SOON),
    40001: _ours("Secret 不对：请到管理后台重新复制"),
    40003: Code(Failure.UNREACHABLE, "企业里没有这个账号"),
    40007: Code(Failure.RETRY, "文件在企业微信那边过期了，会重新上传", _SOON),
    40008: Code(Failure.REFUSED, "这个渠道不收这种消息", cause=Cause.MALFORMED),
    40013: _ours("企业 ID（corp_id）不对：在「我的企业 → 企业信息」最下面"),
    40014: Code(Failure.RETRY, "access_token 失效，会自动换新的", _SOON),
    40056: _ours("应用编号（agent_id）不对：在「应用管理 → 自建」里该应用的页面上"),
    40058: Code(Failure.REFUSED, "消息少了参数或超长", cause=Cause.MALFORMED),
    41001: Code(Failure.RETRY, "没有带 access_token，会自动换新的", _SOON),
    42001: Code(Failure.RETRY, "access_token 过期，会自动换新的", _SOON),
    45002: Code(Failure.REFUSED, "消息太长", cause=Cause.TOO_LONG),
    45009: Code(Failure.RETRY, "发得太快，一分钟后自动再发", _MINUTE),
    45033: Code(Failure.RETRY, "同时发得太多，稍后会自动再试", _SOON),
    48002: _ours("这组凭据没有调用这个接口的权限"),
    60011: Code(
        Failure.UNREACHABLE,
        "这个人不在应用的可见范围里：在管理后台「应用管理 → 自建 → 该应用 → 可见范围」里加上",
    ),
    60020: _ours(
        "本机的出口 IP 不在企业可信 IP 里：在管理后台「应用管理 → 自建 → 该应用 → 企业可信IP」里加上"
    ),
    60111: Code(Failure.UNREACHABLE, "企业里没有这个账号"),
    81013: Code(Failure.UNREACHABLE, "收件人都收不到：账号不存在，或不在应用的可见范围里"),
    86001: Code(Failure.UNREACHABLE, "没有这个群"),
    86003: Code(Failure.UNREACHABLE, "没有这个群"),
    86008: Code(Failure.UNREACHABLE, "这个群不是本应用建的"),
    86201: Code(Failure.REFUSED, "消息没有写发给谁"),
    93000: Code(Failure.UNREACHABLE, "群机器人的地址失效：在群设置里重新复制 Webhook 地址"),
    93006: Code(Failure.UNOPENED, "这个会话里还没有人给机器人发过话"),
    301002: _ours("这个应用不归这个 Secret 管：核对 agent_id 和 secret 是不是同一个应用的"),
    846601: Code(Failure.RETRY, "长连接断了，正在重连", _SOON, whole_bot=True),
    846602: Code(Failure.RETRY, "长连接断了，正在重连", _SOON, whole_bot=True),
    846605: Code(Failure.REFUSED, "那次点按已经过了可以答复的时候"),
    846608: Code(Failure.REFUSED, "那条消息已经过了可以改的时候"),
    846609: Code(Failure.RETRY, "长连接断了，正在重连", _SOON, whole_bot=True),
}
"""WECOM.md section 8. A code that is not here refuses this one message.

Over the bot it is UNCLEAR: nobody has seen every code of a chat that was never opened.
"""


def cure(error: WeComError) -> str:
    """Return what an error means in an office clerk's words, with WeCom's own code."""
    known = CODES.get(error.code)
    words = known.cure if known and known.cure else "企业微信没有接受"
    return f"{words}（错误码 {error.code}）"


def meaning(error: Exception, unknown: Failure = Failure.REFUSED) -> DeliveryError:
    """Return what a failure means for the message and its chat; ``unknown`` is what any other code means."""
    match error:
        case WeComError():
            known = CODES.get(error.code, Code(unknown))
            return DeliveryError(
                known.kind,
                cure(error),
                after=known.after,
                whole_bot=known.whole_bot,
                cause=known.cause,
            )
        case NotSent():
            return DeliveryError(Failure.RETRY, str(error))
        case Unanswered():
            return DeliveryError(Failure.IN_DOUBT, str(error))
        case _:
            return DeliveryError(Failure.IN_DOUBT, repr(error))

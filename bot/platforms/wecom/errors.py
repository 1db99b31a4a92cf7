"""How an exchange with WeCom can end other than well."""


class WeComError(Exception):
    """WeCom answered with an error code; branch on ``code``, never on its words (WECOM.md section 8).

    The words hold hint ids and our own address: they are for the log.
    """

    def __init__(self, code: int, words: str = "") -> None:
        super().__init__(f"errcode {code}: {words[:200]}")
        self.code = code
        self.words = words


class NotSent(Exception):  # noqa: N818 -- says what happened
    """No byte of the request left: it is safe to repeat."""


class Unanswered(Exception):  # noqa: N818 -- says what happened
    """Bytes were written and no answer came: nobody knows what WeCom did."""

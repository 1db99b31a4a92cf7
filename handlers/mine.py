"""我的数据: everybody may have all that is kept of them (SECURITY row 30)."""

from handlers.turn import Turn

PAPER = "我的数据"


def ask(turn: Turn) -> None:
    """Take 「我的数据」, to be written down in the workshop and sent to the sender in private."""
    turn.tx.orders.add(turn.incoming.key, turn.sender.id, PAPER, "", turn.now)
    turn.reply("mine.coming")

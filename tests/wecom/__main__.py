"""WeCom on loopback, for other processes: `python -m tests.wecom --port 8098 --control 8097`.

Prints `ws://127.0.0.1:8098 http://127.0.0.1:8097` when it is ready. To try the real `liaison run`, put
the first into its configuration and make people write with the second; with `--api 8096` there is an
app of its own beside it (its api_base is `http://127.0.0.1:8096`), whose methods are `/control/api/<method>`:

    curl -s 127.0.0.1:8097/control/says -H 'Content-Type: application/json' -d '{"args": ["liu", "帮助"]}'
    curl -s 127.0.0.1:8097/control/shown -H 'Content-Type: application/json' -d '{"args": ["liu"]}'
    curl -s 127.0.0.1:8097/control/api/adds -H 'Content-Type: application/json' -d '{"args": ["liu"]}'
    curl -s 127.0.0.1:8097/control/api/serves -H 'Content-Type: application/json' \\
        -d '{"args": ["http://127.0.0.1:8091/wecom/callback"]}'
    curl -s 127.0.0.1:8097/control/api/verifies -H 'Content-Type: application/json' -d '{}'
"""

import argparse
import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from tests.canary import MARK
from tests.wecom.api import WeComApi
from tests.wecom.control import Control
from tests.wecom.socket import WeComSocket


async def _main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.wecom", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control", type=int, default=0)
    parser.add_argument("--api", type=int, help="a self-built app as well, on this port")
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--bot-id", default="B1")
    parser.add_argument("--secret", default=MARK)
    parser.add_argument("--per-minute", type=int)
    parser.add_argument("--per-hour", type=int)
    parser.add_argument("--ack-after", type=float, default=0.0)
    parser.add_argument("--anybody", action="store_true", help="accept chats nobody wrote in")
    values = vars(parser.parse_args(arguments))
    port, anybody, api = values.pop("control"), values.pop("anybody"), values.pop("api")
    async with AsyncExitStack() as stack:
        wecom = await stack.enter_async_context(WeComSocket(**values, activated_only=not anybody))
        servers: dict[str, object] = {"socket": wecom}
        if api is not None:
            servers["api"] = await stack.enter_async_context(WeComApi(port=api))
        control = Control(**servers)
        await control.start(port)
        print(wecom.url, control.base, flush=True)  # noqa: T201 -- whoever started us waits for this line
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))

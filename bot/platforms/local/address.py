"""Where the page listens: on this machine only, because it has no log-in."""

import errno
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.errors import ConfigurationError

_SOURCE = "config.toml"
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Loopback:
    """An address that only this machine can reach; port 0 means any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, written so that no name server is asked."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(authority: str) -> str:
    """Return the host of ``host:port``, without the brackets of IPv6; empty if it is none."""
    try:
        parts = urlsplit(f"//{authority}")
    except ValueError:
        return ""
    return parts.hostname or "" if parts.netloc == authority and parts.username is None else ""


def loopback(listen: str) -> Loopback:
    """Read ``[local] listen``; raise ConfigurationError for any address others could reach."""
    host = host_of(listen)
    try:
        port = urlsplit(f"//{listen}").port
    except ValueError:
        port = None
    if not host or port is None:
        raise ConfigurationError(
            _SOURCE, [f"local.listen: {listen!r} is not an address; write it like 127.0.0.1:8765"]
        )
    if not is_loopback(host):
        fault = (
            f"local.listen: {listen!r} could be reached from other machines, and the page has no log-in; "
            f"use 127.0.0.1:{port}, and from elsewhere ssh -L {port}:127.0.0.1:{port}"
        )
        raise ConfigurationError(_SOURCE, [fault])
    return Loopback("127.0.0.1" if host == "localhost" else host, port)


def take(at: Loopback) -> socket.socket:
    """Start listening; raise ConfigurationError naming the cure if the port cannot be had."""
    family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind((at.host, at.port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise ConfigurationError(_SOURCE, [f"local.listen: {_why(at, error)}"]) from error
    listening.settimeout(0)
    return listening


def _why(at: Loopback, error: OSError) -> str:
    other = Loopback(at.host, at.port + 1 if at.port < _HIGHEST_PORT else at.port - 1)
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {at.port} is taken, perhaps by this bot running already; "
            f"stop the other program or choose another port, for example {other}"
        )
    if error.errno == errno.EACCES:
        return f"port {at.port} is reserved for the system; choose one above 1023, for example 127.0.0.1:8765"
    return f"{at} cannot be used ({error.strerror}); try 127.0.0.1:8765"

# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a server listens: ``[HOST:]PORT``, on this computer only unless a host is named."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import Final

LOOPBACK: Final = "127.0.0.1"
DEFAULT_PORT: Final = 1234
_ENDPOINT: Final = re.compile(r"(?:(\[[0-9a-fA-F:.%]+\]|[^:\[\]]*):)?([0-9]{1,5})")
_MOST: Final = (1 << 16) - 1


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and a port of TCP; port 0 is any that is free."""

    host: str = LOOPBACK
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_endpoint(text: str) -> Endpoint:
    """What *text* means.

    :raises ValueError: if it is no ``[HOST:]PORT``.
    """
    matched = _ENDPOINT.fullmatch(text)
    if matched is None or int(matched[2]) > _MOST:
        raise ValueError(f"expected [HOST:]PORT with a port from 0 to {_MOST}, not {text!r}")
    return Endpoint((matched[1] or "").strip("[]") or LOOPBACK, int(matched[2]))


def listen(where: Endpoint) -> socket.socket:
    """A socket that listens there.

    :raises OSError: if that cannot be, for example because the port is in use.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1)
    except OSError:
        listener.close()
        raise
    return listener


def bound(listener: socket.socket) -> Endpoint:
    """Where *listener* listens, with the port that it has got."""
    host, port = listener.getsockname()[:2]
    return Endpoint(host, port)

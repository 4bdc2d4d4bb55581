# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that are gone when a test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.gdb_client import GdbClient


@pytest.fixture
def connect() -> Iterator[Callable[[int], GdbClient]]:
    """Makes clients that come to a port."""
    clients: list[GdbClient] = []

    def come(port: int) -> GdbClient:
        client = GdbClient(port)
        clients.append(client)
        assert client.ask("QStartNoAckMode") == "OK"
        return client

    yield come
    for client in clients:
        client.vanish()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers and clients that are gone when a test is over."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.support.command import ESSA, ROOT
from tests.support.gdb_client import GdbClient

Start = Callable[..., "tuple[subprocess.Popen[str], int]"]


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


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the command, and gives the process and the port on which it listens."""
    processes: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> tuple[subprocess.Popen[str], int]:
        process = subprocess.Popen(
            [*ESSA, *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if matched := re.search(r"listening on 127\.0\.0\.1:(\d+)", line):
                return process, int(matched[1])
        raise AssertionError("it does not listen")

    yield run
    for process in processes:
        process.kill()
        process.communicate()

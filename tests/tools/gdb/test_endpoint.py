# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a server listens."""

from __future__ import annotations

from contextlib import closing

import pytest

from tools.gdb.endpoint import Endpoint, bound, listen, parse_endpoint


@pytest.mark.parametrize(
    ("text", "where"),
    (
        ("1234", Endpoint("127.0.0.1", 1234)),
        (":1234", Endpoint("127.0.0.1", 1234)),
        ("0", Endpoint("127.0.0.1", 0)),
        ("0.0.0.0:65535", Endpoint("0.0.0.0", 65535)),
        ("localhost:1", Endpoint("localhost", 1)),
        ("[::1]:9", Endpoint("::1", 9)),
    ),
)
def test_what_is_typed(text: str, where: Endpoint) -> None:
    assert parse_endpoint(text) == where
    assert parse_endpoint(str(where)) == where


@pytest.mark.parametrize("text", ("", "x", "65536", "host:", "host", "1:2:3", "::1:9", "-1", "1234 "))
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected \[HOST:\]PORT with a port from 0 to 65535"):
        parse_endpoint(text)


def test_a_port_is_used_once() -> None:
    with closing(listen(Endpoint(port=0))) as listener:
        where = bound(listener)
        assert where.host == "127.0.0.1"
        assert where.port > 0
        with pytest.raises(OSError, match="in use"):
            listen(where)

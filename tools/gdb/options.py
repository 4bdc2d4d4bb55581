# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa gdb``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.machines.options import HistoryOptions
from tools.usage.options import option

if TYPE_CHECKING:
    from tools.gdb.endpoint import Endpoint


def endpoint(text: str) -> Any:
    """The :class:`~tools.gdb.endpoint.Endpoint` that *text* means."""
    from tools.gdb.endpoint import parse_endpoint

    return parse_endpoint(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class GdbOptions(HistoryOptions):
    """Where gdb finds the machine."""

    listen: Endpoint = option(
        "127.0.0.1:1234",
        metavar="[HOST:]PORT",
        help="Where to wait for gdb; port 0 is any that is free.",
        parse=endpoint,
    )

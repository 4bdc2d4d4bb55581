# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa step``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.machines.options import HistoryOptions
from tools.usage.options import option


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions(HistoryOptions):
    """Where the commands come from."""

    script: str | None = option(metavar="FILE", help="Take the commands from this file, and echo them.")
    keep_going: bool = option(False, help="Go on with the script after a command that is wrong.")

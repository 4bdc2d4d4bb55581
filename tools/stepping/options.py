# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa step``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.machines.options import HistoryOptions
from tools.usage.errors import UsageError
from tools.usage.options import option


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions(HistoryOptions):
    """Where the commands come from."""

    script: str | None = option(metavar="FILE", help="Take the commands from this file, and echo them.")
    commands: str | None = option(metavar="TEXT", help="Execute these commands, parted by semicolons, and end.")
    keep_going: bool = option(False, help="Go on with --script or --commands after a command that is wrong.")

    def __post_init__(self) -> None:
        if self.commands is not None and self.script is not None:
            raise UsageError("--commands: expected no --script, which has others")
        if self.keep_going and self.commands is None and self.script is None:
            raise UsageError("--keep-going: expected --script or --commands, whose commands it is about")

# SPDX-License-Identifier: GPL-2.0-or-later
"""What ends the command with one line."""

from __future__ import annotations


class UsageError(Exception):
    """The command was used wrongly; the message is one line that names the option or file and what was expected."""


class LostRun(Exception):  # noqa: N818 - it says what has happened to it
    """A run in a process of its own has ended without a result."""

    def __init__(self, name: str, exit_code: int | None) -> None:
        how = f"signal {-exit_code}" if exit_code is not None and exit_code < 0 else f"exit status {exit_code}"
        super().__init__(f"the process of {name!r} has ended with {how}")
        self.name = name

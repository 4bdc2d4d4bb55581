# SPDX-License-Identifier: GPL-2.0-or-later
"""What tells a program from others, so that what was saved of one is not taken for another."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.machines.options import MachineOptions


def describe_program(options: MachineOptions) -> dict[str, Any]:
    """The sums of the files of a program, and its command line, by names.

    :raises UsageError: if a file cannot be read.
    """
    described: dict[str, Any] = {"command line": options.command_line}
    for name, path in (("program", options.image.path), ("RAM disk", options.ramdisk)):
        try:
            described[name] = None if path is None else hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        except OSError as reason:
            raise UsageError(f"{path}: cannot be read: {reason.strerror}") from None
    return described

# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot of Debian's kernel to its power-off, side by side with QEMU's TCG: same kernel, RAM disk and memory."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from typing import Final

from tools.debian.initramfs import CHECK_WORD, PASSED
from tools.debian.releases import COMMAND_LINE, NAME, RELEASES, debian_files
from tools.usage.errors import UsageError

QEMU: Final = "qemu-system-s390x"
ROUNDS: Final = 3
_MEMORY: Final = "256"
_COMMAND_LINE: Final = f"{COMMAND_LINE} loglevel=4 {CHECK_WORD}"
_PATIENCE: Final = 300


class BootError(Exception):
    """A boot did not get to its power-off with all files as they were made."""


def boot_ratio() -> tuple[float, float, float] | None:
    """Our time divided by QEMU's, ours, and QEMU's, in seconds: medians of boots taken alternately.

    None if QEMU is not installed or the kernel has not been fetched.

    :raises BootError: if the guest does not come to its end.
    """
    try:
        files = debian_files(next(iter(RELEASES)))
    except UsageError:
        return None
    if shutil.which(QEMU) is None:
        return None
    ours = [sys.executable, "-m", "tools.command.start", "run", NAME]
    ours += ["--memory", f"{_MEMORY}M", "--cmdline", _COMMAND_LINE]
    theirs = [QEMU, "-nographic", "-m", _MEMORY, "-smp", "1", "-kernel", str(files.kernel)]
    theirs += ["-initrd", str(files.ramdisk), "-append", _COMMAND_LINE]
    pairs = [(_time(ours), _time(theirs)) for _ in range(ROUNDS)]
    ratio = statistics.median(own / other for own, other in pairs)
    return ratio, statistics.median(own for own, _ in pairs), statistics.median(other for _, other in pairs)


def _time(command: list[str]) -> float:
    started = time.perf_counter()
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise BootError(f"{command[0]}: no power-off within {_PATIENCE} s") from None
    if PASSED not in done.stdout:
        raise BootError(f"{command[0]}: {done.stdout[-200:]} {done.stderr[-200:]}")
    return time.perf_counter() - started

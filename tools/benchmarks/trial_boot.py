# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot that benchmarks measure in their own process: Debian's kernel, with the check of its files, to power-off."""

from __future__ import annotations

from tools.debian.initramfs import CHECK_WORD
from tools.debian.releases import COMMAND_LINE, RELEASES, debian_files
from tools.machines.images import BootFiles
from tools.machines.options import HostOptions, MachineOptions


def trial_boot(memory: int, host: HostOptions | None = None) -> MachineOptions:
    """The machine of *memory* bytes that boots so, in front of *host*.

    :raises UsageError: if the kernel has not been fetched.
    """
    files = debian_files(next(iter(RELEASES)))
    return MachineOptions(
        image=BootFiles(files.kernel, files.ramdisk),
        command_line=f"{COMMAND_LINE} loglevel=4 {CHECK_WORD}",
        memory=memory,
        host=host,
    )

# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel as a guest, of this machine and of QEMU's TCG: same kernel, RAM disk, memory, CPUs and disk."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tools.benchmarks.figure import Measured, NotMeasured
from tools.debian.releases import COMMAND_LINE, RELEASES, debian_files
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QEMU: Final = "qemu-system-s390x"
PLAIN: Final = ("-accel", "tcg")
COUNTING: Final = ("-accel", "tcg", "-icount", "shift=auto")
"""Its time is counted instructions: as repeatable as ours."""
ONE_THREAD: Final = ("-accel", "tcg,thread=single")
_MEMORY: Final = "256M"
_PATIENCE: Final = 1800
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class LinuxGuest:
    """What boots, on either machine."""

    words: str
    """On the kernel's command line, behind those that every guest has."""
    ramdisk: Path | None = None
    """Another one than that which was fetched."""
    disk: Path | None = None
    cpus: int = 1

    def ours(self) -> list[str]:
        """The command for this machine.

        :raises NotMeasured: if the kernel has not been fetched.
        """
        kernel, ramdisk = self._files()
        command = [sys.executable, "-m", "tools.command.start", "run", str(kernel), "--initrd", str(ramdisk)]
        command += ["--memory", _MEMORY, "--cpus", str(self.cpus), "--cmdline", self._command_line]
        return command if self.disk is None else [*command, "--disk", str(self.disk)]

    def qemu(self, options: tuple[str, ...]) -> list[str]:
        """The command for QEMU with these *options*.

        :raises NotMeasured: if the kernel has not been fetched.
        """
        kernel, ramdisk = self._files()
        command = [QEMU, "-nographic", *options, "-m", _MEMORY, "-smp", str(self.cpus), "-kernel", str(kernel)]
        command += ["-initrd", str(ramdisk), "-append", self._command_line]
        if self.disk is not None:
            drive = f"file={self.disk},if=none,id=disk,format=raw,read-only=on"
            command += ["-drive", drive, "-device", "virtio-blk-ccw,drive=disk"]
        return command

    @property
    def _command_line(self) -> str:
        return f"{COMMAND_LINE} loglevel=4 {self.words}".rstrip()

    def _files(self) -> tuple[Path, Path]:
        try:
            files = debian_files(next(iter(RELEASES)))
        except UsageError as reason:
            raise NotMeasured(str(reason)) from None
        return files.kernel, self.ramdisk or files.ramdisk


def beside_qemu(ours: Callable[[], float], qemu: Callable[[], float], rounds: int, name: str = "QEMU") -> Measured:
    """The time that *ours* takes divided by QEMU's, taken alternately.

    :raises NotMeasured: if QEMU is not there; with our own time.
    """
    if shutil.which(QEMU) is None:
        raise NotMeasured(f"QEMU is not installed; ours alone: {ours():,.1f} s")
    pairs = [(ours(), qemu()) for _ in range(rounds)]
    own, other = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Measured(tuple(mine / its for mine, its in pairs), f"{own:,.1f} s to {name}'s {other:,.1f} s")


def seconds_of(command: list[str], expected: str) -> float:
    """How long *command* takes to its end.

    :param expected: what must be on its output.
    :raises NotMeasured: if it is not.
    """
    started = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"{command[0]} did not end within {_PATIENCE} s") from None
    seconds = time.perf_counter() - started
    if expected not in done.stdout:
        raise NotMeasured(f"{command[0]}: {done.stdout[-_SHOWN:]} {done.stderr[-_SHOWN:]}")
    return seconds

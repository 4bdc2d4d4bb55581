# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot of Debian's kernel, with the check of its files, to its power-off."""

from __future__ import annotations

from functools import partial
from typing import Final

from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, Unit
from tools.benchmarks.linux import COUNTING, ONE_THREAD, PLAIN, LinuxGuest, beside_qemu, seconds_of
from tools.debian.initramfs import CHECK_WORD, PASSED


def _boot_ratio(cpus: int, options: tuple[str, ...], effort: Effort) -> Measured:
    guest = LinuxGuest(CHECK_WORD, cpus=cpus)
    ours, qemu = guest.ours(), guest.qemu(options)
    return beside_qemu(partial(seconds_of, ours, PASSED), partial(seconds_of, qemu, PASSED), effort.rounds)


def _figure(name: str, title: str, goal: float, cpus: int, options: tuple[str, ...], compared: str) -> BenchmarkFigure:
    measure = partial(_boot_ratio, cpus, options)
    return BenchmarkFigure(name, title, Unit.RATIO, measure, goal, compared_with=compared, takes_long=True)


FIGURES: Final = (
    _figure("boot", "boot of Debian", 1.6, 1, PLAIN, "QEMU's TCG"),
    _figure("boot-counted", "boot of Debian", 1.3, 1, COUNTING, "QEMU's TCG with -icount shift=auto"),
    _figure("boot-two-cpus", "boot of Debian on two CPUs", 2, 2, ONE_THREAD, "QEMU's TCG with thread=single"),
)

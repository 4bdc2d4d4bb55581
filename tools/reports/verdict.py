# SPDX-License-Identifier: GPL-2.0-or-later
"""How a run ended, and the exit status that gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from emu.machine import StopKind

if TYPE_CHECKING:
    from emu.machine import Stop

_PASSED_ADDRESS: Final = 0xFFF
_FAILED_ADDRESS: Final = 0
_EXIT_LINE: Final = re.compile(r"^EXIT: STATUS=(\d+)\s*$", re.MULTILINE)
_SKIPPED: Final = 77


class ExitStatus(IntEnum):
    """The exit statuses of ``essa``."""

    PASSED = 0
    FAILED = 1
    WRONG_USE = 2
    UNASKED_STOP = 3
    BUDGET = 4
    REBOOT = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """The exit status, and why in words; *is_noteworthy* if the words should be shown even without a terminal."""

    status: ExitStatus
    text: str
    is_noteworthy: bool = False


def judge(stop: Stop, console: str) -> Verdict:
    """The verdict on a run that ended in *stop* after writing *console*.

    A disabled wait at address 0xFFF is "passed" and at 0 "failed" (the convention of QEMU's guest tests); programs of
    kvm-unit-tests write ``EXIT: STATUS=n``, where n >> 1 is their status, and stop their CPUs.
    """
    if stop.kind in (StopKind.ALL_STOPPED, StopKind.DISABLED_WAIT):
        exit_lines = _EXIT_LINE.findall(console)
        if exit_lines:
            return _reported(int(exit_lines[-1]) >> 1)
    if stop.kind is StopKind.DISABLED_WAIT:
        if stop.psw.address == _PASSED_ADDRESS:
            return Verdict(ExitStatus.PASSED, "passed")
        if stop.psw.address == _FAILED_ADDRESS:
            return Verdict(ExitStatus.FAILED, "failed")
    if stop.kind in (StopKind.ALL_STOPPED, StopKind.POWERED_OFF):
        return Verdict(ExitStatus.PASSED, stop.text)
    if stop.kind is StopKind.LOAD_REQUESTED:
        return Verdict(ExitStatus.REBOOT, stop.text, is_noteworthy=True)
    if stop.kind is StopKind.BUDGET:
        return Verdict(ExitStatus.BUDGET, stop.text, is_noteworthy=True)
    return Verdict(ExitStatus.UNASKED_STOP, stop.text, is_noteworthy=True)


def after_script(verdict: Verdict, unmet: str | None) -> Verdict:
    """The verdict on a run whose input was a script, of which *unmet* was not to be seen; a passed run fails then."""
    if unmet is None or verdict.status is not ExitStatus.PASSED:
        return verdict
    return Verdict(ExitStatus.FAILED, unmet, is_noteworthy=True)


def _reported(status: int) -> Verdict:
    if status == 0:
        return Verdict(ExitStatus.PASSED, "passed: the program reported status 0")
    if status == _SKIPPED:
        return Verdict(ExitStatus.PASSED, f"skipped: the program reported status {_SKIPPED}", is_noteworthy=True)
    return Verdict(ExitStatus.FAILED, f"failed: the program reported status {status}")

# SPDX-License-Identifier: GPL-2.0-or-later
"""Bare Unicorn: the same loop with nothing around it, translated as it does by itself, in its faster TLB mode.

With its own softmmu it translates without asking anybody, but in 2.1.4 every store leaves translated code (by
measurement: a tenth of the speed).  In virtual mode it asks for each translation that its TLB does not hold, and stores
are fast.
"""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from unicorn import s390x_const as registers
from unicorn import unicorn_const as constants

from emu.addresses import PAGE_SIZE
from emu.engine.library import (
    EXECUTABLE,
    READABLE,
    WRITABLE,
    FillAccess,
    InterruptCallback,
    TlbFillCallback,
    Unicorn,
)
from emu.engine.quirks import exit_checks
from emu.psw import ADDRESSING_MODE
from tools.benchmarks.figure import NotMeasured
from tools.benchmarks.guest_loop import DATA, START

if TYPE_CHECKING:
    from tools.benchmarks.guest_loop import GuestLoop

_PERMISSIONS: Final = {FillAccess.READ: READABLE, FillAccess.WRITE: WRITABLE, FillAccess.FETCH: EXECUTABLE}
_INVALID: Final = bytes(2)
"""An operation code that ends the loop by an interruption."""


class TlbMode(Enum):
    """How bare Unicorn translates addresses."""

    OWN = "own softmmu"
    VIRTUAL = "virtual TLB"


class BareUnicorn:
    """An instance with a loop in it, whose first round has been executed."""

    def __init__(self, loop: GuestLoop, mode: TlbMode) -> None:
        if loop.translates or loop.cpus > 1 or loop.prepare is not None:
            raise ValueError("bare Unicorn executes loops of general instructions only")
        self.mode = mode
        self._unicorn = Unicorn()
        uc = self._unicorn.uc
        uc.mem_map(0, loop.memory)
        if mode is TlbMode.OWN:
            uc.ctl_set_tlb_mode(constants.UC_TLB_CPU)
        else:
            self._unicorn.hook(constants.UC_HOOK_TLB_FILL, TlbFillCallback(_fill))
        self._unicorn.hook(constants.UC_HOOK_INTR, InterruptCallback(lambda *_: self._unicorn.stop()))
        for address, data in {**loop.contents, START + len(loop.code): _INVALID}.items():
            uc.mem_write(address, data)
        uc.reg_write(registers.UC_S390X_REG_PSWM, ADDRESSING_MODE)
        for number, value in {8: DATA, 9: DATA + PAGE_SIZE, **loop.registers}.items():
            uc.reg_write(registers.UC_S390X_REG_R0 + number, value)
        with exit_checks.as_before():
            self.seconds(1)

    def seconds(self, rounds: int) -> float:
        """The time that so many *rounds* take.

        :raises NotMeasured: if it does something else.
        """
        self._unicorn.uc.reg_write(registers.UC_S390X_REG_R1, rounds)
        started = time.thread_time()
        self._unicorn.start(START)
        seconds = time.thread_time() - started
        if self.register(1):
            raise NotMeasured("bare Unicorn left the loop")
        return seconds

    def register(self, number: int) -> int:
        """A general register."""
        return int(self._unicorn.uc.reg_read(registers.UC_S390X_REG_R0 + number))


def _fill(_: object, address: int, kind: int, entry: Any, __: object) -> bool:
    """Each virtual address is the same physical one."""
    entry[0].address, entry[0].permissions = address, _PERMISSIONS[FillAccess(kind)]
    return True

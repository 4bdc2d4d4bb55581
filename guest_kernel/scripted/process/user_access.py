# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads and stores of processes: real instructions, in the problem state, through DAT.

The registers and the PSW are put where the interruption handler returns from; the process executes its instruction,
as often as faults make it try again, and a SUPERVISOR CALL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import lowcore
from emu.psw import ADDRESSING_MODE, DAT, PROBLEM_STATE
from guest_kernel.scripted.cpu.instructions import Load, LoadUserAsce, ReturnToUser, Store, UserInstruction
from guest_kernel.scripted.cpu.text import SAVE_AREA, USER_ASCE
from guest_kernel.scripted.mm.memory_map import USER_LOAD, USER_STORE
from guest_kernel.scripted.process.program_check import do_program_check

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.processor import Interruption
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import MmStruct

USER_PSW_MASK: Final = ADDRESSING_MODE | DAT | PROBLEM_STATE
"""64-bit mode, primary-space mode, key 0, disabled."""


def user_load(kernel: Kernel, mm: MmStruct, address: int) -> Script[int]:
    """Let the process load the doubleword at its *address*; return it.

    :raises guest_kernel.scripted.mm.faults.Signal: if it may not.
    """
    return (yield from _execute(kernel, mm, USER_LOAD, address=address, value=0))


def user_store(kernel: Kernel, mm: MmStruct, address: int, value: int) -> Script[None]:
    """Let the process store a doubleword at its *address*.

    :raises guest_kernel.scripted.mm.faults.Signal: if it may not.
    """
    yield from _execute(kernel, mm, USER_STORE, address=address, value=value)


def _execute(kernel: Kernel, mm: MmStruct, instruction: int, address: int, value: int) -> Script[int]:
    """Let the process execute from *instruction* on to the SUPERVISOR CALL; return its general register 1."""
    yield Store(SAVE_AREA + 8, value)
    yield Store(SAVE_AREA + 16, address)
    yield Store(lowcore.PROGRAM_OLD_PSW, USER_PSW_MASK)
    yield Store(lowcore.PROGRAM_OLD_PSW + 8, instruction)
    cpu = kernel.smp_processor_id
    if kernel.active_mm[cpu] is not mm:
        # switch_mm; otherwise the CPU keeps what it knows of the tables.
        kernel.active_mm[cpu] = mm
        yield Store(USER_ASCE, mm.table.asce)
        yield LoadUserAsce()
    yield ReturnToUser()
    while True:
        interruption: Interruption | None = yield UserInstruction()
        if interruption is None:
            continue
        if interruption.code is None:
            return int((yield Load(SAVE_AREA + 8)))
        retry = yield from do_program_check(kernel, mm, interruption)
        if retry != interruption.psw.address:
            yield Store(lowcore.PROGRAM_OLD_PSW + 8, retry)
        yield ReturnToUser()

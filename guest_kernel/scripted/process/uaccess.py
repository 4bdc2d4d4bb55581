# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies between the kernel and a process (uaccess_std.c, uaccess_mvcos.c), by MVCP and MVCS, or by MVCOS.

The primary space is the real one, the secondary space that of the process.  No piece crosses a page of either side, so
that a piece which ends short has copied nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import lowcore
from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.control_registers import CR0_SECONDARY_SPACE
from emu.dat import REAL_SPACE
from emu.program_interruption import ProgramInterruptionCode
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import (
    EnableSubclass,
    LoadSecondaryAsce,
    LoadUserAsce,
    ResumeUserCopy,
    Store,
    UserCopy,
)
from guest_kernel.scripted.cpu.text import SECONDARY_ASCE, USER_ASCE, USER_BYTE
from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.process.discard_fault import MVCOS_FROM_USER, MVCOS_TO_USER, do_discard_fault
from guest_kernel.scripted.process.program_check import do_program_check

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.processor import Interruption
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import MmStruct

_STD_LIMIT: Final = 256


def copy_from_user(kernel: Kernel, mm: MmStruct, target: int, address: int, length: int) -> Script[int]:
    """Copy from *address* of the process to real address *target*; return the number of bytes not copied."""
    name, control = ("MVCP", 0) if kernel.uaccess == "std" else ("MVCOS from user", MVCOS_FROM_USER)
    return (yield from _copy(kernel, mm, name, control=control, real=target, user=address, length=length))


def copy_from_user_inatomic(kernel: Kernel, mm: MmStruct, target: int, address: int, length: int) -> Script[int]:
    """The same for a caller that has a page locked (pagefault_disable): a page fault ends the copy short.

    Its handler might wait for the very page that the caller has locked.
    """
    name, control = ("MVCP", 0) if kernel.uaccess == "std" else ("MVCOS from user", MVCOS_FROM_USER)
    return (
        yield from _copy(kernel, mm, name, control=control, real=target, user=address, length=length, may_fault=False)
    )


def fault_in_readable(kernel: Kernel, mm: MmStruct, address: int, length: int) -> Script[bool]:
    """fault_in_pages_readable: have the pages of the first and the last of *length* bytes mapped; False if one is bad.

    Nothing keeps them mapped.
    """
    for byte in (address, address + length - 1):
        if (yield from copy_from_user(kernel, mm, USER_BYTE, address=byte, length=1)):
            return False
    return True


def copy_to_user(kernel: Kernel, mm: MmStruct, address: int, source: int, length: int) -> Script[int]:
    """Copy from real address *source* to *address* of the process; return the number of bytes not copied."""
    name, control = ("MVCS", 0) if kernel.uaccess == "std" else ("MVCOS to user", MVCOS_TO_USER)
    return (yield from _copy(kernel, mm, name, control=control, real=source, user=address, length=length))


def read_dev_mem(kernel: Kernel, mm: MmStruct, address: int, frame: int) -> Script[int]:
    """/dev/mem: copy a page that nobody holds to the process; return the number of bytes not copied."""
    return (yield from copy_to_user(kernel, mm, address, source=frame << PAGE_SHIFT, length=PAGE_SIZE))


def _copy(
    kernel: Kernel, mm: MmStruct, name: str, control: int, real: int, user: int, length: int, *, may_fault: bool = True
) -> Script[int]:
    kernel.active_mm[kernel.smp_processor_id] = None
    yield Store(USER_ASCE, REAL_SPACE)
    yield LoadUserAsce()
    yield Store(SECONDARY_ASCE, mm.table.asce)
    yield LoadSecondaryAsce()
    yield EnableSubclass(CR0_SECONDARY_SPACE)
    limit = _STD_LIMIT if kernel.uaccess == "std" else PAGE_SIZE
    while length:
        piece = min(length, limit, PAGE_SIZE - real % PAGE_SIZE, PAGE_SIZE - user % PAGE_SIZE)
        outcome: bool | Interruption = yield UserCopy(name=name, control=control, real=real, user=user, length=piece)
        while not isinstance(outcome, bool):
            retry = yield from _handle(kernel, mm, outcome, may_fault=may_fault)
            if retry != outcome.psw.address:
                yield Store(lowcore.PROGRAM_OLD_PSW + 8, retry)
            outcome = yield ResumeUserCopy(name)
        if not outcome:
            break
        real, user, length = real + piece, user + piece, length - piece
    return length


def _handle(kernel: Kernel, mm: MmStruct, interruption: Interruption, *, may_fault: bool) -> Script[int]:
    """Handle the program interruption of a copy; return the address at which it goes on."""
    at = interruption.psw.address
    fixup = kernel.processors[kernel.smp_processor_id].fixup(at)
    if interruption.code == ProgramInterruptionCode.DISCARD_FAULT:
        redirected = yield from do_discard_fault(kernel, interruption)
        return at if redirected is None else redirected
    if fixup is None:
        raise KernelBug(f"program interruption {interruption.code} in the kernel at {at:#x}")
    if interruption.code == ProgramInterruptionCode.ADDRESSING or not may_fault:
        return fixup
    try:
        return (yield from do_program_check(kernel, mm, interruption))
    except Signal:
        return fixup

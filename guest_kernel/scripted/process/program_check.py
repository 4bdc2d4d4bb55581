# SPDX-License-Identifier: GPL-2.0-or-later
"""Program interruptions of processes (arch/s390/mm/fault.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.program_interruption import ProgramInterruptionCode
from emu.teid import PAGE_MASK, Protection
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.mm.faults import Signal, do_exception
from guest_kernel.scripted.process.discard_fault import do_discard_fault

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.processor import Interruption
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import MmStruct

_Code = ProgramInterruptionCode
_TRANSLATION: Final = frozenset(
    {_Code.SEGMENT_TRANSLATION, _Code.PAGE_TRANSLATION, _Code.ASCE_TYPE, _Code.REGION_THIRD_TRANSLATION}
)


def do_program_check(kernel: Kernel, mm: MmStruct, interruption: Interruption) -> Script[int]:
    """Handle a program interruption of a process; return the address at which it goes on.

    :raises Signal: if the process is to blame.
    :raises KernelBug: if the kernel is.
    """
    identification = interruption.translation_exception
    address = identification & PAGE_MASK
    retry = interruption.psw.address
    if interruption.code in _TRANSLATION:
        yield from do_exception(kernel, mm, address, write=False)
    elif interruption.code == _Code.PROTECTION:
        if not identification & Protection.DAT.value:
            raise Signal("SIGSEGV", address, "protection other than by DAT")
        # Suppressed, not nullified: the PSW is behind the instruction.
        retry -= interruption.length
        yield from do_exception(kernel, mm, address, write=True)
    elif interruption.code == _Code.DISCARD_FAULT:
        yield from do_discard_fault(kernel, interruption)
    else:
        raise KernelBug(f"a process got program interruption {interruption.code:#04x} at {retry:#x}")
    return retry

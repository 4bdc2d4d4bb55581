# SPDX-License-Identifier: GPL-2.0-or-later
"""The discard fault (arch/s390/mm/fault.c, do_discard_fault; reference 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT
from emu.psw import PROBLEM_STATE
from emu.teid import PAGE_MASK
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import Load
from guest_kernel.scripted.cpu.script import Place
from guest_kernel.scripted.cpu.text import SAVE_AREA
from guest_kernel.scripted.mm import discard
from guest_kernel.scripted.mm.page_alloc import get_page_unless_zero

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.processor import Interruption
    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel

_MVCP: Final = 0xDA
_MVCS: Final = 0xDB
_MVCOS: Final = 0xC8
MVCOS_FROM_USER: Final = 0x81
MVCOS_TO_USER: Final = 0x81_0000


def do_discard_fault(kernel: Kernel, interruption: Interruption) -> Script[int | None]:
    """The host has discarded the page at the absolute address that the machine reports: remove it (reference 3.2).

    If its count is zero somebody has removed it already.  Afterwards the instruction is executed again, and as no
    page-table entry leads to the page any more, there is an ordinary page fault.

    If the page is the kernel's own operand of a copy, return the fix-up at which it goes on instead.
    """
    page = kernel.mem_map[(interruption.translation_exception & PAGE_MASK) >> PAGE_SHIFT]
    if not interruption.psw.mask & PROBLEM_STATE:
        operand = yield from _kernel_operand(interruption.psw.address)
        processor = kernel.processors[kernel.smp_processor_id]
        # The machine reports an absolute address, and the operand's is real.
        if operand is None or processor.cpu.real_to_absolute(operand) >> PAGE_SHIFT == page.frame:
            fixup = processor.fixup(interruption.psw.address)
            if operand is None or fixup is None:
                raise KernelBug(f"discard fault in the kernel: {page!r}")
            return fixup
    yield Place("do_discard_fault: has the page")
    if get_page_unless_zero(page):
        yield from discard.page_discard(kernel, page)
    return None


def _kernel_operand(address: int) -> Script[int | None]:
    """The real address, by the saved registers, of the kernel's operand of the copy at *address*; None: no copy."""
    word = yield Load(address)
    opcode = word >> 56
    control = yield Load(SAVE_AREA)
    if opcode == _MVCP or (opcode == _MVCOS and control == MVCOS_FROM_USER):
        operand: int = word >> 32 & 0xFFFF
    elif opcode == _MVCS or (opcode == _MVCOS and control == MVCOS_TO_USER):
        operand = word >> 16 & 0xFFFF
    else:
        return None
    base = operand >> 12
    value: int = (yield Load(SAVE_AREA + 8 * base)) if base else 0
    return value + (operand & 0xFFF)

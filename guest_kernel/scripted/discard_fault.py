# SPDX-License-Identifier: GPL-2.0-or-later
"""The discard fault (arch/s390/mm/fault.c, do_discard_fault; reference 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.addresses import PAGE_SHIFT
from emu.psw import PROBLEM_STATE
from emu.teid import PAGE_MASK
from guest_kernel.scripted import discard
from guest_kernel.scripted.page_alloc import get_page_unless_zero
from guest_kernel.scripted.script import KernelBug, Point

if TYPE_CHECKING:
    from guest_kernel.scripted.kernel import Kernel
    from guest_kernel.scripted.processor import Interruption
    from guest_kernel.scripted.script import Script


def do_discard_fault(kernel: Kernel, interruption: Interruption) -> Script[None]:
    """The host has discarded the page at the absolute address that the machine tells: remove it (reference 3.2).

    If its count is zero somebody has removed it already.  Afterwards the instruction is executed again, and as no
    page-table entry leads to the page any more, there is an ordinary page fault.
    """
    page = kernel.mem_map[(interruption.translation_exception & PAGE_MASK) >> PAGE_SHIFT]
    if not interruption.psw.mask & PROBLEM_STATE:
        raise KernelBug(f"discard fault in the kernel: {page!r}")
    yield Point("do_discard_fault: has the page")
    if get_page_unless_zero(page):
        yield from discard.page_discard(kernel, page)

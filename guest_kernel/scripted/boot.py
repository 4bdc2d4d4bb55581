# SPDX-License-Identifier: GPL-2.0-or-later
"""How the kernel takes over the machine (init/main.c, mem_init)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.page_states import OperationRequest
from emu.program_interruption import ProgramInterruptionCode
from guest_kernel.scripted.balloon.cmm import cmm_init
from guest_kernel.scripted.cpu.bug import ProgramCheck
from guest_kernel.scripted.cpu.instructions import Essa
from guest_kernel.scripted.mm.page_alloc import free_pages_ok
from guest_kernel.scripted.state.zone import MAX_ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guest_kernel.scripted.cpu.script import Script
    from guest_kernel.scripted.state.kernel import Kernel
    from guest_kernel.scripted.state.mm_types import Page


def mem_init(kernel: Kernel) -> Script[None]:
    """Find out whether there is ESSA (cmma_init), and free all storage that the kernel's image does not need."""
    yield from cmma_init(kernel)
    for page, order in boot_blocks(kernel):
        yield from free_pages_ok(kernel, page, order)
    yield from late_init(kernel)


def late_init(kernel: Kernel) -> Script[None]:
    """What begins when there is memory to allocate."""
    if kernel.balloon:
        yield from cmm_init(kernel)


def cmma_init(kernel: Kernel) -> Script[None]:
    """Find out whether there is ESSA."""
    if kernel.cmma_flag:
        try:
            yield Essa(OperationRequest.GET_STATE, 0)
        except ProgramCheck as check:
            if check.code != ProgramInterruptionCode.OPERATION:
                raise
            kernel.cmma_flag = False


def boot_blocks(kernel: Kernel) -> Iterator[tuple[Page, int]]:
    """The blocks, each by its first page and its order, that are to be freed when the kernel begins."""
    frame, end = kernel.first_free, len(kernel.mem_map)
    while frame < end:
        order = min(MAX_ORDER - 1, (frame & -frame).bit_length() - 1)
        while frame + (1 << order) > end:
            order -= 1
        yield kernel.mem_map[frame], order
        frame += 1 << order

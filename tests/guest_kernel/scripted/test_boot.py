# SPDX-License-Identifier: GPL-2.0-or-later
"""How the kernel takes over the machine: what it frees, and whether there is ESSA."""

from __future__ import annotations

from emu.machine import MEGABYTE, Machine
from emu.page_states import Profile
from guest_kernel.scripted.boot import mem_init
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.state import page_flags as flags
from guest_kernel.scripted.state.kernel import FIRST_FREE_FRAME, Kernel
from tests.guest_kernel.scripted.conftest import MakeKernel, state


def free_pages(kernel: Kernel) -> int:
    """All free pages, also those on the lists of the CPUs."""
    return kernel.zone.free_pages + sum(len(pages) for pages in kernel.zone.per_cpu)


def test_after_boot_all_but_the_kernel_is_unused(kernel: Kernel) -> None:
    assert free_pages(kernel) == 512 - FIRST_FREE_FRAME
    assert {state(kernel, page) for page in kernel.mem_map[FIRST_FREE_FRAME:]} == {"Uz"}
    assert all(page.flags & flags.RESERVED for page in kernel.mem_map[:FIRST_FREE_FRAME])


def test_the_image_stays_reserved(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(kernel_pages=100)
    assert free_pages(kernel) == 512 - FIRST_FREE_FRAME - 100


def test_a_machine_without_essa_is_noticed() -> None:
    kernel = Kernel(Machine(2 * MEGABYTE, profile=Profile.OFF))
    run(kernel, mem_init(kernel))
    assert not kernel.cmma_flag

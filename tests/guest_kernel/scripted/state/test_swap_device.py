# SPDX-License-Identifier: GPL-2.0-or-later
"""The swap device: whose slots are whose."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm import swap_state
from guest_kernel.scripted.mm.page_alloc import alloc_pages
from guest_kernel.scripted.state.kernel import Kernel
from tests.guest_kernel.scripted.conftest import MakeKernel

SLOTS = 8


@pytest.fixture
def kernel(make_kernel: MakeKernel) -> Kernel:
    """A kernel with all patches, and a small swap device."""
    return make_kernel(swap_pages=SLOTS)


# Wrong use


def test_slots_that_nobody_has(kernel: Kernel) -> None:
    with pytest.raises(KernelBug, match="swap_free: slot 3 is free"):
        kernel.swap.swap_free(3)
    assert not kernel.swap.swap_duplicate(3)
    page = run(kernel, alloc_pages(kernel))
    slot = kernel.swap.get_swap_page()
    assert slot == 0
    with pytest.raises(KernelBug, match="slot 0 is read, and was never written"):
        kernel.swap.read(slot, page)
    assert run(kernel, swap_state.read_swap_cache(kernel, 5)) is None

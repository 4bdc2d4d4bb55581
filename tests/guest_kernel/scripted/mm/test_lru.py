# SPDX-License-Identifier: GPL-2.0-or-later
"""Pagevecs: where pages that were read become volatile."""

from __future__ import annotations

from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.mm.file_read import read_page
from guest_kernel.scripted.mm.lru import PAGEVEC_SIZE
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import AddressSpace
from tests.guest_kernel.scripted.conftest import state
from tests.support.buffers import buffer


def test_pages_that_were_read_become_volatile_by_the_pagevec(kernel: Kernel, file: AddressSpace) -> None:
    target = buffer(kernel)
    for index in range(PAGEVEC_SIZE):
        run(kernel, read_page(kernel, file, index, target))
    # The last page drained the pagevec while its reader still had it.
    states = [state(kernel, file.pages[index]) for index in range(PAGEVEC_SIZE)]
    assert states[:-1] == ["Vr"] * (PAGEVEC_SIZE - 1)
    run(kernel, read_page(kernel, file, PAGEVEC_SIZE - 1, target))
    assert state(kernel, file.pages[PAGEVEC_SIZE - 1]) == "Vr"

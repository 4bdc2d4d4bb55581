# SPDX-License-Identifier: GPL-2.0-or-later
"""Program interruptions of processes: what is a signal, and what is handled."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.mm.faults import Signal
from guest_kernel.scripted.mm.memory_map import USER_TEXT, mmap
from guest_kernel.scripted.state.kernel import Kernel
from tests.support.mapped_files import PAGE
from tests.support.processes import BASE, load, process, store

# What a process must not do


@pytest.mark.parametrize("address", (0, BASE + PAGE, (1 << 42) - 8, 1 << 42, (1 << 64) - PAGE))
def test_nothing_is_there(kernel: Kernel, address: int) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    with pytest.raises(Signal, match="SIGSEGV") as signal:
        load(kernel, mm, address)
    assert signal.value.address == address & ~0xFFF
    # The kernel goes on.
    store(kernel, mm, BASE, 1)


def test_instructions_cannot_be_stored_over(kernel: Kernel) -> None:
    mm = process(kernel)
    with pytest.raises(Signal, match="SIGSEGV"):
        store(kernel, mm, USER_TEXT + 0x100, 1)

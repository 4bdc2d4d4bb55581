# SPDX-License-Identifier: GPL-2.0-or-later
"""DAT tables of a process: their lock, and the addresses that they span."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.cpu.script import Relax
from guest_kernel.scripted.state.kernel import Kernel
from tests.support.processes import process


def test_the_lock_is_waited_for(kernel: Kernel) -> None:
    mm = process(kernel)
    run(kernel, mm.table.lock())
    waiting = Running(kernel, mm.table.lock())
    assert isinstance(waiting.next, Relax)
    mm.table.unlock()
    waiting.finish()
    assert mm.table.locked
    mm.table.unlock()
    with pytest.raises(KernelBug, match="not held"):
        mm.table.unlock()


@pytest.mark.parametrize("address", (-4096, 1 << 42))
def test_a_process_has_four_terabytes(kernel: Kernel, address: int) -> None:
    mm = process(kernel)
    with pytest.raises(KernelBug, match="none of a process"):
        run(kernel, mm.table.walk(address))

# SPDX-License-Identifier: GPL-2.0-or-later
"""A CPU in the hands of the kernel, between accesses of processes."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import UserInstruction
from guest_kernel.scripted.mm.memory_map import mmap
from guest_kernel.scripted.state.kernel import Kernel
from tests.support.processes import BASE, process, store


def test_the_processor_is_in_the_kernel_between_accesses(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    store(kernel, mm, BASE, 1)
    assert not kernel.machine.cpus[0].problem_state
    with pytest.raises(KernelBug, match="no process executes"):
        UserInstruction().execute(kernel.processors[0])

# SPDX-License-Identifier: GPL-2.0-or-later
"""External interruptions: where the CPU is enabled for them, and what they leave alone."""

from __future__ import annotations

import pytest

from emu.interruption import EXTERNAL_VMCF
from guest_kernel.scripted.balloon.extint import do_extint, take_external_interruptions
from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.instructions import OpenWindow
from guest_kernel.scripted.cpu.schedule import Running, run
from guest_kernel.scripted.state.kernel import Kernel
from tests.guest_kernel.scripted.conftest import MakeKernel


@pytest.fixture
def kernel(make_kernel: MakeKernel) -> Kernel:
    """A kernel of 2 MB with the balloon."""
    return make_kernel(balloon=True)


def test_a_request_is_an_external_interruption_where_the_cpu_is_enabled(kernel: Kernel) -> None:
    assert kernel.machine.messages.send("SHRINK 5")
    window = Running(kernel, take_external_interruptions(kernel))
    assert isinstance(window.next, OpenWindow)
    assert kernel.machine.messages.waiting == 1
    psw = kernel.machine.cpus[0].psw
    window.step()
    assert kernel.machine.messages.waiting == 0
    window.finish()
    # Disabled as before, key 0, supervisor state.
    assert kernel.machine.cpus[0].psw.mask == psw.mask
    assert kernel.cmm is not None
    assert (kernel.cmm.requests, kernel.cmm.pages_target, kernel.cmm.pages) == (1, 5, 0)


def test_registers_survive_the_interruption(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    registers = [number * 0x0101_0101_0101_0101 for number in range(16)]
    for number, value in enumerate(registers):
        cpu.gr[number] = value
    assert kernel.machine.messages.send("SHRINK 1")
    run(kernel, take_external_interruptions(kernel))
    assert list(cpu.gr) == registers


def test_an_interruption_that_nobody_handles(kernel: Kernel) -> None:
    with pytest.raises(KernelBug, match="0x1202: nobody handles it"):
        run(kernel, do_extint(kernel, 0x1202))
    assert set(kernel.external_handlers) == {EXTERNAL_VMCF}

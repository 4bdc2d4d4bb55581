# SPDX-License-Identifier: GPL-2.0-or-later
"""Special messages to the scripted kernel."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_VMCF
from guest_kernel.scripted.balloon.cmm import between_scripts
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.state.kernel import Kernel
from guest_kernel.scripted.state.mm_types import Page
from tests.guest_kernel.scripted.conftest import MakeKernel


@pytest.fixture
def kernel(make_kernel: MakeKernel) -> Kernel:
    """A kernel of 2 MB with the balloon."""
    return make_kernel(balloon=True)


def given(kernel: Kernel) -> list[Page]:
    """The pages that the host has."""
    assert kernel.cmm is not None
    return kernel.cmm.page_list


def test_without_the_option_nothing_is_asked_for(make_kernel: MakeKernel) -> None:
    kernel = make_kernel()
    assert kernel.cmm is None
    assert not kernel.machine.messages.is_authorized
    assert not kernel.machine.cpus[0].cr[0] & CR0_VMCF
    assert kernel.machine.counts.instructions["DIAG"] == 0


def test_the_guest_takes_special_messages_by_diagnose(kernel: Kernel) -> None:
    assert kernel.machine.messages.is_authorized
    assert kernel.machine.cpus[0].cr[0] & CR0_VMCF
    assert kernel.machine.counts.instructions["DIAG"] == 1


def test_several_messages_are_taken_in_one_window(kernel: Kernel) -> None:
    assert kernel.machine.messages.send("SHRINK 5")
    assert kernel.machine.messages.send("SHRINK 7")
    run(kernel, between_scripts(kernel))
    assert len(given(kernel)) == 12

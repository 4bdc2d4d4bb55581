# SPDX-License-Identifier: GPL-2.0-or-later
"""Running a script alone on a CPU."""

from __future__ import annotations

import pytest

from emu.page_states import OperationRequest
from guest_kernel.scripted.cpu.bug import KernelBug, ProgramCheck
from guest_kernel.scripted.cpu.instructions import Essa, Load
from guest_kernel.scripted.cpu.schedule import run
from guest_kernel.scripted.cpu.script import Place, Relax, Script
from guest_kernel.scripted.state.kernel import Kernel


def test_the_result_of_each_operation_goes_back_to_the_script(kernel: Kernel) -> None:
    def script() -> Script[tuple[int, int]]:
        yield Place("nothing")
        state = yield Essa(OperationRequest.SET_STABLE, 0x100000)
        value = yield Load(0x10000)
        return state, value

    state, value = run(kernel, script())
    assert state == 0x07
    assert value == int.from_bytes(kernel.machine.read_storage(0x10000, 8), "big")
    assert not kernel.busy_cpus


def test_a_program_check_can_be_caught_by_the_script(kernel: Kernel) -> None:
    def script() -> Script[int]:
        try:
            yield Load(1 << 40)
        except ProgramCheck as check:
            yield Place("goes on")
            return check.code
        return 0

    assert run(kernel, script()) == 0x05


def test_what_the_script_does_not_catch_ends_it(kernel: Kernel) -> None:
    def script() -> Script[None]:
        yield Load(1 << 40)

    with pytest.raises(ProgramCheck, match="LURAG in the kernel: addressing"):
        run(kernel, script())
    assert not kernel.busy_cpus


def test_a_script_that_waits_alone_waits_for_ever(kernel: Kernel) -> None:
    def script(rounds: int) -> Script[str]:
        for _ in range(rounds):
            yield Relax("for nobody")
        return "done"

    assert run(kernel, script(10_000)) == "done"
    with pytest.raises(KernelBug, match=r"CPU 0 waits for ever: .*for nobody"):
        run(kernel, script(10_001))
    assert not kernel.busy_cpus


def test_a_cpu_has_one_script_at_a_time(kernel: Kernel) -> None:
    def script() -> Script[None]:
        run(kernel, script())
        yield Place("never")

    with pytest.raises(ValueError, match="CPU 0 has a script already"):
        run(kernel, script())

# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads and stores of processes: executed by the CPU in the problem state, through DAT."""

from __future__ import annotations

from emu.cpu import Cpu
from emu.events import Observer
from emu.program_interruption import ProgramInterruption
from emu.psw import DAT, PROBLEM_STATE, Psw
from guest_kernel.scripted.cpu.schedule import Running
from guest_kernel.scripted.mm.memory_map import USER_LOAD, USER_STORE, mmap
from guest_kernel.scripted.process.user_access import user_load
from guest_kernel.scripted.state.kernel import Kernel
from tests.guest_kernel.scripted.conftest import MakeKernel
from tests.support.processes import BASE, load, process, store


class Interruptions(Observer):
    """Kind, code and old PSW of what the machine takes."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, Psw]] = []

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        self.seen.append((kind, code, old))


def test_a_store_and_a_load(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 2)
    store(kernel, mm, BASE + 0x1008, 0x0123_4567_89AB_CDEF)
    assert load(kernel, mm, BASE + 0x1008) == 0x0123_4567_89AB_CDEF
    # As a load finds it, byte by byte.
    assert load(kernel, mm, BASE + 0x100C) == 0x89AB_CDEF << 32
    assert load(kernel, mm, BASE + 0x1000) == 0


def test_the_fault_is_a_program_interruption_and_the_instruction_is_tried_again(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 1)
    observer = Interruptions()
    kernel.machine.observers.append(observer)
    store(kernel, mm, BASE, 1)
    assert [(kind, code) for kind, code, _ in observer.seen] == [("program", 0x10), ("svc", 0)]
    fault, call = (old for _, _, old in observer.seen)
    assert fault.address == USER_STORE, "nullified"
    assert call.address == USER_STORE + 8
    assert fault.mask & (DAT | PROBLEM_STATE) == DAT | PROBLEM_STATE
    # The segment has a page table now.
    observer.seen.clear()
    mmap(mm, BASE + 4096, 1)
    load(kernel, mm, BASE + 4096)
    assert [(kind, code) for kind, code, _ in observer.seen] == [("program", 0x11), ("svc", 0)]
    # A region of 2 GB in which there was nothing.
    observer.seen.clear()
    mmap(mm, 1 << 40, 1)
    load(kernel, mm, 1 << 40)
    assert [(kind, code) for kind, code, _ in observer.seen] == [("program", 0x3B), ("svc", 0)]
    # No fault.
    observer.seen.clear()
    load(kernel, mm, 1 << 40)
    assert [(kind, code, old.address) for kind, code, old in observer.seen] == [("svc", 0, USER_LOAD + 8)]


def test_an_access_across_two_pages_meets_two_faults(kernel: Kernel) -> None:
    mm = process(kernel)
    mmap(mm, BASE, 2)
    store(kernel, mm, BASE + 4092, 0x1111_1111_2222_2222)
    assert load(kernel, mm, BASE + 4092) == 0x1111_1111_2222_2222
    assert load(kernel, mm, BASE + 4096) == 0x2222_2222 << 32
    assert kernel.machine.counts.program_interruptions[0x10] == 1
    assert kernel.machine.counts.program_interruptions[0x11] == 1


def test_a_process_is_suspended_between_its_instructions(make_kernel: MakeKernel) -> None:
    kernel = make_kernel(cpus=2)
    first, second = process(kernel), process(kernel)
    for number, mm in enumerate((first, second), 1):
        mmap(mm, BASE, 1)
        store(kernel, mm, BASE, number)
    running = [Running(kernel, user_load(kernel, mm, BASE), cpu=cpu) for cpu, mm in enumerate((first, second))]
    # Each CPU has its own control register 1, registers and old PSW.
    while not all(each.is_over for each in running):
        for each in running:
            if not each.is_over:
                each.step()
    assert [each.result for each in running] == [1, 2]


def test_control_register_1_is_loaded_when_the_process_changes(kernel: Kernel) -> None:
    first, second = process(kernel), process(kernel)
    for mm in (first, second):
        mmap(mm, BASE, 1)
    before = kernel.machine.counts.instructions["LCTLG"]
    for mm in (first, first, second, second, first):
        load(kernel, mm, BASE)
    assert kernel.machine.counts.instructions["LCTLG"] - before == 3

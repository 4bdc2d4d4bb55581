# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of blocks is forgotten when their code changes, and only then."""

from __future__ import annotations

import pytest

from emu import psw as psw_bits
from emu.cpu import CpuState
from emu.engine.blocks import BlockState
from emu.engine.code import ShownCode
from emu.isa.assembler import encode
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import ADDRESSING_MODE, Psw

HIGH = 0xFFFF_FFFF_FFFF_F000
"""The last page of all."""


@pytest.fixture
def state(machine: Machine) -> BlockState:
    return machine.cpus[0].tlb._state


def known(state: BlockState) -> set[int]:
    """The addresses of the blocks that are known, without their first two bits."""
    found = set()
    for key, known, epoch in state.table("memo")[["key", "known", "epoch"]].tolist():
        address, size = key >> 2, known >> 32
        if known and epoch == state.block_epoch(address, size):
            found.add(address)
    return found


@pytest.mark.parametrize("base", (0x5000, 0, HIGH))
def test_blocks_in_a_page_and_those_that_reach_into_it(state: BlockState, base: int) -> None:
    cut = (1 << 62) - 1
    inside = [base, base + 0x10, base + 0xFFC]
    outside = [0x9000]
    if base:
        inside.append(base - 4)
        outside += [base - 8, base - 0x200]
    if base != HIGH:
        outside.append(base + 0x1000)
    for address in inside + outside:
        state.remember_block(address, 8, 2)
    assert known(state) == {address & cut for address in inside + outside}
    state.forget_blocks_in(base >> 12)
    assert known(state) == {address & cut for address in outside}


@pytest.fixture
def code(machine: Machine) -> ShownCode:
    return machine.cpus[0].tlb._code


def test_an_instruction_is_known_as_long_as_its_page_is_shown(code: ShownCode) -> None:
    code.show(5, 0, 1, 1 << 12)
    assert code.instruction(0x5000, 0) == bytes(2)
    code.forget(1)
    assert code.instruction(0x5000, 0) is None


def test_a_page_is_forgotten_wherever_it_is_shown(code: ShownCode, state: BlockState) -> None:
    for virtual_page, mode, page in ((5, 0, 1), (9, 1, 1), (7, 0, 2)):
        code.show(virtual_page, mode, page, page << 12)
        state.remember_block(virtual_page << 12, 8, 2)
    code.forget(1)
    assert known(state) == {0x7000}
    assert code.instruction(0x7000, 0) is not None
    for address, mode in ((0x5000, 0), (0x9000, 1), (0x7000, 1)):
        assert code.instruction(address, mode) is None
    code.forget(1)


def test_a_page_that_is_forgotten_is_not_seen_by_the_callbacks(code: ShownCode, state: BlockState) -> None:
    code.show(5, 0, 1, 0x1000)
    code.show(6, 0, 2, 0x2000)
    code.forget(1)
    shown = state.table("shown")["key"]
    assert 5 << 2 not in shown
    assert 6 << 2 in shown


def test_a_page_that_shows_something_else_is_forgotten(code: ShownCode, state: BlockState) -> None:
    for page, shown in ((5, 1), (7, 2)):
        code.show(page, 0, shown, shown << 12)
        state.remember_block(page << 12, 8, 2)
    code.show(5, 0, 1, 0x1000)
    assert known(state) == {0x5000, 0x7000}
    code.show(5, 0, 2, 0x2000)
    assert known(state) == {0x7000}
    code.forget(2)
    assert known(state) == set()


def test_an_instruction_is_that_of_the_page_that_is_shown_now(machine: Machine, code: ShownCode) -> None:
    machine.storage.write(0x1000, bytes.fromhex("1844"))
    machine.storage.write(0x2000, bytes.fromhex("1855"))
    found = []
    for page in (1, 2, 1):
        code.show(5, 0, page, machine.hypervisor.frame(page))
        found.append(code.instruction(0x5000, 0))
    assert found == [bytes.fromhex("1844"), bytes.fromhex("1855"), bytes.fromhex("1844")]


def test_an_instruction_that_may_reach_into_the_next_page_is_not_known(machine: Machine, code: ShownCode) -> None:
    machine.storage.write(0x1FF8, bytes.fromhex("1844 1855 1866 1877"))
    code.show(1, 0, 1, machine.hypervisor.frame(1))
    assert code.instruction(0x1FFA, 0) == bytes.fromhex("1855")
    assert code.instruction(0x1FFC, 0) is None
    assert code.read(0x1FF8, 8, 0) == bytes.fromhex("1844 1855 1866 1877")


def test_code_of_the_same_size_that_must_be_intercepted() -> None:
    """LG is executed, and becomes STCK and LR by a store: the clock that is stored is the machine's own."""
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    load = bytes.fromhex("e350a0000004")
    store_clock = encode("STCK", b2=10, d2=8) + bytes.fromhex("1844")
    # LG; BRCT 7 over BR 14; MVC 0(6,8),0(9); BRC back to LG.
    code = load + bytes.fromhex("a7760004 07fe 0700 d20580009000 a7f4fff6")
    machine.storage.write(0x2000, code)
    machine.storage.write(0x3000, store_clock)
    cpu.gr[7], cpu.gr[8], cpu.gr[9], cpu.gr[10], cpu.gr[14] = 2, 0x2000, 0x3000, 0x4000, 0x5000
    machine.storage.write(0x5000, encode("LPSWE", b2=9, d2=0x40))
    machine.storage.write(0x3040, Psw(ADDRESSING_MODE | psw_bits.WAIT, 0xFFF).to_bytes())
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x2000))
    cpu.state = CpuState.OPERATING
    clock = machine.timing.tod
    assert machine.run(1000).kind is StopKind.DISABLED_WAIT
    assert 0 < machine.storage.read_integer(0x4008, 8) - clock < 4096
    # LG, BRCT, MVC, BRC; STCK, LR, BRCT, BCR, LPSWE
    assert machine.executed == 9

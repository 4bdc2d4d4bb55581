# SPDX-License-Identifier: GPL-2.0-or-later
"""Translated code lets blocks begin as the callback for blocks does, and leaves to it what it cannot decide."""

from __future__ import annotations

import ctypes

import pytest
from unicorn import unicorn_const as uc_const

from emu import psw as psw_bits
from emu.cpu import CpuState
from emu.engine import record_limits as limits
from emu.engine import tables
from emu.engine.engine import Engine
from emu.engine.library import EngineError, Unicorn
from emu.engine.quirks import block_starts
from emu.engine.record import Record, SharedRecord
from emu.engine.record_limits import MOST_STARTS, SHORT_ADDRESSES
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import ADDRESSING_MODE, AddressSpaceControl, Psw
from tests.emu.conftest import AddressSpace
from tests.support.every_instruction import EveryInstruction

START = 0x10000
# AGHI 2,1; two branches to the next instruction; BRCTG 1 to the beginning
LOOP = bytes.fromhex("a72b0001 a7f40002 a7f40002 a717fffa")
ROUNDS, LENGTH = 1000, 4
DATA = 0x30000
BlockCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p)


def looping(code: bytes = LOOP, rounds: int = ROUNDS) -> Machine:
    """A machine that is about to execute the loop, and an instruction that waits."""
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    machine.storage.write(START, code + bytes(2))
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x1D0).to_bytes())
    again(machine, rounds)
    cpu.state = CpuState.OPERATING
    return machine


def again(machine: Machine, rounds: int = ROUNDS) -> None:
    cpu = machine.cpus[0]
    cpu.gr[1], cpu.gr[2] = rounds, 0
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    cpu.psw_loaded = False


def record_of(machine: Machine) -> Record:
    engine = machine.cpus[0].tlb
    assert isinstance(engine, Engine)
    return engine._state.fields


@pytest.mark.parametrize("budget", (1, 2, 3, 4, 5, 7, 1000, 3999, 4000))
def test_a_run_ends_behind_the_last_instruction_of_its_budget(budget: int) -> None:
    machine, stepped = looping(), looping()
    stepped.observers.append(EveryInstruction())
    for each in (machine, stepped):
        # Once it is known, too.
        for _ in range(3):
            again(each)
            before = each.executed
            each.run(budget)
            assert each.executed - before == budget
    assert list(machine.cpus[0].gr) == list(stepped.cpus[0].gr)
    assert machine.cpus[0].psw == stepped.cpus[0].psw


def test_what_the_word_of_a_translation_says_is_counted() -> None:
    machine = looping()
    machine.run(LENGTH * 10)
    record = record_of(machine)
    begun = [number for number in range(record.starts_used) if record.starts[number]]
    assert {record.starts[number] ^ record.block_tag for number in begun} >= {1, 2}
    for number in begun:
        record.starts[number] = 100 ^ record.block_tag
    again(machine)
    machine.run(1000)
    # Ten blocks, in which there are no hundred instructions.
    assert machine.cpus[0].gr[2] <= 10


def test_a_word_of_another_time_says_nothing() -> None:
    machine = looping()
    machine.run(LENGTH * 10)
    record = record_of(machine)
    for number in range(record.starts_used):
        record.starts[number] = 100 ^ record.block_tag
    engine = machine.cpus[0].tlb
    assert isinstance(engine, Engine)
    engine._state.forget_blocks_in(0x999)
    again(machine)
    machine.run(LENGTH * 100)
    assert machine.cpus[0].gr[2] == 100


def test_tags_differ_beyond_any_count() -> None:
    tags = {
        tables.block_tag(generation, mode)
        for generation in (1, 2, tables.LAST_GENERATION)
        for mode in (0, 1, 2, 3, SHORT_ADDRESSES, SHORT_ADDRESSES | 3)
    }
    assert len(tags) == 18
    for one in tags:
        assert all(one ^ other >= limits.MOST_LEFT << 1 for other in tags - {one})
        assert limits.MOST_LEFT << 1 <= one < 1 << 63


def test_after_the_last_generation_comes_the_first_with_all_words_zero() -> None:
    machine = looping()
    machine.run(LENGTH * 10)
    record = record_of(machine)
    record.generation = tables.LAST_GENERATION
    engine = machine.cpus[0].tlb
    assert isinstance(engine, Engine)
    engine._state.forget_blocks_in(0x999)
    assert record.generation == 1
    assert not any(record.starts[number] for number in range(record.starts_used))


@pytest.mark.parametrize("other", (AddressSpaceControl.SECONDARY, AddressSpaceControl.ACCESS_REGISTER))
def test_the_mode_decides_which_space_a_relative_operand_is_in(other: AddressSpaceControl) -> None:
    """It is in the space of instructions, also where other operands are elsewhere, which Unicorn does not do by itself.

    The access-register mode has the translation of the primary-space mode.
    """
    machine = Machine(8 * MEGABYTE)
    primary, secondary = AddressSpace(machine, 0x200000), AddressSpace(machine, 0x400000)
    for page in (0, START):
        primary.map(page, page)
        secondary.map(page, page)
    primary.map(DATA, 0x40000)
    secondary.map(DATA, 0x41000)
    machine.storage.write_integer(0x40000, 4, 1)
    machine.storage.write_integer(0x41000, 4, 2)
    # LRL 3,DATA
    machine.storage.write(START, bytes.fromhex("c43d") + ((DATA - START) // 2).to_bytes(4, "big") + bytes(2))
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x1D0).to_bytes())
    cpu = machine.cpus[0]
    cpu.state = CpuState.OPERATING
    found = []
    for space in (AddressSpaceControl.PRIMARY, AddressSpaceControl.PRIMARY, other):
        cpu.load_psw(Psw(ADDRESSING_MODE, START))
        primary.enter(cpu, space=space)
        cpu.set_control_register(7, secondary.asce)
        cpu.gr[3] = 0
        assert machine.run(100).kind is StopKind.DISABLED_WAIT
        found.append(cpu.gr[3])
    assert found == [1, 1, 1]


def test_without_room_for_words_the_callback_counts_until_all_is_translated_again() -> None:
    machine = looping()
    record = record_of(machine)
    record.starts_used = MOST_STARTS - 1
    machine.run(LENGTH * 100)
    assert record.starts_used == MOST_STARTS
    assert machine.cpus[0].gr[2] == 100
    again(machine)
    machine.run(LENGTH * 100)
    assert 0 < record.starts_used < 10
    assert machine.cpus[0].gr[2] == 100


def test_while_there_is_another_callback_for_blocks_both_are_called() -> None:
    machine = looping()
    machine.run(LENGTH * 100)
    engine = machine.cpus[0].tlb
    assert isinstance(engine, Engine)
    called = []
    other = BlockCallback(lambda _, address, size, __: called.append((address, size)))
    hook = engine._unicorn.hook(uc_const.UC_HOOK_BLOCK, other)
    engine._unicorn.drop_all_code()
    again(machine)
    before = machine.executed
    machine.run(LENGTH * 100)
    assert machine.executed - before == LENGTH * 100
    assert machine.cpus[0].gr[2] == 100
    assert called.count((START, 8)) == 100
    engine._unicorn.unhook(hook)
    engine._unicorn.drop_all_code()
    again(machine)
    machine.run(LENGTH * 100)
    assert machine.cpus[0].gr[2] == 100
    assert len(called) == 3 * 100


@pytest.mark.parametrize("budget", (1, 2, 3, 10, 11, 200, 201))
def test_targets_of_execute_are_counted_with_their_instruction(budget: int) -> None:
    # EX 0,TARGET(0,3); BRCTG 1 to it
    code = bytes.fromhex("44003000 a717fffe")
    machine, stepped = looping(code), looping(code)
    stepped.observers.append(EveryInstruction())
    for each in (machine, stepped):
        each.storage.write(0x11000, bytes.fromhex("a72b0001"))
        for _ in range(2):
            again(each)
            each.cpus[0].gr[3] = 0x11000
            before = each.executed
            each.run(budget)
            assert each.executed - before == budget
    assert list(machine.cpus[0].gr) == list(stepped.cpus[0].gr)


def test_another_library_is_refused() -> None:
    unicorn, shared = Unicorn(), SharedRecord()
    hook = unicorn.hook(uc_const.UC_HOOK_BLOCK, BlockCallback(lambda *_: None), shared.address)
    with pytest.raises(EngineError, match=r"2\.1\.4"):
        block_starts.mend(unicorn, hook, shared)

# SPDX-License-Identifier: GPL-2.0-or-later
"""DIAGNOSE, code by code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu, CpuState
from emu.isa.diagnose import LoadRequested
from emu.machine import MEGABYTE, Machine
from emu.page_states import Content, Usage
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE, Psw
from emu.resets import reset_cpu

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

PAGE = 0x20000
SIZE = 0x400000


def diagnose(cpu: Cpu, run: Run, code: int, first: int = 0, third: int = 0, *, r1: int = 4, r3: int = 7) -> None:
    cpu.gr[r1], cpu.gr[r3] = first, third
    run(cpu, "DIAG", r1=r1, r3=r3, d2=code)


@pytest.mark.parametrize("code", (0x08, 0x10, 0x44, 0x9C, 0x258, 0x260, 0x308, 0x500, 0x318))
def test_privileged_operation(cpu: Cpu, run: Run, expect: Expect, code: int) -> None:
    cpu.load_psw(Psw(ADDRESSING_MODE | PROBLEM_STATE, 0x10000))
    with expect(Code.PRIVILEGED_OPERATION):
        diagnose(cpu, run, code, PAGE, PAGE)


@pytest.mark.parametrize("code", (0x000, 0x00C, 0x204, 0x288, 0x318, 0x501, 0xFFF))
def test_other_codes(cpu: Cpu, run: Run, expect: Expect, code: int) -> None:
    with expect(Code.SPECIFICATION):
        diagnose(cpu, run, code)


def test_the_code_is_the_low_halfword_of_the_address(cpu: Cpu, run: Run) -> None:
    cpu.gr[1], cpu.gr[5] = 0, 0xFFFF_0500
    run(cpu, "DIAG", b2=5)
    assert cpu.gr[2] == (1 << 64) - 22


# 0x010


def test_released_pages_read_as_zeros(cpu: Cpu, run: Run) -> None:
    storage = cpu.configuration.storage
    storage.write(PAGE - 8, b"\xaa" * (2 * 4096 + 16))
    cpu.configuration.keys.bytes[PAGE >> 12] = 0x56
    diagnose(cpu, run, 0x10, PAGE, PAGE + 0x1000)
    assert cpu.configuration.states.bytes[PAGE >> 12] == Usage.STABLE | Content.ZERO
    assert storage.read(PAGE, 2 * 4096) == bytes(2 * 4096)
    assert storage.read(PAGE - 8, 8) == storage.read(PAGE + 0x2000, 8) == b"\xaa" * 8
    assert cpu.configuration.keys.bytes[PAGE >> 12] == 0x56


def test_release_is_by_real_addresses(cpu: Cpu, run: Run) -> None:
    storage = cpu.configuration.storage
    cpu.set_prefix(PAGE)
    storage.write(0, b"\xaa" * 8)
    storage.write(PAGE, b"\xbb" * 8)
    # The real page at the prefix is absolute page 0.
    diagnose(cpu, run, 0x10, PAGE, PAGE)
    assert storage.read(0, 8) == bytes(8)
    assert storage.read(PAGE, 8) == b"\xbb" * 8


@pytest.mark.parametrize(
    ("start", "last"),
    (
        (0, 0), (0x1000, 0x1000), (0, 0x1000), (0x1000, PAGE), (PAGE + 0x1000, PAGE), (PAGE + 42, PAGE + 0x1000),
        (PAGE, PAGE + 0x1000 + 42),
    ),
)  # fmt: skip
def test_ranges_that_cannot_be_released(cpu: Cpu, run: Run, expect: Expect, start: int, last: int) -> None:
    cpu.configuration.storage.write(PAGE, b"\xaa" * 8)
    with expect(Code.SPECIFICATION):
        diagnose(cpu, run, 0x10, start, last)
    assert cpu.configuration.storage.read(PAGE, 8) == b"\xaa" * 8


def test_release_outside_storage(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.configuration.storage.write(PAGE, b"\xaa" * 8)
    with expect(Code.ADDRESSING):
        diagnose(cpu, run, 0x10, PAGE, SIZE)
    assert cpu.configuration.storage.read(PAGE, 8) == b"\xaa" * 8


# 0x044, 0x09C


@pytest.mark.parametrize("code", (0x44, 0x9C))
def test_yielding_ends_the_turn(code: int) -> None:
    machine = Machine(MEGABYTE, cpus=2)
    for cpu in machine.cpus:
        # DIAGNOSE 0,0,code; BRC 15,itself
        machine.storage.write(0x10000, bytes((0x83, 0x00)) + code.to_bytes(2, "big") + bytes.fromhex("a7f40000"))
        cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
        cpu.state = CpuState.OPERATING
    machine.step()
    machine.step()
    assert [cpu.instruction_address for cpu in machine.cpus] == [0x10004, 0x10004]


# 0x258: the block is refdiagc, reffcode, refdwlen, refversn, refgaddr, refselmk, refcmpmk, reserved

TOKEN, CANCEL = 0, 1
TOKEN_ADDRESS = 0x30000


def block(
    cpu: Cpu,
    function: int = TOKEN,
    *,
    code: int = 0x258,
    length: int = 5,
    version: int = 2,
    token: int | None = None,
    select: int | None = None,
    compare: int | None = None,
    reserved: int = 0,
) -> None:
    default = 1 << 48 if function == TOKEN else 0
    if token is None:
        token = TOKEN_ADDRESS if function == TOKEN else 0
    halfwords = (code, function, length, version)
    doublewords = (token, default if select is None else select, default if compare is None else compare, reserved)
    data = b"".join(value.to_bytes(2, "big") for value in halfwords)
    data += b"".join(value.to_bytes(8, "big") for value in doublewords)
    cpu.configuration.storage.write(PAGE, data)


def handshake(cpu: Cpu, run: Run, function: int = TOKEN, **fields: int) -> int:
    block(cpu, function, **fields)
    diagnose(cpu, run, 0x258, PAGE, 0xFF)
    return cpu.gr[7]


def test_handshaking_is_established_once_and_cancelled_once(cpu: Cpu, run: Run) -> None:
    assert handshake(cpu, run, CANCEL) == 4
    assert handshake(cpu, run, TOKEN, reserved=1 << 63) == 0
    assert handshake(cpu, run, TOKEN) == 8
    assert handshake(cpu, run, CANCEL) == 0
    assert handshake(cpu, run, CANCEL) == 4


def test_handshaking_ends_with_a_cpu_reset(cpu: Cpu, run: Run) -> None:
    handshake(cpu, run)
    reset_cpu(cpu, initial=False)
    assert handshake(cpu, run, CANCEL) == 4


def test_handshaking_block_is_real(cpu: Cpu, run: Run) -> None:
    block(cpu)
    storage = cpu.configuration.storage
    # Real address PAGE is absolute address 0 with this prefix.
    storage.write(0, storage.read(PAGE, 40))
    storage.write(PAGE, bytes(40))
    cpu.set_prefix(PAGE)
    diagnose(cpu, run, 0x258, PAGE, 0xFF)
    assert cpu.gr[7] == 0


@pytest.mark.parametrize(
    ("function", "fields"),
    (
        (TOKEN, {"code": 0xC0FE}), (TOKEN, {"length": 4}), (TOKEN, {"version": 1}), (2, {}),
        (TOKEN, {"compare": 3, "select": 1}), (TOKEN, {"token": TOKEN_ADDRESS + 4}),
        (CANCEL, {"token": 8}), (CANCEL, {"select": 1}), (CANCEL, {"compare": 1}), (CANCEL, {"reserved": 1}),
    ),
)  # fmt: skip
def test_handshaking_blocks_that_are_wrong(
    cpu: Cpu, run: Run, expect: Expect, function: int, fields: dict[str, int]
) -> None:
    with expect(Code.SPECIFICATION):
        handshake(cpu, run, function, **fields)


def test_handshaking_block_must_be_on_a_doubleword_boundary(cpu: Cpu, run: Run, expect: Expect) -> None:
    with expect(Code.SPECIFICATION):
        diagnose(cpu, run, 0x258, PAGE + 4)


@pytest.mark.parametrize("address", (0xFFFF_FFFF_FFFF_FFF0, SIZE, SIZE - 8))
def test_handshaking_block_outside_storage(cpu: Cpu, run: Run, expect: Expect, address: int) -> None:
    with expect(Code.ADDRESSING):
        diagnose(cpu, run, 0x258, address)


def test_handshaking_token_outside_storage(cpu: Cpu, run: Run, expect: Expect) -> None:
    with expect(Code.ADDRESSING):
        handshake(cpu, run, token=SIZE)


# 0x260


def test_storage_size(cpu: Cpu, run: Run) -> None:
    diagnose(cpu, run, 0x260, 0, 0x0C)
    assert cpu.gr[4] == cpu.gr[7] == SIZE - 1


def test_storage_configuration_is_one_extent(cpu: Cpu, run: Run) -> None:
    cpu.gr[5] = 32
    cpu.cc = 3
    diagnose(cpu, run, 0x260, PAGE, 0x10)
    storage = cpu.configuration.storage
    assert (storage.read_integer(PAGE, 8), storage.read_integer(PAGE + 8, 8)) == (0, SIZE - 1)
    assert storage.read(PAGE + 16, 16) == bytes(16)
    assert cpu.gr[7] == 1
    assert cpu.cc == 0


@pytest.mark.parametrize(("r1", "address", "length"), ((5, PAGE, 16), (4, PAGE + 8, 16), (4, PAGE, 0), (4, PAGE, 24)))
def test_storage_configuration_operands(cpu: Cpu, run: Run, expect: Expect, r1: int, address: int, length: int) -> None:
    cpu.gr[r1 + 1] = length
    with expect(Code.SPECIFICATION):
        diagnose(cpu, run, 0x260, address, 0x10, r1=r1)


@pytest.mark.parametrize("subcode", (0, 1, 0x11, 1 << 32))
def test_other_subcodes_of_260(cpu: Cpu, run: Run, expect: Expect, subcode: int) -> None:
    with expect(Code.SPECIFICATION):
        diagnose(cpu, run, 0x260, PAGE, subcode)


def test_storage_configuration_outside_storage(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.gr[5] = 16
    with expect(Code.ADDRESSING):
        diagnose(cpu, run, 0x260, SIZE, 0x10)


# 0x308

SHORT_PSW = bytes.fromhex("0008000180055000")
"""64-bit mode (bits 31 and 32), at 0x55000, with bit 12 one as the short format wants it."""


@pytest.mark.parametrize("subcode", (0, 1))
def test_reset_loads_the_psw_at_0_and_keeps_storage(cpu: Cpu, run: Run, subcode: int) -> None:
    machine = cpu.configuration
    machine.storage.write(0, SHORT_PSW)
    machine.storage.write(PAGE, b"\xaa")
    machine.states.bytes[PAGE >> 12] = Usage.VOLATILE | Content.RESIDENT | 0x20
    machine.keys.bytes[PAGE >> 12] = 0x50
    cpu.set_control_register(1, 0x1000)
    cpu.set_prefix(0x8000)
    diagnose(cpu, run, 0x308, 0, subcode)
    assert cpu.state is CpuState.OPERATING
    assert cpu.psw == Psw(ADDRESSING_MODE, 0x55000)
    assert (cpu.cr[0], cpu.cr[1], cpu.prefix) == (0xE0, 0, 0)
    assert machine.states.bytes[PAGE >> 12] == Usage.STABLE | Content.RESIDENT
    assert machine.storage.read(PAGE, 1) == b"\xaa"
    assert machine.keys.bytes[PAGE >> 12] == 0x50


def test_modified_clear_clears_the_registers_of_all_cpus_and_load_normal_none(run: Run) -> None:
    for subcode, kept in ((0, 0), (1, 0x77)):
        machine = Machine(4 * MEGABYTE, cpus=2)
        cpu, other = machine.cpus
        machine.storage.write(0, SHORT_PSW)
        cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
        other.state = CpuState.OPERATING
        cpu.gr[9] = other.gr[9] = 0x77
        other.set_control_register(1, 0x1000)
        other.pending.emergency_signal.add(0)
        diagnose(cpu, run, 0x308, 0, subcode)
        assert (cpu.gr[9], other.gr[9]) == (kept, kept)
        assert other.state is CpuState.STOPPED
        assert other.cr[1] == (0 if subcode == 0 else 0x1000)
        assert not other.pending.emergency_signal


def test_reset_forgets_what_floats(machine: Machine, cpu: Cpu, run: Run) -> None:
    machine.storage.write(0, SHORT_PSW)
    machine.press_interrupt_key()
    machine.report_machine_check(1 << 63 - 9)
    diagnose(cpu, run, 0x308, 0, 1)
    assert not machine.configuration.floating.interrupt_key
    assert not machine.configuration.floating.machine_checks


def test_reset_forgets_what_the_service_processor_had_pending(machine: Machine, cpu: Cpu, run: Run) -> None:
    machine.storage.write(0, SHORT_PSW)
    machine.storage.write_integer(PAGE, 2, 8)
    machine.sclp.service_call(cpu, 0, PAGE)
    diagnose(cpu, run, 0x308, 0, 1)
    assert not machine.sclp.is_signal_pending


@pytest.mark.parametrize("subcode", (3, 4))
def test_whoever_has_loaded_the_program_loads_it_again(cpu: Cpu, run: Run, subcode: int) -> None:
    with pytest.raises(LoadRequested, match=f"subcode {subcode}"):
        diagnose(cpu, run, 0x308, 0, subcode)


def test_load_parameters_are_refused_and_none_are_there(cpu: Cpu, run: Run) -> None:
    diagnose(cpu, run, 0x308, PAGE, 5)
    assert cpu.gr[5] == 0x402
    diagnose(cpu, run, 0x308, PAGE, 6)
    assert cpu.gr[5] == 0x102


@pytest.mark.parametrize("subcode", (5, 6))
def test_load_parameter_operands(cpu: Cpu, run: Run, expect: Expect, subcode: int) -> None:
    with expect(Code.SPECIFICATION):
        diagnose(cpu, run, 0x308, 0x2000, subcode, r1=9)
    with expect(Code.SPECIFICATION):
        diagnose(cpu, run, 0x308, 54321, subcode)
    with expect(Code.ADDRESSING):
        diagnose(cpu, run, 0x308, SIZE, subcode)


@pytest.mark.parametrize("subcode", (2, 7, 0x101, 0xFFFF, 0x10001, (1 << 64) - 1))
def test_other_subcodes_of_308(cpu: Cpu, run: Run, expect: Expect, subcode: int) -> None:
    with expect(Code.SPECIFICATION):
        diagnose(cpu, run, 0x308, 0, subcode)


# 0x500


def test_hypercalls_are_invalid(cpu: Cpu, run: Run) -> None:
    cpu.gr[1], cpu.gr[2] = 3, 5
    run(cpu, "DIAG", r1=2, r3=4, d2=0x500)
    assert cpu.gr[2] == (1 << 64) - 22

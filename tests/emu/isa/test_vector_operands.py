# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector instructions before they are executed: controls, opcodes, and storage operands that cannot be accessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu import lowcore
from emu import psw as psw_bits
from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.cpu import Cpu, CpuState
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import BASIC_ADDRESSING, EXTENDED_ADDRESSING, Psw
from tests.support.vector.comparison import PARTS
from tests.support.vector.formats import encode
from tests.support.vector.state import INSTRUCTIONS

assert PARTS
WAIT = 0x0002_0001_8000_0000 << 64
PROGRAM = 0x10000
END = bytes.fromhex("b2b20800")
CONTROLS = CR0_AFP | CR0_VECTOR
LOAD_COUNT_TO_BLOCK_BOUNDARY = 0x27
INSTALLED = {each.opcode & 0xFF for each in INSTRUCTIONS.values()} | {LOAD_COUNT_TO_BLOCK_BOUNDARY}

Execute = Callable[[bytes], ProgramInterruptionCode | None]


@pytest.fixture(params=("free", "steps"))
def execute(request: pytest.FixtureRequest, machine: Machine, cpu: Cpu) -> Execute:
    """Executes one instruction and gives the program interruption, if there is one."""

    def execute(code: bytes) -> ProgramInterruptionCode | None:
        cpu.state = CpuState.OPERATING
        cpu.load_psw(Psw(cpu.psw.mask & ~psw_bits.WAIT, PROGRAM))
        cpu.psw_loaded = False
        # LR 1,1: exceptions with nothing executed between them would be taken for a loop.
        machine.storage.write(PROGRAM, bytes.fromhex("1811") + code + END)
        machine.storage.write(lowcore.PROGRAM_ILC, bytes(4))
        machine.storage.write(0x800, WAIT.to_bytes(16, "big"))
        machine.storage.write(lowcore.PROGRAM_NEW_PSW, (WAIT | 1 << 16).to_bytes(16, "big"))
        if request.param == "free":
            machine.run(1000)
        else:
            while machine.step() is None:
                pass
        if not cpu.instruction_address:
            return None
        assert machine.storage.read(lowcore.PROGRAM_ILC, 2) == b"\0\6"
        assert Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16)).address in (PROGRAM + 2, PROGRAM + 8)
        return ProgramInterruptionCode(machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2))

    return execute


@pytest.mark.parametrize("control", (0, CR0_AFP, CR0_VECTOR))
def test_the_controls_come_before_the_fields(execute: Execute, machine: Machine, cpu: Cpu, control: int) -> None:
    cpu.set_control_register(0, cpu.cr[0] & ~CONTROLS | control)
    for found in INSTRUCTIONS.values():
        machine.storage.write(lowcore.DATA_EXCEPTION_CODE, bytes(4))
        code = encode(found.opcode, found.form, {"m3": 15, "m4": 15, "m5": 15, "m6": 15, "i2": 0x200})
        assert execute(code) is ProgramInterruptionCode.DATA, found.name
        assert machine.storage.read(lowcore.DATA_EXCEPTION_CODE, 4) == b"\0\0\0\xfe", found.name


@pytest.mark.parametrize("control", (0, CONTROLS))
@pytest.mark.parametrize("first", (0xE6, 0xE7))
def test_what_is_not_installed(execute: Execute, cpu: Cpu, first: int, control: int) -> None:
    cpu.set_control_register(0, cpu.cr[0] & ~CONTROLS | control)
    for last in range(256):
        if first == 0xE6 or last not in INSTALLED:
            ended = execute(bytes((first, 0, 0, 0, 0, last)))
            assert ended is ProgramInterruptionCode.OPERATION, f"{first:02X}{last:02X}"


LOADS = ("VL", "VLREP", "VLLEZ", "VLEH", "VLEF", "VLEG", "VLL", "VLM", "VGEF", "VGEG")
STORES = ("VST", "VSTEH", "VSTEF", "VSTEG", "VSTL", "VSTM", "VSCEF", "VSCEG")


@pytest.mark.parametrize("is_mapped", (False, True), ids=("not there", "protected"))
@pytest.mark.parametrize("mnemonic", LOADS + STORES)
def test_nothing_is_changed_if_a_later_page_refuses(
    execute: Execute, machine: Machine, cpu: Cpu, address_space, mnemonic: str, is_mapped: bool
) -> None:
    for page in (0, 0x10000, 0x2000):
        address_space.map(page, page)
    if is_mapped:
        address_space.map(0x3000, 0x3000, 0x200)
    data = bytes(range(1, 33)) * 256
    machine.storage.write(0x2000, data)
    address_space.enter(cpu)
    cpu.set_control_register(0, cpu.cr[0] | CONTROLS)
    for place in range(64):
        cpu.vr[place] = 0x0101_0101_0101_0101 * (place + 1)
    cpu.vr[18] = 0
    found = INSTRUCTIONS[mnemonic]
    fields = {"v1": 4, "v2": 9, "v3": 12, "b2": 5, "r3": 7}
    fields["m3"] = 3 if mnemonic in ("VLREP", "VLLEZ") else 0
    code, mask, registers = encode(found.opcode, found.form, fields), cpu.psw.mask, list(cpu.vr)
    is_load = mnemonic in LOADS
    refused = ProgramInterruptionCode.PROTECTION if is_mapped else ProgramInterruptionCode.PAGE_TRANSLATION
    for before in (1, 17, 33) if mnemonic in ("VLM", "VSTM") else (1,):
        cpu.load_psw(Psw(mask, PROGRAM))
        cpu.gr[5], cpu.gr[7] = 0x3000 - before, 15
        ended = execute(code)
        if is_load and is_mapped:
            assert ended is None
            return
        assert ended is refused
        assert machine.storage.read(0x2000, 0x2000) == data
        assert list(cpu.vr) == registers


@pytest.mark.parametrize(
    ("mode", "base", "left"),
    (
        (BASIC_ADDRESSING, 0xABCD_EF00_8000_2000, 0x1F0),
        (0, 0xABCD_EF00_FF00_2000, 0x1F0),
        (BASIC_ADDRESSING | EXTENDED_ADDRESSING, 0x2000, 0x1F0),
    ),
    ids=("31", "24", "64"),
)
@pytest.mark.parametrize("element", (0xFFFF_FFFF_FFFF_FFF0, 0xFFFF_FFFF_7FFF_FFF0))
def test_an_indexed_address_wraps(
    execute: Execute, machine: Machine, cpu: Cpu, mode: int, base: int, left: int, element: int
) -> None:
    if element >> 31 & 1 == 0 and mode & EXTENDED_ADDRESSING:
        return
    cpu.load_psw(Psw(mode, cpu.instruction_address))
    cpu.psw_loaded = False
    cpu.set_control_register(0, cpu.cr[0] | CONTROLS)
    cpu.gr[5], cpu.vr[18] = base, element
    machine.storage.write(0x1FF0, left.to_bytes(8, "big"))
    # VGEG
    assert execute(encode(0xE712, "VRV", {"v1": 4, "v2": 9, "b2": 5})) is None
    assert cpu.vr[8] == left

# SPDX-License-Identifier: GPL-2.0-or-later
"""Which registers and operands HFP instructions accept, and how they end, freely and step by step."""

from __future__ import annotations

import pytest

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu import lowcore
from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.isa.declaration import INSTRUCTIONS, Instruction
from emu.program_interruption import ProgramInterruptionCode
from tests.support.hexadecimal import put

Code = ProgramInterruptionCode
ONE = 0x4110_0000_0000_0000
ALL = [each for each in INSTRUCTIONS if each.execute.__module__.startswith("emu.isa.hexadecimal.")]
WITH_STORAGE = [each for each in ALL if "b2" in {field.name for field in each.format.fields}]
FLOATING = {
    # The other operand of conversions is in a general register.
    **dict.fromkeys(("CEFR", "CDFR", "CXFR", "CEGR", "CDGR", "CXGR"), ("r1",)),
    **dict.fromkeys(("CFER", "CFDR", "CFXR", "CGER", "CGDR", "CGXR"), ("r2",)),
}
PAIRS = {
    **dict.fromkeys(("AXR", "SXR", "CXR", "MXR", "DXR", "SQXR", "FIXR", "LTXR", "LCXR", "LNXR", "LPXR"), ("r1", "r2")),
    **dict.fromkeys(("MXDR", "MXD", "LXDR", "LXD", "LXER", "LXE", "CXFR", "CXGR", "MYR", "MY"), ("r1",)),
    **dict.fromkeys(("LDXR", "LEXR", "CFXR", "CGXR"), ("r2",)),
}


def registers(instruction: Instruction) -> tuple[str, ...]:
    """The fields of *instruction* that designate floating-point registers."""
    names = tuple(field.name for field in instruction.format.fields if field.name in {"r1", "r2", "r3"})
    return FLOATING.get(instruction.mnemonic, names)


def test_all_are_there() -> None:
    assert len(ALL) == 103


@pytest.mark.parametrize("instruction", ALL, ids=lambda each: each.mnemonic)
def test_registers_that_the_control_hides(cpu: Cpu, run, expect, instruction: Instruction) -> None:
    cpu.set_control_register(0, cpu.cr[0] & ~CR0_AFP)
    for number in range(16):
        put(cpu, number, "long", ONE)
    cpu.configuration.storage.write(0, ONE.to_bytes(8, "big"))
    for field in registers(instruction):
        for hidden in (1, 3, 5, 7, *range(8, 16)):
            with expect(Code.DATA) as raised:
                run(cpu, instruction.mnemonic, **{field: hidden})
            assert raised.value.data_exception_code == 1
    for visible in (0, 4):
        run(cpu, instruction.mnemonic, **dict.fromkeys(registers(instruction), visible))


@pytest.mark.parametrize("instruction", ALL, ids=lambda each: each.mnemonic)
def test_registers_that_are_no_pair(cpu: Cpu, run, expect, instruction: Instruction) -> None:
    for number in range(16):
        put(cpu, number, "long", ONE)
    cpu.configuration.storage.write(0, ONE.to_bytes(8, "big"))
    for field in registers(instruction):
        for second in (2, 3, 6, 14):
            if field in PAIRS.get(instruction.mnemonic, ()):
                with expect(Code.SPECIFICATION):
                    run(cpu, instruction.mnemonic, **{field: second})
            else:
                run(cpu, instruction.mnemonic, **{field: second})


@pytest.mark.parametrize(
    "instruction",
    [each for each in ALL if "b2" in {field.name for field in each.format.fields}],
    ids=lambda each: each.mnemonic,
)
def test_access_exceptions_leave_everything(cpu: Cpu, run, expect, instruction: Instruction) -> None:
    cpu.gr[5] = cpu.configuration.memory - 2
    put(cpu, 0, "long", ONE)
    before, cpu.cc = list(cpu.vr), 3
    with expect(Code.ADDRESSING):
        run(cpu, instruction.mnemonic, b2=5)
    assert (list(cpu.vr), cpu.cc) == (before, 3)


def test_a_program(cpu: Cpu, execute) -> None:
    """(3 * 1.5 + 0.5) / 2 - 2.5 is zero; 5.0 compares high to it."""
    put(cpu, 0, "long", 0x4130_0000_0000_0000)
    put(cpu, 2, "long", 0x4118_0000_0000_0000)
    put(cpu, 4, "long", 0x4080_0000_0000_0000)
    outcome = execute("2c02 2a04 2880 2400 6b000000 2980".replace(" ", ""), x2000="", x0="4128000000000000")
    assert (outcome.interruption, outcome.condition_code) == (None, 2)
    assert cpu.vr[0] == 0
    assert cpu.vr[16] == 0x4150_0000_0000_0000


@pytest.mark.parametrize(
    ("code", "interruption", "mask", "result"),
    (
        ("3a02", Code.HFP_EXPONENT_OVERFLOW, 0, 0x001F_FFFF),
        ("3b00", Code.HFP_SIGNIFICANCE, 1, 0x7F00_0000),
        ("3b00", None, 0, 0x0000_0000),
        ("3406", Code.HFP_EXPONENT_UNDERFLOW, 2, 0x7F80_0000),
        ("3406", None, 0, 0x0000_0000),
        ("3d04", Code.HFP_DIVIDE, 0, 0x7FFF_FFFF),
    ),
)
def test_endings(cpu: Cpu, execute, code: str, interruption: Code | None, mask: int, result: int) -> None:
    for register, datum in ((0, 0x7FFF_FFFF), (2, 0x7FFF_FFFF), (4, 0x4100_0000), (6, 0x0010_0000)):
        put(cpu, register, "short", datum)
    cpu.set_program_mask(mask)
    address = cpu.instruction_address
    outcome = execute(code)
    assert outcome.interruption is interruption
    assert cpu.vr[0] >> 32 == result
    if interruption is not None:
        assert outcome.old_psw.address == address + 2
        assert cpu.configuration.storage.read_integer(lowcore.PROGRAM_ILC, 2) == 2


def test_the_data_exception_code_is_stored(cpu: Cpu, execute) -> None:
    cpu.set_control_register(0, cpu.cr[0] & ~CR0_AFP)
    assert execute("3a12").interruption is Code.DATA
    assert cpu.configuration.storage.read_integer(lowcore.DATA_EXCEPTION_CODE, 4) == 1
    assert cpu.registers.fpc == 0


def test_as_the_target_of_an_execute(cpu: Cpu, execute) -> None:
    put(cpu, 1, "short", 0x4110_0000)
    put(cpu, 4, "short", 0x4120_0000)
    outcome = execute("c60000000080", x10100="3a14")
    assert outcome.condition_code == 2
    assert cpu.vr[2] >> 32 == 0x4130_0000

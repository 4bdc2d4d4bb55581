# SPDX-License-Identifier: GPL-2.0-or-later
"""Relative-long storage operands: alignment, the halfwords of CHRL and CGHRL, and EXECUTE."""

from __future__ import annotations

from typing import Any

import pytest

from emu.machine import StopKind
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import AddressSpaceControl

EXRL = "c60000000080"
DATA = "fedcba9876543210"
"""At 0x10180, that is 0x80 bytes behind a target at 0x10100."""
UNTOUCHED = 0x5555_5555_5555_5555
HIGH = UNTOUCHED >> 32 << 32

LOADS = (
    ("c41d", HIGH | 0xFEDC_BA98),
    ("c418", 0xFEDC_BA98_7654_3210),
    ("c41c", 0xFFFF_FFFF_FEDC_BA98),
    ("c41e", 0xFEDC_BA98),
    ("c415", HIGH | 0xFFFF_FEDC),
    ("c414", 0xFFFF_FFFF_FFFF_FEDC),
    ("c412", HIGH | 0xFEDC),
    ("c416", 0xFEDC),
)


@pytest.mark.parametrize(("opcode", "result"), LOADS)
@pytest.mark.parametrize("executed", (False, True))
def test_load(execute, cpu, opcode, result, executed) -> None:
    cpu.gr[1] = UNTOUCHED
    if executed:
        execute(EXRL, x10100=f"{opcode}00000040", x10180=DATA)
    else:
        execute(f"{opcode}000000c0", x10180=DATA)
    assert cpu.gr[1] == result


@pytest.mark.parametrize(
    ("opcode", "stored"),
    (("c41f", "89abcdef76543210"), ("c41b", "0123456789abcdef"), ("c417", "cdefba9876543210")),
)
@pytest.mark.parametrize("executed", (False, True))
def test_store(execute, cpu, machine, opcode, stored, executed) -> None:
    cpu.gr[1] = 0x0123_4567_89AB_CDEF
    if executed:
        execute(EXRL, x10100=f"{opcode}00000040", x10180=DATA)
    else:
        execute(f"{opcode}000000c0", x10180=DATA)
    assert machine.storage.read(0x10180, 8).hex() == stored


# opcode, R1, data, condition code
COMPARISONS = (
    ("c61d", 0x7777_7777_0000_0001, "fffffffe", 2),
    ("c618", 1, "0000000100000000", 1),
    ("c61c", 0xFFFF_FFFF_FFFF_FFFE, "fffffffe", 0),
    ("c615", 0x7777_7777_0000_0000, "ffff0000", 2),
    ("c615", 0x7777_7777_FFFF_FFFF, "ffff0000", 0),
    ("c614", 0x0000_0000_0000_0005, "0005ffffffffffff", 0),
    ("c614", 0, "0001000000000000", 1),
    ("c61f", 0x7777_7777_0000_0001, "fffffffe", 1),
    ("c61a", 2, "0000000000000001", 2),
    ("c61e", 0xFFFF_FFFF_FFFF_FFFE, "fffffffe", 2),
    ("c617", 0x7777_7777_0000_FFFF, "ffff", 0),
    ("c616", 0xFFFF_FFFF_FFFF_FFFF, "ffff", 2),
)


@pytest.mark.parametrize(("opcode", "value", "data", "condition_code"), COMPARISONS)
@pytest.mark.parametrize("executed", (False, True))
def test_compare(execute, cpu, opcode, value, data, condition_code, executed) -> None:
    cpu.gr[1] = value
    if executed:
        outcome = execute(EXRL, x10100=f"{opcode}00000040", x10180=data)
    else:
        outcome = execute(f"{opcode}000000c0", x10180=data)
    assert outcome.condition_code == condition_code


WORDS = ("c41d", "c41c", "c41e", "c41f", "c61d", "c61c", "c61f", "c61e")
DOUBLEWORDS = ("c418", "c41b", "c618", "c61a")


@pytest.mark.parametrize("code", [f"{o}000000c1" for o in WORDS] + [f"{o}000000c2" for o in DOUBLEWORDS])
def test_alignment(execute, cpu, code) -> None:
    cpu.gr[1] = UNTOUCHED
    assert execute(code, x10180=DATA).interruption is ProgramInterruptionCode.SPECIFICATION
    assert cpu.gr[1] == UNTOUCHED


@pytest.mark.parametrize("code", [f"{o}000000c2" for o in WORDS])
def test_word_needs_no_doubleword_boundary(execute, code) -> None:
    assert execute(code).interruption is None


@pytest.mark.parametrize("opcode", ("c41d", "c417", "c615"))
def test_access_exception(execute, opcode) -> None:
    assert execute(f"{opcode}00400000").interruption is ProgramInterruptionCode.ADDRESSING


# What is relative to an instruction is in the space that instructions come from: PoP 3, "Address Types", and each of
# these instructions ("accessed using the same addressing-space mode as that used to access the instructions").


@pytest.fixture(params=("secondary", "access-register", "home"))
def apart(request: pytest.FixtureRequest, address_space: Any, cpu: Any, machine: Any) -> AddressSpaceControl:
    """DAT with two spaces, in which the page of the program lies in different frames, and the mode of operands.

    Instructions are fetched at 0x10000 from the primary space, or from the home space, which are the same.  An invalid
    instruction ends the code, since the operand of LPSWE would not be found.
    """
    space = AddressSpaceControl[request.param.upper().replace("-", "_")]
    other = type(address_space)(machine, 0x300000)
    for page in (0, 0x10000):
        address_space.map(page, page)
        other.map(page, 0x20000)
    address_space.enter(cpu, space=space)
    cpu.set_control_register(7, other.asce)
    return space


@pytest.mark.parametrize(("opcode", "result"), LOADS)
@pytest.mark.parametrize("executed", (False, True))
@pytest.mark.usefixtures("apart")
def test_a_load_comes_from_the_space_of_the_instruction(execute, cpu, opcode, result, executed) -> None:
    cpu.gr[1] = UNTOUCHED
    if executed:
        execute(f"{EXRL} 0000", x10100=f"{opcode}00000040", x10180=DATA)
    else:
        execute(f"{opcode}000000c0 0000", x10180=DATA)
    assert cpu.gr[1] == result


@pytest.mark.parametrize(
    ("opcode", "stored"),
    (("c41f", "89abcdef76543210"), ("c41b", "0123456789abcdef"), ("c417", "cdefba9876543210")),
)
@pytest.mark.usefixtures("apart")
def test_a_store_goes_to_the_space_of_the_instruction(execute, cpu, machine, opcode, stored) -> None:
    cpu.gr[1] = 0x0123_4567_89AB_CDEF
    execute(f"{opcode}000000c0 0000", x10180=DATA)
    assert machine.storage.read(0x10180, 8).hex() == stored


@pytest.mark.parametrize(("opcode", "value", "data", "condition_code"), COMPARISONS)
@pytest.mark.usefixtures("apart")
def test_a_comparison_is_with_the_space_of_the_instruction(execute, cpu, opcode, value, data, condition_code) -> None:
    cpu.gr[1] = value
    assert execute(f"{opcode}000000c0 0000", x10180=data).condition_code == condition_code


def test_another_operand_is_not_in_the_space_of_the_instruction(execute, cpu, machine, apart) -> None:
    # LGRL 1,*+0x180; LG 2,0(3), from the same place.
    cpu.gr[3] = 0x10180
    machine.storage.write(0x20180, b"\x07" * 8)
    code = "c418000000c0 e32030000004 0000"
    if apart is AddressSpaceControl.ACCESS_REGISTER:
        machine.storage.write(0x10000, bytes.fromhex(code))
        stop = machine.run(1000)
        assert stop.kind is StopKind.NOT_MODELLED
        return
    execute(code, x10180=DATA)
    assert cpu.gr[1] == int(DATA, 16)
    assert cpu.gr[2] == (0x0707_0707_0707_0707 if apart is AddressSpaceControl.SECONDARY else int(DATA, 16))

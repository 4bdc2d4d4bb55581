# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector floating-point instructions: NaNs in their order, traps by element, suppressed and recognised exceptions."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.program_interruption import ProgramInterruptionCode

QUIET_22, QUIET_33 = 0x7FF8_0000_0000_0022, 0x7FF8_0000_0000_0033
SIGNALING_1, SIGNALING_44 = 0x7FF0_0000_0000_0001, 0x7FF0_0000_0000_0044
MADE_QUIET = 1 << 51
INFINITY, DEFAULT_NAN = 0x7FF0 << 48, 0x7FF8 << 48
ONE, TWO, LARGEST, SMALLEST = 0x3FF0 << 48, 0x4000 << 48, 0x7FEF_FFFF_FFFF_FFFF, 1
HALF = 0x3FE0 << 48
INVALID, OVERFLOW, UNDERFLOW, INEXACT = 0x80, 0x20, 0x10, 0x08


@pytest.fixture(autouse=True)
def controls(cpu) -> None:
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)


def load(cpu, *registers: tuple[int, int]) -> None:
    """Fill V3, V4 ..."""
    for number, halves in enumerate(registers, 3):
        cpu.vr[2 * number], cpu.vr[2 * number + 1] = halves


@pytest.mark.parametrize("opcode", ("e3", "e2", "e7", "e5"), ids=("VFA", "VFS", "VFM", "VFD"))
@pytest.mark.parametrize(
    ("first", "second", "result", "flags"),
    (
        (QUIET_22, SIGNALING_1, SIGNALING_1 | MADE_QUIET, INVALID),
        (QUIET_22, QUIET_33, QUIET_22, 0),
        (QUIET_33, QUIET_22, QUIET_33, 0),
        (SIGNALING_1, QUIET_22, SIGNALING_1 | MADE_QUIET, INVALID),
        (SIGNALING_1, SIGNALING_44, SIGNALING_1 | MADE_QUIET, INVALID),
    ),
)
def test_the_first_nan(execute, cpu, opcode, first, second, result, flags) -> None:
    load(cpu, (ONE, first), (ONE, second))
    assert execute(f"e723400030{opcode}").interruption is None
    assert cpu.vr[5] == result
    assert cpu.registers.fpc == flags << 16


@pytest.mark.parametrize(
    ("operands", "result", "flags"),
    (
        ((INFINITY, 0, QUIET_22), DEFAULT_NAN, INVALID),
        ((QUIET_33, ONE, QUIET_22), QUIET_33, 0),
        ((QUIET_33, ONE, SIGNALING_1), SIGNALING_1 | MADE_QUIET, INVALID),
        ((ONE, ONE, QUIET_22 | 1 << 63), QUIET_22 | 1 << 63, 0),
    ),
)
@pytest.mark.parametrize("opcode", ("8f", "8e"), ids=("VFMA", "VFMS"))
def test_multiply_and_add(execute, cpu, opcode, operands, result, flags) -> None:
    load(cpu, *((each, ONE) for each in operands))
    assert execute(f"e723430050{opcode}").interruption is None
    assert cpu.vr[4] == result
    assert cpu.registers.fpc == flags << 16


def test_underflow_is_that_of_the_precise_value(execute, cpu) -> None:
    """A product just below the smallest normal number, which it is rounded to."""
    load(cpu, (ONE, 0x0010_0000_0000_0001), (ONE, 0x3FEF_FFFF_FFFF_FFFE))
    assert execute("e723400030e7").interruption is None
    assert cpu.vr[5] == 0x0010 << 48
    assert cpu.registers.fpc == (UNDERFLOW | INEXACT) << 16


# Code, V3, V4, mask, VXC.
TRAPS = (
    ("e723400030e3", (ONE, INFINITY), (ONE, INFINITY | 1 << 63), INVALID, 0x11),
    ("e723400030e3", (SIGNALING_1, SIGNALING_1), (ONE, ONE), INVALID, 0x01),
    ("e723400030e5", (ONE, ONE), (ONE, 0), 0x40, 0x12),
    ("e723400030e7", (ONE, LARGEST), (ONE, TWO), OVERFLOW, 0x13),
    ("e723400030e7", (ONE, SMALLEST), (ONE, ONE), UNDERFLOW, 0x14),
    ("e723400030e7", (SMALLEST, ONE), (HALF, ONE), UNDERFLOW, 0x04),
    ("e723400030e3", (ONE, ONE), (ONE, SMALLEST), INEXACT, 0x15),
    ("e723400030e3", (ONE, ONE), (SMALLEST, INFINITY), 0xF8, 0x05),
    ("e723005030c2", (ONE, QUIET_22), (0, 0), INVALID, 0x11),
    ("e723005030c2", (ONE, HALF), (0, 0), INEXACT, 0x15),
    ("e723005030c5", (ONE, LARGEST), (0, 0), OVERFLOW, 0x13),
)


@pytest.mark.parametrize(("code", "third", "fourth", "mask", "code_of_trap"), TRAPS)
def test_traps(execute, cpu, machine, code, third, fourth, mask, code_of_trap) -> None:
    load(cpu, third, fourth)
    cpu.vr[4], cpu.vr[5] = before = 0x1111, 0x2222
    # LFPC 0(5)
    cpu.gr[5] = 0x2000
    assert (
        execute("b29d5000" + code, x2000=f"{mask:02x}000000").interruption is ProgramInterruptionCode.VECTOR_PROCESSING
    )
    assert (cpu.vr[4], cpu.vr[5]) == before
    assert cpu.registers.fpc == mask << 24 | code_of_trap << 8
    assert machine.storage.read(0x90, 4) == code_of_trap.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("code", "source", "result", "flags"),
    (
        # VFIDB, VCDGB and VLEDB with the IEEE-inexact-exception control, and without.
        ("e723005430c7", 0x3FF8 << 48, ONE, 0),
        ("e723005030c7", 0x3FF8 << 48, ONE, INEXACT),
        ("e723005430c3", (1 << 63) - 1, 0x43DF_FFFF_FFFF_FFFF, 0),
        ("e723005030c3", (1 << 63) - 1, 0x43DF_FFFF_FFFF_FFFF, INEXACT),
        ("e723005430c5", ONE | 1, 0x3F80_0000 << 32, 0),
        ("e723005030c5", ONE | 1, 0x3F80_0000 << 32, INEXACT),
        # VCGDB and VCLGDB.
        ("e723005030c2", QUIET_22, 1 << 63, INVALID | INEXACT),
        ("e723005430c2", QUIET_22, 1 << 63, INVALID),
        ("e723005030c2", INFINITY, (1 << 63) - 1, INVALID | INEXACT),
        ("e723005030c0", QUIET_22, 0, INVALID | INEXACT),
        ("e723005030c0", ONE | 1 << 63, 0, INVALID | INEXACT),
        ("e723005030c0", INFINITY, (1 << 64) - 1, INVALID | INEXACT),
        ("e723005030c0", HALF | 1 << 63, 0, INEXACT),
    ),
)
def test_conversions(execute, cpu, code, source, result, flags) -> None:
    load(cpu, (source, 0))
    assert execute(code).interruption is None
    assert cpu.vr[4] == result
    assert cpu.registers.fpc == flags << 16


@pytest.mark.parametrize("control", (0, CR0_AFP, CR0_VECTOR))
@pytest.mark.parametrize("code", ("e723400030e3", "e72300543fc7", "e72340000066", "e7230200304d"))
def test_the_controls_come_first(execute, cpu, machine, control, code) -> None:
    cpu.set_control_register(0, cpu.cr[0] & ~(CR0_AFP | CR0_VECTOR) | control)
    assert execute(code).interruption is ProgramInterruptionCode.DATA
    assert machine.storage.read(0x90, 4) == b"\0\0\0\xfe"

# SPDX-License-Identifier: GPL-2.0-or-later
"""ADD, SUBTRACT, MULTIPLY and DIVIDE of BFP data: the order of NaNs, and IEEE exceptions that trap."""

from __future__ import annotations

import pytest

from emu import lowcore
from emu.control_registers import CR0_AFP
from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode

QUIET_22, QUIET_33 = 0x7FF8_0000_0000_0022, 0x7FF8_0000_0000_0033
SIGNALING_1, SIGNALING_44 = 0x7FF0_0000_0000_0001, 0x7FF0_0000_0000_0044
QUIET_1 = 0x7FF8_0000_0000_0001
LEAST_NORMAL = 0x0010 << 48
LARGEST = 0x7FEF_FFFF_FFFF_FFFF
HALF, ONE, TWO, THREE = 0x3FE0 << 48, 0x3FF0 << 48, 0x4000 << 48, 0x4008 << 48
INFINITY = 0x7FF0 << 48
LOAD_FPC = "b29d3100"
"""LFPC 0x100(3): Unicorn keeps the rounding mode beside the register."""


@pytest.fixture(autouse=True)
def afp(cpu: Cpu) -> None:
    """The AFP-register control is one."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP)


@pytest.fixture(autouse=True)
def base(cpu: Cpu) -> None:
    cpu.gr[3] = 0x2000


@pytest.mark.parametrize("opcode", ("b31a", "b31b", "b31c", "b31d"), ids=("ADBR", "SDBR", "MDBR", "DDBR"))
@pytest.mark.parametrize(
    ("first", "second", "result"),
    (
        (QUIET_22, SIGNALING_1, QUIET_1),
        (QUIET_22, QUIET_33, QUIET_22),
        (QUIET_33, QUIET_22, QUIET_33),
        (SIGNALING_1, QUIET_22, QUIET_1),
        (SIGNALING_1, SIGNALING_44, QUIET_1),
        (ONE, QUIET_33, QUIET_33),
        (SIGNALING_1 | 1 << 63, ONE, QUIET_1 | 1 << 63),
    ),
)
def test_order_of_nans(execute, cpu, opcode, first, second, result) -> None:
    """PoP 19, the figures of these instructions: the first signaling NaN, made quiet, or else the first quiet one."""
    cpu.vr[2], cpu.vr[4] = first, second
    assert execute(f"{opcode}0012").interruption is None
    assert cpu.vr[2] == result
    is_signaling = SIGNALING_1 in (first & ~(1 << 63), second)
    assert cpu.registers.fpc == (0x0080_0000 if is_signaling else 0)


@pytest.mark.parametrize("opcode", ("0a", "0b", "17", "0d"), ids=("AEB", "SEB", "MEEB", "DEB"))
def test_order_of_short_nans_in_storage(execute, cpu, opcode) -> None:
    cpu.vr[2] = 0x7FC0_0022 << 32
    execute(f"ed10300000{opcode}", x2000="7fc00033")
    assert cpu.vr[2] == 0x7FC0_0022 << 32


@pytest.mark.parametrize("opcode", ("b34a", "b34b", "b34c", "b34d"), ids=("AXBR", "SXBR", "MXBR", "DXBR"))
def test_order_of_extended_nans(execute, cpu, opcode) -> None:
    cpu.vr[2], cpu.vr[6], cpu.vr[8], cpu.vr[12] = 0x7FFF_8000_0000_0000, 0x22, 0x7FFF_8000_0000_0000, 0x33
    execute(f"{opcode}0014")
    assert (cpu.vr[2], cpu.vr[6]) == (0x7FFF_8000_0000_0000, 0x22)


# Code, masks, operands; result, DXC.  The scaling factor of the long format is 2 ** 1536.
COMPLETED = (
    pytest.param("b31c0012", 0x20, 0x7FE0 << 48, TWO, (0x7FF - 1536) << 52, 0x20, id="overflow, exact"),
    pytest.param("b31a0012", 0x20, LARGEST, LARGEST, (0x7FF - 1536) << 52 | 0xF_FFFF_FFFF_FFFF, 0x20, id="sum"),
    pytest.param(
        "b31c0012", 0x28, 0x7FE0_0000_0000_0001, THREE, 0x1FF8_0000_0000_0002, 0x2C, id="overflow, incremented"
    ),
    pytest.param("b31c0012", 0x10, LEAST_NORMAL, HALF, 1536 << 52, 0x10, id="underflow, exact"),
    pytest.param("b31a0012", 0x10, 0, 1, (1536 - 51) << 52, 0x10, id="a sum that is tiny"),
    pytest.param("b31b0012", 0x10, LEAST_NORMAL + 1, LEAST_NORMAL, (1536 - 51) << 52, 0x10, id="a tiny difference"),
    pytest.param("b31d0012", 0x10, 1, TWO, (1536 - 52) << 52, 0x10, id="a tiny quotient"),
    pytest.param("b31d0012", 0x10, LEAST_NORMAL, THREE, (1536 - 1) << 52 | 0x5_5555_5555_5555, 0x18, id="truncated"),
    pytest.param("b31d0012", 0x08, ONE, THREE, 0x3FD5_5555_5555_5555, 0x08, id="inexact, truncated"),
    pytest.param("b31d0012", 0x08, TWO, THREE, 0x3FE5_5555_5555_5555, 0x08, id="inexact"),
    pytest.param("b31d0012", 0x08, ONE, 0x4014 << 48, 0x3FC9_9999_9999_999A, 0x0C, id="inexact, incremented"),
    pytest.param("b31c0012", 0x08, LARGEST, TWO, INFINITY, 0x0C, id="overflow that does not trap"),
)


@pytest.mark.parametrize(("code", "masks", "first", "second", "result", "data_exception_code"), COMPLETED)
@pytest.mark.parametrize("is_executed", (False, True), ids=("", "EXRL"))
def test_completed(
    execute, machine: Machine, cpu: Cpu, code, masks, first, second, result, data_exception_code, is_executed
) -> None:
    """PoP 9, "IEEE Exceptions": the result is in its place, and the DXC says how it was rounded."""
    cpu.vr[2], cpu.vr[4] = first, second
    written = "c60000000800" if is_executed else code
    # EXRL at 0x10004 executes what is at 0x11004.
    outcome = execute(f"{LOAD_FPC} {written}", x2100=f"{masks:02x}000000", x11004=code)
    assert outcome.interruption is ProgramInterruptionCode.DATA
    assert outcome.old_psw.address == 0x10000 + 4 + (6 if is_executed else 4)
    assert cpu.vr[2] == result
    assert machine.storage.read_integer(lowcore.DATA_EXCEPTION_CODE, 4) == data_exception_code
    assert cpu.registers.fpc & 0xFF00 == data_exception_code << 8
    if code.startswith(("b31a", "b31b")):
        assert outcome.condition_code == 2


SUPPRESSED = (
    pytest.param("b31d0012", 0x40, ONE, 0, 0x40, id="division by zero"),
    pytest.param("b31d0012", 0x80, 0, 0, 0x80, id="zero by zero"),
    pytest.param("b31a0012", 0x80, INFINITY, INFINITY | 1 << 63, 0x80, id="infinities"),
    pytest.param("b31c0012", 0x80, QUIET_22, SIGNALING_1, 0x80, id="signaling NaN"),
)


@pytest.mark.parametrize(("code", "masks", "first", "second", "data_exception_code"), SUPPRESSED)
def test_suppressed(execute, machine, cpu, code, masks, first, second, data_exception_code) -> None:
    cpu.vr[2], cpu.vr[4] = first, second
    outcome = execute(f"{LOAD_FPC} {code}", x2100=f"{masks:02x}000000")
    assert (outcome.interruption, outcome.condition_code) == (ProgramInterruptionCode.DATA, 0)
    assert cpu.vr[2] == first
    assert cpu.registers.fpc == masks << 24 | data_exception_code << 8
    assert machine.storage.read_integer(lowcore.DATA_EXCEPTION_CODE, 4) == data_exception_code


def test_tininess_is_that_of_the_precise_value(execute, cpu) -> None:
    """The product is less than the least normal number, to which it is rounded (PoP 9; inferred)."""
    cpu.vr[2], cpu.vr[4] = 0x00BC_EB3F << 32, 0x3F2D_7337 << 32
    execute("b3170012")
    assert cpu.vr[2] == 0x0080_0000 << 32
    assert cpu.registers.fpc == 0x0018_0000


def test_registers_must_be_pairs(execute) -> None:
    assert execute("b34a0024").interruption is ProgramInterruptionCode.SPECIFICATION

# SPDX-License-Identifier: GPL-2.0-or-later
"""LAE, LAEY, LCBB, LOCFHR, LZRF, and ICM with a mask that has gaps."""

from __future__ import annotations

import pytest

from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import AddressSpaceControl, Psw
from tests.emu.isa.conftest import IN_64_BIT_MODE


@IN_64_BIT_MODE
@pytest.mark.parametrize("code", ("51523010", "e35230100075"))
def test_address_and_space(execute, cpu, code) -> None:
    cpu.ar[5] = cpu.ar[1] = 0x1111_1111
    cpu.gr[2], cpu.gr[3] = 0x100, 0x7_0000_0000
    execute(code)
    assert cpu.gr[5] == 0x7_0000_0110
    assert (cpu.ar[5], cpu.ar[1]) == (0, 0x1111_1111)


@pytest.mark.parametrize(("space", "value"), ((AddressSpaceControl.SECONDARY, 1), (AddressSpaceControl.HOME, 2)))
def test_other_spaces(run, cpu, space, value) -> None:
    cpu.load_psw(Psw(cpu.psw.mask | space << 46, cpu.instruction_address))
    run(cpu, "LAE", r1=5, d2=8)
    assert cpu.ar[5] == value


def test_access_register_mode_copies_the_base_register(run, cpu) -> None:
    cpu.load_psw(Psw(cpu.psw.mask | AddressSpaceControl.ACCESS_REGISTER << 46, cpu.instruction_address))
    cpu.ar[3] = 77
    run(cpu, "LAE", r1=5, b2=3)
    assert cpu.ar[5] == 77
    run(cpu, "LAE", r1=5)
    assert cpu.ar[5] == 0


@pytest.mark.parametrize(
    ("address", "m3", "count", "condition_code"),
    (
        (0x2030, 0, 16, 0),
        (0x2039, 0, 7, 3),
        (0x203F, 0, 1, 3),
        (0x203F, 1, 16, 0),
        (0x2FFE, 6, 2, 3),
        (0x2040, 0, 16, 0),
    ),
)
def test_bytes_to_block_boundary(execute, cpu, address, m3, count, condition_code) -> None:
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)
    cpu.gr[1], cpu.gr[3] = 0x7777_7777_8888_8888, address
    assert execute(f"e7103000{m3}027").condition_code == condition_code
    assert cpu.gr[1] == 0x7777_7777_0000_0000 | count


def test_undefined_block(execute) -> None:
    assert execute("e71030007027").interruption is ProgramInterruptionCode.SPECIFICATION


@pytest.mark.parametrize(("mask", "loaded"), ((8, True), (7, False)))
def test_load_high_on_condition(execute, cpu, mask, loaded) -> None:
    cpu.gr[1], cpu.gr[2] = 0x1111_1111_2222_2222, 0x3333_3333_4444_4444
    execute(f"b9e0{mask}012")
    assert cpu.gr[1] == (0x3333_3333_2222_2222 if loaded else 0x1111_1111_2222_2222)


def test_zero_rightmost_byte(execute, cpu) -> None:
    cpu.gr[1], cpu.gr[3] = 0x1111_1111_2222_2222, 0x2000
    execute("e3103000003b", x2000="a1b2c3d4")
    assert cpu.gr[1] == 0x1111_1111_A1B2_C300


# R1, mask, bytes, result in bits 32-63, condition code
ICM_CASES = (
    (0x8000_0000_00FF_FF00, 0b1001, "0000", 0x00FF_FF00, 0),
    (0, 0b1001, "8000", 0x8000_0000, 1),
    (0xFFFF_FFFF_1122_3344, 0b0111, "010203", 0x1101_0203, 2),
    (0, 0b1110, "000001", 0x100, 2),
    (0x1122_3344, 0b0000, "80", 0x1122_3344, 0),
    (0x1122_3344, 0b1010, "ff01", 0xFF22_0144, 1),
)


@pytest.mark.parametrize(("before", "mask", "data", "word", "condition_code"), ICM_CASES)
@pytest.mark.parametrize("code", ("bf1{:x}3000", "eb1{:x}30000081"))
def test_insert_under_mask(execute, cpu, code, before, mask, data, word, condition_code) -> None:
    cpu.gr[1], cpu.gr[3] = before, 0x2000
    assert execute(code.format(mask), x2000=data).condition_code == condition_code
    assert cpu.gr[1] == before >> 32 << 32 | word


def test_insert_under_mask_high(execute, cpu) -> None:
    cpu.gr[1], cpu.gr[3] = 0x1122_3344_8000_0000, 0x2000
    assert execute("eb1d30000080", x2000="010203").condition_code == 2
    assert cpu.gr[1] == 0x0102_3303_8000_0000


def test_insert_under_mask_is_nullified_whole(execute, cpu, address_space) -> None:
    for page in (0, 0x2000, 0x10000):
        address_space.map(page, page)
    address_space.enter(cpu)
    cpu.gr[1] = 0x2FFF
    assert execute("bf1a1000", x2FFF="55").interruption is ProgramInterruptionCode.PAGE_TRANSLATION
    assert cpu.gr[1] == 0x2FFF

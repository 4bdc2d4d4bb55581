# SPDX-License-Identifier: GPL-2.0-or-later
"""CLST, SRST and SRSTU (PoP 7) in the 31-bit addressing mode, as the model has them, and as they are executed."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode
from emu.psw import BASIC_ADDRESSING, Psw

START = 0x10000
HIGH = 0x5A5A_5A5A << 32


@pytest.fixture(params=("CLST", "SRST", "SRSTU"))
def name(request: pytest.FixtureRequest) -> str:
    """Each of the three."""
    found: str = request.param
    return found


def enter(cpu) -> None:
    cpu.load_psw(Psw(BASIC_ADDRESSING, START))


@pytest.mark.parametrize(
    ("first", "second", "condition_code", "offset"),
    (
        ("c1c2c300", "c1c2c300", 0, None),
        ("c1c2c300", "c1c2c400", 1, 2),
        ("c1c2c500", "c1c2c400", 2, 2),
        ("c1c200", "c1c2c4", 1, 2),
        ("c1c2c4", "c1c200", 2, 2),
        ("00", "00", 0, None),
        ("00", "01", 1, 0),
    ),
)
def test_compare(execute, cpu, first: str, second: str, condition_code: int, offset: int | None) -> None:
    enter(cpu)
    cpu.gr[0], cpu.gr[2], cpu.gr[4] = HIGH, HIGH | 0x2000, HIGH | 0x3000
    assert execute("b25d0024", x2000=first, x3000=second).condition_code == condition_code
    at = offset or 0
    assert (cpu.gr[2], cpu.gr[4]) == (HIGH | 0x2000 + at, HIGH | 0x3000 + at)


def test_the_ending_character_is_low_against_any_other(execute, cpu) -> None:
    enter(cpu)
    cpu.gr[0], cpu.gr[2], cpu.gr[4] = 0xFF, 0x2000, 0x3000
    assert execute("b25d0024", x2000="40ff", x3000="4041").condition_code == 1


def test_a_long_comparison_ends_with_condition_code_3(execute, cpu) -> None:
    # CLST 2,4; BRC 1,*-4
    enter(cpu)
    cpu.gr[0], cpu.gr[2], cpu.gr[4] = 0, 0x20000, 0x30000
    data = "c1" * 0x2800
    assert execute("b25d0024 a714fffe", x20000=data + "c200", x30000=data + "c300").condition_code == 1
    assert (cpu.gr[2], cpu.gr[4]) == (0x22800, 0x32800)


@pytest.mark.parametrize(("code", "size"), (("b25e0024", 1), ("b9be0024", 2)))
@pytest.mark.parametrize(("character", "condition_code", "at"), ((0xC4, 1, 3), (0xC9, 2, None)))
def test_search(execute, cpu, code: str, size: int, character: int, condition_code: int, at: int | None) -> None:
    enter(cpu)
    data = "".join(f"{each:0{2 * size}x}" for each in range(0xC1, 0xC7))
    cpu.gr[0], cpu.gr[2], cpu.gr[4] = HIGH | character, HIGH | 0x2000 + 6 * size, HIGH | 0x2000
    assert execute(code, x2000=data).condition_code == condition_code
    assert cpu.gr[2] == HIGH | 0x2000 + (6 if at is None else at) * size
    assert cpu.gr[4] == HIGH | 0x2000


def test_the_model_alone(run, cpu, machine, name: str) -> None:
    enter(cpu)
    size = 2 if name == "SRSTU" else 1
    machine.storage.write(0x2000, bytes(range(0x41, 0x61)))
    machine.storage.write(0x3000, bytes(range(0x41, 0x51)) + bytes(16))
    cpu.gr[0] = 0x51 if size == 1 else 0x4B4C
    cpu.gr[2], cpu.gr[4] = (0x2000, 0x3000) if name == "CLST" else (0x2020, 0x2000)
    run(cpu, name, r1=2, r2=4)
    # The ending character, which is in the first operand, is low.
    found = {"CLST": (1, 0x2010, 0x3010), "SRST": (1, 0x2010, 0x2000), "SRSTU": (1, 0x200A, 0x2000)}[name]
    assert (cpu.cc, cpu.gr[2], cpu.gr[4]) == found


def test_an_end_of_another_parity_is_one_byte_later(run, cpu, machine) -> None:
    enter(cpu)
    machine.storage.write(0x2000, bytes(range(0x41, 0x61)))
    cpu.gr[0], cpu.gr[2], cpu.gr[4] = 0x4344, 0x2003, 0x2000
    run(cpu, "SRSTU", r1=2, r2=4)
    assert (cpu.cc, cpu.gr[2]) == (1, 0x2002)
    cpu.gr[0] = 0x4546
    cpu.gr[2] = 0x2003
    run(cpu, "SRSTU", r1=2, r2=4)
    assert (cpu.cc, cpu.gr[2]) == (2, 0x2003)


def test_bits_before_the_character_must_be_zeros(run, cpu, expect, name: str) -> None:
    enter(cpu)
    cpu.gr[0] = 1 << (16 if name == "SRSTU" else 8)
    with expect(ProgramInterruptionCode.SPECIFICATION):
        run(cpu, name, r1=2, r2=4)


@pytest.mark.parametrize(("name", "opcode"), (("SRST", "b25e"), ("SRSTU", "b9be")))
def test_in_the_24_bit_mode_bits_32_to_39_of_r2_stay_as_they_do_in_the_engine(
    execute, cpu, run, name: str, opcode: str
) -> None:
    found = []
    for is_by_model in (True, False):
        cpu.load_psw(Psw(0, START))
        cpu.gr[0], cpu.gr[2], cpu.gr[4] = 0x7F, HIGH | 0x5A03_0000, HIGH | 0x5A02_0000
        if is_by_model:
            run(cpu, name, r1=2, r2=4)
        else:
            execute(opcode + "0024")
        found.append((cpu.gr[2], cpu.gr[4]))
    assert found == [(HIGH | 0x5A03_0000, HIGH | 0x5A02_2000)] * 2


# The PSW mask, and what bits 32-39 hold before and after.
@pytest.mark.parametrize(
    ("mask", "before", "after"), ((0, 0x5A00_0000, 0x5A00_0000), (BASIC_ADDRESSING, 0x8000_0000, 0)), ids=("24", "31")
)
@pytest.mark.parametrize(("name", "opcode"), (("SRST", "b25e"), ("SRSTU", "b9be")))
@pytest.mark.parametrize("end", (0x2_0010, 0x1_0000))
def test_what_is_no_part_of_an_address_is_the_same_whoever_finds_the_character(
    execute, cpu, run, name: str, opcode: str, end: int, mask: int, before: int, after: int
) -> None:
    """In the 24-bit mode bits 32-39 of R1 stay, in the 31-bit mode bit 32 becomes zero."""
    second = HIGH | 0x2_0000 | after
    # An operand that ends before it begins goes on at address zero.
    for is_by_model in (True, False):
        cpu.load_psw(Psw(mask, START))
        cpu.gr[0], cpu.gr[2], cpu.gr[4] = 0, HIGH | before | end, second
        if is_by_model:
            run(cpu, name, r1=2, r2=4)
            assert cpu.cc == 1
        else:
            assert execute(opcode + "0024").condition_code == 1
        assert (cpu.gr[2], cpu.gr[4]) == (HIGH | after | 0x2_0000, second)

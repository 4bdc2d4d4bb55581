# SPDX-License-Identifier: GPL-2.0-or-later
"""CHECKSUM (PoP 7): R2 must be even, and may be 0; in 24- and 31-bit addressing modes every form is the model's."""

from __future__ import annotations

import pytest

from emu.program_interruption import ProgramInterruptionCode
from emu.psw import BASIC_ADDRESSING, Psw

Code = ProgramInterruptionCode

START = 0x10000
DATA = 0x20000
OUTSIDE = 0x80_0000


@pytest.mark.parametrize("r1", (0, 1, 2))
@pytest.mark.parametrize("r2", (1, 3, 15))
def test_an_odd_second_register_is_a_specification_exception(run, cpu, expect, r1: int, r2: int) -> None:
    with expect(Code.SPECIFICATION):
        run(cpu, "CKSM", r1=r1, r2=r2)


def test_the_specification_exception_has_priority_over_access_exceptions(execute, cpu) -> None:
    cpu.gr[3], cpu.gr[4] = OUTSIDE, 4
    psw = cpu.psw
    outcome = execute("b2410013")
    assert outcome.interruption is Code.SPECIFICATION
    assert outcome.old_psw == Psw(psw.mask, START + 4)
    assert (cpu.gr[1], cpu.gr[3], cpu.gr[4]) == (0, OUTSIDE, 4)


SUMS = pytest.mark.parametrize(
    ("start", "data", "checksum"),
    (
        (0, "", 0),
        (0x1234_5678, "", 0x1234_5678),
        (0, "00000001 00000002", 3),
        (0xFFFF_FFFF, "00000001", 1),  # a carry out of bit 32 is added to bit 63
        (0, "80", 0x8000_0000),  # the last word is padded with zeros on the right
        (0xFFFF_FFFF, "0000000180", 0x8000_0001),
    ),
)


@SUMS
@pytest.mark.parametrize("rubbish", (None, 0x5A5A_5A5A << 32))
def test_the_words_are_added(execute, cpu, start: int, data: str, checksum: int, rubbish: int | None) -> None:
    if rubbish is None:
        rubbish = 0
    else:
        cpu.load_psw(Psw(BASIC_ADDRESSING, START))
    length = len(bytes.fromhex(data))
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = 0xAAAA_AAAA << 32 | start, rubbish | 0x2000, rubbish | length
    assert execute("b2410012", x2000=data).condition_code == 0
    # Bits 0-31 of R1 stay; R2 is behind the operand, and nothing is left of its length.
    assert (cpu.gr[1], cpu.gr[2], cpu.gr[3]) == (0xAAAA_AAAA << 32 | checksum, rubbish | 0x2000 + length, rubbish)


def test_no_more_than_a_cpu_determined_number_of_bytes_is_added(execute, cpu) -> None:
    # CKSM 1,2; BRC 1,*-4
    cpu.load_psw(Psw(BASIC_ADDRESSING, START))
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = 0, 0x20000, 0x5000
    assert execute("b2410012 a714fffe", x20000="00000001" * 0x1400).condition_code == 0
    assert (cpu.gr[1], cpu.gr[2], cpu.gr[3]) == (0x1400, 0x25000, 0)


@SUMS
def test_register_0_has_an_address(execute, cpu, start: int, data: str, checksum: int) -> None:
    length = len(bytes.fromhex(data))
    cpu.gr[5], cpu.gr[0], cpu.gr[1] = 0xAAAA_AAAA << 32 | start, 0x2000, length
    assert execute("b2410050", x2000=data).condition_code == 0
    assert (cpu.gr[5], cpu.gr[0], cpu.gr[1]) == (0xAAAA_AAAA << 32 | checksum, 0x2000 + length, 0)


def test_register_0_has_a_long_operand(execute, cpu) -> None:
    cpu.gr[0], cpu.gr[1] = 0x2000, 5000
    # CKSM 5,0; BRC 1,*-4
    assert execute("b2410050 a714fffe", x2000="01" * 5000).condition_code == 0
    assert (cpu.gr[5], cpu.gr[0], cpu.gr[1]) == (0x0101_0101 * 1250 % 0xFFFF_FFFF, 0x2000 + 5000, 0)


def test_high_halves_stay_in_the_31_bit_mode(execute, cpu) -> None:
    cpu.load_psw(Psw(BASIC_ADDRESSING, START))
    cpu.psw_loaded = False
    cpu.gr[0], cpu.gr[1] = 0xAAAA_AAAA_8000_2000, 0xBBBB_BBBB_0000_0004
    # CKSM 5,0; SAM64, for the END PSW
    execute("b2410050 010e", x2000="01020304")
    assert (cpu.gr[0], cpu.gr[1]) == (0xAAAA_AAAA_0000_2004, 0xBBBB_BBBB_0000_0000)


@pytest.mark.parametrize("r1", (4, 5))
def test_the_checksum_is_what_a_register_of_the_operand_holds_at_last(execute, cpu, r1: int) -> None:
    """The manual does not say what is put in the register last (inferred: whoever executes it does the same)."""
    cpu.gr[4], cpu.gr[5] = DATA, 8
    cpu.configuration.storage.write(DATA, bytes.fromhex("0000000100000002"))
    before = cpu.gr32(r1)
    execute(f"b24100{r1}4")
    assert cpu.gr32(r1) == before + 3
    assert cpu.gr32(9 - r1) == (0 if r1 == 4 else DATA + 8)

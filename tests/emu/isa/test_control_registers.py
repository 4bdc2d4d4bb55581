# SPDX-License-Identifier: GPL-2.0-or-later
"""LCTL, LCTLG, STCTL, STCTG, SPX, STPX, STAP, EPAR, EPAIR, ESAR, ESAIR, ESEA, SSAR and SSAIR (PoP chapters 3, 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import Ending, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, DAT, PROBLEM_STATE, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

OPERAND = 0x3000
BEYOND = 0x400000
ONES = 0xFFFF_FFFF_FFFF_FFFF

LOW_ADDRESS_PROTECTION = 1 << 28
EXTRACTION_AUTHORITY = 1 << 27


def in_mode(cpu: Cpu, mask: int) -> None:
    """Load a PSW with *mask*; the instruction address stays."""
    cpu.load_psw(Psw(ADDRESSING_MODE | mask, cpu.instruction_address))
    cpu.psw_loaded = False


def words(cpu: Cpu, address: int, size: int, count: int) -> list[int]:
    """The *count* integers of *size* bytes at absolute *address*."""
    return [cpu.configuration.storage.read_integer(address + size * index, size) for index in range(count)]


@pytest.mark.parametrize("mnemonic", ("LCTL", "LCTLG", "STCTL", "STCTG", "SPX", "STPX", "STAP"))
def test_problem_state(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    in_mode(cpu, PROBLEM_STATE)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, mnemonic, d2=1)


@pytest.mark.parametrize(
    ("mnemonic", "address"),
    (("LCTL", 2), ("LCTLG", 4), ("STCTL", 2), ("STCTG", 4), ("SPX", 2), ("STPX", 2), ("STAP", 1)),
)
def test_operand_off_its_boundary(cpu: Cpu, run: Run, expect: Expect, mnemonic: str, address: int) -> None:
    with expect(Code.SPECIFICATION):
        run(cpu, mnemonic, d2=address)


@pytest.mark.parametrize("mnemonic", ("LCTL", "LCTLG", "STCTL", "STCTG", "SPX", "STPX", "STAP"))
def test_operand_not_in_storage(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.gr[5] = BEYOND
    with expect(Code.ADDRESSING):
        run(cpu, mnemonic, b2=5)


# LOAD CONTROL, STORE CONTROL


def test_lctl_loads_the_right_halves_and_wraps_around(cpu: Cpu, run: Run) -> None:
    for number in range(16):
        cpu.set_control_register(number, 0x1111_1111_0000_0000 * (number % 8) | number)
    for index, value in enumerate((0xC200_0000, 0xFFFF_FFFF, 0x0000_00E0, 0x8000_0001)):
        cpu.configuration.storage.write_integer(OPERAND + 4 * index, 4, value)
    cpu.gr[5] = OPERAND - 4
    run(cpu, "LCTL", r1=14, r3=1, b2=5, d2=4)
    assert cpu.cr[14] == 0x6666_6666_C200_0000
    assert cpu.cr[15] == 0x7777_7777_FFFF_FFFF
    assert cpu.cr[0] == 0x0000_0000_0000_00E0
    assert cpu.cr[1] == 0x1111_1111_8000_0001
    assert cpu.cr[2] == 0x2222_2222_0000_0002


def test_lctlg_wraps_around(cpu: Cpu, run: Run) -> None:
    values = (0x1234_5678_C200_0000, ONES, 0x0000_0001_0000_00E0, 0x8000_0001)
    for index, value in enumerate(values):
        cpu.configuration.storage.write_integer(OPERAND + 8 * index, 8, value)
    cpu.gr[5] = OPERAND + 8
    before = cpu.cr[2:14]
    run(cpu, "LCTLG", r1=14, r3=1, b2=5, d2=-8)
    assert (cpu.cr[14], cpu.cr[15], cpu.cr[0], cpu.cr[1]) == values
    assert cpu.cr[2:14] == before


@pytest.mark.parametrize(("mnemonic", "size"), (("LCTL", 4), ("LCTLG", 8)))
def test_a_single_register_needs_a_single_operand(cpu: Cpu, run: Run, mnemonic: str, size: int) -> None:
    cpu.configuration.storage.write_integer(BEYOND - size, size, 0x77)
    cpu.gr[5] = BEYOND - size
    run(cpu, mnemonic, r1=6, r3=6, b2=5)
    assert cpu.cr[6] == 0x77


@pytest.mark.parametrize(("mnemonic", "size"), (("LCTL", 4), ("LCTLG", 8)))
def test_nothing_is_loaded_if_a_part_of_the_operand_cannot_be_fetched(
    cpu: Cpu, run: Run, expect: Expect, mnemonic: str, size: int
) -> None:
    cpu.configuration.storage.write_integer(BEYOND - size, size, 0x77)
    cpu.gr[5] = BEYOND - size
    before = list(cpu.cr)
    with expect(Code.ADDRESSING):
        run(cpu, mnemonic, r1=6, r3=7, b2=5)
    assert list(cpu.cr) == before


@pytest.mark.parametrize(("mnemonic", "size"), (("STCTL", 4), ("STCTG", 8)))
def test_store_control_wraps_around(cpu: Cpu, run: Run, mnemonic: str, size: int) -> None:
    for number in (14, 15, 0, 1):
        cpu.set_control_register(number, 0xA000_0000_B000_0000 | number)
    cpu.gr[5] = OPERAND
    run(cpu, mnemonic, r1=14, r3=1, b2=5)
    high = 0 if size == 4 else 0xA000_0000_0000_0000
    assert words(cpu, OPERAND, size, 5) == [high | 0xB000_0000 | number for number in (14, 15, 0, 1)] + [0]


@pytest.mark.parametrize(("mnemonic", "size"), (("STCTL", 4), ("STCTG", 8)))
def test_nothing_is_stored_if_a_part_of_the_operand_cannot_be(
    cpu: Cpu, run: Run, expect: Expect, mnemonic: str, size: int
) -> None:
    cpu.gr[5] = BEYOND - size
    with expect(Code.ADDRESSING):
        run(cpu, mnemonic, r1=14, r3=15, b2=5)
    assert cpu.configuration.storage.read_integer(BEYOND - size, size) == 0


# SET PREFIX, STORE PREFIX, STORE CPU ADDRESS


def test_spx_takes_bits_1_to_18(cpu: Cpu, run: Run) -> None:
    cpu.configuration.storage.write_integer(OPERAND, 4, 0x8000_7FFF)
    cpu.gr[5] = OPERAND
    run(cpu, "SPX", b2=5)
    assert cpu.prefix == 0x6000
    cpu.configuration.storage.write(0x6000, b"prefixed")
    assert cpu.configuration.storage.read(cpu.real_to_absolute(0), 8) == b"prefixed"


def test_spx_drops_translations(cpu: Cpu, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes: list[None] = []
    monkeypatch.setattr(cpu.tlb, "flush", lambda: flushes.append(None))
    cpu.configuration.storage.write_integer(OPERAND, 4, 0x6000)
    cpu.gr[5] = OPERAND
    run(cpu, "SPX", b2=5)
    assert flushes


@pytest.mark.parametrize("prefix", (BEYOND, 0x7FFF_E000))
def test_spx_outside_storage(cpu: Cpu, run: Run, expect: Expect, prefix: int) -> None:
    cpu.configuration.storage.write_integer(OPERAND, 4, prefix)
    cpu.gr[5] = OPERAND
    with expect(Code.ADDRESSING):
        run(cpu, "SPX", b2=5)
    assert cpu.prefix == 0


def test_spx_at_the_end_of_storage(cpu: Cpu, run: Run) -> None:
    cpu.configuration.storage.write_integer(OPERAND, 4, BEYOND - 0x2000)
    cpu.gr[5] = OPERAND
    run(cpu, "SPX", b2=5)
    assert cpu.prefix == BEYOND - 0x2000


def test_stpx(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(0x6000)
    cpu.configuration.storage.write_integer(OPERAND, 8, ONES)
    cpu.gr[5] = OPERAND
    run(cpu, "STPX", b2=5)
    assert cpu.configuration.storage.read_integer(OPERAND, 8) == 0x0000_6000_FFFF_FFFF


def test_stap(run: Run) -> None:
    machine = Machine(MEGABYTE, cpus=3)
    cpu = machine.cpus[2]
    in_mode(cpu, 0)
    machine.storage.write_integer(OPERAND, 4, 0xFFFF_FFFF)
    cpu.gr[5] = OPERAND
    run(cpu, "STAP", b2=5)
    assert machine.storage.read_integer(OPERAND, 4) == 0x0002_FFFF


@pytest.mark.parametrize("mnemonic", ("STCTL", "STCTG", "STPX", "STAP"))
def test_low_address_protection(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    cpu.set_control_register(0, LOW_ADDRESS_PROTECTION)
    with expect(Code.PROTECTION):
        run(cpu, mnemonic, d2=0x100)


# EXTRACT PRIMARY ASN, EXTRACT SECONDARY ASN, and their forms with the instance number

EXTRACTIONS = ("EPAR", "EPAIR", "ESAR", "ESAIR")


@pytest.mark.parametrize(
    ("mnemonic", "expected"),
    (
        ("EPAR", 0xFFFF_FFFF_0000_1234),
        ("EPAIR", 0xAAAA_0004_0000_1234),
        ("ESAR", 0xFFFF_FFFF_0000_5678),
        ("ESAIR", 0xAAAA_0003_0000_5678),
    ),
)
@pytest.mark.parametrize(("mask", "authority"), ((DAT, 0), (DAT | PROBLEM_STATE, EXTRACTION_AUTHORITY)))
def test_extraction(cpu: Cpu, run: Run, mnemonic: str, expected: int, mask: int, authority: int) -> None:
    cpu.set_control_register(0, authority)
    cpu.set_control_register(4, 0xAAAA_0004_BBBB_1234)
    cpu.set_control_register(3, 0xAAAA_0003_BBBB_5678)
    in_mode(cpu, mask)
    cpu.gr[9] = ONES
    run(cpu, mnemonic, r1=9)
    assert cpu.gr[9] == expected


@pytest.mark.parametrize("mnemonic", EXTRACTIONS)
def test_extraction_without_authority(cpu: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    in_mode(cpu, DAT | PROBLEM_STATE)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, mnemonic, r1=9)


# PoP 10, figures "Priority of Execution": DAT off comes before the authority.
@pytest.mark.parametrize("mnemonic", EXTRACTIONS)
@pytest.mark.parametrize("state", (0, PROBLEM_STATE))
def test_extraction_with_dat_off(cpu: Cpu, run: Run, expect: Expect, mnemonic: str, state: int) -> None:
    in_mode(cpu, state)
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, mnemonic, r1=9)


# EXTRACT AND SET EXTENDED AUTHORITY


def test_esea(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.set_control_register(8, 0x1111_2222_3333_4444)
    cpu.gr[5] = 0x5555_6666_7777_8888
    run(cpu, "ESEA", r1=5)
    assert (cpu.cr[8], cpu.gr[5]) == (0x1111_2222_8888_4444, 0x5555_6666_3333_8888)
    in_mode(cpu, PROBLEM_STATE)
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "ESEA", r1=5)


# SET SECONDARY ASN, SET SECONDARY ASN WITH INSTANCE

PRIMARY_ASN = 0x0001
ASN = 0x1234
"""First-table index 0x048, second-table index 0x34."""
INSTANCE = 0x0BAD_CAFE
FIRST_TABLE = 0x20000
SECOND_TABLE = 0x30000
AUTHORITY_TABLE = 0x31000
FIRST_ENTRY = FIRST_TABLE + 4 * 0x048
SECOND_ENTRY = SECOND_TABLE + 64 * 0x34
AUTHORISATION_INDEX = 0x0016
"""Byte 5 of the authority table, and there bits 4 (primary) and 5 (secondary)."""
PRIMARY_ASCE = 0x0123_4003
SECONDARY_ASCE = 0x0567_8003
TRANSLATION_CONTROL = 1 << 19
ASN_REUSE = 1 << 19
"""In CR0."""
CONTROLLED, REUSABLE = 2, 1
"""In the second word of an ASN-second-table entry."""
BOTH = pytest.mark.parametrize("mnemonic", ("SSAR", "SSAIR"))


@pytest.fixture
def spaces(cpu: Cpu) -> Cpu:
    """The CPU with DAT on, and tables in storage by which it is authorised to make ASN its secondary."""
    storage = cpu.configuration.storage
    # Bits that are no part of an origin are ones.
    storage.write_integer(FIRST_ENTRY, 4, SECOND_TABLE | 0x3F)
    storage.write_integer(SECOND_ENTRY, 4, AUTHORITY_TABLE)
    # AX of the other space; authority-table length 1: entries of indexes 0 to 0x1F.
    storage.write_integer(SECOND_ENTRY + 4, 4, 0xFFFF_0010)
    storage.write_integer(SECOND_ENTRY + 8, 8, SECONDARY_ASCE)
    storage.write_integer(SECOND_ENTRY + 44, 4, INSTANCE)
    storage.write_integer(AUTHORITY_TABLE + 5, 1, 0x04)
    cpu.set_control_register(1, PRIMARY_ASCE)
    cpu.set_control_register(3, 0x1111_1111_FFFF_2222)
    cpu.set_control_register(4, 0x7777_7777 << 32 | AUTHORISATION_INDEX << 16 | PRIMARY_ASN)
    cpu.set_control_register(14, 0xC200_0000 | TRANSLATION_CONTROL | FIRST_TABLE >> 12)
    in_mode(cpu, DAT | PROBLEM_STATE)
    cpu.gr[9] = INSTANCE << 32 | 0xEEEE << 16 | ASN
    return cpu


def test_ssar(spaces: Cpu, run: Run) -> None:
    run(spaces, "SSAR", r1=9)
    assert spaces.cr[7] == SECONDARY_ASCE
    assert spaces.cr[3] == 0x1111_1111_FFFF_1234


def test_ssair(spaces: Cpu, run: Run) -> None:
    run(spaces, "SSAIR", r1=9)
    assert spaces.cr[7] == SECONDARY_ASCE
    assert spaces.cr[3] == INSTANCE << 32 | 0xFFFF_1234


def test_the_tables_are_real(spaces: Cpu, run: Run) -> None:
    prefix = 0x380000
    second_table, authority_table = 0x400, 0x1800
    second_entry = second_table + 64 * 0x34
    storage = spaces.configuration.storage
    storage.write_integer(prefix + 4 * 0x048, 4, second_table)
    storage.write(prefix + second_entry, storage.read(SECOND_ENTRY, 64))
    storage.write_integer(prefix + second_entry, 4, authority_table)
    storage.write_integer(prefix + authority_table + 5, 1, 0x04)
    spaces.set_prefix(prefix)
    spaces.set_control_register(14, TRANSLATION_CONTROL)
    run(spaces, "SSAR", r1=9)
    assert spaces.cr[7] == SECONDARY_ASCE


@BOTH
def test_the_current_primary_needs_no_tables(spaces: Cpu, run: Run, mnemonic: str) -> None:
    # The first table would lie outside storage.
    spaces.set_control_register(14, TRANSLATION_CONTROL | 0x7_FFFF)
    # Bits 0-31 are no instance number then, not even to SSAIR.
    spaces.gr[9] = 0x7777_7776 << 32 | PRIMARY_ASN
    run(spaces, mnemonic, r1=9)
    assert spaces.cr[7] == PRIMARY_ASCE
    instance = 0x1111_1111 if mnemonic == "SSAR" else 0x7777_7777
    assert spaces.cr[3] == instance << 32 | 0xFFFF_0000 | PRIMARY_ASN


@pytest.mark.parametrize(("asn", "instance"), ((ASN, INSTANCE), (PRIMARY_ASN, 0x7777_7777)))
def test_ssar_loads_the_instance_if_asns_are_reused(spaces: Cpu, run: Run, asn: int, instance: int) -> None:
    spaces.set_control_register(0, ASN_REUSE)
    spaces.gr[9] = asn
    run(spaces, "SSAR", r1=9)
    assert spaces.cr[3] == instance << 32 | 0xFFFF_0000 | asn


@BOTH
def test_dat_off(spaces: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    in_mode(spaces, 0)
    with expect(Code.SPECIAL_OPERATION):
        run(spaces, mnemonic, r1=9)


# PoP 10, figure "Priority of Execution: SET SECONDARY ASN": with and without space switching.
@BOTH
@pytest.mark.parametrize("asn", (ASN, PRIMARY_ASN))
def test_no_asn_translation(spaces: Cpu, run: Run, expect: Expect, mnemonic: str, asn: int) -> None:
    spaces.set_control_register(14, spaces.cr[14] & ~TRANSLATION_CONTROL)
    spaces.gr[9] = INSTANCE << 32 | asn
    with expect(Code.SPECIAL_OPERATION):
        run(spaces, mnemonic, r1=9)
    assert unchanged(spaces)


def unchanged(cpu: Cpu) -> bool:
    """Whether the secondary space is as it was."""
    return cpu.cr[7] == 0 and cpu.cr[3] == 0x1111_1111_FFFF_2222


@BOTH
@pytest.mark.parametrize(
    ("address", "length", "value", "code"),
    (
        (FIRST_ENTRY, 4, 0x8000_0000 | SECOND_TABLE, Code.AFX_TRANSLATION),
        (SECOND_ENTRY, 4, 0x8000_0000 | AUTHORITY_TABLE, Code.ASX_TRANSLATION),
        # Only the primary bit, only the neighbours' bits, a table too short by one.
        (AUTHORITY_TABLE + 5, 1, 0x08, Code.SECONDARY_AUTHORITY),
        (AUTHORITY_TABLE + 5, 1, 0xFB, Code.SECONDARY_AUTHORITY),
        (SECOND_ENTRY + 4, 4, 0xFFFF_0000, Code.SECONDARY_AUTHORITY),
    ),
)
def test_asn_translation_exceptions(
    spaces: Cpu, run: Run, expect: Expect, mnemonic: str, address: int, length: int, value: int, code: Code
) -> None:
    spaces.configuration.storage.write_integer(address, length, value)
    with expect(code) as condition:
        run(spaces, mnemonic, r1=9)
    assert condition.value.ending is Ending.NULLIFICATION
    assert condition.value.translation_exception == ASN
    assert unchanged(spaces)


def test_instance_that_is_not_the_entrys(spaces: Cpu, run: Run, expect: Expect) -> None:
    spaces.gr[9] = (INSTANCE ^ 1) << 32 | ASN
    with expect(Code.ASTE_INSTANCE) as condition:
        run(spaces, "SSAIR", r1=9)
    assert condition.value.code == 0x2F
    # Bit 3: in the translation of a secondary ASN.  No ASN is stored.
    assert condition.value.exception_access == 0x10
    assert condition.value.translation_exception is None
    assert unchanged(spaces)


@pytest.mark.parametrize(
    ("mnemonic", "limits", "reuse", "state"),
    (("SSAIR", CONTROLLED, 0, PROBLEM_STATE), ("SSAR", REUSABLE, ASN_REUSE, PROBLEM_STATE), ("SSAR", 1, ASN_REUSE, 0)),
)
def test_an_asn_that_must_not_be_named_so(
    spaces: Cpu, run: Run, expect: Expect, mnemonic: str, limits: int, reuse: int, state: int
) -> None:
    spaces.configuration.storage.write_integer(SECOND_ENTRY + 4, 4, 0xFFFF_0010 | limits)
    spaces.set_control_register(0, reuse)
    in_mode(spaces, DAT | state)
    # The instance is wrong as well, which comes later.
    spaces.gr[9] = (INSTANCE ^ 1) << 32 | ASN
    with expect(Code.SPECIAL_OPERATION):
        run(spaces, mnemonic, r1=9)
    assert unchanged(spaces)


@pytest.mark.parametrize(
    ("mnemonic", "limits", "reuse", "state"),
    (
        ("SSAIR", CONTROLLED, ASN_REUSE, 0),
        ("SSAIR", REUSABLE, ASN_REUSE, PROBLEM_STATE),
        ("SSAR", CONTROLLED, ASN_REUSE, PROBLEM_STATE),
        ("SSAR", REUSABLE, 0, PROBLEM_STATE),
    ),
)
def test_an_asn_that_may_be_named_so(spaces: Cpu, run: Run, mnemonic: str, limits: int, reuse: int, state: int) -> None:
    spaces.configuration.storage.write_integer(SECOND_ENTRY + 4, 4, 0xFFFF_0010 | limits)
    spaces.set_control_register(0, reuse)
    in_mode(spaces, DAT | state)
    run(spaces, mnemonic, r1=9)
    assert spaces.cr[7] == SECONDARY_ASCE


@BOTH
@pytest.mark.parametrize(
    ("address", "value"),
    ((FIRST_ENTRY, BEYOND), (SECOND_ENTRY, BEYOND)),
    ids=("second table", "authority table"),
)
def test_table_outside_storage(spaces: Cpu, run: Run, expect: Expect, mnemonic: str, address: int, value: int) -> None:
    spaces.configuration.storage.write_integer(address, 4, value)
    with expect(Code.ADDRESSING) as condition:
        run(spaces, mnemonic, r1=9)
    assert condition.value.ending is Ending.SUPPRESSION
    assert unchanged(spaces)


@BOTH
def test_first_table_outside_storage(spaces: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    spaces.set_control_register(14, TRANSLATION_CONTROL | 0x7_FFFF)
    with expect(Code.ADDRESSING):
        run(spaces, mnemonic, r1=9)


# Their trace entries: PoP 4, "Trace Entries"

TRACE_TABLE = 0x5000
ASN_TRACE = 2
"""In CR12."""


@pytest.mark.parametrize(("mnemonic", "entry"), (("SSAR", "1000"), ("SSAIR", "1001")))
@pytest.mark.parametrize("asn", (ASN, PRIMARY_ASN))
def test_the_new_asn_is_traced(spaces: Cpu, run: Run, mnemonic: str, entry: str, asn: int) -> None:
    spaces.set_control_register(12, TRACE_TABLE | ASN_TRACE)
    spaces.gr[9] = INSTANCE << 32 | asn
    run(spaces, mnemonic, r1=9)
    assert spaces.configuration.storage.read(TRACE_TABLE, 8).hex() == f"{entry}{asn:04x}00000000"
    assert spaces.cr[12] == TRACE_TABLE + 4 | ASN_TRACE
    assert spaces.cr[3] & 0xFFFF == asn


@BOTH
@pytest.mark.parametrize("control", (0, 1, 1 << 63))
def test_without_the_asn_trace_control_nothing_is_traced(spaces: Cpu, run: Run, mnemonic: str, control: int) -> None:
    spaces.set_control_register(12, TRACE_TABLE | control)
    run(spaces, mnemonic, r1=9)
    assert spaces.cr[12] == TRACE_TABLE | control


# PoP 10, figure "Priority of Execution": the trace exceptions come before those of ASN translation.
@BOTH
@pytest.mark.parametrize(
    ("table", "code"),
    ((0x100, Code.PROTECTION), (BEYOND, Code.ADDRESSING), (TRACE_TABLE + 0xFFC, Code.TRACE_TABLE)),
)
def test_trace_exceptions(spaces: Cpu, run: Run, expect: Expect, mnemonic: str, table: int, code: Code) -> None:
    spaces.set_control_register(0, LOW_ADDRESS_PROTECTION)
    spaces.set_control_register(12, table | ASN_TRACE)
    spaces.configuration.storage.write_integer(FIRST_ENTRY, 4, 0x8000_0000)
    with expect(code):
        run(spaces, mnemonic, r1=9)
    assert unchanged(spaces)
    assert spaces.cr[12] == table | ASN_TRACE


@BOTH
def test_what_does_not_complete_is_not_traced(spaces: Cpu, run: Run, expect: Expect, mnemonic: str) -> None:
    spaces.set_control_register(12, TRACE_TABLE | ASN_TRACE)
    spaces.configuration.storage.write_integer(FIRST_ENTRY, 4, 0x8000_0000)
    with expect(Code.AFX_TRANSLATION):
        run(spaces, mnemonic, r1=9)
    assert spaces.cr[12] == TRACE_TABLE | ASN_TRACE
    assert spaces.configuration.storage.read_integer(TRACE_TABLE, 4) == 0


def test_an_entry_may_end_just_before_the_last_word_of_its_block(spaces: Cpu, run: Run) -> None:
    spaces.set_control_register(12, TRACE_TABLE + 0xFF8 | ASN_TRACE)
    run(spaces, "SSAR", r1=9)
    assert spaces.cr[12] == TRACE_TABLE + 0xFFC | ASN_TRACE

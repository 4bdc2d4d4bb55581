# SPDX-License-Identifier: GPL-2.0-or-later
"""Every facility of a machine has instructions that work: at least one of each, on the whole machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from emu.control_registers import CR0_AFP, CR0_EDAT, CR0_VECTOR
from emu.cpu import Cpu
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.machine import Machine
from emu.psw import DAT, Psw

WITHOUT_INSTRUCTIONS = {
    Facility.ACCESS_EXCEPTION_FETCH_STORE,  # two bits of the TEID
    Facility.INSTRUCTION_EXECUTION_PROTECTION,  # a bit of the page table
    Facility.ENHANCED_SUPPRESSION_ON_PROTECTION_2,  # bits of the TEID
    Facility.Z_ARCHITECTURAL_MODE_ONLY,  # no other mode is there
}

LOOP = bytes.fromhex("a7f40000")
"""A branch to itself, which nothing here executes."""
REAL_SPACE = 0x20
FIRST, SECOND, THIRD = 0x2000, 0x3000, 0x4000


@dataclass
class Bench:
    """A machine that executes single pieces of code, with GR2, GR3 and GR4 as bases of operands."""

    machine: Machine
    cpu: Cpu

    def execute(self, code: str) -> int:
        """Execute *code*, which must end without a program interruption; give the condition code."""
        data = bytes.fromhex(code)
        self.machine.storage.write(self.cpu.instruction_address, data + LOOP)
        end = self.cpu.instruction_address + len(data)
        while self.cpu.instruction_address != end:
            self.machine.run(1)
            assert not self.machine.counts.program_interruptions
        return self.cpu.cc

    def store(self, address: int, data: str) -> None:
        self.machine.storage.write(address, bytes.fromhex(data))

    def fetch(self, address: int, length: int) -> str:
        return self.machine.storage.read(address, length).hex()


Check = Callable[[Bench], None]
CHECKS: dict[Facility, Check] = {}


def of(*facilities: Facility) -> Callable[[Check], Check]:
    """Register a check for *facilities*."""

    def register(check: Check) -> Check:
        for facility in facilities:
            CHECKS[facility] = check
        return check

    return register


@pytest.fixture
def bench(machine: Machine, cpu: Cpu) -> Bench:
    """AFP registers and vectors are on; GR2, GR3 and GR4 designate operands."""
    cpu.set_control_register(0, cpu.cr[0] | CR0_AFP | CR0_VECTOR)
    cpu.gr[2], cpu.gr[3], cpu.gr[4] = FIRST, SECOND, THIRD
    return Bench(machine, cpu)


@of(Facility.N3)
def load_reversed(bench: Bench) -> None:
    bench.cpu.gr[5] = 0x0102_0304
    bench.execute("b91f0015")
    assert bench.cpu.gr[1] == 0x0403_0201


@of(Facility.ZARCH_INSTALLED, Facility.ZARCH_ACTIVE)
def add_doublewords(bench: Bench) -> None:
    bench.cpu.gr[1] = 1 << 40
    assert bench.execute("b9080012") == 2
    assert bench.cpu.gr[1] == (1 << 40) + FIRST


@of(Facility.DAT_ENHANCEMENT_1)
def invalidate_dat_table_entry(bench: Bench) -> None:
    bench.cpu.gr[1], bench.cpu.gr[5] = 0x20_0000, 0x80_0000
    bench.store(0x20_0000 + 8 * 8, "0000000000001000")
    bench.execute("b98e0015")
    assert bench.fetch(0x20_0000 + 8 * 8, 8) == "0000000000001020"


@of(Facility.ASN_AND_LX_REUSE)
def extract_primary_asn_and_instance(bench: Bench) -> None:
    bench.cpu.set_control_register(1, REAL_SPACE)
    bench.cpu.set_control_register(4, 0x1234_5678_0000_ABCD)
    bench.cpu.load_psw(Psw(bench.cpu.psw.mask | DAT, bench.cpu.instruction_address))
    bench.execute("b99a0010")
    assert bench.cpu.gr[1] == 0x1234_5678_0000_ABCD


@of(Facility.HFP_MULTIPLY_AND_ADD)
def multiply_and_add(bench: Bench) -> None:
    bench.cpu.vr[2], bench.cpu.vr[4], bench.cpu.vr[6] = (0x4110_0000 << 32, 0x4120_0000 << 32, 0x4130_0000 << 32)
    bench.execute("b32e1023")
    assert bench.cpu.vr[2] >> 32 == 0x4170_0000


@of(Facility.HFP_UNNORMALIZED_EXTENSION)
def multiply_unnormalized(bench: Bench) -> None:
    bench.cpu.vr[4], bench.cpu.vr[6] = 0x4E00_0000_0000_0007, 0x4E00_0000_0000_0003
    bench.execute("b3391023")
    assert bench.cpu.vr[2] == 0x4E00_0000_0000_0015


@of(Facility.FLOATING_POINT_EXTENSION)
def convert_to_logical(bench: Bench) -> None:
    bench.cpu.vr[4] = 0x41EF_FFFF_FFE0_0000
    assert bench.execute("b39d5012") == 2
    assert bench.cpu.gr32(1) == 0xFFFF_FFFF


@of(Facility.STFLE)
def store_facility_list(bench: Bench) -> None:
    bench.execute("b2b02000")
    assert bench.fetch(FIRST, 1)[0] == "f"


@of(Facility.EDAT_1)
def translate_large_frame(bench: Bench) -> None:
    cpu = bench.cpu
    bench.store(0x20_0000 + 8, f"{0x10_0400:016x}")
    cpu.set_control_register(0, cpu.cr[0] | CR0_EDAT)
    cpu.set_control_register(1, 0x20_0003)
    cpu.gr[5] = 0x10_0123
    assert bench.execute("e31050000003") == 0
    assert cpu.gr[1] == 0x10_0123


@of(Facility.SENSE_RUNNING_STATUS)
def sense_running(bench: Bench) -> None:
    assert bench.execute("ae100015") == 0


@of(Facility.CONDITIONAL_SSKE)
def set_key_if_it_differs(bench: Bench) -> None:
    bench.cpu.gr[5] = 0x30
    bench.execute("b22b2052")
    bench.cpu.gr[5] = 0x50
    # Reference and change are not compared (MR and MC), but the access key differs: cc 1 and the old key in R1.
    assert bench.execute("b22b6052") == 1
    assert bench.cpu.gr[5] == 0x3050


@of(Facility.CONFIGURATION_TOPOLOGY)
def perform_topology_function(bench: Bench) -> None:
    bench.cpu.gr[1] = 2
    assert bench.execute("b9a20010") == 0


@of(Facility.IPTE_RANGE, Facility.LOCAL_TLB_CLEARING)
def invalidate_page_table_entries(bench: Bench) -> None:
    bench.cpu.gr[1], bench.cpu.gr[5], bench.cpu.gr[6] = 0x20_0000, 0, 1
    bench.execute("b2216115")
    assert bench.fetch(0x20_0000, 24) == "0000000000000400" * 2 + "00" * 8


@of(Facility.NONQUIESCING_KEY_SETTING)
def set_key_without_quiescing(bench: Bench) -> None:
    bench.cpu.gr[5] = 0x70
    bench.execute("b22b8052")
    bench.execute("b2290012")
    assert bench.cpu.gr[1] == 0x70


@of(Facility.EXTENDED_TRANSLATION_2)
def check_decimal(bench: Bench) -> None:
    bench.store(FIRST, "123a")
    assert bench.execute("eb10200000c0") == 0
    bench.store(FIRST, "1a31")
    assert bench.execute("eb10200000c0") == 3


@of(Facility.LONG_DISPLACEMENT, Facility.LONG_DISPLACEMENT_FAST)
def load_address(bench: Bench) -> None:
    bench.execute("e3102fffff71")
    assert bench.cpu.gr[1] == FIRST - 1


@of(Facility.EXTENDED_IMMEDIATE)
def load_immediate(bench: Bench) -> None:
    bench.execute("c01180000000")
    assert bench.cpu.gr[1] == 0xFFFF_FFFF_8000_0000


@of(Facility.EXTENDED_TRANSLATION_3)
def translate_and_test_reverse(bench: Bench) -> None:
    bench.store(FIRST, "000102")
    bench.store(SECOND, "0007")
    assert bench.execute("d00220023000") == 1
    assert (bench.cpu.gr[1], bench.cpu.gr[2] & 0xFF) == (FIRST + 1, 7)


@of(Facility.ETF2_ENHANCEMENT)
def translate_one_to_one(bench: Bench) -> None:
    cpu = bench.cpu
    bench.store(THIRD, "00112233")
    bench.store(SECOND, "010203")
    cpu.gr[1], cpu.gr[6], cpu.gr[7], cpu.gr[0] = THIRD, FIRST, 3, 0x22
    # M3 bit 3: the test character in GR0 does not stop the translation.
    assert bench.execute("b9931063") == 0
    assert bench.fetch(FIRST, 3) == "112233"


@of(Facility.STORE_CLOCK_FAST)
def store_clock_fast(bench: Bench) -> None:
    assert bench.execute("b27c2000") == 0
    assert bench.fetch(FIRST, 8) != "00" * 8


@of(Facility.PARSING_ENHANCEMENT)
def translate_and_test_extended(bench: Bench) -> None:
    cpu = bench.cpu
    bench.store(FIRST, "010203")
    bench.store(SECOND, "00000009")
    cpu.gr[1], cpu.gr[6], cpu.gr[7] = SECOND, FIRST, 3
    assert bench.execute("b9bf0065") == 1
    assert (cpu.gr[6], cpu.gr[7], cpu.gr[5]) == (FIRST + 2, 1, 9)


@of(Facility.MVCOS)
def move_with_optional_specifications(bench: Bench) -> None:
    cpu = bench.cpu
    segment_table, page_table = 0x20_0000, 0x20_8000
    bench.machine.storage.write(segment_table, page_table.to_bytes(8, "big"))
    for page in range(256):
        bench.machine.storage.write_integer(page_table + 8 * page, 8, page << 12)
    for register in (1, 7, 13):
        cpu.set_control_register(register, segment_table)
    cpu.load_psw(Psw(cpu.psw.mask | DAT, cpu.instruction_address))
    bench.store(SECOND, "a1b2c3")
    cpu.gr[5] = 3
    assert bench.execute("c85020003000") == 0
    assert bench.fetch(FIRST, 3) == "a1b2c3"


@of(Facility.TOD_CLOCK_STEERING)
def perform_timing_facility_function(bench: Bench) -> None:
    bench.cpu.gr[1] = FIRST
    assert bench.execute("0104") == 0
    assert bench.fetch(FIRST, 1)[0] in "89abcdef"


@of(Facility.ETF3_ENHANCEMENT)
def convert_with_well_formedness_checking(bench: Bench) -> None:
    cpu = bench.cpu
    bench.store(SECOND, "c3a9")
    cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7] = FIRST, 4, SECOND, 2
    assert bench.execute("b2a71046") == 0
    assert bench.fetch(FIRST, 2) == "00e9"


@of(Facility.EXTRACT_CPU_TIME)
def extract_cpu_time(bench: Bench) -> None:
    bench.store(SECOND, "0000000000000007")
    bench.store(THIRD, "0123456789abcdef")
    bench.execute("c84120003000")
    assert (bench.cpu.gr[4], bench.cpu.gr[1]) == (0x0123_4567_89AB_CDEF, 7)


@of(Facility.COMPARE_AND_SWAP_AND_STORE, Facility.COMPARE_AND_SWAP_AND_STORE_2)
def compare_and_swap_and_store(bench: Bench) -> None:
    cpu = bench.cpu
    cpu.gr[0], cpu.gr[1] = 4 << 8 | 2, THIRD
    bench.store(THIRD, "11" * 16 + "22" * 16)
    assert bench.execute("c86220003000") == 0
    assert (bench.fetch(FIRST, 16), bench.fetch(SECOND, 16)) == ("11" * 16, "22" * 16)


@of(Facility.GENERAL_INSTRUCTIONS_EXTENSION)
def rotate_then_insert(bench: Bench) -> None:
    bench.cpu.gr[5] = 0xFF
    assert bench.execute("ec1530b70855") == 2
    assert bench.cpu.gr[1] == 0xFF00


@of(Facility.EXECUTE_EXTENSION)
def execute_relative_long(bench: Bench) -> None:
    bench.store(0x1_0100, "b9040013")
    bench.execute("c60000000080")
    assert bench.cpu.gr[1] == SECOND


@of(Facility.LOAD_PROGRAM_PARAMETER)
def load_program_parameter(bench: Bench) -> None:
    bench.store(FIRST, "0123456789abcdef")
    bench.execute("b2802000")
    assert bench.cpu.program_parameter == 0x0123_4567_89AB_CDEF


@of(Facility.FLOATING_POINT_SUPPORT_ENHANCEMENT)
def move_between_registers(bench: Bench) -> None:
    bench.execute("b3c10012")
    bench.execute("b3730031")
    bench.execute("b3cd0053")
    assert bench.cpu.gr[5] == 1 << 63 | FIRST


@of(Facility.DISTINCT_OPERANDS)
def six_facilities_in_one(bench: Bench) -> None:
    cpu = bench.cpu
    bench.execute("b9e83012")
    assert cpu.gr[1] == FIRST + SECOND
    bench.execute("b9e10016")  # population count
    assert cpu.gr[1] == 0
    bench.execute("07e0")  # fast BCR serialization
    bench.execute("cc1800000007")  # ADD IMMEDIATE HIGH
    assert cpu.gr[1] == 7 << 32
    assert bench.execute("b9f28013") in (0, 2)  # load on condition
    bench.store(FIRST, "00000005")
    cpu.gr[5] = 3
    bench.execute("eb15200000f8")
    assert (cpu.gr[1] & 0xFFFF_FFFF, bench.fetch(FIRST, 4)) == (5, "00000008")


@of(Facility.MISCELLANEOUS_INSTRUCTIONS_1)
def rotate_without_condition_code(bench: Bench) -> None:
    cpu = bench.cpu
    cpu.gr[5] = 0xFF
    assert bench.execute("ec1530b70859") == 0
    assert cpu.gr[1] == 0xFF00
    bench.store(FIRST, "80000001")
    bench.execute("e3102000009f")  # LOAD AND TRAP, which does not trap
    assert cpu.gr[1] == 0x8000_0001
    bench.execute("b2e81010")  # PERFORM PROCESSOR ASSIST
    bench.execute("c71020000000")  # BRANCH PREDICTION PRELOAD


@of(Facility.INTERLOCKED_ACCESS_2)
def and_in_storage(bench: Bench) -> None:
    bench.store(FIRST, "ff")
    assert bench.execute("940f2000") == 1
    assert bench.fetch(FIRST, 1) == "0f"


@of(Facility.LOAD_STORE_ON_CONDITION_2)
def load_halfword_immediate_on_condition(bench: Bench) -> None:
    cpu = bench.cpu
    bench.execute("ec18fffb0046")
    assert cpu.gr[1] == (1 << 64) - 5
    bench.store(FIRST, "a1b2c3d4")
    bench.execute("e3102000003b")  # LOAD AND ZERO RIGHTMOST BYTE
    assert cpu.gr[1] & 0xFFFF_FFFF == 0xA1B2_C300


@of(Facility.RESET_REFERENCE_BITS_MULTIPLE)
def reset_reference_bits(bench: Bench) -> None:
    bench.machine.keys.bytes[0x40] = 0x04
    bench.cpu.gr[5] = 0x4_0000
    bench.execute("b9ae0015")
    assert bench.cpu.gr[1] >> 63 == 1
    assert bench.machine.keys.bytes[0x40] == 0


@of(Facility.VECTOR)
def add_vectors(bench: Bench) -> None:
    bench.store(FIRST, "00000001ffffffff0000000200000003")
    bench.execute("e71020000006")
    bench.execute("e721100020f3")
    assert (bench.cpu.vr[4], bench.cpu.vr[5]) == (0x0000_0002_FFFF_FFFE, 0x0000_0004_0000_0006)


@of(Facility.ESSA_NO_TRANSLATE)
def set_stable_without_dat(bench: Bench) -> None:
    bench.cpu.gr[5] = 0x5_0000
    bench.execute("b9ab7015")
    bench.execute("b9ab0015")
    assert bench.cpu.gr[1] & 0x20


@pytest.mark.parametrize("facility", sorted(DEFAULT_FACILITIES - WITHOUT_INSTRUCTIONS), ids=lambda f: Facility(f).name)
def test_instruction_works(bench: Bench, facility: Facility) -> None:
    CHECKS[facility](bench)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions that fetch and store an operand, where the store is refused: nothing of the page has been seen."""

from __future__ import annotations

import pytest

from emu import control_registers as control
from emu import lowcore
from emu.cpu import CpuState
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Content, Usage
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, WAIT, Psw
from emu.storage_keys import CHANGE, FETCH_PROTECTION, REFERENCE
from tests.emu.conftest import AddressSpace
from tests.support.every_instruction import EveryInstruction

CODE, TARGET, TABLES = 0x10000, 0x10800, 0x20000
OPERAND = 0x30000
KEY_8 = 8 << 52

# Each updates the operand at the address in register 1; those of characters have the other one at that in register 2.
UPDATES = {
    "TS": "93001000", "NI": "94551000", "OI": "96a01000", "XI": "97a01000", "NIY": "eb5510000054",
    "OIY": "eba010000056", "XIY": "eba010000057", "ASI": "eb051000006a", "ALSI": "eb051000006e",
    "AGSI": "eb051000007a", "ALGSI": "eb051000007e", "CS": "ba341000", "CSY": "eb3410000014", "CSG": "eb3410000030",
    "CDS": "bb461000", "CDSY": "eb4610000031", "CDSG": "eb461000003e", "LAN": "eb34100000f4", "LANG": "eb34100000e4",
    "LAO": "eb34100000f6", "LAOG": "eb34100000e6", "LAX": "eb34100000f7", "LAXG": "eb34100000e7",
    "LAA": "eb34100000f8", "LAAG": "eb34100000e8", "LAAL": "eb34100000fa", "LAALG": "eb34100000ea",
    "NC": "d40310002000", "OC": "d60310002000", "XC": "d70310002000", "MVN": "d10310002000", "MVZ": "d30310002000",
    "MVO": "f13310002000", "TR": "dc0310002000", "AP": "fa3310002000", "ED": "de0310002000",
    "EX of OI": "44005800", "EXRL of OI": "c60000000400", "EX of NC": "440f5810",
    "OI below its base": "eba0c00fff56",
}  # fmt: skip
WAYS = pytest.mark.parametrize("is_stepped", (False, True), ids=("free", "stepped"))
EACH = pytest.mark.parametrize("name", UPDATES)


def machine_with(name: str, address: int, *, mask: int = ADDRESSING_MODE, cr0: int = 0) -> Machine:
    """A machine that is to execute the instruction with the operand at *address*, and waits after an interruption."""
    machine = Machine(4 * MEGABYTE)
    cpu = machine.cpus[0]
    machine.load_storage(lowcore.PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE | WAIT, 0x998).to_bytes())
    machine.load_storage(CODE, bytes.fromhex(UPDATES[name]))
    machine.load_storage(TARGET, bytes.fromhex("96a01000"))
    machine.load_storage(TARGET + 0x10, bytes.fromhex("d40010002000"))
    machine.load_storage(TABLES, bytes(256))
    for page in (CODE, TABLES):
        machine.keys.bytes[page >> 12] = 8 << 4
    cpu.gr[1], cpu.gr[2], cpu.gr[5], cpu.gr[12] = address, TABLES, CODE, address + 0xFF1
    cpu.set_control_register(0, cpu.cr[0] | cr0)
    cpu.load_psw(Psw(mask, CODE))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING
    return machine


def interruption(machine: Machine, *, is_stepped: bool) -> tuple[int, int]:
    """Run it to its program interruption; give the code and the translation-exception identification."""
    if is_stepped:
        machine.observers.append(EveryInstruction())
    assert machine.run(100).kind is StopKind.DISABLED_WAIT
    read = machine.storage.read_integer
    return read(lowcore.PROGRAM_ILC + 2, 2), read(lowcore.TRANSLATION_EXCEPTION, 8)


@WAYS
@EACH
def test_a_page_that_a_key_protects_has_not_been_referred_to(name: str, is_stepped: bool) -> None:
    machine = machine_with(name, OPERAND + 0x20, mask=ADDRESSING_MODE | KEY_8)
    code, identification = interruption(machine, is_stepped=is_stepped)
    assert code == ProgramInterruptionCode.PROTECTION
    # Store indication, key-controlled protection.
    assert identification == OPERAND | 0x408
    assert machine.keys.bytes[OPERAND >> 12] & (REFERENCE | CHANGE) == 0
    assert machine.states.bytes[OPERAND >> 12] == Content.ZERO


@WAYS
@EACH
def test_protection_comes_before_the_discard_fault(name: str, is_stepped: bool) -> None:
    machine = machine_with(name, OPERAND + 0x20, mask=ADDRESSING_MODE | KEY_8)
    machine.hypervisor.drop(OPERAND >> 12)
    machine.states.bytes[OPERAND >> 12] = Usage.VOLATILE | Content.ZERO
    assert interruption(machine, is_stepped=is_stepped)[0] == ProgramInterruptionCode.PROTECTION


@WAYS
@EACH
def test_low_address_protection_comes_before_translation(name: str, is_stepped: bool) -> None:
    machine = machine_with(name, 0x1010, cr0=control.CR0_LOW_ADDRESS_PROTECTION)
    space = AddressSpace(machine)
    for page in (CODE, TABLES):
        space.map(page, page)
    space.enter(machine.cpus[0])
    code, identification = interruption(machine, is_stepped=is_stepped)
    assert code == ProgramInterruptionCode.PROTECTION
    # Store indication, low-address protection.
    assert identification == 0x1480


@WAYS
@EACH
def test_a_low_page_has_not_been_referred_to(name: str, is_stepped: bool) -> None:
    machine = machine_with(name, 0x1010, cr0=control.CR0_LOW_ADDRESS_PROTECTION)
    assert interruption(machine, is_stepped=is_stepped) == (ProgramInterruptionCode.PROTECTION, 0x1480)
    assert machine.keys.bytes[1] & (REFERENCE | CHANGE) == 0


@WAYS
@pytest.mark.parametrize("name", ("AGSI", "ALGSI", "ASI", "NC", "XC", "MVN", "MVO", "TR", "AP"))
def test_the_second_page_of_an_operand_has_not_been_referred_to(name: str, is_stepped: bool) -> None:
    machine = machine_with(name, OPERAND - 2, mask=ADDRESSING_MODE | KEY_8)
    machine.keys.bytes[OPERAND - 1 >> 12] = 8 << 4
    code, identification = interruption(machine, is_stepped=is_stepped)
    assert (code, identification) == (ProgramInterruptionCode.PROTECTION, OPERAND | 0x408)
    assert machine.keys.bytes[OPERAND >> 12] & (REFERENCE | CHANGE) == 0


BEFORE = {"": "", "the first known": "95001000", "the second known": "95001002", "both known": "9500100095001002"}
"""CLI with a byte in a page, before the instruction: the page is known to Unicorn then, and not asked for again."""
KNOWN = pytest.mark.parametrize("known", BEFORE)
IN_TWO_PAGES = pytest.mark.parametrize(
    "name", ("AGSI", "ALGSI", "ASI", "NC", "OC", "XC", "MVN", "MVZ", "MVO", "TR", "AP")
)


def with_pages_known(machine: Machine, known: str) -> Machine:
    machine.load_storage(CODE, bytes.fromhex(BEFORE[known]) + machine.storage.read(CODE, 6))
    return machine


@WAYS
@KNOWN
@IN_TWO_PAGES
def test_the_first_page_is_changed_if_the_second_one_refuses(name: str, is_stepped: bool, known: str) -> None:
    """Inferred: the parts of an operand are tried out in their order; what comes of it does not depend on before."""
    machine = with_pages_known(machine_with(name, OPERAND - 2, mask=ADDRESSING_MODE | KEY_8), known)
    machine.keys.bytes[OPERAND - 1 >> 12] = 8 << 4
    assert interruption(machine, is_stepped=is_stepped) == (ProgramInterruptionCode.PROTECTION, OPERAND | 0x408)
    assert machine.keys.bytes[OPERAND - 1 >> 12] & (REFERENCE | CHANGE) == REFERENCE | CHANGE
    assert machine.keys.bytes[OPERAND >> 12] & CHANGE == 0


@WAYS
@pytest.mark.parametrize("known", ("", "the first known"))
@IN_TWO_PAGES
def test_the_first_page_refuses_before_the_second_one(name: str, is_stepped: bool, known: str) -> None:
    """The key forbids to store into the first page, and to fetch from the second one."""
    machine = with_pages_known(machine_with(name, OPERAND - 2, mask=ADDRESSING_MODE | KEY_8), known)
    machine.keys.bytes[OPERAND >> 12] = FETCH_PROTECTION
    code, identification = interruption(machine, is_stepped=is_stepped)
    assert (code, identification) == (ProgramInterruptionCode.PROTECTION, OPERAND - 0x1000 | 0x408)
    assert machine.keys.bytes[OPERAND >> 12] & (REFERENCE | CHANGE) == 0


@WAYS
def test_the_other_operand_may_be_fetched_from_a_page_that_may_not_be_stored_into(is_stepped: bool) -> None:
    machine = machine_with("NC", OPERAND, mask=ADDRESSING_MODE | KEY_8)
    machine.keys.bytes[TABLES >> 12] = 0
    machine.keys.bytes[OPERAND >> 12] = 8 << 4
    # What lies behind the instruction is none.
    assert interruption(machine, is_stepped=is_stepped)[0] == ProgramInterruptionCode.OPERATION


@WAYS
def test_off_its_boundary_an_operand_has_not_been_referred_to(is_stepped: bool) -> None:
    machine = machine_with("CS", OPERAND + 2)
    assert interruption(machine, is_stepped=is_stepped)[0] == ProgramInterruptionCode.SPECIFICATION
    assert machine.keys.bytes[OPERAND >> 12] & (REFERENCE | CHANGE) == 0

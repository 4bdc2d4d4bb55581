# SPDX-License-Identifier: GPL-2.0-or-later
"""Low-address protection and fetch-protection override (PoP 3, "Protection") for every way of accessing storage.

Both hold of parts of a page.  Whatever the engine does with an operand, no byte of a protected part may be stored, and
none fetched that only the key keeps from being fetched; and the instruction is suppressed as a whole.
"""

from __future__ import annotations

from typing import Any

import pytest

from emu import control_registers as control
from emu import lowcore
from emu.access import resolve
from emu.addresses import LOW_PAGES_END
from emu.cpu import Cpu
from emu.engine.blocks_of_low_storage import BLOCK_SHIFT, BLOCKS
from emu.machine import Machine, StopKind
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, KEY, WAIT, Psw
from emu.teid import Access
from tests.support.every_instruction import EveryInstruction

START = 0x10000
OTHER = 0x20000
WAIT_ADDRESS = 0x999
PATTERN = bytes(range(0x41, 0x81))
TEID_LOW_ADDRESS = 0x400 | 0x80
TEID_KEY_FETCH = 0x800 | 0x08


@pytest.fixture(params=("free", "stepped"))
def started(request: pytest.FixtureRequest, machine: Machine, cpu: Cpu) -> Machine:
    """A machine with low-address protection that stops at any program interruption, running freely or by steps."""
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, WAIT_ADDRESS).to_bytes())
    machine.storage.write(OTHER, PATTERN)
    if request.param == "stepped":
        machine.observers.append(EveryInstruction())
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_LOW_ADDRESS_PROTECTION | control.CR0_AFP | control.CR0_VECTOR)
    return machine


def execute(machine: Machine, code: str, mask: int = ADDRESSING_MODE) -> int:
    """Execute *code*, behind which lie zeros, which are no instruction; give the program-interruption code."""
    machine.storage.write(START, bytes.fromhex(code))
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(mask, START))
    cpu.psw_loaded = False
    stop = machine.run(1000)
    assert (stop.kind, stop.psw.address) == (StopKind.DISABLED_WAIT, WAIT_ADDRESS)
    return machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2)


# Each stores at the address in register 1 or 2, from 0 to 15 bytes before that in register 4 on.
STORES = {
    "MVI": "92001000",
    "NI": "94001000",
    "OI": "96001000",
    "XI": "97011000",
    "ST": "50001000",
    "STG": "e30010000024",
    "STH": "40001000",
    "STC": "42001000",
    "STCM": "be071000",
    "STM": "908b1000",
    "STMG": "eb8b10000024",
    "STPQ": "e3801000008e",
    "STD": "60001000",
    "STE": "70001000",
    "VST": "e7001000000e",
    "MVHI": "e54c10000000",
    "MVGHI": "e54810000000",
    "ASI": "eb011000006a",
    "LAA": "eb06100000f8",
    "CS": "ba061000",
    "CSG": "eb0610000030",
    "TS": "93001000",
    "STAM": "9b031000",
    "STCK": "b2051000",
    "MVC of 1": "d20010004000",
    "MVC": "d20710004000",
    "MVC of 40": "d22710004000",
    "NC": "d40710004000",
    "OC": "d60710004000",
    "XC": "d70710004000",
    "XC with itself": "d70710001000",
    "XC of 256": "d7ff10001000",
    "MVN": "d10710004000",
    "MVZ": "d30710004000",
    "MVO": "f17310004000",
    "MVCIN": "e80710004007",
    "PACK": "f27310004000",
    "UNPK": "f37310004000",
    "PKA": "e90f10004000",
    "TR": "dc0710004000",
    "CVD": "4e001000",
    "MVCL": "0e24",
    "MVCLE": "a8240000",
    "MVCLU": "eb240000008e",
    "MVST": "b2550024",
    "TRE": "b2a50024",
    "CU21": "b2a60024",
    "EX of MVC": "44007000",
    "MVCK": "d90610004008",
}


def ready(machine: Machine, address: int) -> None:
    """Have the instruction store at *address*."""
    cpu = machine.cpus[0]
    cpu.gr[0], cpu.gr[1], cpu.gr[2], cpu.gr[3] = PATTERN[9], address, address, 8
    cpu.gr[4], cpu.gr[5], cpu.gr[6], cpu.gr[7], cpu.gr[8] = OTHER, 8, 8, OTHER + 0x100, 0
    machine.storage.write(OTHER + 0x100, bytes.fromhex("d20710004000"))


@pytest.mark.parametrize("address", (0x10, 0x1F0, 0x1000, 0x11F0))
@pytest.mark.parametrize("name", STORES)
def test_a_store_to_a_protected_location(started: Machine, name: str, address: int) -> None:
    ready(started, address)
    if name == "CS":
        started.cpus[0].gr[0] = started.storage.read_integer(address, 4)
    before = started.storage.read(0, 0x88), started.storage.read(0x1C0, 0x2000 - 0x1C0)
    registers = list(started.cpus[0].gr)
    assert execute(started, STORES[name]) == ProgramInterruptionCode.PROTECTION
    assert started.storage.read_integer(lowcore.TRANSLATION_EXCEPTION, 8) == address & -4096 | TEID_LOW_ADDRESS
    assert started.storage.read_integer(lowcore.PROGRAM_OLD_PSW + 8, 8) == START + len(STORES[name]) // 2
    assert (started.storage.read(0, 0x88), started.storage.read(0x1C0, 0x2000 - 0x1C0)) == before
    assert list(started.cpus[0].gr) == registers
    assert started.executed == 0


@pytest.mark.parametrize("address", (0x200, 0xF00, 0x1200))
@pytest.mark.parametrize("name", STORES)
def test_a_store_beside_a_protected_location(started: Machine, name: str, address: int) -> None:
    ready(started, address)
    # It is what it is elsewhere.
    assert execute(started, STORES[name]) == ProgramInterruptionCode.OPERATION
    found = started.storage.read(address, 256), list(started.cpus[0].gr[5:])
    ready(started, 0x30000)
    assert execute(started, STORES[name]) == ProgramInterruptionCode.OPERATION
    if name != "STCK":
        assert found == (started.storage.read(0x30000, 256), list(started.cpus[0].gr[5:]))


@pytest.mark.parametrize("name", ("MVC", "MVC of 40", "STM", "STMG", "STG", "XC", "MVCIN", "UNPK", "VST", "MVCL"))
def test_a_store_that_reaches_a_protected_location(started: Machine, name: str) -> None:
    ready(started, 0xFFD)
    assert execute(started, STORES[name]) == ProgramInterruptionCode.PROTECTION
    assert started.storage.read_integer(lowcore.TRANSLATION_EXCEPTION, 8) == 0x1000 | TEID_LOW_ADDRESS
    assert started.storage.read(0xFF0, 0x100) == bytes(0x100)


@pytest.mark.parametrize("name", ("MVC", "MVC of 40", "STM", "STMG", "STG", "MVCIN", "UNPK"))
def test_a_store_that_goes_on_at_location_zero(name: str) -> None:
    machine = Machine(2048 << 20)
    cpu = machine.cpus[0]
    started_at = 0x7FFF_FFFD
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, WAIT_ADDRESS).to_bytes())
    machine.storage.write(OTHER, PATTERN)
    cpu.set_control_register(0, cpu.cr[0] | control.CR0_LOW_ADDRESS_PROTECTION)
    cpu.state = type(cpu.state).OPERATING
    ready(machine, started_at)
    assert execute(machine, STORES[name], BASIC_ADDRESSING) == ProgramInterruptionCode.PROTECTION
    assert machine.storage.read(started_at - 13, 16) == bytes(16)
    assert machine.storage.read(0, 0x80) == bytes(0x80)


def test_what_an_interruptible_instruction_has_done_before_location_zero_stays() -> None:
    for is_stepped in (False, True):
        machine = Machine(2048 << 20)
        cpu = machine.cpus[0]
        machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | WAIT, WAIT_ADDRESS).to_bytes())
        machine.storage.write(OTHER, PATTERN)
        cpu.set_control_register(0, cpu.cr[0] | control.CR0_LOW_ADDRESS_PROTECTION)
        cpu.state = type(cpu.state).OPERATING
        if is_stepped:
            machine.observers.append(EveryInstruction())
        ready(machine, 0x7FFF_FFFD)
        assert execute(machine, STORES["MVCL"], BASIC_ADDRESSING) == ProgramInterruptionCode.PROTECTION
        assert machine.storage.read(0x7FFF_FFF0, 16) == bytes(13) + PATTERN[:3]
        assert [cpu.gr[number] for number in (2, 3, 4, 5)] == [0, 5, OTHER + 3, 5]


# Each fetches eight bytes or more at the address in register 1 or 4.
FETCHES = {
    "LG": "e30010000004",
    "LMG": "eb0010000004",
    "LM": "98891000",
    "LPQ": "e3801000008f",
    "LRVG": "e3801000000f",
    "LD": "68001000",
    "VL": "e70010000006",
    "MVC": "d20720001000",
    "MVC of 40": "d22720001000",
    "XC": "d70720001000",
    "OC": "d60720001000",
    "CLC": "d50710001000",
    "CLC of 16": "d50f10001000",
    "MVCIN": "e80720001007",
    "PACK": "f27720001000",
    "MVCL": "0e24",
    "MVCLE": "a8240000",
    "CLCL": "0f24",
    "MVST": "b2550024",
    "CKSM": "b2410084",
    "TRT": "dd0710005000",
    "CG": "e30010000020",
    "AG": "e38010000008",
}


@pytest.mark.parametrize(("address", "is_permitted"), ((0x7F0, True), (0x7FC, False), (0x800, False)))
@pytest.mark.parametrize("name", FETCHES)
def test_a_fetch_by_fetch_protection_override(
    started: Machine, cpu: Cpu, name: str, address: int, is_permitted: bool
) -> None:
    started.configuration.keys.bytes[0] = 0x18
    for page in (START, OTHER, 0x30000):
        started.configuration.keys.bytes[page >> 12] = 0x20
    cpu.set_control_register(0, control.CR0_FETCH_OVERRIDE | control.CR0_AFP | control.CR0_VECTOR)
    started.storage.write(0x7E0, bytes((7,)) * 0x80)
    if name == "LPQ" and address == 0x7FC:
        address = 0x800
    cpu.gr[0], cpu.gr[1], cpu.gr[2], cpu.gr[3] = 0, address, 0x30000, 8
    cpu.gr[4], cpu.gr[5] = address, 8
    if name == "MVST":
        started.storage.write(address + 7, b"\0")
    if name == "CLCL":
        started.storage.write(0x30000, bytes((7,)) * 8)
    if name == "TRT":
        cpu.gr[5] = 0x30000
    if is_permitted and name in ("CLC of 16", "MVC of 40", "VL"):
        cpu.gr[1] = cpu.gr[4] = address - 0x20
    mask = ADDRESSING_MODE | 2 << 52
    assert mask & KEY
    found = execute(started, FETCHES[name], mask)
    if is_permitted:
        assert found == ProgramInterruptionCode.OPERATION
    else:
        assert found == ProgramInterruptionCode.PROTECTION
        assert started.storage.read_integer(lowcore.TRANSLATION_EXCEPTION, 8) == TEID_KEY_FETCH
        assert started.storage.read(0x30000, 64) == bytes((7,)) * 8 * (name == "CLCL") + bytes(
            64 - 8 * (name == "CLCL")
        )


@pytest.mark.parametrize(
    ("address", "code"), ((0x7FC, "a7380001a7380002"), (0x7FE, "a7380001"), (0x7FA, "c03900000001"))
)
def test_an_instruction_by_fetch_protection_override(started: Machine, cpu: Cpu, address: int, code: str) -> None:
    # The first is fetched whole, and what is behind it is not; of the others a part may not be fetched.
    started.configuration.keys.bytes[0] = 0x18
    cpu.set_control_register(0, control.CR0_FETCH_OVERRIDE)
    started.storage.write(address, bytes.fromhex(code))
    cpu.load_psw(Psw(ADDRESSING_MODE | 2 << 52, address))
    cpu.psw_loaded = False
    stop = started.run(1000)
    assert stop.psw.address == WAIT_ADDRESS
    assert started.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == ProgramInterruptionCode.PROTECTION
    whole = address + len(code) // 2 <= 0x804 and address != 0x7FE
    assert cpu.gr[3] == (1 if whole else 0)
    assert resolve(cpu, 0x7FF, Access.FETCH) == 0x7FF


def test_low_storage_is_where_the_mode_of_translation_says(started: Machine, cpu: Cpu, address_space: Any) -> None:
    # STG 3,X'300'; STOSM X'301',X'04', which turns DAT on; STG 4,X'300'; STG 4,X'10', which is protected.
    for page in (START, 0x1000):
        address_space.map(page, page)
    address_space.map(0, 0x30000)
    cpu.set_control_register(1, address_space.asce)
    cpu.gr[3], cpu.gr[4] = 3, 4
    # The program new PSW is at real locations.
    code = "e33003000024 ad040310 e34003000024 e34000100024"
    assert execute(started, code) == ProgramInterruptionCode.PROTECTION
    assert started.storage.read_integer(0x300, 8) == 3
    assert started.storage.read_integer(0x30300, 8) == 4
    assert started.storage.read_integer(0x30010, 8) == 0


def test_a_part_that_was_permitted_before_is_as_it_was_when_the_next_refuses(started: Machine, cpu: Cpu) -> None:
    # STG 3,X'FF0'; STG 3,X'FFC', of which the second half is protected.
    cpu.gr[3] = (1 << 64) - 1
    assert execute(started, "e3300ff00024 e3300ffc0024") == ProgramInterruptionCode.PROTECTION
    assert started.storage.read(0xFF0, 16) == bytes.fromhex("ff" * 8 + "00" * 8)


def test_code_in_low_storage_that_is_stored_into(started: Machine, cpu: Cpu) -> None:
    # STG 3,X'F00'; LHI 5,1 at X'F00' by BAS 14; STG 4,X'F00', which makes it LHI 5,2; BAS 14.
    cpu.gr[3], cpu.gr[4] = (int.from_bytes(bytes.fromhex(f"a758000{n}07fe0000"), "big") for n in (1, 2))
    execute(started, "e3300f000024 4de00f00 1865 e3400f000024 4de00f00")
    assert (cpu.gr[6] & 0xFFFF, cpu.gr[5] & 0xFFFF) == (1, 2)


def test_the_blocks_are_those_of_the_pages_with_finer_rules() -> None:
    assert BLOCKS << BLOCK_SHIFT == LOW_PAGES_END

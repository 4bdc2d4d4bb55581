# SPDX-License-Identifier: GPL-2.0-or-later
"""Remembered fills: good in the context they were made in and in no other, and gone when the TLB must forget them.

Each program runs freely, so that what Unicorn asks for is answered from memory where it can be.
"""

from __future__ import annotations

from collections import Counter

import pytest

from emu import psw as psw_bits
from emu.cpu import Cpu
from emu.dat import PAGE_INVALID
from emu.engine.answers import FreeAnswers
from emu.engine.library import FillAccess
from emu.engine.tlb import Answer
from emu.isa.assembler import encode
from emu.isa.translation import CLEARING_BY_ASCE, PURGE_TLB
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, Psw
from tests.emu.conftest import AddressSpace
from tests.support.general import lg, stg

CODE, CONTROLS = 0x10000, 0x12000
"""Mapped one to one in every space."""
VIRTUAL = 0x40000
FRAME_A, FRAME_B = 0x50000, 0x60000
WAIT_ADDRESS = 0x999
INTERRUPTION_CODE = 0x8E
PAGE_TRANSLATION, PROTECTION = 0x11, 0x04
DATA_REGISTER, CONTROLS_REGISTER = 10, 12
INSERT_STORAGE_KEY_BIT = 0x200


def load(register: int) -> bytes:
    return lg(register, 0, DATA_REGISTER)


def enter(space: int) -> bytes:
    """LCTLG 1,1 with the ASCE of that space."""
    return encode("LCTLG", r1=1, r3=1, b2=CONTROLS_REGISTER, d2=8 * space)


@pytest.fixture
def spaces(machine: Machine) -> list[AddressSpace]:
    """Two address spaces in which the program is at the same place, and the same page is another one."""
    found = [AddressSpace(machine), AddressSpace(machine, 0x300000)]
    for space, frame in zip(found, (FRAME_A, FRAME_B), strict=True):
        for address in (CODE, CONTROLS):
            space.map(address, address)
        space.map(VIRTUAL, frame)
    machine.storage.write_integer(FRAME_A, 8, 0xA)
    machine.storage.write_integer(FRAME_B, 8, 0xB)
    return found


@pytest.fixture
def asked(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[int, int]]:
    """How often Python was asked for a page, by its virtual address and the kind of access.

    It must be asked for whatever is not remembered.
    """
    machine.cpus[0].tlb._state.fields.asks_host = 1  # type: ignore[attr-defined]
    counted: Counter[tuple[int, int]] = Counter()
    answer = FreeAnswers._answer

    def count(answers: FreeAnswers, address: int, kind: int) -> Answer | None:
        counted[address & -4096, kind] += 1
        return answer(answers, address, kind)

    monkeypatch.setattr(FreeAnswers, "_answer", count)
    return counted


def run(machine: Machine, spaces: list[AddressSpace], code: bytes, *, key: int = 0) -> Cpu:
    """Run *code*, behind which an operation exception ends it, in the first of *spaces*."""
    cpu = machine.cpus[0]
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())
    machine.storage.write(CODE, code + bytes(2))
    machine.storage.write(CONTROLS, b"".join(space.asce.to_bytes(8, "big") for space in spaces))
    cpu.set_control_register(1, spaces[0].asce)
    cpu.gr[CONTROLS_REGISTER], cpu.gr[DATA_REGISTER] = CONTROLS, VIRTUAL
    cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.DAT | key << 52, CODE))
    cpu.psw_loaded = False
    assert machine.run(100_000).kind is StopKind.DISABLED_WAIT
    return cpu


def interruption_code(machine: Machine) -> int:
    return machine.storage.read_integer(INTERRUPTION_CODE, 2)


def test_each_space_keeps_its_own(
    machine: Machine, spaces: list[AddressSpace], asked: Counter[tuple[int, int]]
) -> None:
    code = load(1) + enter(1) + load(2) + enter(0) + load(3) + enter(1) + load(4)
    cpu = run(machine, spaces, code)
    assert [cpu.gr[number] for number in (1, 2, 3, 4)] == [0xA, 0xB, 0xA, 0xB]
    assert asked[VIRTUAL, FillAccess.READ] == 2


def test_code_at_the_same_address_in_two_spaces_is_not_confused(machine: Machine, spaces: list[AddressSpace]) -> None:
    # BASR 14,10 in each space; there: LGHI 1,n; AGHI 2,1 once or twice; BR 14
    call = bytes.fromhex("0dea")
    machine.storage.write(FRAME_A, bytes.fromhex("a7190001 a72b0001 07fe"))
    machine.storage.write(FRAME_B, bytes.fromhex("a7190002 a72b0001 a72b0001 07fe"))
    code = (call + enter(1) + call + enter(0)) * 3
    cpu = run(machine, spaces, code)
    assert (cpu.gr[1], cpu.gr[2]) == (2, 9)
    assert machine.executed == 3 * (1 + 3 + 1 + 1 + 4 + 1)


def test_a_change_of_space_stays_in_the_free_run(
    machine: Machine, spaces: list[AddressSpace], compiled: Counter[str]
) -> None:
    # At another place in the table of contexts than the first.
    spaces[1] = AddressSpace(machine, 0x311000)
    for address, frame in ((CODE, CODE), (CONTROLS, CONTROLS), (VIRTUAL, FRAME_B)):
        spaces[1].map(address, frame)
    code = (load(1) + enter(1) + load(2) + enter(0)) * 10
    cpu = run(machine, spaces, code)
    assert (cpu.gr[1], cpu.gr[2]) == (0xA, 0xB)
    assert compiled["LCTLG"] >= 16


@pytest.mark.parametrize("clearing", ("IPTE", "PTLB", "CSPG", "IDTE", "SPX"))
def test_a_cleared_entry_is_not_used(
    machine: Machine, spaces: list[AddressSpace], compiled: Counter[str], clearing: str
) -> None:
    cpu = machine.cpus[0]
    entry = spaces[0].map(VIRTUAL, FRAME_A)
    cpu.gr[5], cpu.gr[6], cpu.gr[7] = entry & -2048, VIRTUAL, entry
    cpu.gr[8], cpu.gr[9], cpu.gr[4] = PAGE_INVALID, CLEARING_BY_ASCE, entry | PURGE_TLB
    machine.storage.write_integer(CONTROLS + 0x20, 4, 0)
    spaces[0].map(entry, entry & -4096)
    clear = {
        "IPTE": encode("IPTE", r1=5, r2=6),
        "PTLB": stg(8, 0, 7) + encode("PTLB"),
        # LG 14, LG 15; OILL 15,0400 makes the entry invalid.
        "CSPG": lg(14, 0, 7) + lg(15, 0, 7) + bytes.fromhex("a5fb0400") + encode("CSPG", r1=14, r2=4),
        "IDTE": stg(8, 0, 7) + encode("IDTE", r1=9, r2=9, r3=9),
        "SPX": stg(8, 0, 7) + encode("SPX", b2=CONTROLS_REGISTER, d2=0x20),
    }[clearing]
    run(machine, spaces, load(1) + clear + load(2))
    assert (cpu.gr[1], cpu.gr[2]) == (0xA, 0)
    assert interruption_code(machine) == PAGE_TRANSLATION
    assert compiled[clearing] == (clearing != "SPX")


def test_a_new_storage_key_is_looked_at(machine: Machine, spaces: list[AddressSpace]) -> None:
    cpu = machine.cpus[0]
    cpu.gr[5], cpu.gr[6] = 0x38, FRAME_A  # key 3 with fetch protection
    cpu.set_control_register(3, 0xFFFF << 16)
    # SPKA 16(0) sets access key 1; key 0, for SSKE, is not one that it would matter for.
    spka = encode("SPKA", d2=0x10)
    run(machine, spaces, spka + load(1) + encode("SPKA", d2=0) + encode("SSKE", r1=5, r2=6) + spka + load(2))
    assert (cpu.gr[1], cpu.gr[2]) == (0xA, 0)
    assert interruption_code(machine) == PROTECTION


def test_another_access_key_is_another_context(
    machine: Machine, spaces: list[AddressSpace], asked: Counter[tuple[int, int]]
) -> None:
    cpu = machine.cpus[0]
    machine.keys.bytes[FRAME_A >> 12] = 0x38
    run(machine, spaces, load(1) + encode("SPKA", d2=0x10) + load(2))
    assert (cpu.gr[1], cpu.gr[2]) == (0xA, 0)
    assert interruption_code(machine) == PROTECTION
    assert asked[VIRTUAL, FillAccess.READ] == 2


@pytest.mark.parametrize("mnemonic", ("RRBE", "SSKE"))
def test_a_reference_bit_that_was_reset_is_set_again(
    machine: Machine, spaces: list[AddressSpace], mnemonic: str
) -> None:
    cpu = machine.cpus[0]
    cpu.gr[5], cpu.gr[6] = 0, FRAME_A
    run(machine, spaces, load(1) + encode(mnemonic, r1=5, r2=6) + load(2))
    assert machine.keys.bytes[FRAME_A >> 12] == 0x04


def test_a_page_that_was_written_and_becomes_code_is_watched(
    machine: Machine, spaces: list[AddressSpace], asked: Counter[tuple[int, int]]
) -> None:
    cpu = machine.cpus[0]
    cpu.gr[5] = int.from_bytes(bytes.fromhex("a719000107fe0000"), "big")  # LGHI 1,1; BR 14
    cpu.gr[6] = int.from_bytes(bytes.fromhex("a719000207fe0000"), "big")
    call = bytes.fromhex("0dea")
    store = (stg(5, 0, DATA_REGISTER), stg(6, 0, DATA_REGISTER))
    # LGR 3,1 and LGR 4,1
    code = store[0] + enter(1) + enter(0) + call + bytes.fromhex("b9040031") + store[1] + call
    code += bytes.fromhex("b9040041") + store[0] + call
    run(machine, spaces, code)
    assert (cpu.gr[3], cpu.gr[4], cpu.gr[1]) == (1, 2, 1)
    assert asked[VIRTUAL, FillAccess.WRITE] >= 2


def test_many_pages_are_remembered_beyond_what_unicorn_holds(machine: Machine, asked: Counter[tuple[int, int]]) -> None:
    space = AddressSpace(machine)
    for page in range(700):
        space.map(VIRTUAL + 4096 * page, FRAME_A)
    for address in (CODE, CONTROLS):
        space.map(address, address)
    machine.storage.write_integer(FRAME_A, 8, 1)
    # LGHI 5,20; again: LGR 6,10; LGHI 7,700; next: AG 2,0(6); AGHI 6,4096 (as LA); BRCTG 7,next; BRCTG 5,again
    code = bytes.fromhex("a7590014 b904006a a77902bc e32060000008 e36060000171 a777fffa a757fff4")
    cpu = run(machine, [space], code)
    assert cpu.gr[2] == 20 * 700
    assert sum(count for (_, kind), count in asked.items() if kind == FillAccess.READ) < 2 * 700


def test_code_at_the_address_by_which_unicorn_drops_code(machine: Machine, spaces: list[AddressSpace]) -> None:
    """It is remembered where that lies; what is dropped must be another page."""
    probe, called = 0x7FFF_F000, 0x70000
    for space in spaces:
        space.map(probe, 0x72000)
        space.map(called, called)
    machine.storage.write(0x72000, bytes.fromhex("07fe"))
    machine.storage.write(called, bytes.fromhex("a7590001 07fe"))
    cpu = machine.cpus[0]
    cpu.gr[2], cpu.gr[3], cpu.gr[4] = probe, called, 0xA759_0002
    # BASR 14,2; BASR 14,3; ST 4,0(3); BASR 14,2; BASR 14,3
    run(machine, spaces, bytes.fromhex("0de2 0de3 50403000 0de2 0de3"))
    assert cpu.gr[5] == 2

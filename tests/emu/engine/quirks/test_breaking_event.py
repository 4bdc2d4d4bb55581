# SPDX-License-Identifier: GPL-2.0-or-later
"""Branches that may not be taken: at the end of a page, and to the next instruction, where Unicorn notes wrong ones.

PoP 4, "Breaking-Event-Address Recording": a branch that is taken is a breaking event, and one that is not is none.
"""

from __future__ import annotations

import pytest

from emu.machine import Machine

BEFORE = 0x777
PAGE = 0x11000
TARGET = 0x20
"""How far behind the branch it leads."""

FORMS = {
    "BRC": ("a7840010", "a7740010"),
    "BRCL": ("c08400000010", "c07400000010"),
    "BC": ("47805000", "47705000"),
    "BCR": ("0785", "0775"),
    "BRCT": ("a7160010", "a7260010"),
    "BRCTG": ("a7170010", "a7270010"),
    "BRCTH": ("cc1600000010", "cc6600000010"),
    "BCT": ("46105000", "46205000"),
    "BCTG": ("e31050000046", "e32050000046"),
    "BCTR": ("0615", "0625"),
    "BCTGR": ("b9460015", "b9460025"),
    "BXH": ("86135000", "86245000"),
    "BXHG": ("eb1350000044", "eb2450000044"),
    "BRXH": ("84130010", "84240010"),
    "BRXLE": ("85240010", "85130010"),
    "BRXHG": ("ec1300100044", "ec2400100044"),
    "CRJ": ("ec1300108076", "ec1300106076"),
    "CLGRJ": ("ec1300108065", "ec1300106065"),
    "CIJ": ("ec180010057e", "ec160010057e"),
    "CLGIJ": ("ec180010057d", "ec160010057d"),
    "CRB": ("ec13500080f6", "ec13500060f6"),
    "CGIB": ("ec18500005fc", "ec16500005fc"),
}
"""Each taken and not taken with condition code 0 and the registers below; register 5 has the target."""
NEXT = {
    "BRC": ("a7840002", "a7740002"),
    "BRCL": ("c08400000003", "c07400000003"),
    "BRCT": ("a7160002", "a7260002"),
    "BRXH": ("84130002", "84240002"),
    "CRJ": ("ec1300038076", "ec1300036076"),
    "BRC that is known": ("a7f40002", "a7040002"),
}
"""The same to the next instruction."""

way = pytest.mark.parametrize("is_free", (True, False), ids=("free", "stepped"))
either = pytest.mark.parametrize("is_taken", (True, False), ids=("taken", "not taken"))


def branch(machine: Machine, code: str, address: int, target: int, *, is_free: bool, instructions: int = 1) -> int:
    """Execute *code* at *address*, whose last instruction branches; give what the register has then."""
    cpu = machine.cpus[0]
    machine.storage.write(address, bytes.fromhex(code))
    for register, value in {1: 5, 2: 1, 3: 5, 4: 0, 5: target, 6: 1 << 32}.items():
        cpu.gr[register] = value
    cpu.cc, cpu.instruction_address, cpu.registers.breaking_event_address = 0, address, BEFORE
    if is_free:
        machine.run(instructions)
    else:
        for _ in range(instructions):
            machine.step()
    return cpu.registers.breaking_event_address


@way
@either
@pytest.mark.parametrize("cut", (None, 0, 2), ids=("inside", "at the end", "in two pages"))
@pytest.mark.parametrize("form", FORMS)
def test_a_branch(machine: Machine, form: str, cut: int | None, *, is_taken: bool, is_free: bool) -> None:
    code = FORMS[form][not is_taken]
    length = len(code) // 2
    address = PAGE - 0x100 if cut is None else PAGE - length + min(cut, length - 2)
    found = branch(machine, code, address, address + TARGET, is_free=is_free)
    assert machine.cpus[0].instruction_address == address + (TARGET if is_taken else length)
    assert found == (address if is_taken else BEFORE)


@way
@either
@pytest.mark.parametrize("offset", (0x100, 0), ids=("inside", "at the end"))
@pytest.mark.parametrize("form", NEXT)
def test_a_branch_to_the_next_instruction(
    machine: Machine, form: str, offset: int, *, is_taken: bool, is_free: bool
) -> None:
    code = NEXT[form][not is_taken]
    address = PAGE - len(code) // 2 - offset
    found = branch(machine, code, address, PAGE, is_free=is_free)
    assert machine.cpus[0].instruction_address == PAGE - offset
    assert found == (address if is_taken else BEFORE)


@way
@pytest.mark.parametrize("mask", (12, 13, 14, 3))
def test_a_branch_that_is_known_to_be_taken_or_not(machine: Machine, mask: int, *, is_free: bool) -> None:
    """NR sets condition code 0 or 1, which the translator knows; the target is the next instruction."""
    address = PAGE - 4
    found = branch(machine, f"141307{mask:x}5", address, PAGE, is_free=is_free, instructions=2)
    assert machine.cpus[0].instruction_address == PAGE
    assert found == (PAGE - 2 if mask & 12 else BEFORE)


@way
@either
def test_the_target_of_an_execute(machine: Machine, *, is_taken: bool, is_free: bool) -> None:
    """It is the EXECUTE that lies at the end of the page."""
    address, target = PAGE - 6, PAGE + 0x100
    machine.storage.write(target, bytes.fromhex(FORMS["BC"][not is_taken]))
    found = branch(machine, f"c600{(target - address) // 2:08x}", address, PAGE + 0x200, is_free=is_free)
    assert machine.cpus[0].instruction_address == (PAGE + 0x200 if is_taken else PAGE)
    assert found == (address if is_taken else BEFORE)

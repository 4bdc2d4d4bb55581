# SPDX-License-Identifier: GPL-2.0-or-later
"""Branches, links and loaded addresses in the 24- and 31-bit addressing modes, running freely and step by step.

PoP 3, "Address Size and Wraparound"; PoP 5, "Address Generation".  Whatever lies in the bits of a register that an
address does not use must not matter, and bits 0-31 of a register that receives an address stay.
"""

from __future__ import annotations

import pytest

from emu.machine import Machine
from tests.support.addressing_modes import (
    END,
    HIGH,
    MODE_24,
    START,
    Mode,
    begin,
    execute,
    finish,
    write,
)

CALLED = 0x10200

# Branches

CALLS = {
    "BRAS": "a7e50100",
    "BRASL": "c0e500000100",
    "BASR": "0de1",
    "BAS": "4de01000",
    "BALR": "05e1",
    "BAL": "45e01000",
}
RETURNS = {"BR": "07fe", "BCTR": "06ae", "BCTGR": "b94600ae", "B": "47f0e000", "EXRL": "c60000000080"}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("back", RETURNS)
def test_a_call_and_its_return(in_mode: Machine, mode: Mode, call: str, back: str) -> None:
    cpu = in_mode.cpus[0]
    cpu.gr[1], cpu.gr[10], cpu.gr[14] = mode.rubbish | CALLED, 5, HIGH | 0xFFFF_FFFF
    code = CALLS[call]
    begun = in_mode.executed
    execute(in_mode, mode, code, x10200=RETURNS[back], x10300="07fe")
    behind = START + len(code) // 2
    link = mode.link
    if call in ("BAL", "BALR") and mode is MODE_24:
        # Instruction-length code, condition code and program mask.
        link = len(code) << 28
    assert cpu.gr[14] == HIGH | link | behind
    assert in_mode.executed - begun == 4


def test_rubbish_costs_no_intercepted_instruction(in_mode: Machine, mode: Mode) -> None:
    # LHI 10,1000; loop: BRASL 14,sub; BRCT 10,loop; sub: LA 3,1(3); BR 14
    cpu = in_mode.cpus[0]
    cpu.gr[3] = HIGH | mode.last - 500 | (mode.rubbish & 0x8000_0000)
    execute(in_mode, mode, "a7a803e8 c0e5000000fe a7a6fffd", x10200="41330001 07fe")
    assert cpu.gr[3] == HIGH | 499
    assert not any(name in in_mode.counts.instructions for name in ("LA", "BCR", "BR"))


@pytest.mark.parametrize("code", ("07f1", "06a1", "b94600a1", "0de1", "05e1", "47f01000", "a7f4ff80", "c0f4ffffff80"))
def test_a_branch_to_itself_by_rubbish_or_wrap_is_counted_exactly(in_mode: Machine, mode: Mode, code: str) -> None:
    # At 0x80, a relative branch of -0x100 bytes leads behind the last address, where one leads to CALLED.
    cpu = in_mode.cpus[0]
    cpu.gr[1], cpu.gr[10] = mode.rubbish | mode.end - 0x80 & mode.last, 5
    in_mode.storage.write(0x80, bytes.fromhex(code))
    write(in_mode, mode, mode.end - 0x80, bytes.fromhex(f"c0f4{(CALLED + 0x80) // 2:08x}"))
    in_mode.storage.write(CALLED, bytes.fromhex(END))
    begin(cpu, mode, 0x80)
    begun = in_mode.executed
    finish(in_mode)
    assert in_mode.executed - begun == 4


def test_instructions_go_on_at_address_zero(in_mode: Machine, mode: Mode) -> None:
    # AHI 1,1 two bytes before the end; then at 2 J CALLED.
    write(in_mode, mode, mode.end - 6, bytes.fromhex("a72a0001 a71a0007"))
    in_mode.storage.write(2, bytes.fromhex(f"c0f4{(CALLED - 2) // 2:08x}"))
    in_mode.storage.write(CALLED, bytes.fromhex(END))
    begin(in_mode.cpus[0], mode, mode.end - 6)
    finish(in_mode)
    assert (in_mode.cpus[0].gr[1], in_mode.cpus[0].gr[2]) == (7, 1)


@pytest.mark.parametrize("call", ("BRAS", "BRASL", "BASR", "BAS", "BALR", "BAL"))
def test_a_link_to_address_zero(in_mode: Machine, mode: Mode, call: str) -> None:
    cpu = in_mode.cpus[0]
    code = bytes.fromhex(CALLS[call])
    cpu.gr[1], cpu.gr[14] = mode.rubbish | 0x400 - len(code), HIGH
    target = (mode.end - len(code) + 0x200) & mode.last if call.startswith("BRA") else 0x400 - len(code)
    write(in_mode, mode, mode.end - len(code), code)
    write(in_mode, mode, target, bytes.fromhex(END))
    begin(cpu, mode, mode.end - len(code))
    finish(in_mode)
    link = mode.link
    if call in ("BAL", "BALR") and mode is MODE_24:
        link = len(code) << 29
    assert cpu.gr[14] == HIGH | link


# Addresses in registers


@pytest.mark.parametrize(
    "code", ("41213010", "e32130100071", "51213010", "e32130100075"), ids=("LA", "LAY", "LAE", "LAEY")
)
def test_an_address_is_loaded_without_its_high_half(in_mode: Machine, mode: Mode, code: str) -> None:
    cpu = in_mode.cpus[0]
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = mode.rubbish | mode.last, HIGH | 0xFFFF_FFFF, mode.rubbish | 2
    execute(in_mode, mode, code)
    assert cpu.gr[2] == HIGH | 0x11


@pytest.mark.parametrize(
    ("halfwords", "address"), ((0x100, START + 0x200), (-START, -START), (-START // 2 - 1, -2), (-START // 2, 0))
)
@pytest.mark.parametrize("executed", (False, True))
def test_a_relative_address_is_loaded(
    in_mode: Machine, mode: Mode, halfwords: int, address: int, executed: bool
) -> None:
    cpu = in_mode.cpus[0]
    cpu.gr[2] = HIGH | 0xFFFF_FFFF
    if executed:
        code = f"c020{halfwords - 0x80 & 0xFFFF_FFFF:08x}"
        execute(in_mode, mode, "c60000000080", x10100=code)
    else:
        execute(in_mode, mode, f"c020{halfwords & 0xFFFF_FFFF:08x}")
    assert cpu.gr[2] == HIGH | address & mode.last


def test_branches_on_index_and_count_use_short_addresses(in_mode: Machine, mode: Mode) -> None:
    # BXH 2,4,0(1): to CALLED, where BCT 6,0(7) leads to CALLED + 0x40.
    cpu = in_mode.cpus[0]
    cpu.gr[1], cpu.gr[7] = mode.rubbish | CALLED, mode.rubbish | CALLED + 0x40
    cpu.gr[2], cpu.gr[4], cpu.gr[5], cpu.gr[6] = 5, 1, 3, 2
    execute(in_mode, mode, "86241000", x10200="46607000", x10240=END)
    assert (cpu.gr[2], cpu.gr[6]) == (6, 1)


def test_the_address_of_an_execute_target(in_mode: Machine, mode: Mode) -> None:
    # EX 0,0(1) of LHI 2,7, and of a target at address zero, by displacement.
    cpu = in_mode.cpus[0]
    cpu.gr[1], cpu.gr[3] = mode.rubbish | CALLED, mode.rubbish | mode.last
    execute(in_mode, mode, "44001000 44003001", x10200="a7280007", x0="a7480009")
    assert (cpu.gr[2], cpu.gr[4]) == (7, 9)

# SPDX-License-Identifier: GPL-2.0-or-later
"""CFC and UPT (PoP chapter 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

FIRST, THIRD = 0x3000, 0x4000
RUBBISH = 0x1234_5678 << 32
TREE = 0x3000
SHORT_MODES = pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING))


def in_mode(cpu: Cpu, mode: int) -> None:
    cpu.load_psw(Psw(mode, cpu.instruction_address))
    cpu.psw_loaded = False


def strings(cpu: Cpu, first: str, third: str, high: int = 0) -> None:
    cpu.configuration.storage.write(FIRST, bytes.fromhex(first))
    cpu.configuration.storage.write(THIRD, bytes.fromhex(third))
    cpu.gr[1], cpu.gr[2], cpu.gr[3] = high | FIRST, high, high | THIRD


# First operand, third operand, descending order; condition code and codeword.
CODEWORDS = (
    ("00010002", "00010003", 0, 1, 0x0004_FFFC),
    ("00010003", "00010002", 0, 2, 0x0004_FFFC),
    ("00010002", "00010003", 1, 2, 0x0004_0002),
    ("00010003", "00010002", 1, 1, 0x0004_0002),
    ("80000000", "7fff0000", 0, 2, 0x0002_7FFF),
)


@SHORT_MODES
@pytest.mark.parametrize(("first", "third", "order", "condition_code", "codeword"), CODEWORDS)
def test_cfc(
    cpu: Cpu, run: Run, mode: int, first: str, third: str, order: int, condition_code: int, codeword: int
) -> None:
    in_mode(cpu, mode)
    strings(cpu, first, third, RUBBISH)
    run(cpu, "CFC", d2=6 | order)
    assert (cpu.cc, cpu.gr[2]) == (condition_code, RUBBISH | codeword)
    exchanged = (RUBBISH | THIRD, RUBBISH | FIRST)
    assert (cpu.gr[1], cpu.gr[3]) == (exchanged if condition_code == 2 else exchanged[::-1])


@pytest.mark.parametrize(
    ("first", "third", "order", "condition_code", "codeword"),
    (
        ("11" * 6 + "000000000002", "11" * 6 + "000000000003", 0, 1, 0x000C_FFFF_FFFF_FFFC),
        ("11" * 6 + "000000000002", "11" * 6 + "000000000003", 1, 2, 0x000C_0000_0000_0002),
    ),
)
def test_cfc_in_the_64_bit_mode(
    cpu: Cpu, run: Run, first: str, third: str, order: int, condition_code: int, codeword: int
) -> None:
    strings(cpu, first, third)
    run(cpu, "CFC", d2=12 | order)
    assert (cpu.cc, cpu.gr[2]) == (condition_code, codeword)


def test_cfc_goes_on_at_the_index(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, BASIC_ADDRESSING)
    strings(cpu, "0001 0002 0003", "0002 0002 0004")
    cpu.gr[2] = 0x8888_0002
    run(cpu, "CFC", d2=8)
    assert (cpu.cc, cpu.gr[2]) == (1, 0x0006_FFFB)


@pytest.mark.parametrize(
    ("mode", "third", "result"),
    (
        (0, RUBBISH | THIRD, RUBBISH | 0x8000_0000 | THIRD),
        (BASIC_ADDRESSING, RUBBISH | THIRD, RUBBISH | 0x8000_0000 | THIRD),
        (ADDRESSING_MODE, THIRD, 1 << 63 | THIRD),
    ),
)
def test_cfc_of_equal_strings(cpu: Cpu, run: Run, mode: int, third: int, result: int) -> None:
    in_mode(cpu, mode)
    strings(cpu, "aa" * 64, "aa" * 64)
    cpu.gr[2], cpu.gr[3] = third & ~0xFFFF_FFFF, third
    run(cpu, "CFC", d2=5)
    assert (cpu.cc, cpu.gr[2], cpu.gr[1]) == (0, result, FIRST)


@pytest.mark.parametrize("register", (1, 2, 3))
def test_cfc_of_odd_registers(cpu: Cpu, run: Run, expect: Expect, register: int) -> None:
    strings(cpu, "0001", "0001")
    cpu.gr[register] |= 1
    with expect(Code.SPECIFICATION):
        run(cpu, "CFC", d2=6)


def test_cfc_keeps_what_it_has_done_when_it_is_refused(cpu: Cpu, run: Run, expect: Expect) -> None:
    strings(cpu, "00" * 12, "00" * 12)
    cpu.gr[3] = cpu.configuration.memory - 12
    with expect(Code.ADDRESSING):
        run(cpu, "CFC", d2=0x100)
    assert (cpu.gr[2], cpu.gr[1]) == (12, FIRST)


def tree(cpu: Cpu, size: int, *nodes: tuple[int, int]) -> None:
    """Store *nodes* from the first on, which is one node behind the origin of the tree."""
    for place, node in enumerate(nodes, start=1):
        for half, value in enumerate(node):
            cpu.configuration.storage.write_integer(TREE + place * size + half * size // 2, size // 2, value)


def nodes(cpu: Cpu, size: int, count: int) -> list[tuple[int, int]]:
    read = cpu.configuration.storage.read_integer
    return [
        (read(TREE + place * size, size // 2), read(TREE + place * size + size // 2, size // 2))
        for place in range(1, count + 1)
    ]


def walker(cpu: Cpu, size: int, codeword: int, other: int, index: int) -> None:
    cpu.gr[0], cpu.gr[1], cpu.gr[4], cpu.gr[5] = codeword, other, TREE, index * size


SIZES = pytest.mark.parametrize(("mode", "size"), ((0, 8), (BASIC_ADDRESSING, 8), (ADDRESSING_MODE, 16)))


@SIZES
def test_upt_to_the_root(cpu: Cpu, run: Run, mode: int, size: int) -> None:
    in_mode(cpu, mode)
    tree(cpu, size, (30, 130), (10, 110), (40, 140), (0, 0), (20, 120))
    walker(cpu, size, 25, 125, 10)
    run(cpu, "UPT")
    # By way of the fifth and the second node to the first, whose codeword is higher.
    assert (cpu.cc, cpu.gr[0], cpu.gr[1], cpu.gr[5]) == (1, 30, 130, 0)
    assert nodes(cpu, size, 5) == [(25, 125), (10, 110), (40, 140), (0, 0), (20, 120)]


@SIZES
def test_upt_to_an_equal_codeword(cpu: Cpu, run: Run, mode: int, size: int) -> None:
    in_mode(cpu, mode)
    tree(cpu, size, (50, 150), (25, 225))
    walker(cpu, size, 25, 125, 4)
    run(cpu, "UPT")
    assert (cpu.cc, cpu.gr[2], cpu.gr[3], cpu.gr[5]) == (0, 25, 225, 2 * size)
    assert (cpu.gr[0], cpu.gr[1]) == (25, 125)
    assert nodes(cpu, size, 1) == [(50, 150)]


@SIZES
def test_upt_to_a_negative_codeword(cpu: Cpu, run: Run, mode: int, size: int) -> None:
    in_mode(cpu, mode)
    negative = 1 << 4 * size - 1
    tree(cpu, size, (50, 150), (negative, 225))
    walker(cpu, size, 25, 125, 4)
    run(cpu, "UPT")
    assert (cpu.cc, cpu.gr[0], cpu.gr[1], cpu.gr[5]) == (3, negative, 225, size)
    assert nodes(cpu, size, 2) == [(50, 150), (25, 125)]


def test_upt_leaves_high_halves(cpu: Cpu, run: Run) -> None:
    in_mode(cpu, BASIC_ADDRESSING)
    tree(cpu, 8, (30, 130))
    for register in range(6):
        cpu.gr[register] = RUBBISH
    cpu.gr[0], cpu.gr[4], cpu.gr[5] = RUBBISH | 25, RUBBISH | 0x8000_0000 | TREE, RUBBISH | 16
    run(cpu, "UPT")
    assert (cpu.cc, cpu.gr[0], cpu.gr[5]) == (1, RUBBISH | 30, RUBBISH)


@pytest.mark.parametrize(
    ("mode", "register", "value"),
    (
        (BASIC_ADDRESSING, 4, TREE + 4),
        (BASIC_ADDRESSING, 5, 4),
        (ADDRESSING_MODE, 4, TREE + 8),
        (ADDRESSING_MODE, 5, 8),
    ),
)
def test_upt_boundaries(cpu: Cpu, run: Run, expect: Expect, mode: int, register: int, value: int) -> None:
    in_mode(cpu, mode)
    walker(cpu, 16, 25, 125, 4)
    cpu.gr[register] = value
    with expect(Code.SPECIFICATION):
        run(cpu, "UPT")


def test_upt_keeps_what_it_has_done_when_it_is_refused(cpu: Cpu, run: Run, expect: Expect) -> None:
    # The second node is at the beginning of a page, and the first in the page before.
    walker(cpu, 16, 25, 125, 4)
    cpu.gr[4] = TREE - 2 * 16
    cpu.key = 3
    cpu.configuration.keys.bytes[2] = 0x40
    cpu.configuration.keys.bytes[3] = 0x30
    for place, codeword in ((cpu.gr[4] + 32, 28), (cpu.gr[4] + 16, 30)):
        cpu.configuration.storage.write_integer(place, 8, codeword)
        cpu.configuration.storage.write_integer(place + 8, 8, codeword + 100)
    with expect(Code.PROTECTION):
        run(cpu, "UPT")
    assert (cpu.gr[0], cpu.gr[1], cpu.gr[5]) == (28, 128, 32)


@pytest.mark.parametrize("steps", (False, True))
def test_on_the_machine(machine: Machine, cpu: Cpu, steps: bool) -> None:
    machine.storage.write(cpu.instruction_address, bytes.fromhex("0102 0700"))
    tree(cpu, 16, (30, 130))
    walker(cpu, 16, 25, 125, 2)
    if steps:
        assert machine.step() is None
    else:
        machine.run(1)
    assert (cpu.cc, cpu.gr[0]) == (1, 30)

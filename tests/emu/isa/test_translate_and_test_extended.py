# SPDX-License-Identifier: GPL-2.0-or-later
"""TRTE and TRTRE (PoP chapter 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import Cpu
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

STRING, TABLE = 0x3000, 0x2_0000
RUBBISH = 0x1234_5678 << 32
TWO_BYTE_ARGUMENTS, TWO_BYTE_FUNCTIONS, LIMITED = 8, 4, 2


def operands(cpu: Cpu, string: str, functions: dict[int, int], width: int = 1, high: int = 0) -> None:
    """The pair 4, whose string is hexadecimal digits, and the table with *functions* of so many bytes."""
    data = bytes.fromhex(string)
    storage = cpu.configuration.storage
    storage.write(STRING, data)
    for argument, function in functions.items():
        storage.write_integer(TABLE + width * argument, width, function)
    cpu.gr[1], cpu.gr[4], cpu.gr[5], cpu.gr[6] = high | TABLE, high | STRING, high | len(data), RUBBISH | 0xFFFF_FFFF


# M3, the string, the function codes; condition code, offset, length left and function code.
FORWARDS = (
    (0, "010203", {3: 7}, 1, 2, 1, 7),
    (0, "010203", {9: 7}, 0, 3, 0, 0),
    (TWO_BYTE_FUNCTIONS, "010203", {2: 0x0100, 3: 7}, 1, 1, 2, 0x100),
    (TWO_BYTE_ARGUMENTS, "000001030002", {0x103: 5}, 1, 2, 4, 5),
    (TWO_BYTE_ARGUMENTS | LIMITED, "000001030002", {0x103: 5, 2: 6}, 1, 4, 2, 6),
    (TWO_BYTE_ARGUMENTS | TWO_BYTE_FUNCTIONS, "0000ffff", {0xFFFF: 0xABCD}, 1, 2, 2, 0xABCD),
    (LIMITED, "01ff", {0xFF: 9}, 1, 1, 1, 9),
)


@pytest.mark.parametrize("mode", (0, BASIC_ADDRESSING, ADDRESSING_MODE))
@pytest.mark.parametrize(("m3", "string", "functions", "condition_code", "offset", "left", "function"), FORWARDS)
def test_trte(
    cpu: Cpu,
    run: Run,
    mode: int,
    m3: int,
    string: str,
    functions: dict[int, int],
    condition_code: int,
    offset: int,
    left: int,
    function: int,
) -> None:
    cpu.load_psw(Psw(mode, cpu.instruction_address))
    high = 0 if mode == ADDRESSING_MODE else RUBBISH
    operands(cpu, string, functions, 2 if m3 & TWO_BYTE_FUNCTIONS else 1, high)
    run(cpu, "TRTE", r1=4, r2=6, m3=m3)
    assert (cpu.cc, cpu.gr[4], cpu.gr[5]) == (condition_code, high | STRING + offset, high | left)
    assert cpu.gr[6] == high | function


@pytest.mark.parametrize(
    ("m3", "string", "at", "functions", "condition_code", "offset", "left", "function"),
    (
        (0, "010203", 2, {1: 7}, 1, 0, 1, 7),
        (0, "010203", 2, {9: 7}, 0, -1, 0, 0),
        (TWO_BYTE_ARGUMENTS, "010300000002", 4, {0x103: 5}, 1, 0, 2, 5),
    ),
)
def test_trtre(
    cpu: Cpu,
    run: Run,
    m3: int,
    string: str,
    at: int,
    functions: dict[int, int],
    condition_code: int,
    offset: int,
    left: int,
    function: int,
) -> None:
    operands(cpu, string, functions)
    cpu.gr[4] += at
    run(cpu, "TRTRE", r1=4, r2=6, m3=m3)
    assert (cpu.cc, cpu.gr[4], cpu.gr[5], cpu.gr[6]) == (condition_code, STRING + offset, left, function)


@pytest.mark.parametrize("r2", (4, 5))
def test_the_pair_is_not_replaced_by_the_function_code(cpu: Cpu, run: Run, r2: int) -> None:
    operands(cpu, "0102", {2: 9})
    run(cpu, "TRTE", r1=4, r2=r2)
    assert (cpu.cc, cpu.gr[4], cpu.gr[5]) == (1, STRING + 1, 1)


def test_no_length(cpu: Cpu, run: Run) -> None:
    operands(cpu, "", {})
    run(cpu, "TRTE", r1=4, r2=6)
    assert (cpu.cc, cpu.gr[4], cpu.gr[5]) == (0, STRING, 0)


@pytest.mark.parametrize("mnemonic", ("TRTE", "TRTRE"))
def test_others_go_on(cpu: Cpu, run: Run, mnemonic: str) -> None:
    operands(cpu, "01" * 0x2000, {2: 9})
    cpu.gr[4] = STRING + (0x1FFF if mnemonic == "TRTRE" else 0)
    run(cpu, mnemonic, r1=4, r2=6)
    assert cpu.cc == 3
    assert 0 < cpu.gr[5] < 0x2000
    assert cpu.gr[6] == RUBBISH | 0xFFFF_FFFF
    while cpu.cc == 3:
        run(cpu, mnemonic, r1=4, r2=6)
    assert (cpu.cc, cpu.gr[5], cpu.gr[6]) == (0, 0, 0)


@pytest.mark.parametrize(("r1", "m3", "length"), ((5, 0, 2), (4, TWO_BYTE_ARGUMENTS, 3)))
def test_specification(cpu: Cpu, run: Run, expect: Expect, r1: int, m3: int, length: int) -> None:
    operands(cpu, "00" * length, {})
    with expect(Code.SPECIFICATION):
        run(cpu, "TRTE", r1=r1, r2=6, m3=m3)


def test_an_exception_is_met_again(cpu: Cpu, run: Run, expect: Expect) -> None:
    operands(cpu, "", {})
    end = cpu.configuration.memory
    cpu.gr[4], cpu.gr[5] = end - 2, 4
    with expect(Code.ADDRESSING):
        run(cpu, "TRTE", r1=4, r2=6)
    assert (cpu.gr[4], cpu.gr[5]) == (end - 2, 4)


def test_without_the_facility(cpu: Cpu, run: Run, expect: Expect) -> None:
    cpu.configuration.facilities = DEFAULT_FACILITIES - {Facility.PARSING_ENHANCEMENT}
    for mnemonic in ("TRTE", "TRTRE"):
        with expect(Code.OPERATION):
            run(cpu, mnemonic, r1=4, r2=6)

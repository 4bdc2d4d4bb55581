# SPDX-License-Identifier: GPL-2.0-or-later
"""The decimal instructions: results, condition codes, exceptions; the editing examples are the manual's."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import DECIMAL_OVERFLOW, Psw
from tests.emu.isa.conftest import IN_64_BIT_MODE

Code = ProgramInterruptionCode


@pytest.fixture(autouse=True)
def addresses(cpu: Cpu) -> None:
    """The first operand at 0x2000, the second at 0x3000."""
    cpu.gr[2], cpu.gr[3] = 0x2000, 0x3000


def first(machine: Machine, like: str) -> str:
    """The first operand, as long as *like*."""
    return machine.storage.read(0x2000, len(like) // 2).hex()


def code(opcode: str, left: str, right: str) -> str:
    """An SS instruction for operands of these hexadecimal lengths."""
    return f"{opcode}{len(left) // 2 - 1:x}{len(right) // 2 - 1:x}20003000"


ADDITIONS = (
    ("fa", "123c", "00456c", "579c", 2),
    ("fa", "123c", "123d", "000c", 0),
    ("fa", "123d", "1d", "124d", 1),
    ("fa", "999c", "1c", "000c", 3),
    ("fa", "00000c", "38460d", "38460d", 1),
    ("fb", "012c", "00013c", "001d", 1),
    ("fb", "000d", "0c", "000c", 0),
    ("f8", "123456", "38460d", "38460d", 1),
    ("f8", "12", "38460d", "0d", 3),
    ("f8", "ffffff", "0b", "00000c", 0),
)


@pytest.mark.parametrize(("opcode", "left", "right", "result", "condition_code"), ADDITIONS)
def test_addition(execute, machine, opcode, left, right, result, condition_code) -> None:
    outcome = execute(code(opcode, left, right), x2000=left, x3000=right)
    assert (outcome.interruption, outcome.condition_code) == (None, condition_code)
    assert first(machine, left) == result


@pytest.mark.parametrize(
    ("left", "right", "condition_code"),
    (("123c", "00123f", 0), ("12345d", "0c", 1), ("1c", "0c", 2), ("0c", "0d", 0), ("002c", "3c", 1)),
)
def test_comparison(execute, machine, left, right, condition_code) -> None:
    assert execute(code("f9", left, right), x2000=left, x3000=right).condition_code == condition_code
    assert first(machine, left) == left


def test_overflow_interrupts_if_the_program_mask_asks(execute, machine, cpu) -> None:
    cpu.load_psw(Psw(cpu.psw.mask | DECIMAL_OVERFLOW, cpu.instruction_address))
    outcome = execute(code("fa", "999c", "1c"), x2000="999c", x3000="1c")
    assert (outcome.interruption, outcome.condition_code) == (Code.DECIMAL_OVERFLOW, 3)
    assert first(machine, "999c") == "000c"


@pytest.mark.parametrize(
    ("opcode", "left", "right"), (("fa", "12ac", "1c"), ("fb", "123c", "11"), ("f9", "1234", "1c"))
)
def test_invalid_data(execute, machine, opcode, left, right) -> None:
    assert execute(code(opcode, left, right), x2000=left, x3000=right).interruption is Code.DATA
    assert first(machine, left) == left


def test_zero_and_add_does_not_look_at_the_first_operand(execute) -> None:
    assert execute(code("f8", "ffff", "1c"), x2000="ffff", x3000="1c").interruption is None


@pytest.mark.parametrize(
    ("left", "right", "result"),
    (
        ("000038460d", "321d", "012345660c"),
        ("000000000c", "321d", "000000000d"),
    ),
)
def test_multiplication(execute, machine, left, right, result) -> None:
    assert execute(code("fc", left, right), x2000=left, x3000=right).interruption is None
    assert first(machine, left) == result


def test_multiplicand_without_room(execute) -> None:
    outcome = execute(code("fc", "100000000c", "321d"), x2000="100000000c", x3000="321d")
    assert outcome.interruption is Code.DATA


@pytest.mark.parametrize(
    ("left", "right", "result"), (("0123459c", "321d", "384d195c"), ("0000005d", "007c", "000d005d"))
)
def test_division(execute, machine, left, right, result) -> None:
    assert execute(code("fd", left, right), x2000=left, x3000=right).interruption is None
    assert first(machine, left) == result


@pytest.mark.parametrize(("left", "right"), (("0123459c", "000c"), ("1234567c", "001c")))
def test_division_that_does_not_fit(execute, machine, left, right) -> None:
    assert execute(code("fd", left, right), x2000=left, x3000=right).interruption is Code.DECIMAL_DIVIDE
    assert first(machine, left) == left


@pytest.mark.parametrize("opcode", ("fc", "fd"))
@pytest.mark.parametrize("lengths", ("11", "12", "98"))
def test_lengths(execute, opcode, lengths) -> None:
    assert execute(f"{opcode}{lengths}20003000").interruption is Code.SPECIFICATION


@pytest.mark.parametrize(
    ("number", "shift", "rounding", "result", "condition_code"),
    (
        ("0001234c", 2, 0, "0123400c", 2),
        ("0001234d", 64 - 2, 5, "0000012d", 1),
        ("0001250d", 64 - 2, 5, "0000013d", 1),
        ("0000001d", 64 - 1, 0, "0000000c", 0),
        ("1234567c", 3, 0, "4567000c", 3),
        ("0000000d", 31, 0, "0000000c", 0),
    ),
)
def test_shift(execute, machine, number, shift, rounding, result, condition_code) -> None:
    assert execute(f"f03{rounding}2000{shift:04x}", x2000=number).condition_code == condition_code
    assert first(machine, number) == result


def test_shift_with_an_invalid_rounding_digit(execute) -> None:
    assert execute("f03a20000001", x2000="0001234c").interruption is Code.DATA


# pattern, source, result, condition code
EDITS = (
    ("4020206b2020214b202040c3d9", "0257426c", "4040f26bf5f7f44bf2f6404040", 2),
    ("4020206b2020214b202040c3d9", "0000026d", "404040404040404bf2f640c3d9", 1),
    ("5c20206b202021", "00000c", "5c5c5c5c5c5c5c", 0),
)


@pytest.mark.parametrize(("pattern", "source", "result", "condition_code"), EDITS)
def test_edit(execute, machine, pattern, source, result, condition_code) -> None:
    length = len(pattern) // 2 - 1
    assert execute(f"de{length:02x}20003000", x2000=pattern, x3000=source).condition_code == condition_code
    assert first(machine, pattern) == result


def test_fields(execute, machine) -> None:
    # Two fields; the condition code tells of the second, which is zero.
    assert execute("de0620003000", x2000="40202022402020", x3000="1c0c").condition_code == 0
    assert first(machine, "40202022402020") == "40f14040404040"


@IN_64_BIT_MODE
@pytest.mark.parametrize(("source", "marked"), (("0000026d", None), ("0257426c", 0x2002)))
def test_edit_and_mark(execute, cpu, source, marked) -> None:
    cpu.gr[1] = 0x5555_5555_5555_5555
    execute("df0c20003000", x2000="4020206b2020214b202040c3d9", x3000=source)
    assert cpu.gr[1] == (marked or 0x5555_5555_5555_5555)


def test_invalid_digit_in_editing(execute, machine) -> None:
    assert execute("de0220003000", x2000="402020", x3000="c0").interruption is Code.DATA
    assert first(machine, "402020") == "402020"


@pytest.mark.parametrize("opcode", ("fa10", "fb10", "f810", "f910", "fc10", "fd10", "de01", "df01"))
def test_access_exception(execute, cpu, opcode) -> None:
    cpu.gr[3] = 0x80_0000
    assert execute(f"{opcode}20003000", x2000="2020").interruption is Code.ADDRESSING

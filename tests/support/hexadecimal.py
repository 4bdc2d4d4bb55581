# SPDX-License-Identifier: GPL-2.0-or-later
"""Executing hexadecimal-floating-point instructions on data that try everything, and holding them to the reference."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from emu.cpu import Cpu
from emu.program_interruption import Ending, ProgramInterruption
from tests.support.reference.hexadecimal import (
    DIGITS,
    DIVIDE,
    OVERFLOW,
    SIGNIFICANCE,
    SQUARE_ROOT,
    UNDERFLOW,
    Expected,
    Masks,
)

EXAMPLES: Final = int(os.environ.get("HEXADECIMAL_EXAMPLES", "60"))
"""How many random examples there are of each instruction."""
OPERAND: Final = 0x3000
RUBBISH: Final = 0x1234_5678_9ABC_DEF0
MASKS: Final = tuple(Masks(underflow, significance) for underflow in (False, True) for significance in (False, True))
BEFORE_CC: Final = 3
ENDINGS: Final = dict.fromkeys((OVERFLOW, UNDERFLOW, SIGNIFICANCE), Ending.COMPLETION) | dict.fromkeys(
    (DIVIDE, SQUARE_ROOT), Ending.SUPPRESSION
)
_UNDERFLOW_BIT, _SIGNIFICANCE_BIT = 2, 1


def datum(random: Random, form: str, near: int | None = None) -> int:
    """A datum of *form*: its fraction with leading, trailing and repeated digits, its characteristic everywhere.

    :param near: another datum, whose characteristic and digits it may have.
    """
    digits = DIGITS[form]
    fraction = random.choice(
        (
            0,
            1,
            16**digits - 1,
            16 ** (digits - 1),
            random.randrange(16**digits),
            random.randrange(16**digits) >> 4 * random.randrange(digits),
            random.randrange(16**digits) >> 4 * random.randrange(digits) << 4 * random.randrange(digits)
            & 16**digits - 1,
            1 << random.randrange(4 * digits),
        )
    )
    characteristic = random.choice((0, 1, 63, 64, 65, 127, random.randrange(128), 64 + random.randrange(-6, 30)))
    if near is not None and random.random() < 0.7:
        high = near if form != "extended" else near >> 64
        width = 32 if form == "short" else 64
        characteristic = min(max((high >> width - 8 & 127) + random.randrange(-3, 4), 0), 127)
    first = f"{random.choice((0, 128)) + characteristic:02x}"
    text = f"{fraction:0{digits}x}"
    if form == "extended":
        return int(first + text[:14] + f"{random.randrange(256):02x}" + text[14:], 16)
    return int(first + text, 16)


def pairs(mnemonic: str, form: str) -> Iterator[tuple[int, int, Masks]]:
    """Two operands of *form*, and what the program mask is."""
    random = Random(mnemonic)
    for number in range(EXAMPLES):
        first = datum(random, form)
        yield first, datum(random, form, first), MASKS[number % len(MASKS)]


def put(cpu: Cpu, register: int, form: str, value: int) -> None:
    """Put a datum in a register, with rubbish in the rest of it."""
    if form == "short":
        value = value << 32 | RUBBISH & 0xFFFF_FFFF
    if form == "extended":
        cpu.vr[2 * register + 4] = value & (1 << 64) - 1
        value >>= 64
    cpu.vr[2 * register] = value


def get(cpu: Cpu, register: int, form: str) -> int:
    """The datum in a register."""
    high = cpu.vr[2 * register]
    if form == "short":
        return high >> 32
    return high << 64 | cpu.vr[2 * register + 4] if form == "extended" else high


def store(cpu: Cpu, form: str, value: int) -> dict[str, int]:
    """Put a datum in storage; the fields of an instruction that designate it."""
    length = {"short": 4, "long": 8}[form]
    cpu.configuration.storage.write(OPERAND + 0x123, value.to_bytes(length, "big"))
    cpu.gr[5], cpu.gr[6] = OPERAND, 0x100
    return {"b2": 5, "x2": 6, "d2": 0x23}


def hold(cpu: Cpu, masks: Masks, expected: Expected, form: str, execute: Callable[[], None], register: int = 1) -> None:
    """Execute, and find what is *expected* in *register*."""
    cpu.set_program_mask(_UNDERFLOW_BIT * masks.underflow | _SIGNIFICANCE_BIT * masks.significance)
    cpu.cc = BEFORE_CC
    before = list(cpu.vr)
    code = ending = None
    try:
        execute()
    except ProgramInterruption as condition:
        code, ending = condition.code, condition.ending
    datum = get(cpu, register, form) if expected.datum is not None else None
    assert Expected(datum, cpu.cc if expected.cc is not None else None, code) == expected
    assert ending is (ENDINGS[expected.code] if expected.code is not None else None)
    if expected.cc is None:
        assert cpu.cc == BEFORE_CC
    if expected.datum is not None:
        # It was compared already; what is right of a short one stays.
        right = (before if form == "short" else cpu.vr)[2 * register] & 0xFFFF_FFFF
        before[2 * register] = cpu.vr[2 * register] & -1 << 32 | right
        if form == "extended":
            before[2 * register + 4] = cpu.vr[2 * register + 4]
    assert list(cpu.vr) == before

# SPDX-License-Identifier: GPL-2.0-or-later
"""A row of a table of vector instructions: registers are loaded before it and stored behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from emu.bits import MASK_32, MASK_64
from emu.control_registers import CR0_AFP, CR0_VECTOR
from tools.conform.architecture.case import Masked, facility
from tools.conform.architecture.instruction_row import InstructionRow
from tools.conform.architecture.source import Value

VECTOR: Final = facility(129)
PERMITTED: Final = {0: 0xE0 | CR0_AFP | CR0_VECTOR}
"""Control register 0 as an initial CPU reset makes it, with vector instructions permitted."""
ALL: Final = (1 << 128) - 1
LEFT: Final = ALL >> 64 << 64
"""What a single-element operation defines of its result."""
_RESULTS: Final = 0x800
"""Where in page1 the registers are stored; they are loaded from its beginning.  General register 1 is its base."""


def elements(value: int, width: int) -> list[int]:
    """The elements of *width* bits in a vector, from the left, without sign."""
    return [value >> 128 - end & (1 << width) - 1 for end in range(width, 129, width)]


def vector(values: Iterable[int], width: int) -> int:
    """The vector of *values*, each cut to *width* bits."""
    found = 0
    for value in values:
        found = found << width | value & (1 << width) - 1
    return found


def vector_row(
    name: str,
    code: str,
    before: Mapping[int, int],
    after: Mapping[int, int | tuple[int, int]],
    cc: int | None = None,
    *,
    registers: Mapping[int, Value] | None = None,
    registers_after: Mapping[int, Masked] | None = None,
    storage: Mapping[Value, int] | None = None,
    stored: Mapping[Value, Masked] | None = None,
) -> InstructionRow:
    """What *code* makes of vector registers, by their numbers.

    Those that are there *before*, and not said to hold something else *after*, stay as they were; a tuple also says
    which of the bits count.  General register 1 is taken.
    """
    held: dict[Value, int] = {}
    left: dict[Value, Masked] = {}
    loads, stores = [], []
    for number, value in before.items():
        loads.append(f"VL {number},{16 * number}(0,1)")
        held |= {f"page1+{16 * number}": value >> 64, f"page1+{16 * number + 8}": value & MASK_64}
    for number, expected in {**before, **after}.items():
        place = _RESULTS + 16 * number
        stores.append(f"VST {number},{place}(0,1)")
        value, mask = expected if isinstance(expected, tuple) else (expected, ALL)
        for at, shift in ((f"page1+{place}", 64), (f"page1+{place + 8}", 0)):
            held[at] = ~(value >> shift) & MASK_64
            left[at] = value >> shift & MASK_64, mask >> shift & MASK_64
    return InstructionRow(
        name,
        "\n".join((*loads, code, *stores)),
        {1: "page1"} | dict(registers or {}),
        dict(registers_after or {}),
        cc,
        held | dict(storage or {}),
        left | dict(stored or {}),
        (VECTOR,),
        PERMITTED,
    )


def flagged_row(
    name: str,
    code: str,
    before: Mapping[int, int],
    after: Mapping[int, int | tuple[int, int]],
    flags: int = 0,
    *,
    cc: int | None = None,
    mode: int = 0,
    uncounted_flags: int = 0,
) -> InstructionRow:
    """The same for a vector floating-point instruction, which also raises *flags*.

    *mode* is the rounding mode in the floating-point-control register, and *uncounted_flags* may be raised or not.
    General registers 1, 8 and 9 are taken.
    """
    control = MASK_64 - MASK_32 | flags << 16 | mode, MASK_64 & ~(uncounted_flags << 16)
    return vector_row(
        name,
        f"SFPC 9\n{code}\nEFPC 8",
        before,
        after,
        cc,
        registers={8: MASK_64, 9: mode},
        registers_after={8: control},
    )

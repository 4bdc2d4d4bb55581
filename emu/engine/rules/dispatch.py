# SPDX-License-Identifier: GPL-2.0-or-later
"""From the bytes of an instruction to its translated function: tables and a chain, made of the declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from emu.isa.declaration import Instruction

NO_INSTRUCTION: Final = 0xFFFF
"""In the table of numbers: no compiled instruction has this opcode."""
_BYTE: Final = 256
_FIRST_BYTE: Final = ((0, 8),)
_SHIFTS: Final[dict[tuple[tuple[int, int], ...], tuple[int, int]]] = {
    _FIRST_BYTE: (0, 0),
    ((0, 16),): (48, 0xFF),
    ((0, 8), (12, 4)): (48, 0x0F),
    ((0, 8), (40, 8)): (16, 0xFF),
}
"""Where, in an instruction that is left-aligned in a word, the second piece of an opcode is, by the pieces."""


class OpcodeTables:
    """The number of an instruction, by its first byte and by what else of it is opcode."""

    def __init__(self, instructions: Iterable[tuple[int, Instruction]]) -> None:
        """Enter *instructions*, each with its number.

        :raises ValueError: if opcodes that begin with the same byte go on in different places.
        """
        self.shifts: npt.NDArray[np.uint8] = np.zeros(_BYTE, dtype=np.uint8)
        """By the first byte: how far right of the left-aligned instruction the rest of the opcode is."""
        self.masks: npt.NDArray[np.uint8] = np.zeros(_BYTE, dtype=np.uint8)
        """The bits that it has."""
        self.rows: npt.NDArray[np.uint8] = np.zeros(_BYTE, dtype=np.uint8)
        """The row of the table of numbers; the first one is that of bytes that no compiled instruction begins with."""
        rows = [np.full(_BYTE, NO_INSTRUCTION, dtype=np.uint16)]
        for number, declared in instructions:
            pieces = declared.format.opcode
            shift, mask = _SHIFTS[pieces]
            width = sum(width for _, width in pieces[1:]) if len(pieces) > 1 else pieces[0][1] - 8
            first, rest = declared.opcode >> width, declared.opcode & (1 << width) - 1
            if not self.rows[first]:
                self.rows[first] = len(rows)
                self.shifts[first], self.masks[first] = shift, mask
                rows.append(np.full(_BYTE, NO_INSTRUCTION, dtype=np.uint16))
            elif (self.shifts[first], self.masks[first]) != (shift, mask):
                raise ValueError(f"{declared.mnemonic}: opcodes {first:02X}.. do not all go on in the same place")
            rows[self.rows[first]][rest] = number
        self.numbers: npt.NDArray[np.uint16] = np.concatenate(rows)


def chain_source(instructions: Iterable[tuple[int, Instruction]]) -> str:
    """The source of a function that executes the instruction with a number, left-aligned in *word*."""
    lines = ["def execute_number(record, address, number, word):"]
    for number, declared in instructions:
        raw = f"word >> uint64({64 - 8 * declared.format.length})"
        lines += [
            f"    if number == uint64({number}):",
            f"        return execute_{declared.mnemonic}(record, address, {raw})",
        ]
    return "\n".join([*lines, "    return False", ""])

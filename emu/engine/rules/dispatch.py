# SPDX-License-Identifier: GPL-2.0-or-later
"""From the bytes of an instruction to its translated function: tables and a chain, made of the declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from emu.isa.declaration import Instruction

NO_INSTRUCTION: Final = 0x7FFF
"""In the tables: no declared instruction has this opcode."""
SPLIT: Final = 0x8000
"""In the table by the first halfword: the sixth byte says, in the row of this number without this bit."""
_BYTE: Final = 256


class OpcodeTables:
    """The number of an instruction by its opcode."""

    def __init__(self, instructions: Iterable[tuple[int, Instruction]]) -> None:
        """Enter *instructions*, each with its number.

        :raises ValueError: if there is no rule for the place of an opcode.
        """
        self.halfwords: npt.NDArray[np.uint16] = np.full(_BYTE * _BYTE, NO_INSTRUCTION, dtype=np.uint16)
        """By the first halfword of an instruction, its number."""
        rows: list[npt.NDArray[np.uint16]] = [np.full(_BYTE, NO_INSTRUCTION, dtype=np.uint16)]
        for number, declared in instructions:
            opcode = declared.opcode
            match declared.format.opcode:
                case ((0, 8),):
                    self.halfwords[opcode << 8 : (opcode + 1) << 8] = number
                case ((0, 16),):
                    self.halfwords[opcode] = number
                case ((0, 8), (12, 4)):
                    first = (opcode >> 4) << 8 | opcode & 15
                    self.halfwords[first : first + _BYTE : 16] = number
                case ((0, 8), (40, 8)):
                    first = opcode & 0xFF00
                    if self.halfwords[first] == NO_INSTRUCTION:
                        self.halfwords[first : first + _BYTE] = SPLIT | len(rows)
                        rows.append(np.full(_BYTE, NO_INSTRUCTION, dtype=np.uint16))
                    rows[int(self.halfwords[first]) & ~SPLIT][opcode & 0xFF] = number
                case other:
                    raise ValueError(f"{declared.mnemonic}: no rule for an opcode in the bits {other}")
        self.rows: npt.NDArray[np.uint16] = np.concatenate(rows)
        """Numbers by the sixth byte, in rows."""

    def content(self) -> bytes:
        """What the tables hold, to tell them from others."""
        return self.halfwords.tobytes() + self.rows.tobytes()


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

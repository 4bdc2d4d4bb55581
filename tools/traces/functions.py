# SPDX-License-Identifier: GPL-2.0-or-later
"""Which function each instruction of a trace belongs to, what it is called, and what it does to the stack of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from emu.isa.disassembler import disassemble
from emu.traces.schema import Mode

if TYPE_CHECKING:
    from tools.traces.opened import OpenedTrace

_LOAD_PSW: Final = (b"\x82", b"\xb2\xb2")
_SAVE_AND_BRANCH: Final = frozenset({0x0C, 0x0D, 0x4D})
"""BASSM, BASR, BAS: the first byte."""
_RELATIVE: Final = frozenset({0xA7, 0xC0})
"""BRAS and BRASL: the first byte; the extension of the opcode is 5 for both."""


class Functions:
    """Of each place of the code of a trace, by the numbers of :class:`emu.traces.instructions.CodeTable`."""

    def __init__(self, trace: OpenedTrace) -> None:
        code = trace.code
        self.names: list[str] = []
        """The functions; code without a symbol is that of the kernel, or of processes."""
        known: dict[str, int] = {}
        of_place, calls, loads = [], [], []
        for place, address in enumerate(code.addresses.tolist()):
            name = name_at(trace, address, is_problem_state=bool(code.modes[place] & Mode.PROBLEM_STATE))
            if name not in known:
                known[name] = len(self.names)
                self.names.append(name)
            of_place.append(known[name])
            instruction = code.bytes_at(place)
            calls.append(is_call(instruction))
            loads.append(instruction.startswith(_LOAD_PSW))
        self.of_place: npt.NDArray[np.int64] = np.array(of_place, dtype=np.int64)
        """The function of each place, as an index in the names."""
        self.calls: npt.NDArray[np.bool_] = np.array(calls, dtype=bool)
        """Whether the instruction there saves where it is, and branches."""
        self.loads_psw: npt.NDArray[np.bool_] = np.array(loads, dtype=bool)


def name_at(trace: OpenedTrace, address: int, *, is_problem_state: bool = False) -> str:
    """The name of the function at *address*."""
    named = trace.symbols.nearest(address, is_problem_state=is_problem_state)
    if named is not None:
        return named.symbol.name
    return "[process]" if is_problem_state else "[unknown]"


def is_call(instruction: bytes) -> bool:
    """Whether it saves where it is, and branches."""
    if not instruction:
        return False
    first = instruction[0]
    if first in _SAVE_AND_BRANCH:
        # BASR and BASSM with R2 zero do not branch.
        return first == 0x4D or bool(instruction[1] & 0x0F)
    return first in _RELATIVE and instruction[1] & 0x0F == 5


def mnemonic_of(instruction: bytes) -> str:
    """The mnemonic; what could not be fetched has none."""
    return disassemble(instruction, 0).partition(" ")[0] if instruction else "(not fetched)"

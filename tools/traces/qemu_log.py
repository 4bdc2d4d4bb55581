# SPDX-License-Identifier: GPL-2.0-or-later
"""What QEMU has logged: ``-d in_asm,exec,nochain,int``, or ``-d in_asm`` alone.

With ``exec`` each line ``Trace`` is a block that is entered, of which ``in_asm`` has shown the instructions.  Without
it a log has each block when it is translated, mostly once: what can be compared then is which code is come to first.
"""

from __future__ import annotations

import re
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.errors import TraceError
from emu.isa.disassembler import disassemble
from emu.program_interruption import Ending, ProgramInterruption, ProgramInterruptionCode
from tools.traces.steps import KeyNumbers, Keys, TakenBefore

if TYPE_CHECKING:
    from collections.abc import Iterator

_INSTRUCTION: Final = re.compile(r"0x([0-9a-f]+):  ((?:[0-9a-f]{4} ?){1,3})")
_TRACE: Final = re.compile(r"Trace \d+: 0x[0-9a-f]+ \[[0-9a-f]+/([0-9a-f]+)/")
_PROGRAM: Final = re.compile(r"do_program_interrupt: code=0x([0-9a-f]+) ilen=(\d+) psw: [0-9a-f]+ ([0-9a-f]+)")
_INTERRUPTION: Final = re.compile(r"s390_cpu_do_interrupt: (-?\d+) at psw=[0-9a-f]+:([0-9a-f]+)")

_LOAD_PSW: Final = (b"\x82", b"\xb2\xb2")

Block = list[tuple[int, bytes]]
"""The address and the bytes of each instruction."""


class QemuSteps:
    """The instructions in a log of QEMU with one CPU."""

    def __init__(self, path: Path, numbers: KeyNumbers) -> None:
        """Read it.

        :raises TraceError: if it cannot be read, or is no such log.
        """
        self.name = str(path)
        self._numbers = numbers
        self._places: list[tuple[int, bytes]] = []
        self._known: dict[tuple[int, bytes], int] = {}
        self._steps = array("q")
        self._taken: dict[int, TakenBefore] = {}
        self.has_flow = False
        """Whether it says what was executed, and not just what was translated."""
        try:
            with path.open(encoding="utf-8", errors="replace") as lines:
                self._read(lines)
        except OSError as reason:
            raise TraceError(f"{path}: cannot be read: {reason.strerror}") from None
        if not self._steps:
            raise TraceError(f"{path}: expected a trace, or a log of QEMU made with -d in_asm,exec,nochain")
        self._order = np.frombuffer(self._steps, dtype=np.int64)
        self._keys = np.array([numbers.of(each) for each in self._places], dtype=np.int64)
        self._addresses = np.array([address for address, _ in self._places], dtype=np.uint64)
        self._loads = np.array([code.startswith(_LOAD_PSW) for _, code in self._places], dtype=bool)

    def _read(self, lines: Iterator[str]) -> None:
        blocks: dict[int, Block] = {}
        reading: Block | None = None
        translated: list[Block] = []
        entered: Block = []
        for line in lines:
            if reading is not None and (found := _INSTRUCTION.match(line)):
                reading.append((int(found[1], 16), bytes.fromhex(found[2].replace(" ", ""))))
            elif line.startswith("IN:"):
                reading = []
                translated.append(reading)
            elif line.startswith("Trace ") and (found := _TRACE.match(line)):
                if reading:
                    blocks[reading[0][0]] = reading
                    reading = None
                self.has_flow = True
                self._enter(entered)
                entered = blocks.get(int(found[1], 16), [])
            elif found := _PROGRAM.match(line):
                entered = _ended(entered, int(found[1], 16), int(found[2]), int(found[3], 16))
            elif found := _INTERRUPTION.match(line):
                self._enter(entered)
                entered = []
                self._taken[len(self._steps)] = TakenBefore(int(found[2], 16), f"interruption of class {found[1]}")
        self._enter(entered)
        if not self.has_flow:
            self._taken.clear()
            for block in translated:
                self._enter([each for each in block if each not in self._known])

    def _enter(self, block: Block) -> None:
        for instruction in block:
            place = self._known.get(instruction)
            if place is None:
                place = self._known[instruction] = len(self._places)
                self._places.append(instruction)
            self._steps.append(place)

    def keys(self, start: int, count: int) -> Keys:
        """See :meth:`tools.traces.steps.Steps.keys`."""
        found: Keys = self._keys[self._order[start : start + count]]
        return found

    def taken_before(self, index: int) -> TakenBefore | None:
        """See :meth:`tools.traces.steps.Steps.taken_before`."""
        return self._taken.get(index)

    def find_return(self, index: int, address: int) -> int | None:
        """See :meth:`tools.traces.steps.Steps.find_return`."""
        order = self._order[index:]
        behind = np.concatenate(([False], self._loads[order[:-1]]))
        found = np.flatnonzero(behind & (self._addresses[order] == np.uint64(address)))
        return index + int(found[0]) if found.size else None

    def lines(self, first: int, last: int) -> Iterator[str]:
        """See :meth:`tools.traces.steps.Steps.lines`."""
        for place in self._order[max(first, 0) : last + 1].tolist():
            address, code = self._places[place]
            yield f"{address:016x} ({code.hex()}){'':{12 - 2 * len(code)}} {disassemble(code, address)}"

    def describe(self, index: int) -> str:
        """See :meth:`tools.traces.steps.Steps.describe`."""
        if index >= len(self._steps):
            return f"the end of {self.name}"
        return f"instruction {index:,} in {self.name}"


def _ended(block: Block, code: int, length: int, address: int) -> Block:
    """The instructions of *block* that ended when program interruption *code* left the PSW at *address*.

    :param length: of the instruction that gives it.
    """
    try:
        ending = ProgramInterruption(ProgramInterruptionCode(code)).ending
    except ValueError:
        ending = Ending.SUPPRESSION
    if ending is Ending.COMPLETION:
        stop = next(
            (index + 1 for index, (place, each) in enumerate(block) if place + len(each) == address), len(block)
        )
        return block[:stop]
    own = address if ending is Ending.NULLIFICATION else address - length
    return block[: next((index for index, (place, _) in enumerate(block) if place == own), len(block))]

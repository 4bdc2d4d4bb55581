# SPDX-License-Identifier: GPL-2.0-or-later
"""The translator's table of instructions, in which interception is asked for.

Unicorn 2.1.4 translates each instruction by an entry of one table in the library's constant data: 867 entries of 72
bytes, in the order of its own list.  Seen by reading the table of the x86-64 wheel:

======  =====  ==========================================================
offset  bytes  meaning
======  =====  ==========================================================
0       2      opcode: first byte; second, its last four bits, last byte or zero
2       2      flags; 0x20 in just those that are privileged
4       4      format, facility, checks of operands
8       8      address of the name
16      48     addresses of the functions that translate
64      8      a number for them
======  =====  ==========================================================

An instruction with flag 0x20 ends in a privileged-operation exception when it is translated in problem state, which is
Unicorn's state whenever the guest runs.  So setting the flag intercepts the instruction, wherever it stands, with the
PSW at it and its length reported; tried with AR, CLC, STCK and RXSBG, first in a block and not, and as the target of an
EXECUTE (of which some are executed without the table: see :mod:`emu.engine.quirks.execute_targets`).  Code that was
translated before stays as it was translated.  The table belongs to the process: all engines use it.
"""

from __future__ import annotations

import ctypes
import re
import struct
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.engine.library import EngineError
from emu.engine.quirks.constant_data import Writable, constant_regions, relocated_words

if TYPE_CHECKING:
    from emu.isa.declaration import Instruction
    from emu.isa.opcodes import Opcode

ENTRIES: Final = 867
ENTRY_BYTES: Final = 72
_HEAD: Final = struct.Struct("=HH4xQ")
_FLAGS: Final = 2
_OPCODE: Final = 0xFFFF
"""Of the first word of an entry: it is little-endian, as the library is made for this processor."""
_PRIVILEGED: Final = 0x20
_NAME_BYTES: Final = 12
_NAME: Final = re.compile(rb"[A-Z][A-Z0-9]*\0")
_ANCHOR: Final = (0xB316, "SQXBR")
_KNOWN_PRIVILEGED: Final = ((0x8200, "LPSW"), (0xB220, "SERVC"), (0xEB2F, "LCTLG"))
_KNOWN_UNPRIVILEGED: Final = ((0x1A00, "AR"), (0xD200, "MVC"), (0xE304, "LG"))
_OTHER_NAMES: Final = {"BRXLG": "BRXHLE", "VLED": "VFLR"} | {
    f"{name}A": name for name in ("LEDBR", "LDXBR", "LEXBR", "CEFBR", "CDFBR", "CXFBR", "CEGBR", "CDGBR", "CXGBR")
}
"""What Unicorn calls instructions that the manual calls otherwise."""
_NOT_AS_KNOWN: Final = "Unicorn's table of instructions {}; this project needs Unicorn 2.1.4"


class TranslatorTable:
    """The table of the library in this process."""

    def __init__(self) -> None:
        """Find it.

        :raises EngineError: if the library is not as it is known.
        """
        self._regions = constant_regions()
        self._entries: dict[int, tuple[str, int]] = {}
        """Name and address of the entry of each opcode."""
        anchor = self._find(*_ANCHOR)
        before, behind = list(self._entries_from(anchor, -1)), list(self._entries_from(anchor, 1))
        self._start, self._end = before[-1][1], behind[-1][1] + ENTRY_BYTES
        for name, address in (*reversed(before), *behind[1:]):
            self._entries[ctypes.c_uint16.from_address(address).value] = name, address
        if self._end - self._start != ENTRIES * ENTRY_BYTES or len(self._entries) != ENTRIES:
            raise EngineError(_NOT_AS_KNOWN.format(f"has not {ENTRIES} entries"))
        for known, is_privileged in ((_KNOWN_PRIVILEGED, True), (_KNOWN_UNPRIVILEGED, False)):
            for opcode, name in known:
                if bool(self._flags(self.entry(opcode, name)).value & _PRIVILEGED) is not is_privileged:
                    raise EngineError(_NOT_AS_KNOWN.format(f"has other flags for {name}"))

    def entry(self, opcode: int, name: str) -> int:
        """The address of the entry of *opcode*, which Unicorn must call *name*.

        :raises EngineError: if there is no such entry.
        """
        found, address = self._entries.get(opcode, ("", 0))
        if found != name:
            raise EngineError(_NOT_AS_KNOWN.format(f"has no entry {opcode:04X} for {name}"))
        return address

    @property
    def opcodes(self) -> list[int]:
        """The opcodes of all entries, as the table has them."""
        return sorted(self._entries)

    def has(self, opcode: Opcode) -> bool:
        """Whether there is an entry of *opcode*."""
        return opcode.first << 8 | opcode.more in self._entries

    def entries_of(self, opcodes: Iterable[Opcode]) -> list[int]:
        """The addresses of the entries of *opcodes*.

        :raises EngineError: if there is no such entry.
        """
        try:
            return [self._entries[opcode.first << 8 | opcode.more][1] for opcode in opcodes]
        except KeyError as opcode:
            raise EngineError(_NOT_AS_KNOWN.format(f"has no entry {opcode.args[0]:04X}")) from None

    @property
    def names(self) -> dict[int, str]:
        """What Unicorn calls the instruction of each opcode, as the table has them."""
        return {opcode: name for opcode, (name, _) in self._entries.items()}

    def declared(self, instruction: Instruction) -> int:
        """The address of the entry for a declared *instruction*.

        :raises EngineError: if there is none.
        """
        name = _OTHER_NAMES.get(instruction.mnemonic, instruction.mnemonic)
        return self.entry(table_opcode(instruction.opcode, instruction.format.opcode), name)

    def set_trapping(self, entries: Iterable[int], *, traps: bool) -> None:
        """Have the instructions of these *entries* trap, or no more, when they are translated from now on.

        :raises EngineError: if the table cannot be written.
        """
        with self.writable():
            for entry in entries:
                flags = self._flags(entry)
                flags.value = flags.value | _PRIVILEGED if traps else flags.value & ~_PRIVILEGED

    def traps(self, entry: int) -> bool:
        """Whether instructions of this *entry* trap."""
        return bool(self._flags(entry).value & _PRIVILEGED)

    def writable(self) -> Writable:
        """A context in which the table can be written; it was made read-only when the library had been loaded."""
        return Writable(self._start, self._end)

    def _flags(self, entry: int) -> ctypes.c_uint16:
        return ctypes.c_uint16.from_address(entry + _FLAGS)

    def _find(self, opcode: int, name: str) -> int:
        """The address of the entry that has *opcode* and *name*."""
        low, words = relocated_words()
        for number in np.flatnonzero(words & np.uint64(_OPCODE) == opcode).tolist():
            entry = low + words.itemsize * number
            if self._name(entry) == name:
                return entry
        raise EngineError(_NOT_AS_KNOWN.format("was not found"))

    def _entries_from(self, address: int, direction: int) -> Iterator[tuple[str, int]]:
        """Name and address of the entry at *address*, and of all behind it, or before it if *direction* is negative."""
        while name := self._name(address):
            yield name, address
            address += direction * ENTRY_BYTES

    def _name(self, address: int) -> str:
        """The name in the entry at *address*; nothing if that is no entry."""
        entry = self._constant(address, ENTRY_BYTES)
        if not entry:
            return ""
        opcode, _, pointer = _HEAD.unpack_from(entry)
        match = _NAME.match(self._constant(pointer, _NAME_BYTES)) if opcode else None
        return match[0][:-1].decode() if match else ""

    def _constant(self, address: int, length: int) -> bytes:
        """So many bytes at *address*; nothing if they are no constant data."""
        for low, high in self._regions:
            if low <= address and address + length <= high:
                return ctypes.string_at(address, length)
        return b""


def table_opcode(opcode: int, pieces: tuple[tuple[int, int], ...]) -> int:
    """*opcode*, as the manual prints it, as the table has it.

    :param pieces: its first bit and width in the instruction, for each piece.
    :raises ValueError: if no rule is known for opcodes in these pieces.
    """
    if pieces == ((0, 8),):
        return opcode << 8
    if pieces in (((0, 16),), ((0, 8), (40, 8))):
        return opcode
    if pieces == ((0, 8), (12, 4)):
        return opcode >> 4 << 8 | opcode & 0x0F
    raise ValueError(f"no rule for an opcode in the bits {pieces}")


@cache
def translator_table() -> TranslatorTable:
    """The table, found once in a process.

    :raises EngineError: if the library is not as it is known.
    """
    return TranslatorTable()

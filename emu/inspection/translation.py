# SPDX-License-Identifier: GPL-2.0-or-later
"""A walk through the translation tables, shown table by table with the bits of each entry named.

PoP 3, "Dynamic Address Translation".  It is the walk of :mod:`emu.dat`, which is watched here; the tables are looked at
without touching the pages that they lie in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from emu import control_registers as control
from emu import dat
from emu.access import space_designation
from emu.addresses import PAGE_OFFSET_MASK, PAGE_SHIFT
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.psw import AddressSpaceControl

_TABLES: Final = ("page", "segment", "region-third", "region-second", "region-first")
"""From the last to the first, at the designation type plus one."""
_SEGMENT: Final = 1
_WITHOUT_ENTRY: Final = {
    ProgramInterruptionCode.ASCE_TYPE: ": the address is beyond the top table",
    ProgramInterruptionCode.ADDRESSING: ": an entry lies outside the memory",
}
"""Why a walk ended that did so before it had an entry."""
_Flags: TypeAlias = tuple[tuple[int, str], ...]
"""Bits of an entry, and what they say where they are one."""


@dataclass(frozen=True, slots=True)
class TableEntry:
    """An entry that a walk came by: of which *table*, its *index* there, its absolute *address* and its *value*."""

    table: str
    index: int
    address: int
    value: int
    is_large: bool = False
    """It is a segment-table entry that designates a frame of 1 MB."""

    def fields(self) -> list[str]:
        """What its bits say, by the manual's names (PoP 3, "Region-Table Entries" to "Page-Table Entries")."""
        value = self.value
        if self.table == "page":
            said = [f"frame {value & dat.PAGE_FRAME:x}"]
            flags: _Flags = (
                (dat.PAGE_ZERO, "bit 52 not zero"),
                (dat.PAGE_INVALID, "I invalid"),
                (dat.PAGE_PROTECTED, "P protected"),
                (dat.PAGE_NO_EXECUTE, "IEP no execution"),
            )
        elif self.table == "segment":
            said, flags = _segment_fields(value, is_large=self.is_large)
        else:
            first = value >> dat.REGION_OFFSET_SHIFT & 3
            said = [
                f"table {value & dat.TABLE_ORIGIN:x}",
                f"TT {_TABLES[((value & dat.ENTRY_TYPE) >> 2) + 1]}",
                f"TF {first} TL {value & dat.TABLE_LENGTH}",
            ]
            flags = ((dat.REGION_INVALID, "I invalid"), (dat.ENTRY_PROTECTED, "P protected"))
        return said + [text for mask, text in flags if value & mask]


def _segment_fields(value: int, *, is_large: bool) -> tuple[list[str], _Flags]:
    flags = (
        (dat.SEGMENT_INVALID, "I invalid"),
        (dat.ENTRY_PROTECTED, "P protected"),
        (dat.SEGMENT_COMMON, "CS common"),
    )
    kind = f"TT {_TABLES[((value & dat.ENTRY_TYPE) >> 2) + 1]}"
    if not is_large:
        return [f"table {value & dat.PAGE_TABLE_ORIGIN:x}", kind], flags
    said = [f"FC 1-megabyte frame {value & dat.SEGMENT_FRAME:x}", kind]
    if value & dat.SEGMENT_ACC_VALID:
        fetch = ", F fetch-protected" if value & dat.SEGMENT_FETCH_PROTECTION else ""
        said.append(f"AV: ACC {(value & dat.SEGMENT_ACC) >> 12}{fetch}")
    return said, (*flags, (dat.SEGMENT_NO_EXECUTE, "IEP no execution"))


@dataclass(frozen=True, slots=True)
class TableWalk:
    """How *address* is translated by the tables that *asce* designates."""

    address: int
    asce: int
    entries: tuple[TableEntry, ...]
    outcome: dat.Translation | dat.TranslationFailure

    def designation(self) -> list[str]:
        """What the address-space-control element says (PoP 3, "Address-Space-Control Element")."""
        if self.asce & dat.REAL_SPACE:
            return ["R real space"]
        top = _TABLES[((self.asce & dat.DESIGNATION_TYPE) >> 2) + 1]
        said = [f"{top} table {self.asce & dat.TABLE_ORIGIN:x}", f"TL {self.asce & dat.TABLE_LENGTH}"]
        flags = (
            (dat.PRIVATE_SPACE, "P private space"),
            (dat.SPACE_SWITCH_EVENT, "X space-switch event"),
        )
        return said + [text for mask, text in flags if self.asce & mask]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    __repr__ = __str__

    def lines(self) -> list[str]:
        """The walk as text: a line for the element, one for each table, and what comes of it."""
        text = [f"ASCE {self.asce:016x}  {', '.join(self.designation())}"]
        text += [
            f"{entry.table}[{entry.index:x}] at {entry.address:x}: {entry.value:016x}  {', '.join(entry.fields())}"
            for entry in self.entries
        ]
        return text + [self.result()]

    def result(self) -> str:
        """What comes of it, in a line."""
        found = self.outcome
        if isinstance(found, dat.TranslationFailure):
            why = _WITHOUT_ENTRY.get(found.code, ": outside the length of the table")
            return f"{self.address:x} -> {ProgramInterruption(found.code)}{why if found.entry_address is None else ''}"
        kind = "absolute" if found.is_absolute else "real"
        notes = [
            text
            for holds, text in (
                (found.is_protected, "no stores: DAT protection"),
                (found.no_execute, "no instruction fetches: instruction-execution protection"),
                (found.access_key is not None, f"key by ACC validity {found.access_key or 0:02x}"),
            )
            if holds
        ]
        return f"{self.address:x} -> {kind} {found.address:x}{''.join(f', {note}' for note in notes)}"

    def _repr_html_(self) -> str:
        from emu.inspection.html import table

        rows = [
            (entry.table, f"{entry.index:x}", f"{entry.address:x}", f"{entry.value:016x}", ", ".join(entry.fields()))
            for entry in self.entries
        ]
        return table(("table", "index", "at", "entry", "what it says"), rows, caption=self.result())


def look_up(cpu: Cpu, address: int, space: AddressSpaceControl) -> TableWalk:
    """Walk through the tables for virtual *address* in *space*, whether DAT is on or not.

    An entry that lies outside the memory ends the walk with the addressing exception, as it would the access.
    """
    asce, cr0 = space_designation(cpu, space), cpu.cr[0]
    seen: list[tuple[int, int]] = []

    def fetch(entry_address: int) -> int:
        entry = _entry(cpu, entry_address)
        seen.append((entry_address, entry))
        return entry

    edat1 = bool(cr0 & control.CR0_EDAT)
    try:
        outcome = dat.walk(
            asce, address, fetch, edat1=edat1, execution_protection=bool(cr0 & control.CR0_EXECUTION_PROTECTION)
        )
    except ProgramInterruption as condition:
        outcome = dat.TranslationFailure(condition.code)
    return TableWalk(address, asce, tuple(_named(seen, asce, address, edat1=edat1)), outcome)


def _named(seen: list[tuple[int, int]], asce: int, address: int, *, edat1: bool) -> list[TableEntry]:
    """The entries as the tables that they are of: one after the other, from that which the element designates."""
    level = ((asce & dat.DESIGNATION_TYPE) >> 2) + 1
    entries = []
    for entry_address, value in seen:
        index = address >> 12 & 0xFF if not level else address >> 9 + 11 * level & 0x7FF
        is_large = level == _SEGMENT and edat1 and bool(value & dat.SEGMENT_FORMAT)
        entries.append(TableEntry(_TABLES[level], index, entry_address, value, is_large))
        level -= 1
    return entries


def _entry(cpu: Cpu, address: int) -> int:
    """The doubleword at absolute *address*, looked at.

    :raises ProgramInterruption: addressing, if it lies outside the memory.
    """
    configuration = cpu.configuration
    configuration.storage.require(address)
    content = configuration.hypervisor.content(address >> PAGE_SHIFT)
    start = address & PAGE_OFFSET_MASK
    return 0 if content is None else int.from_bytes(content[start : start + 8], "big")

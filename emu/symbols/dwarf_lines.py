# SPDX-License-Identifier: GPL-2.0-or-later
"""The source lines of an ELF file, from its line-number programs (DWARF 2 to 5, "Line Number Information").

They are decoded when somebody asks: if the file has a table of address ranges, only the unit that is meant.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from elftools.common.exceptions import DWARFError, ELFError
from elftools.elf.elffile import ELFFile

from emu.symbols.symbol import SourceLine

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAMAGED: Final = (
    *(ELFError, DWARFError, ValueError, KeyError, IndexError, AttributeError, TypeError),
    *(OverflowError, MemoryError, AssertionError, UnicodeDecodeError, NotImplementedError),
)
_FIVE: Final = 5


class _Row(NamedTuple):
    """From *address* on the code is of *line*; of None where a sequence ends."""

    address: int
    line: SourceLine | None


class DwarfLines:
    """The lines of the ELF file with the bytes *image*; where they are damaged there are none."""

    def __init__(self, image: bytes, name: str) -> None:
        self.name = name
        self._image = image
        self._units: dict[int, list[_Row]] = {}

    def at(self, address: int) -> SourceLine | None:
        """See :meth:`emu.symbols.symbol_file.SourceLines.at`."""
        offset = self._unit_of(address)
        rows = self._all if offset is None else self._rows_of(offset)
        last = bisect_right(rows, address, key=_address)
        return rows[last - 1].line if last else None

    def addresses(self, file: str, line: int) -> list[int]:
        """See :meth:`emu.symbols.symbol_file.SourceLines.addresses`."""
        wanted = PurePosixPath(file).parts
        found = []
        before: SourceLine | None = None
        for address, here in self._all:
            if here is not None and here != before and here.line == line and _ends_with(here.file, wanted):
                found.append(address)
            before = here
        return found

    @cached_property
    def _dwarf(self) -> Any:
        try:
            return ELFFile(io.BytesIO(self._image)).get_dwarf_info(relocate_dwarf_sections=False)
        except _DAMAGED:
            return None

    @cached_property
    def _ranges(self) -> Any:
        """The table of address ranges, or None."""
        try:
            return self._dwarf.get_aranges()
        except _DAMAGED:
            return None

    @cached_property
    def _all(self) -> list[_Row]:
        """The rows of all units."""
        return sorted((row for offset in self._offsets() for row in self._rows_of(offset)), key=_address)

    def _offsets(self) -> Iterator[int]:
        """Where the units begin, up to the first that is damaged."""
        try:
            for unit in self._dwarf.iter_CUs():
                yield unit.cu_offset
        except _DAMAGED:
            return

    def _unit_of(self, address: int) -> int | None:
        """The offset of the unit that *address* is in, if the file has a table for that."""
        if self._ranges is None:
            return None
        try:
            offset = self._ranges.cu_offset_at_addr(address)
        except _DAMAGED:
            return None
        return offset if isinstance(offset, int) else None

    def _rows_of(self, offset: int) -> list[_Row]:
        """The rows of the unit at *offset*, sorted."""
        if offset not in self._units:
            try:
                rows = self._decode(self._dwarf.get_CU_at(offset))
            except _DAMAGED:
                rows = []
            self._units[offset] = sorted(rows, key=_address)
        return self._units[offset]

    def _decode(self, unit: Any) -> list[_Row]:
        program = self._dwarf.line_program_for_CU(unit)
        if program is None:
            return []
        names = _file_names(program.header)
        rows = []
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            if state.end_sequence:
                rows.append(_Row(state.address, None))
            elif state.file < len(names) and names[state.file]:
                rows.append(_Row(state.address, SourceLine(names[state.file], state.line)))
        return rows


def _file_names(header: Any) -> list[str]:
    """The paths of the files by number: from 1 on before DWARF 5, from 0 on since then."""
    directories = [_text(each) for each in header["include_directory"]]
    if header["version"] < _FIVE:
        directories = [""] + directories
    names = [] if header["version"] >= _FIVE else [""]
    for entry in header["file_entry"]:
        name = _text(entry.name)
        directory = directories[entry.dir_index] if entry.dir_index < len(directories) else ""
        names.append(str(PurePosixPath(directory, name)))
    return names


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode("utf-8", errors="replace")


def _ends_with(path: str, parts: tuple[str, ...]) -> bool:
    return bool(parts) and PurePosixPath(path).parts[-len(parts) :] == parts


def _address(row: _Row) -> int:
    return row.address

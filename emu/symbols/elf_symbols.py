# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbols of an ELF file: its symbol table, or else that of the dynamic linker."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from emu.errors import SymbolFileError
from emu.symbols.dwarf_lines import DwarfLines
from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile, with_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

ELF_MAGIC: Final = b"\x7fELF"
_TABLES: Final = ("SHT_SYMTAB", "SHT_DYNSYM")
_KINDS: Final = frozenset({"STT_NOTYPE", "STT_FUNC", "STT_OBJECT", "STT_GNU_IFUNC", "STT_LOOS"})
_LONGEST: Final = 0x10000
"""Bytes from a symbol on that are called after it if neither a size is given nor anything follows."""
# pyelftools raises these, too, for tables that lie.
_DAMAGED: Final = (ELFError, ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError, MemoryError)


def parse_elf_symbols(image: bytes, name: str, *, is_required: bool = True) -> SymbolFile | None:
    """The symbols of the ELF file with the bytes *image*; *name* is what messages call it.

    :param is_required: a file without symbols is refused; else it gives None.
    :raises SymbolFileError: if it is no ELF file for s390x, or damaged.
    """
    try:
        elf = ELFFile(io.BytesIO(image))
        if elf["e_machine"] != "EM_S390" or elf.elfclass != 64:
            raise SymbolFileError(f"{name}: expected an ELF file of 64 bits for s390x, not {elf['e_machine']}")
        symbols = list(_symbols(elf))
        has_lines = bool(elf.has_dwarf_info()) and elf.get_section_by_name(".debug_line") is not None
    except _DAMAGED as reason:
        if isinstance(reason, SymbolFileError):
            raise
        raise SymbolFileError(f"{name}: the symbol table is damaged: {reason}") from None
    if not symbols and not has_lines:
        if is_required:
            raise SymbolFileError(f"{name}: there is no symbol table in it (it may have been stripped)")
        return None
    lines = DwarfLines(image, name) if has_lines else None
    return SymbolFile(name, symbols, lines=lines)


def _symbols(elf: Any) -> Iterator[Symbol]:
    tables = [section for section in elf.iter_sections() if isinstance(section, SymbolTableSection)]
    for kind in _TABLES:
        found = [symbol for table in tables if table["sh_type"] == kind for symbol in _of_table(elf, table)]
        if found:
            yield from found
            return


def _of_table(elf: Any, table: Any) -> Iterator[Symbol]:
    """The symbols of one table; the section stands for the module, as nothing reaches beyond its own."""
    found = []
    for entry in table.iter_symbols():
        section, kind = entry["st_shndx"], entry["st_info"]["type"]
        if not isinstance(section, int) or kind not in _KINDS or not entry.name or entry.name.startswith((".L", "$")):
            continue
        is_code = kind in ("STT_FUNC", "STT_GNU_IFUNC", "STT_LOOS") or _is_executable(elf, section)
        found.append(
            Symbol(
                entry["st_value"],
                entry.name,
                entry["st_size"],
                is_code,
                entry["st_info"]["bind"] == "STB_LOCAL",
                str(section),
            )
        )
    ends = {}
    for number in {int(symbol.module) for symbol in found}:
        section = elf.get_section(number)
        ends[str(number)] = section["sh_addr"] + section["sh_size"]
    # A label of data without a size, such as the end of something, says nothing about what follows it.
    labels = [symbol for symbol in found if not symbol.is_code and not symbol.size]
    for symbol in [*with_sizes(set(found) - set(labels), ends, _LONGEST), *labels]:
        yield symbol._replace(module="")


def _is_executable(elf: Any, number: int) -> bool:
    return bool(elf.get_section(number)["sh_flags"] & 4)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The file that gdb is given as the program, if it has none: it tells gdb the order of bytes, and the symbols.

Where the image is no ELF file, one is made: no code, only sections without content, and the symbols of the session.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from emu.symbols.symbol import Symbol
    from emu.symbols.table import SymbolTable

_HEADER_BYTES, _SECTION_BYTES, _SYMBOL_BYTES = 64, 64, 24
_EM_S390: Final = 22
_NOBITS, _PROGBITS, _SYMTAB, _STRTAB = 8, 1, 2, 3
_ALLOCATED, _WRITABLE, _EXECUTABLE = 2, 1, 4
_SECTION_NAMES: Final = b"\0.text\0.data\0.symtab\0.strtab\0.shstrtab\0"
_TEXT, _DATA = 1, 2
"""Numbers of sections."""
_GLOBAL: Final = 0x10
_FUNCTION, _OBJECT = 2, 1


def make_symbol_image(symbols: SymbolTable) -> bytes:
    """An ELF file for s390x with all of *symbols*, and nothing else."""
    listed = [symbol for file in symbols.files for each in file.by_name.values() for symbol in each]
    names = bytearray(b"\0")
    # The local ones come first, as the format asks for.
    entries = [bytes(_SYMBOL_BYTES)]
    local = [symbol for symbol in listed if symbol.is_local]
    for symbol in [*local, *(symbol for symbol in listed if not symbol.is_local)]:
        entries.append(_entry(symbol, len(names)))
        names += symbol.name.encode("utf-8", errors="replace") + b"\0"
    table = b"".join(entries)
    contents = (table, bytes(names), _SECTION_NAMES)
    sections = _HEADER_BYTES + sum(map(len, contents))
    headers = [
        bytes(_SECTION_BYTES),
        _section(".text", _NOBITS, _ALLOCATED | _EXECUTABLE, *_extent(listed, is_code=True), _HEADER_BYTES),
        _section(".data", _NOBITS, _ALLOCATED | _WRITABLE, *_extent(listed, is_code=False), _HEADER_BYTES),
    ]
    offset = _HEADER_BYTES
    for name, kind, content in zip(
        (".symtab", ".strtab", ".shstrtab"), (_SYMTAB, _STRTAB, _STRTAB), contents, strict=True
    ):
        is_table = kind == _SYMTAB
        headers.append(
            _section(
                name,
                kind,
                0,
                0,
                len(content),
                offset,
                link=len(headers) + 1 if is_table else 0,
                info=len(local) + 1 if is_table else 0,
                entry=_SYMBOL_BYTES if is_table else 0,
            )
        )
        offset += len(content)
    ident = b"\x7fELF" + bytes((2, 2, 1)) + bytes(9)
    header = struct.pack(
        ">16sHHIQQQIHHHHHH",
        *(ident, 2, _EM_S390, 1, 0, 0, sections, 0),
        *(_HEADER_BYTES, 0, 0, _SECTION_BYTES, len(headers), len(headers) - 1),
    )
    return b"".join((header, *contents, *headers))


def _entry(symbol: Symbol, name: int) -> bytes:
    kind = _FUNCTION if symbol.is_code else _OBJECT
    binding = 0 if symbol.is_local else _GLOBAL
    section = _TEXT if symbol.is_code else _DATA
    return struct.pack(">IBBHQQ", name, binding | kind, 0, section, symbol.address, symbol.size)


def _extent(symbols: list[Symbol], *, is_code: bool) -> tuple[int, int]:
    """The address of the first symbol of a kind, and how many bytes all of them span."""
    found = [symbol for symbol in symbols if symbol.is_code is is_code]
    if not found:
        return 0, 0
    first = min(symbol.address for symbol in found)
    return first, max(symbol.address + symbol.size for symbol in found) - first


def _section(
    name: str,
    kind: int,
    flags: int,
    address: int,
    size: int,
    offset: int,
    *,
    link: int = 0,
    info: int = 0,
    entry: int = 0,
) -> bytes:
    where = _SECTION_NAMES.index(b"\0" + name.encode() + b"\0") + 1
    return struct.pack(">IIQQQQIIQQ", where, kind, flags, address, offset, size, link, info, 2, entry)

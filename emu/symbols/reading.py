# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of symbols, whatever kind they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.errors import SymbolFileError
from emu.input_files.reading import read_whole
from emu.symbols.kernel_list import parse_kernel_list

if TYPE_CHECKING:
    from pathlib import Path

    from emu.symbols.symbol_file import SymbolFile


def read_symbols(path: Path, offset: int = 0) -> SymbolFile:
    """The symbols in *path*: an ELF file, a ``System.map``, or a list such as ``/proc/kallsyms``.

    :param offset: what is added to every address, in bytes, for a program that lies elsewhere than its file says.
    :raises SymbolFileError: if it cannot be read, or a line or table of it is wrong.
    """
    try:
        content = read_whole(path)
    except OSError as reason:
        raise SymbolFileError(f"{path}: cannot be read: {reason.strerror}") from None
    found = _parse(content, str(path))
    return found.moved(offset) if offset else found


def image_symbols(path: Path) -> SymbolFile | None:
    """The symbols of the program in *path* itself; None if it has none, is no ELF file, or cannot be read."""
    from emu.symbols.elf_symbols import ELF_MAGIC, parse_elf_symbols

    try:
        content = read_whole(path)
        return parse_elf_symbols(content, str(path), is_required=False) if content.startswith(ELF_MAGIC) else None
    except (OSError, SymbolFileError):
        # Whoever loads the program says what is wrong with it; a damaged symbol table does not keep it from running.
        return None


def _parse(content: bytes, name: str) -> SymbolFile:
    from emu.symbols.elf_symbols import ELF_MAGIC, parse_elf_symbols

    if content.startswith(ELF_MAGIC):
        found = parse_elf_symbols(content, name)
        if found is None:
            raise SymbolFileError(f"{name}: there are no symbols in it")
        return found
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as reason:
        line = content.count(b"\n", 0, reason.start) + 1
        raise SymbolFileError(
            f"{name}, line {line}: expected an ELF file, or text such as System.map and /proc/kallsyms have it"
        ) from None
    return parse_kernel_list(text, name)

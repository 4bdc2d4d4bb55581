# SPDX-License-Identifier: GPL-2.0-or-later
"""A symbol, and an address that is named by one."""

from __future__ import annotations

from typing import NamedTuple


class Symbol(NamedTuple):
    """A name for the *size* bytes from *address* on, which is virtual if the program runs with DAT on."""

    address: int
    name: str
    size: int = 0
    """In bytes; where the file does not say, up to the next symbol.  Zero names the address alone."""
    is_code: bool = True
    is_local: bool = False
    """Other files may use the same name for something else."""
    module: str = ""
    """The kernel module that it belongs to, if any."""


class NamedAddress(NamedTuple):
    """An address as a symbol and the distance from it, in bytes."""

    symbol: Symbol
    offset: int

    def __str__(self) -> str:
        where = f"{self.symbol.name}+{self.offset:#x}" if self.offset else self.symbol.name
        return f"{where} [{self.symbol.module}]" if self.symbol.module else where


class SourceLine(NamedTuple):
    """A line of a source file."""

    file: str
    """As the compiler was told of it."""
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

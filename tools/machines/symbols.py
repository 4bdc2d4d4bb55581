# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbols of a machine: those of its image, and those of the files that were named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.symbols.reading import image_symbols, read_symbols
from emu.symbols.table import SymbolTable

if TYPE_CHECKING:
    from tools.machines.options import MachineOptions, SymbolOptions


def load_symbols(options: MachineOptions, wanted: SymbolOptions) -> SymbolTable:
    """The symbols for the image of *options*; there may be none.

    :raises emu.errors.SymbolFileError: if a file that was named is no table of symbols.
    """
    files = [read_symbols(source.path, source.offset) for source in wanted.symbols]
    image = options.image
    own = image_symbols(image.path) if image.symbols is None else read_symbols(image.symbols)
    return SymbolTable(files if own is None else [*files, own])

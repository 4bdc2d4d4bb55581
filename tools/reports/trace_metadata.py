# SPDX-License-Identifier: GPL-2.0-or-later
"""What a trace says of the program that it is of: put there where it is recorded, taken out where it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile
from emu.symbols.table import SymbolTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emu.machine import Machine

CONSOLE = "console"


def describe(machine: Machine, program: str, level: str, symbols: SymbolTable) -> dict[str, Any]:
    """The metadata of a trace of *machine*.

    :param program: what it runs, as it was typed.
    :param level: one of :data:`emu.traces.schema.LEVELS`.
    """
    return {
        "program": program,
        "level": level,
        "memory": machine.memory,
        "cpus": len(machine.cpus),
        "profile": machine.configuration.profile.value,
        "facilities": sorted(machine.configuration.facilities),
        "page_states": _pages_by_state(machine),
        "devices": [CONSOLE, *(f"subchannel {each.number:04x}" for each in machine.channels.subchannels)],
        "symbols": [_described(file) for file in symbols.files],
    }


def _pages_by_state(machine: Machine) -> dict[str, int]:
    """How many pages are in which state when it is begun, by the state as a decimal number."""
    return {str(state): pages for state, pages in enumerate(np.bincount(machine.states.array).tolist()) if pages}


def _described(file: SymbolFile) -> dict[str, Any]:
    symbols = [symbol for same in file.by_name.values() for symbol in same]
    return {"file": file.name, "is_kernel": file.is_kernel, "symbols": symbols}


def symbols_of(metadata: Mapping[str, Any]) -> SymbolTable:
    """The symbols that :func:`describe` has put there; source lines are not kept."""
    return SymbolTable(
        SymbolFile(file["file"], (Symbol(*each) for each in file["symbols"]), is_kernel=file["is_kernel"])
        for file in metadata.get("symbols", ())
    )

# SPDX-License-Identifier: GPL-2.0-or-later
"""The architecture: an emulator of z/Architecture in which page hinting (ESSA) is real.

The names below are for Python programs and notebooks: make a machine, run it to a stop, look, step back.  They are
described, with examples, in ``emu/debugging/README.md``.  They are loaded when they are asked for first.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emu.debugging.history import HistoryError
    from emu.debugging.opening import open_bytes, open_program
    from emu.debugging.session import Session
    from emu.inspection.storage import NoStorageError, Space
    from emu.isa.assembler import assemble
    from emu.machine import Machine, Stop, StopKind
    from emu.page_states import Content, OperationRequest, Profile, Usage
    from emu.running.stopping.kinds import (
        AtAddress,
        AtInstructionCount,
        AtInterruption,
        AtMnemonic,
        AtTarget,
        AtTime,
        ConsoleText,
        ContentChange,
        ControlRegisterChange,
        FirstTouch,
        PageStateChange,
        PswMaskChange,
        StorageAccess,
        StorageKeyChange,
        When,
    )

__all__ = [
    "AtAddress",
    "AtInstructionCount",
    "AtInterruption",
    "AtMnemonic",
    "AtTarget",
    "AtTime",
    "ConsoleText",
    "Content",
    "ContentChange",
    "ControlRegisterChange",
    "FirstTouch",
    "HistoryError",
    "Machine",
    "NoStorageError",
    "OperationRequest",
    "PageStateChange",
    "Profile",
    "PswMaskChange",
    "Session",
    "Space",
    "Stop",
    "StopKind",
    "StorageAccess",
    "StorageKeyChange",
    "Usage",
    "When",
    "assemble",
    "open_bytes",
    "open_program",
]

_ROOMS = {
    "emu.debugging.history": ("HistoryError",),
    "emu.debugging.opening": ("open_bytes", "open_program"),
    "emu.debugging.session": ("Session",),
    "emu.inspection.storage": ("NoStorageError", "Space"),
    "emu.isa.assembler": ("assemble",),
    "emu.machine": ("Machine", "Stop", "StopKind"),
    "emu.page_states": ("Content", "OperationRequest", "Profile", "Usage"),
}
"""Where what is named above comes from; stops come from :mod:`emu.running.stopping.kinds`."""


def __getattr__(name: str) -> Any:
    """What is called *name* above, loaded now."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = next((room for room, names in _ROOMS.items() if name in names), "emu.running.stopping.kinds")
    return getattr(import_module(room), name)

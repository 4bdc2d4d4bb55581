# SPDX-License-Identifier: GPL-2.0-or-later
"""Following a register: when it was changed, found at nearly full speed.

Before each instruction that runs in Unicorn a compiled callback compares the register with what it held before; what
the model does comes between two entries of an engine, where Python compares.  So no change goes unnoticed, even one
that the next instruction takes back.  When it came is known to within a block: whoever wants it to the instruction goes
there and steps.  With nothing followed the callback does not exist.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final

from unicorn import unicorn_const as uc_const

from emu.engine import compiled
from emu.engine.record_limits import FOLLOWED_CHANGES

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable

    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.engine.blocks import BlockState
    from emu.engine.library import Unicorn
    from emu.engine.new_blocks import NewBlocks
    from emu.engine.quirks.register_file import EngineRegisters

_NUMBERED: Final = re.compile(r"(gr|ar|fr|vr)(\d+)")
_BY_MODEL: Final = frozenset({"prefix", "ckc", "todpr"})
"""Registers that only the model changes."""


def can_follow(name: str) -> bool:
    """Whether the register called *name*, as :mod:`emu.debugging.registers` has it, can be followed."""
    return _NUMBERED.fullmatch(name) is not None or name in _BY_MODEL | {"fpc", "bea"}


def _places(name: str, registers: EngineRegisters) -> tuple[int, ...]:
    """The addresses of the words of 32 bits that hold the register called *name* while Unicorn runs."""
    layout = registers.layout
    numbered = _NUMBERED.fullmatch(name)
    if numbered is not None:
        first, size, step = {
            "gr": (0, 8, 8),
            "ar": (layout.access, 4, 4),
            "fr": (layout.vector, 8, 16),
            "vr": (layout.vector, 16, 16),
        }[numbered[1]]
        places = [(registers.base + first + step * int(numbered[2]), size)]
    else:
        places = {
            "fpc": [(registers.base + layout.fpc, 4)],
            "bea": [(registers.base + layout.breaking_event, 8)],
        }.get(name, [])
    return tuple(at for place, size in places for at in range(place, place + size, 4))


class FollowedRegister:
    """A register of *cpu* that is followed: its *value* is looked at by Python, its words by compiled code."""

    def __init__(
        self,
        name: str,
        value: Callable[[Cpu], int],
        cpu: Cpu,
        *,
        state: BlockState,
        unicorn: Unicorn,
        registers: EngineRegisters,
        blocks: NewBlocks,
    ) -> None:
        """Begin to follow the register called *name*; :meth:`end` must be called.

        :param state: with *unicorn*, *registers* and *blocks* those of the engine of *cpu*.
        """
        self._get = value
        self._cpu = cpu
        self._configuration: Configuration[Cpu] = cpu.configuration
        self._unicorn = unicorn
        self._record = record = state.fields
        self._value = value(cpu)
        self._changes: deque[int] = deque(maxlen=FOLLOWED_CHANGES)
        self._count = 0
        places = _places(name, registers)
        words = state.table("followed_places")
        words[: len(places)] = places
        record.followed_count = len(places)
        record.change_count = 0
        self._blocks = blocks
        self._state = state
        self._hook = None
        if places:
            blocks.hand_over()
            self._hook = unicorn.hook(uc_const.UC_HOOK_CODE, compiled.callbacks().following, state.address)
            unicorn.drop_all_code()

    def end(self) -> None:
        """Note what the last instruction has changed, and follow it no more."""
        self.collect()
        if self._hook is not None:
            self._state.unhook(self._unicorn, self._hook)
            self._blocks.take_back()
            self._unicorn.drop_all_code()
            self._hook = None

    @property
    def changes(self) -> list[int]:
        """The last changes, in their order: not earlier than each so many instructions of all CPUs had ended.

        Each is later by less than a block of the engine; there may be some that are none.
        """
        return list(self._changes)

    @property
    def are_all_kept(self) -> bool:
        """Whether these are all since the register is followed."""
        return self._count <= FOLLOWED_CHANGES

    def look(self) -> None:
        """Look whether Python has changed it; called before an engine executes anything."""
        value = self._get(self._cpu)
        if value != self._value:
            self._value = value
            self._note(self._configuration.executed)

    def collect(self) -> None:
        """Note what compiled code has found; called when an engine has run."""
        record = self._record
        count = int(record.change_count)
        if count:
            others = self._configuration.executed - self._cpu.executed
            kept: ctypes.Array[ctypes.c_uint64] = record.changes
            for number in range(max(count - FOLLOWED_CHANGES, 0), count):
                self._note(others + int(kept[number % FOLLOWED_CHANGES]))
            self._count += max(count - FOLLOWED_CHANGES, 0)
            record.change_count = 0
        # The last instruction may have changed it, before which compiled code has looked.
        self.look()

    def _note(self, executed: int) -> None:
        self._changes.append(executed)
        self._count += 1

# SPDX-License-Identifier: GPL-2.0-or-later
"""What a CPU's translation-lookaside buffer holds (PoP 3, "Translation-Lookaside Buffer").

An entry is used only in its context: the address-space-control elements, the access key and the mode that it was made
with.  The buffer is no state that a program sees: it may be emptied at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unicorn import unicorn_const as uc_const

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.engine.code import FRAMES
from emu.engine.engine import Engine
from emu.psw import AddressSpaceControl

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.engine.fills import RememberedFill

_ACCESSES: Final = ("fetch", "store", "instruction fetch")
_DAT: Final = 4
"""In the mode of a fill; the address-space control is in the two bits below."""
_DESIGNATIONS: Final = {
    AddressSpaceControl.PRIMARY: 1,
    AddressSpaceControl.ACCESS_REGISTER: 1,
    AddressSpaceControl.SECONDARY: 2,
    AddressSpaceControl.HOME: 3,
}
"""Where in what a translation depends on the element of a space is."""
_KEY: Final = 4


@dataclass(frozen=True, slots=True)
class LookasideEntry:
    """A translation that is remembered."""

    address: int
    """Of the page, as the program has it."""
    access: str
    space: str
    """The space that the PSW selected, or real."""
    asce: int | None
    key: int
    """The access key."""
    frame: int
    """The host's frame."""
    is_writable: bool

    def __str__(self) -> str:
        where = self.space if self.asce is None else f"{self.space} {self.asce:016x}"
        writable = ", stores" if self.is_writable else ""
        return f"{self.address:016x} {where} key {self.key}: {self.access} -> frame {self.frame:x}{writable}"


def lookaside_entries(cpu: Cpu) -> list[LookasideEntry]:
    """What the buffer of *cpu* holds, in the order of addresses."""
    buffer = cpu.tlb
    if not isinstance(buffer, Engine):
        return []
    return sorted(map(_entry, buffer.remembered_fills()), key=lambda each: (each.address, each.space, each.access))


def _entry(fill: RememberedFill) -> LookasideEntry:
    space = AddressSpaceControl(fill.mode & 3)
    is_virtual = bool(fill.mode & _DAT)
    return LookasideEntry(
        address=fill.address,
        access=_ACCESSES[fill.access],
        space=space.name.lower() if is_virtual else "real",
        asce=fill.depends[_DESIGNATIONS[space]] if is_virtual else None,
        key=fill.depends[_KEY],
        frame=((fill.answer & -PAGE_SIZE) - FRAMES) >> PAGE_SHIFT,
        is_writable=bool(fill.answer & uc_const.UC_PROT_WRITE),
    )

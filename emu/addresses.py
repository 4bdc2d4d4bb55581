# SPDX-License-Identifier: GPL-2.0-or-later
"""The address types of PoP chapter 3, "Address Types and Formats".

They are distinct for the type checker and plain ``int`` at run time, because addresses are made and taken
apart in the hottest paths of the machine.  A conversion is always a function with a name: translation
(:mod:`emu.dat`) makes a real or absolute address of a virtual one, prefixing (:mod:`emu.prefixing`) an
absolute one of a real one, and the host makes a place in its frame pool of an absolute one.
"""

from __future__ import annotations

from typing import Final, NewType

VirtualAddress = NewType("VirtualAddress", int)
"""An address that dynamic address translation turns into a real one."""
RealAddress = NewType("RealAddress", int)
"""An address that prefixing turns into an absolute one."""
AbsoluteAddress = NewType("AbsoluteAddress", int)
"""A location in the configuration's storage; storage keys and page states belong to absolute pages."""
LogicalAddress = NewType("LogicalAddress", int)
"""Virtual when DAT is on, real when it is off: what most instruction operands are."""

PAGE_SHIFT: Final = 12
PAGE_SIZE: Final = 1 << PAGE_SHIFT
PAGE_OFFSET_MASK: Final = PAGE_SIZE - 1
LOW_PAGES_END: Final = 2 * PAGE_SIZE
"""In the pages below, parts may have rules of their own (:func:`emu.access.needs_byte_checks`)."""
SEGMENT_SIZE: Final = 1 << 20
"""Bytes in a segment, and in the large frame of enhanced DAT facility 1."""

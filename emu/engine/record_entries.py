# SPDX-License-Identifier: GPL-2.0-or-later
"""The entries of tables in the record that Python and compiled code share."""

from __future__ import annotations

import ctypes

from emu.engine.record_fields import Word, declare_fields


class MemoEntry(ctypes.Structure):
    """A block that has been walked."""

    key: Word
    """Its address, two bits to the left and so without the first two, and the mode that it was fetched in."""
    known: Word
    """Its bytes in the upper half; in the lower how many instructions it has."""
    epoch: Word
    """What the epochs of its first and its last byte came to when it was walked."""


class ShownPage(ctypes.Structure):
    """A page whose code the callbacks can read."""

    key: Word
    """The number of the virtual page, two bits to the left, and the mode; NO_PAGE if there is none."""
    place: Word
    """Its address in this process."""


class ContextEntry(ctypes.Structure):
    """A context that the CPU has been in."""

    primary: Word
    secondary: Word
    home: Word
    """Its address-space-control elements."""
    rest: Word
    """What else it depends on but for the mode of the PSW: see emu.engine.tables.rest_with_key."""
    number: Word
    """Zero if there is none."""


declare_fields(MemoEntry)
declare_fields(ShownPage)
declare_fields(ContextEntry)

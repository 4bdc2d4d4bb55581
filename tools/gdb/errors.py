# SPDX-License-Identifier: GPL-2.0-or-later
"""What a packet can be answered with besides what it asks for."""

from __future__ import annotations

from typing import Final

WRONG: Final = 0x16
"""EINVAL: the packet is malformed, or asks for something that there cannot be."""
NO_STORAGE: Final = 0x0E
"""EFAULT: there is no storage at an address."""
NOT_NOW: Final = 0x10
"""EBUSY: the machine does not let that be done as it is."""
HOST_FAILED: Final = 0x05
"""EIO: the host cannot read or write a page."""


class PacketError(Exception):
    """A packet is answered with the error *number* of the protocol."""

    def __init__(self, number: int = WRONG) -> None:
        super().__init__(f"E{number:02x}")
        self.number = number

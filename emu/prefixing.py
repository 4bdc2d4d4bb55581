# SPDX-License-Identifier: GPL-2.0-or-later
"""Prefixing (PoP chapter 3): which absolute address a CPU's real address stands for."""

from __future__ import annotations

from emu.addresses import AbsoluteAddress, RealAddress
from emu.lowcore import PREFIX_AREA_SIZE


def real_to_absolute(address: int, prefix: int) -> AbsoluteAddress:
    """Exchange the first 8 KiB of real storage with the 8 KiB at *prefix*."""
    area = address & -PREFIX_AREA_SIZE
    if area == 0:
        return AbsoluteAddress(address | prefix)
    if area == prefix:
        return AbsoluteAddress(address & PREFIX_AREA_SIZE - 1)
    return AbsoluteAddress(address)


def absolute_to_real(address: int, prefix: int) -> RealAddress:
    """The inverse of :func:`real_to_absolute`; prefixing is its own inverse."""
    return RealAddress(real_to_absolute(address, prefix))

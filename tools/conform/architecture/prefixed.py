# SPDX-License-Identifier: GPL-2.0-or-later
"""Another prefix for a part of a case (PoP 3, "Prefixing").

The first page of the new area is made a copy of that at zero, since interruptions find their new PSWs there. Page16
has the prefix. Registers 7 to 11 are used, and 7 is needed again for the way back.
"""

from __future__ import annotations

from typing import Final


def prefix_word(area: int) -> bytes:
    """What page16 must hold for a prefix area at the absolute address *area*."""
    return area.to_bytes(4, "big") + bytes(4)


def with_prefix(area: str) -> str:
    """Code that makes *area*, an address or a page, the prefix area."""
    return f"LGHI 8,0\nLLILL 9,0x1000\nLLILF 10,{area}\nLLILL 11,0x1000\nMVCL 10,8\nLLILF 7,page16\nSPX 0(7)\n"


WITHOUT_PREFIX: Final = "SPX 4(7)\n"
"""Code that makes it zero again."""

# SPDX-License-Identifier: GPL-2.0-or-later
"""External-interruption conditions that a case makes by instructions (PoP 6, "External Interruption").

The code that makes them uses registers 2, 4 and 5; 2 has the address of this CPU, which is 0.
"""

from __future__ import annotations

from typing import Final

from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK

EMERGENCY: Final = 0x1201
CALL: Final = 0x1202
COMPARATOR: Final = 0x1004
TIMER: Final = 0x1005
MASKS: Final = {EMERGENCY: 1 << 14, CALL: 1 << 13, COMPARATOR: 1 << 11, TIMER: 1 << 10}
"""The subclass mask of each in control register 0."""
ENABLED: Final = ADDRESSING_MODE | EXTERNAL_MASK
ENABLE: Final = "STOSM 0x800,0x01"
_MAKING: Final = {
    EMERGENCY: "SIGP 4,2,3",
    CALL: "SIGP 4,2,2",
    COMPARATOR: "LARL 5,zero\nSCKC 0(5)",
    TIMER: "LARL 5,ones\nSPT 0(5)",
}
# In front of the code, so that they are aligned.
_DATA: Final = (
    "BRC 15,begin\nBCR 0,0\nBCR 0,0\nzero: DC X'0000000000000000'\nones: DC X'FFFFFFFFFFFFFFFF'\nbegin: LGHI 2,0\n"
)


def pending(*codes: int) -> str:
    """Code, the first of a case, behind which the conditions with these *codes* are pending."""
    return _DATA + "".join(f"{_MAKING[code]}\n" for code in codes)

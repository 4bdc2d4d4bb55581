# SPDX-License-Identifier: GPL-2.0-or-later
"""Channel reports for cases: the machine check that an instruction makes (PoP 11; PoP 14, Reset Channel Path).

The instruction ends before the path is reset, so that who made the report waits for it, enabled.  Registers 1 and 5 are
used, and page15 has the PSW of the wait.
"""

from __future__ import annotations

from typing import Final

from emu.psw import ADDRESSING_MODE, MACHINE_CHECK_MASK, WAIT, Psw
from tools.conform.architecture.case import ExpectedInterruption, Going, Masked, machine_check
from tools.conform.architecture.source import Value

REPORT: Final = 1 << 54
REPORT_MASK: Final = 1 << 28
"""In control register 14."""
VALID: Final = 0x0F1D_4033_0000
"""The parts of the PSW, storage, and the registers in the save areas are valid."""
PSW_AND_STORAGE_VALID: Final = 0x0F01_0000_0000
"""The same without the registers."""
VECTORS: Final = 1 << 38
"""So are the vector registers."""
RESET_PATH: Final = "LGHI 1,0\nRCHP\n"
WAIT_FOR_IT: Final = "LLILF 5,page15\nLPSWE 0(5)\n"
ENABLED: Final = ADDRESSING_MODE | MACHINE_CHECK_MASK
WAITING_AT: Final = 0x9000
_ALL: Final = (1 << 64) - 1


def psw(mask: int, address: int = WAITING_AT) -> bytes:
    """What storage must hold for LOAD PSW EXTENDED."""
    return Psw(mask, address).to_bytes()


WAITING: Final[dict[Value, int | bytes]] = {"page15": psw(ENABLED | WAIT)}
"""The storage of a case that waits."""


def checked(conditions: int) -> tuple[int, int]:
    """The machine-check-interruption code of *conditions*, whatever becomes of the vector registers."""
    return conditions | VALID, _ALL & ~VECTORS


_REPORTED: Final = checked(REPORT)


def reported(code: Masked = _REPORTED, *, to: Value | None = None, **fields: Masked) -> ExpectedInterruption:
    """The interruption that ends the wait; the program goes on at *to*, if anywhere."""
    going = Going.END if to is None else Going.LABEL
    return machine_check(code, at=WAITING_AT, mask=ENABLED | WAIT, going=going, to=to or 0, **fields)

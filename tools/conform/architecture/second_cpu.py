# SPDX-License-Identifier: GPL-2.0-or-later
"""A second CPU for cases: it is restarted, enables itself, and goes round in a loop until it is interrupted or stopped.

Its prefix area is page3 and page4.  It tells in page1 that it is about to enter its loop, and in the doubleword behind
that that it was interrupted.  Page2 has what it loads into a control register, page15 the PSW of its loop, and page16
its prefix.  Register 2 has its address; registers 5 to 10 are used, and 9 designates page1 then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from emu.psw import ADDRESSING_MODE, Psw
from tools.conform.architecture.prefixed import prefix_word
from tools.conform.architecture.source import Value

PREFIX: Final = 0x42000
"""The absolute address of page3."""
LOOP: Final = 0x9000
HANDLER: Final = 0x9100
IN_LOOP: Final = LOOP, ~7 & (1 << 64) - 1
"""Where it is while it is in its loop, which instruction of that it may be."""
YIELD: Final = "DIAG 0,0,0x44"
LOOPS: Final[Mapping[Value, str]] = {
    LOOP: f"{YIELD}\nBRC 15,{LOOP}",
    HANDLER: f"LLILF 5,page1\nLGHI 7,1\nSTG 7,8(5)\nhandled: {YIELD}\nBRC 15,handled",
}
"""The parts of a case that has it."""
FLAGS: Final[Mapping[Value, int]] = {"page1": 0, "page1+8": 0}
"""What must be in storage before it tells of anything."""
RESTART: Final = "LARL 8,other\nSTG 8,0x1A8\nSIGP 4,2,6\n"
"""Code of the first CPU that lets the second one begin at the label *other*."""
UNTIL_TOLD: Final = f"LLILF 9,page1\nwaiting: {YIELD}\nLTG 10,0(9)\nBRC 8,waiting\n"
"""Code of the first CPU that waits until the second one tells of its loop."""
UNTIL_HANDLED: Final = f"LLILF 9,page1\nleft: {YIELD}\nLTG 3,8(9)\nBRC 8,left\n"
"""Code of the first CPU that waits until the second one was interrupted; register 3 is one then."""
SENSE_STOPPED: Final = f"sensing: {YIELD}\nLGHI 6,0\nSIGP 6,2,1\nBRC 11,sensing\n"
"""Code of the first CPU that waits until the second one is stopped or in the check-stop state: register 6 has which."""


def looping(mask: int, *new_psws: int) -> dict[Value, int | bytes]:
    """The storage of a case: the loop has *mask*, and the *new_psws* at these real addresses lead to the handler."""
    handled = Psw(ADDRESSING_MODE, HANDLER).to_bytes()
    return {
        "page15": Psw(mask, LOOP).to_bytes(),
        "page16": prefix_word(PREFIX),
        **{f"page3+{address:#x}": handled for address in new_psws},
    }


def begin(control: int) -> str:
    """Code of the first CPU, behind which the second one has loaded the control register *control* and its PSW."""
    return f"""
        {RESTART}
        {UNTIL_TOLD}
        BRC 15,begun
        other: LLILF 5,page16
        SPX 0(5)
        LLILF 5,page2
        LCTLG {control},{control},0(5)
        LLILF 5,page1
        LLILF 6,page15
        LGHI 7,1
        STG 7,0(5)
        LPSWE 0(6)
        begun: {YIELD}
    """

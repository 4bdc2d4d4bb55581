# SPDX-License-Identifier: GPL-2.0-or-later
"""Input/output for cases: blocks, and the guest code around a channel program (PoP 14 to 16).

Every channel program begins with SENSE ID, which any device answers, and is in format 1.  Register 1 has the
subchannel, 2 the address of page1, where its block goes, 3 that of the operation-request block in page2, and 5 that of
page5, for the interruption-response block.  The program is in page3, and its data go to page4.
"""

from __future__ import annotations

from typing import Final

from emu.psw import ADDRESSING_MODE, IO_MASK
from tools.conform.architecture.case import ANY_CONDITION_CODE, Class, ExpectedInterruption, Going
from tools.conform.architecture.source import Value

SUBCHANNEL: Final = 0x0001_0000
PARAMETER: Final = 0x5566_7788
SENSE_ID: Final = 0xE4
SUPPRESS_LENGTH: Final = 0x20
FORMAT_1: Final = 1 << 23
ALL_PATHS: Final = 0xFF00
WAIT: Final = ADDRESSING_MODE | IO_MASK | 1 << 49


def request(address: int, *, key: int = 0, parameter: int = PARAMETER) -> bytes:
    """An operation-request block for a channel program at *address*."""
    words = (parameter, key << 28 | FORMAT_1 | ALL_PATHS, address, 0, 0, 0, 0, 0)
    return b"".join(word.to_bytes(4, "big") for word in words)


def command(address: int, *, code: int = SENSE_ID, flags: int = SUPPRESS_LENGTH, count: int = 7) -> int:
    """A channel-command word."""
    return code << 56 | flags << 48 | count << 32 | address


PROGRAM: Final = 0x42000
DATA: Final = 0x43000
REGISTERS: Final[dict[int, Value]] = {1: SUBCHANNEL, 2: "page1", 3: "page2", 5: "page5"}
STORAGE: Final[dict[Value, int | bytes]] = {
    "page2": request(PROGRAM),
    "page3": command(DATA),
    "page6": WAIT.to_bytes(8, "big") + (0x9000).to_bytes(8, "big"),
}


def enable(subclass: int = 0) -> str:
    """Code that enables the subchannel, with that interruption subclass."""
    return f"STSCH 0(2)\nMVI 4(2),{subclass << 3}\nOI 5(2),0x80\nMSCH 0(2)\n"


ENDING: Final = "ending: STSCH 0(2)\nTM 31(2),1\nBRC 8,ending\n"
"""Until the status is pending, which the last byte of the first word of the subchannel-status word shows."""
WAITING: Final = "LLILF 6,page6\nLPSWE 0(6)\n"
"""Until there is an interruption."""


def taken(
    at: Value = 0x9000, *, subclass: int = 0, mask: int = WAIT, going: Going = Going.LABEL, **fields: int
) -> ExpectedInterruption:
    """The I/O interruption, after which the case goes on at the label ``handler`` if *going* is to one."""
    values = {"subsystem": SUBCHANNEL, "io_parameter": PARAMETER, "io_identification": subclass << 27} | fields
    to = "handler" if going in (Going.LABEL, Going.LABEL_AS_BEFORE) else 0
    return ExpectedInterruption(
        Class.INPUT_OUTPUT, None, at=at, mask=(mask, ANY_CONDITION_CODE), fields=values, going=going, to=to
    )

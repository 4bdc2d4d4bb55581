# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest code that executes a batch of streams on a bare machine: one after the other, each from its record.

It fills the pages of data, puts the stream's code in place, sets all registers, and loads the stream's PSW.  Whatever
interruption comes ends the stream: an operation exception behind its last instruction, another one, or the CPU
timer.  Then registers, interruption and digests of the pages go to its outcome.  It uses only what every
z/Architecture machine has, and vector instructions if it is told that there are vector registers.  Code is stored by
STORE MULTIPLE: QEMU 7.2 goes on with what it has translated of code that MOVE has stored into.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emu.psw import ADDRESSING_MODE, Psw
from tools.conform.architecture.source import assemble_parts
from tools.differential.peers import layout
from tools.differential.peers.outcome import OutcomeFields, StreamEnding
from tools.differential.peers.stream import RecordFields

_SAVED: Final = 0xC00
"""Real location: the general registers at an interruption."""
_OLD_PSW: Final = 0xC80
_NEW_PSW: Final = 0xC90
_HANDLERS: Final = {
    StreamEnding.PROGRAM: ("program", 0x150, 0x1D0),
    StreamEnding.SUPERVISOR_CALL: ("supervisor_call", 0x140, 0x1C0),
    StreamEnding.EXTERNAL: ("external", 0x130, 0x1B0),
    StreamEnding.MACHINE_CHECK: ("machine_check", 0x160, 0x1E0),
    StreamEnding.INPUT_OUTPUT: ("input_output", 0x170, 0x1F0),
}
"""By what ends a stream: a name, and where its old and new PSWs are."""
_RESTART_NEW_PSW: Final = 0x1A0
_CONTROLS: Final = {0: 0x0006_0400, **dict.fromkeys((1, 7, 13), layout.DESIGNATION)}
"""The control registers of the driver: floating-point and vector registers may be used, the CPU timer may interrupt."""

_R, _O = RecordFields, OutcomeFields


def _handlers() -> str:
    return "\n".join(
        f"""
{name}:
    STMG 0,15,{_SAVED}
    MVC {_OLD_PSW}(16),{old}
    LGHI 1,{int(ending)}
    BRC 15,ended"""
        for ending, (name, old, _) in _HANDLERS.items()
    )


def _patches() -> str:
    """Each doubleword that a stream has for itself goes to its place."""
    return "\n".join(
        f"    LG 5,{_R.PATCHES + 16 * number}(10)\n    MVC 0(8,5),{_R.PATCHES + 16 * number + 8}(10)"
        for number in range(layout.PATCHES)
    )


def _floating(operation: str, place: int, base: int) -> str:
    """The floating-point registers loaded or stored: bits 0-63 of vector registers."""
    return "\n".join(f"    {operation} {number},{place + 16 * number}({base})" for number in range(16))


_CODE: Final = f"""
start:
    LCTLG 0,15,controls
    LGHI 1,0
    STG 1,{layout.BEGUN}
    STG 1,{layout.FINISHED}
    LLILF 1,{layout.RECORDS}
    STG 1,{layout.RECORD}
    LLILF 1,{layout.OUTCOMES}
    STG 1,{layout.OUTCOME}
    LG 1,{layout.COUNT}
    STG 1,{layout.REMAINING}
next:
    LG 1,{layout.REMAINING}
    AGHI 1,-1
    BRC 4,finished
    STG 1,{layout.REMAINING}
    LG 1,{layout.BEGUN}
    AGHI 1,1
    STG 1,{layout.BEGUN}
    LG 10,{layout.RECORD}
    LLILF 5,{layout.FRAMES}
    LLILF 6,{layout.PATTERN}
    LGHI 4,{16 * len(layout.DATA)}
fill:
    MVC 0(256,5),0(6)
    AGHI 5,256
    AGHI 6,256
    BRCTG 4,fill
{_patches()}
    LGR 14,10
    LG 15,{_R.PLACE}(14)
    LMG 6,13,{_R.CODE}(14)
    STMG 6,13,0(15)
    LMG 6,13,{_R.CODE + 64}(14)
    STMG 6,13,64(15)
    LLILF 15,{layout.TARGETS}
    LMG 6,9,{_R.TARGETS}(14)
    STMG 6,9,0(15)
    LGR 10,14
    # Fields of the low core that an interruption does not store are zero afterwards.
    XC 0x80(72),0x80
    XC 0x110(96),0x110
    MVC {_NEW_PSW}(16),{_R.PSW}(10)
    # LOAD FPC.
    DC X'B29DA0{_R.FPC:02X}'
    LAM 0,15,{_R.ACCESS}(10)
    LG 1,{layout.HAS_VECTORS}
    LTGR 1,1
    BRC 8,floating
    # VECTOR LOAD MULTIPLE, of both halves.
    DC X'E70FA{_R.VECTORS:03X}0036'
    DC X'E70FA{_R.VECTORS + 256:03X}0C36'
    BRC 15,loaded
floating:
{_floating("LD", _R.VECTORS, 10)}
loaded:
    LLILF 5,{layout.TIMER}
    SPT 0(5)
    LCTLG 0,0,{_R.CONTROL_0}(10)
    LMG 0,15,{_R.GENERAL}(10)
    LPSWE {_NEW_PSW}(0)
{_handlers()}
ended:
    LCTLG 0,15,controls
    LG 11,{layout.OUTCOME}
    STG 1,{_O.ENDING}(11)
    MVC {_O.OLD_PSW}(16,11),{_OLD_PSW}
    MVC {_O.LOW_CORE}(64,11),0x80
    MVC {_O.BREAKING_EVENT}(8,11),0x110
    # STORE FPC.
    DC X'B29CB0{_O.FPC:02X}'
    MVC {_O.GENERAL}(128,11),{_SAVED}
    STAM 0,15,{_O.ACCESS}(11)
    LG 1,{layout.HAS_VECTORS}
    LTGR 1,1
    BRC 8,floating_end
    # VECTOR STORE MULTIPLE, of both halves.
    DC X'E70FB{_O.VECTORS:03X}003E'
    DC X'E70FB{_O.VECTORS + 256:03X}0C3E'
    BRC 15,digests
floating_end:
{_floating("STD", _O.VECTORS, 11)}
digests:
    LLILF 5,{layout.FRAMES}
    LLILF 6,{_O.DIGESTS}
    AGR 6,11
    LGHI 2,{len(layout.DATA)}
each_page:
    LGHI 4,512
    LGHI 3,0
each_doubleword:
    # MULTIPLY SINGLE IMMEDIATE and ADD LOGICAL: a number of all doublewords and their order.
    DC X'C230{layout.DIGEST_FACTOR:08X}'
    DC X'E3305000000A'
    AGHI 5,8
    BRCTG 4,each_doubleword
    STG 3,0(6)
    AGHI 6,8
    BRCTG 2,each_page
    LG 14,{layout.RECORD}
    LG 15,{_R.PLACE}(14)
    LARL 1,zeros
    LMG 6,13,0(1)
    STMG 6,13,0(15)
    STMG 6,13,64(15)
    AGHI 14,{layout.RECORD_BYTES}
    STG 14,{layout.RECORD}
    LG 15,{layout.OUTCOME}
    AGHI 15,{layout.OUTCOME_BYTES}
    STG 15,{layout.OUTCOME}
    BRC 15,next
finished:
    # A timer that runs out while nothing is executed would end the first stream of the next batch.
    LARL 1,never
    SPT 0(1)
    LGHI 1,1
    STG 1,{layout.FINISHED}
    LLILF 1,{layout.WAITING}
    LPSWE 0(1)
"""

_DATA: Final = f"""
zeros:
    DC X'{bytes(64).hex()}'
never:
    DC X'7FFFFFFFFFFFFFFF'
controls:
{chr(10).join(f"    DC X'{_CONTROLS.get(number, 0):016X}'" for number in range(16))}
"""


def driver_segments() -> Iterator[tuple[int, bytes]]:
    """The driver, and the PSWs that lead to it, by absolute address."""
    code, names = assemble_parts({layout.DRIVER: _CODE, layout.DRIVER_DATA: _DATA}, {})
    yield from code.items()
    for name, _, new in _HANDLERS.values():
        yield new, Psw(ADDRESSING_MODE, names[name]).to_bytes()
    yield _RESTART_NEW_PSW, Psw(ADDRESSING_MODE, names["start"]).to_bytes()
    # For who loads it as IPL would: a short PSW, in 31-bit mode.
    yield 0, (0x0008_0000_8000_0000 | names["start"]).to_bytes(8, "big")

# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest code that executes streams as a Linux process: records from standard input, outcomes to standard output.

The pages of data and of code are mapped where they are on a bare machine.  Whatever signal comes ends the stream; its
handler finds the registers in the signal's context, and never returns from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tools.conform.architecture.image import elf_file
from tools.conform.architecture.source import assemble_parts
from tools.differential.peers import layout
from tools.differential.peers.outcome import OutcomeFields, StreamEnding
from tools.differential.peers.stream import RecordFields

_BASE: Final = 0x9080_0000
"""Where it is linked: addresses that no random register is likely to have, whatever is in bits 0-39 of it."""
_CODE: Final = _BASE
_DATA: Final = _BASE + 0x2000
_LAST_STEP: Final = _BASE + 0x4000
"""A page of its own: its last instruction is stored into."""
UNUSED: Final = _BASE + 0x5000
"""Where patches go that are none."""
_STACK: Final = _BASE + 0x6000
_STACK_BYTES: Final = 0x10000
_PATTERN: Final = _BASE + 0x20000
_RECORD: Final = _BASE + 0x30000
_OUTCOME: Final = _BASE + 0x31000

_SIGNALS: Final = (4, 5, 7, 8, 11)
"""SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV."""
_EXIT, _READ, _WRITE, _MAP, _PROTECT, _SIGNAL_ACTION, _SIGNAL_STACK = 1, 3, 4, 90, 125, 174, 186
"""System calls of Linux for s390x."""
_ACTION_FLAGS: Final = 0x4800_0004
"""SA_NODEFER, SA_ONSTACK, SA_SIGINFO."""
_CONTEXT_PSW: Final = 40
_CONTEXT_GENERAL: Final = _CONTEXT_PSW + 16
"""In the context of a signal: the PSW, and the general registers."""
_READ_WRITE, _READ_ONLY, _READ_EXECUTE = 3, 1, 5
_FIXED_ANONYMOUS: Final = 0x32
"""MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS."""
_PAGES: Final = (*layout.DATA, layout.CODE, layout.CODE + 0x1000)

_R, _O = RecordFields, OutcomeFields


def _call(number: int) -> str:
    """A system call whose arguments are in place."""
    return f"    SVC {number}"


def _maps() -> str:
    return "\n".join(
        f"    LARL 2,map_{number}\n{_call(_MAP)}\n    LTGR 2,2\n    BRC 4,failed" for number in range(len(_PAGES))
    )


def _map_arguments() -> str:
    return "\n".join(
        f"map_{number}:\n"
        + "\n".join(
            f"    DC X'{value:016X}'" for value in (page, 0x1000, _READ_WRITE, _FIXED_ANONYMOUS, (1 << 64) - 1, 0)
        )
        for number, page in enumerate(_PAGES)
    )


def _actions() -> str:
    return "\n".join(
        f"    LGHI 2,{signal}\n    LARL 3,action\n    LGHI 4,0\n    LGHI 5,8\n{_call(_SIGNAL_ACTION)}"
        for signal in _SIGNALS
    )


def _protect(address: int, pages: int, protection: int) -> str:
    return f"    LLILF 2,{address}\n    LLILF 3,{pages << 12}\n    LGHI 4,{protection}\n{_call(_PROTECT)}"


def _fill(number: int, page: int) -> str:
    return f"    LLILF 5,{page}\n    LLILF 6,{_PATTERN + 0x1000 * number}\n    BRASL 14,copy_page"


def _filled(pages: tuple[int, ...]) -> str:
    return "\n".join(_fill(layout.DATA.index(page), page) for page in pages)


def _patches() -> str:
    return "\n".join(
        f"    LG 5,{_R.PATCHES + 16 * number}(10)\n    MVC 0(8,5),{_R.PATCHES + 16 * number + 8}(10)"
        for number in range(layout.PATCHES)
    )


def _digests() -> str:
    return "\n".join(
        f"    LLILF 5,{page}\n    BRASL 14,digest\n    STG 3,{_O.DIGESTS + 8 * number}(11)"
        for number, page in enumerate(layout.DATA)
    )


_SOURCE: Final = f"""
start:
{_maps()}
{_filled((layout.PROTECTED,))}
{_protect(layout.PROTECTED, 1, _READ_ONLY)}
    LLILF 5,{layout.CODE}
    BRASL 14,fill_page
    BRASL 14,fill_page
    LARL 2,alternate_stack
    LGHI 3,0
{_call(_SIGNAL_STACK)}
{_actions()}
next:
    LLILF 9,{_RECORD}
    LGHI 8,{layout.RECORD_BYTES}
each_read:
    LGHI 2,0
    LGR 3,9
    LGR 4,8
{_call(_READ)}
    LTGR 2,2
    BRC 12,finished
    AGR 9,2
    SGR 8,2
    BRC 2,each_read
{_filled(tuple(page for page in layout.DATA if page != layout.PROTECTED))}
    LLILF 10,{_RECORD}
{_patches()}
{_protect(layout.CODE, 2, _READ_WRITE)}
    LLILF 10,{_RECORD}
    LG 15,{_R.PLACE}(10)
    LGR 14,10
    LMG 6,13,{_R.CODE}(14)
    STMG 6,13,0(15)
    LMG 6,13,{_R.CODE + 64}(14)
    STMG 6,13,64(15)
    LLILF 15,{layout.TARGETS}
    LMG 6,9,{_R.TARGETS}(14)
    STMG 6,9,0(15)
{_protect(layout.CODE, 2, _READ_EXECUTE)}
    LLILF 10,{_RECORD}
    # The distance of the branch that enters the stream.
    LLILF 5,the_branch
    LG 6,{_R.PLACE}(10)
    SGR 6,5
    SRLG 6,6,1
    ST 6,2(5)
    # LOAD FPC.
    DC X'B29DA0{_R.FPC:02X}'
    LAM 0,15,{_R.ACCESS}(10)
    # VECTOR LOAD MULTIPLE, of both halves.
    DC X'E70FA{_R.VECTORS:03X}0036'
    DC X'E70FA{_R.VECTORS + 256:03X}0C36'
    # Condition code and program mask: bits 2-7 of what was bits 18-23 of the PSW.
    LG 1,{_R.PSW}(10)
    SRLG 1,1,16
    # SET PROGRAM MASK.
    DC X'0410'
    LGR 15,10
    BRC 15,last_step
handler:
    LLILF 11,{_OUTCOME}
    # STORE FPC.
    DC X'B29CB0{_O.FPC:02X}'
    STAM 0,15,{_O.ACCESS}(11)
    # VECTOR STORE MULTIPLE, of both halves.
    DC X'E70FB{_O.VECTORS:03X}003E'
    DC X'E70FB{_O.VECTORS + 256:03X}0C3E'
    MVC {_O.OLD_PSW}(16,11),{_CONTEXT_PSW}(4)
    MVC {_O.GENERAL}(128,11),{_CONTEXT_GENERAL}(4)
    LGHI 1,{int(StreamEnding.SIGNAL)}
    STG 1,{_O.ENDING}(11)
    STG 2,{_O.LOW_CORE}(11)
    LGF 1,8(3)
    STG 1,{_O.LOW_CORE + 8}(11)
    MVC {_O.LOW_CORE + 16}(8,11),16(3)
{_digests()}
{_protect(layout.CODE, 2, _READ_WRITE)}
    LLILF 10,{_RECORD}
    LG 5,{_R.PLACE}(10)
    LGHI 4,{layout.CODE_BYTES // 8}
    LGHI 6,0
each_filler:
    STG 6,0(5)
    AGHI 5,8
    BRCTG 4,each_filler
    LLILF 9,{_OUTCOME}
    LGHI 8,{layout.OUTCOME_BYTES}
each_write:
    LGHI 2,1
    LGR 3,9
    LGR 4,8
{_call(_WRITE)}
    LTGR 2,2
    BRC 12,failed
    AGR 9,2
    SGR 8,2
    BRC 2,each_write
    BRC 15,next
copy_page:
    LGHI 4,16
each_part:
    MVC 0(256,5),0(6)
    AGHI 5,256
    AGHI 6,256
    BRCTG 4,each_part
    BCR 15,14
fill_page:
    LGHI 4,512
    LGHI 6,0
each_zero:
    STG 6,0(5)
    AGHI 5,8
    BRCTG 4,each_zero
    BCR 15,14
digest:
    LGHI 4,512
    LGHI 3,0
each_doubleword:
    # MULTIPLY SINGLE IMMEDIATE and ADD LOGICAL.
    DC X'C230{layout.DIGEST_FACTOR:08X}'
    DC X'E3305000000A'
    AGHI 5,8
    BRCTG 4,each_doubleword
    BCR 15,14
failed:
    LGHI 2,1
{_call(_EXIT)}
finished:
    LGHI 2,0
{_call(_EXIT)}
"""

_LAST: Final = f"""
last_step:
    LMG 0,15,{_R.GENERAL}(15)
the_branch:
    BRCL 15,last_step
"""

_CONSTANTS: Final = f"""
{_map_arguments()}
alternate_stack:
    DC X'{_STACK:016X}'
    DC X'{0:016X}'
    DC X'{_STACK_BYTES:016X}'
action:
    DC A(handler)
    DC X'{_ACTION_FLAGS:016X}'
    DC X'{0:016X}'
    DC X'{0:016X}'
"""


def user_elf() -> bytes:
    """The program as an ELF file of one segment, which may be read, written and executed."""
    return elf_file(_CODE, [(_BASE, b"".join(_pieces()))], aligned=True)


def _pieces() -> Iterator[bytes]:
    code, _ = assemble_parts({_CODE: _SOURCE, _DATA: _CONSTANTS, _LAST_STEP: _LAST}, {})
    pieces = [*code.items(), *((_PATTERN + 0x1000 * number, layout.pattern_page(number)) for number in range(8))]
    place = _BASE
    for address, content in sorted([*pieces, (_OUTCOME + layout.OUTCOME_BYTES, b"")]):
        assert place <= address, f"two parts overlap at {address:#x}"
        yield bytes(address - place)
        yield content
        place = address + len(content)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest code that ends a program: a line on the SCLP console, if there is one, and a disabled wait."""

from __future__ import annotations

from typing import Final

from tools.conform.architecture import layout

_DIGITS: Final = 16
_BEFORE: Final = (", check ", ": expected ", ", found ")
"""What stands before each number of a failure."""
_NO_CHECK: Final = "the last state cannot be looked at"
"""In place of the name of a check, if none could be made."""
WRITTEN: Final = ((0x80, 8), (0x130, 16), (0x1B8, 8), (0x1D8, 8))
"""Where in the low core it writes, or an interruption of it does: locations and lengths."""
_AFTER: Final = "; "
"""What stands behind the last number, before the name of the check."""
_GAPS: Final = bytes(map(len, (*_BEFORE[1:], _AFTER)))


def failure_line(case: str) -> tuple[str, int]:
    """The line of a failure of *case* with room for its numbers and the name of the check, and where the first goes."""
    start = f"FAIL: {case}{_BEFORE[0]}"
    room = " " * _DIGITS
    rest = "".join(f"{each}{room}" for each in _BEFORE[1:])
    return f"{start}{room}{rest}{_AFTER}{_NO_CHECK:{layout.CHECK_NAME}}", len(start)


CODE: Final = f"""
# The verdict at address 3 of a disabled wait, and before that the line in the SCCB at 2, if there is a console.
tell:
    LARL 4,last_psw
    STG 3,8(4)
    LARL 5,harness_controls
    LCTLG 0,15,0(5)
    LARL 5,last
    STG 5,0x1D8
    LARL 5,answered
    STG 5,0x1B8
    LGR 9,2
    LLILF 8,sccb_mask
    LLILF 1,0x00780005
    LARL 7,mask_is_set
request:
    SERVC 1,8
    BRC 2,request
    BRC 5,last
    LARL 5,waiting_psw
    LPSWE 0(5)
answered:
    LLGH 3,6(8)
    CGHI 3,0
    BCR 7,7
    LARL 5,waiting_psw
    LPSWE 0(5)
mask_is_set:
    # Three numbers, and the name of the check, where the line of a failure has room for them.
    LLILF 5,sccb_failed
    CGR 9,5
    BRC 7,write
    LG 5,counts+48
    LARL 10,gaps
    LLILF 6,result+16
    LGHI 0,3
each_number:
    LG 1,0(6)
    LGHI 2,16
each_digit:
    SRLG 3,1,60
    LARL 4,digits
    LLGC 3,0(3,4)
    STC 3,0(5)
    SLLG 1,1,4
    AGHI 5,1
    AGHI 2,-1
    BRC 2,each_digit
    LLGC 3,0(10)
    AGR 5,3
    AGHI 10,1
    AGHI 6,8
    AGHI 0,-1
    BRC 2,each_number
    LG 1,result+16
    LTGR 1,1
    BRC 4,write
    MGHI 1,{layout.CHECK_NAME}
    LLILF 6,check_names
    AGR 1,6
    MVC 0({layout.CHECK_NAME},5),0(1)
write:
    LGR 8,9
    LLILF 1,0x00760005
    LARL 7,last
    BRC 15,request
last:
    LARL 4,last_psw
    LPSWE 0(4)
digits:
    DC X'30313233343536373839616263646566'
# How far it is from the end of each number to what comes next.
gaps:
    DC X'{_GAPS.hex()}00'
"""

DATA: Final = """
harness_controls:
    DC X'0000000000000200'
    DC X'00000000000000000000000000000000'
    DC X'00000000000000000000000000000000'
    DC X'00000000000000000000000000000000'
    DC X'00000000000000000000000000000000'
    DC X'00000000000000000000000000000000'
    DC X'00000000000000000000000000000000'
    DC X'0000000000000000'
    DC X'00000000C2000000'
    DC X'0000000000000000'
    DC X'00000000'
    DC X'00000000'
waiting_psw:
    DC X'0102000180000000'
    DC X'0000000000000000'
last_psw:
    DC X'0002000180000000'
    DC X'0000000000000000'
"""
"""What must lie at a doubleword boundary."""

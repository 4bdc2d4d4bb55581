# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest code that ends a program: a line on the SCLP console, if there is one, and a disabled wait."""

from __future__ import annotations

from typing import Final

NUMBERS: Final = 0x80
"""Where in the SCCB of a failure its three numbers go: sixteen digits and a blank each."""
WRITTEN: Final = ((0x80, 8), (0x130, 16), (0x1B8, 8), (0x1D8, 8))
"""Where in the low core it writes, or an interruption of it does: locations and lengths."""

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
    # Three numbers, as sixteen digits each, where the line of a failure has room for them.
    LLILF 5,sccb_failed
    CGR 9,5
    BRC 7,write
    LA 5,{NUMBERS}(5)
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
    AGHI 5,1
    AGHI 6,8
    AGHI 0,-1
    BRC 2,each_number
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

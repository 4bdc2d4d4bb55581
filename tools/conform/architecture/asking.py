# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest code that looks for what a case needs, one after the other (:class:`tools.conform.architecture.case.Need`).

It goes on at ``missing`` if something is not there, and at ``all_needs`` if everything is.
"""

from __future__ import annotations

from typing import Final

CODE: Final = """
start:
    LLILF 10,needs
    LG 11,counts
    LGHI 12,0
each_need:
    CGR 12,11
    BRC 8,all_needs
    LG 1,0(10)
    LG 2,8(10)
    CGHI 1,0
    BRC 8,a_facility
    CGHI 1,7
    BRC 7,not_a_facility
a_facility:
    LGHI 0,31
    LLILF 3,facilities
    STFLE 0(3)
    SRLG 4,2,3
    LLGC 5,0(4,3)
    LGHI 6,7
    NGR 6,2
    SLLG 5,5,0(6)
    TMLL 5,0x80
    BRC 8,not_installed
    CGHI 1,0
    BRC 8,need_met
    BRC 15,missing
not_installed:
    CGHI 1,7
    BRC 8,need_met
    BRC 15,missing
not_a_facility:
    CGHI 1,4
    BRC 8,a_cpu
    CGHI 1,5
    BRC 8,paging
    CGHI 1,6
    BRC 8,a_device
    CGHI 1,8
    BRC 8,no_essa
    CGHI 1,9
    BRC 8,no_cpu
    CGHI 1,10
    BRC 8,somebody
    LLILF 2,probe
    ESSA 3,2,0
    CGHI 1,1
    BRC 8,need_met
    NILL 3,3
    # A page that was never touched is logically zero for z/VM, and preserved for KVM.
    LGHI 4,5
    SGR 4,1
    CGR 3,4
    BRC 7,missing
    BRC 15,need_met
paging:
    LLILF 2,second_probe
    MVI 0(2),1
    BRASL 14,press
    LLILF 2,second_probe
    ESSA 3,2,0
    NILL 3,3
    LTGR 3,3
    BRC 8,missing
    BRC 15,need_met
press:
    LLILF 2,pressure
    LLILF 3,pressure_end
each_page:
    MVI 0(2),1
    AGHI 2,0x1000
    CGR 2,3
    BRC 4,each_page
    BCR 15,14
a_cpu:
    SIGP 4,2,1
    BRC 1,missing
    BRC 15,need_met
no_cpu:
    SIGP 4,2,1
    BRC 14,missing
    BRC 15,need_met
somebody:
    LG 4,outside
    LTGR 4,4
    BRC 8,missing
    BRC 15,need_met
no_essa:
    LLILF 5,operation_exception
    STG 5,0x1D8
    LLILF 2,probe
    ESSA 3,2,0
    BRC 15,missing
operation_exception:
    LLILF 5,missing
    STG 5,0x1D8
    BRC 15,need_met
a_device:
    # The subchannel must have a device (bit 15 of word 1 of its block), beside being there.
    LGR 1,2
    LLILF 2,facilities
    STSCH 0(2)
    BRC 7,missing
    TM 5(2),1
    BRC 8,missing
need_met:
    AGHI 10,16
    AGHI 12,1
    BRC 15,each_need
"""

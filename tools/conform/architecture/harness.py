# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest code around each case: it makes the state before, logs interruptions, checks, and tells.

It uses only what every z/Architecture machine has, and leaves alone real locations 0-511 and 4096-4607 while the case
runs, which low-address protection may cover.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from tools.conform.architecture import asking, layout, telling


class CaseVerdict(IntEnum):
    """The second doubleword of the result block."""

    NONE = 0
    """The program has not ended."""
    PASSED = 1
    FAILED = 2
    SKIPPED = 3

    @property
    def is_wrong(self) -> bool:
        """Whether the case has not come out as it should."""
        return self in (CaseVerdict.NONE, CaseVerdict.FAILED)


END_CALL: Final = 255
"""SUPERVISOR CALL with this number ends the case."""
SAVED: Final = 0xC00
"""Real location: general registers at an interruption; a second CPU has it in its own prefix area."""
LOADED_PSW: Final = 0xD00
EVENTS: Final = 0x2180
"""How many interruptions have been logged."""

DATA: Final = layout.HARNESS + 0xC00
"""Where what must lie at doubleword boundaries begins."""

SYMBOLS: Final = {
    "result": layout.RESULT,
    "counts": layout.COUNTS,
    "events": EVENTS,
    "final": layout.FINAL,
    "final_registers": layout.FINAL_REGISTERS,
    "final_psw": layout.FINAL_PSW,
    "final_controls": layout.FINAL_CONTROLS,
    "final_keys": layout.FINAL_KEYS,
    "final_states": layout.FINAL_STATES,
    "log": layout.LOG,
    "continuations": layout.CONTINUATIONS,
    "needs": layout.NEEDS,
    "preparations": layout.PREPARATIONS,
    "keys": layout.KEYS,
    "states": layout.STATES,
    "initial_controls": layout.INITIAL_CONTROLS,
    "initial_registers": layout.INITIAL_REGISTERS,
    "initial_psw": layout.INITIAL_PSW,
    "facilities": layout.FACILITIES,
    "outside": layout.OUTSIDE,
    "checks": layout.CHECKS,
    "check_names": layout.CHECK_NAMES,
    "probe": layout.PROBE,
    "second_probe": layout.SECOND_PROBE,
    "pressure": layout.PRESSURE,
    "pressure_end": layout.PRESSURE_END,
    "sccb_mask": layout.SCCB_MASK,
    "sccb_passed": layout.SCCB_PASSED,
    "sccb_failed": layout.SCCB_FAILED,
    "sccb_skipped": layout.SCCB_SKIPPED,
    "saved": SAVED,
    "loaded_psw": LOADED_PSW,
}

_STATE: Final = f"""
missing:
    LGHI 1,{int(CaseVerdict.SKIPPED)}
    STG 1,result+8
    STG 12,result+16
    LLILF 2,sccb_skipped
    SLLG 3,12,{layout.SKIPPED_SHIFT}
    AGR 2,3
    LGHI 3,{layout.SKIPPED_ADDRESS}
    BRC 15,tell
all_needs:
    LLILF 1,program_handler
    STG 1,0x1D8
    LLILF 1,restart_handler
    STG 1,0x1A8
    LLILF 10,preparations
    LG 11,counts+8
    LLILF 9,requests
each_preparation:
    AGHI 11,-1
    BRC 4,prepared
    LG 1,0(10)
    LG 2,8(10)
    LG 3,16(10)
    AGHI 10,24
    CGHI 1,8
    BRC 2,not_a_request
    # Request n has its instruction, and a branch, at eight bytes times n.
    SLLG 4,1,3
    AGR 4,9
    BCR 15,4
requests:
    ESSA 4,2,0
    BRC 15,each_preparation
    ESSA 4,2,1
    BRC 15,each_preparation
    ESSA 4,2,2
    BRC 15,each_preparation
    ESSA 4,2,3
    BRC 15,each_preparation
    ESSA 4,2,4
    BRC 15,each_preparation
    ESSA 4,2,5
    BRC 15,each_preparation
    ESSA 4,2,6
    BRC 15,each_preparation
    ESSA 4,2,7
    BRC 15,each_preparation
    # Operation 8: a byte is stored, so that the page is resident.
    MVI 0(2),0
    BRC 15,each_preparation
not_a_request:
    CGHI 1,9
    BRC 7,not_a_key
    SSKE 3,2
    BRC 15,each_preparation
not_a_key:
    CGHI 1,11
    BRC 7,not_pressure
    BRASL 14,press
    BRC 15,each_preparation
not_pressure:
    STG 3,0(2)
    BRC 15,each_preparation
prepared:
    LCTLG 0,15,initial_controls
    LG 1,initial_psw
    STG 1,loaded_psw
    LG 1,initial_psw+8
    STG 1,loaded_psw+8
    LMG 0,15,initial_registers
    LPSWE loaded_psw
"""

_HANDLERS: Final = f"""
program_handler:
    STMG 0,15,saved
    LGHI 1,1
    LGHI 2,0x150
    BRC 15,log_it
supervisor_call_handler:
    STMG 0,15,saved
    LGHI 2,0x140
    LLGH 1,0x8A
    CGHI 1,{END_CALL}
    BRC 8,finish
    LGHI 1,2
    BRC 15,log_it
external_handler:
    STMG 0,15,saved
    LGHI 1,3
    LGHI 2,0x130
    BRC 15,log_it
input_output_handler:
    STMG 0,15,saved
    LGHI 1,4
    LGHI 2,0x170
    BRC 15,log_it
machine_check_handler:
    STMG 0,15,saved
    LGHI 1,5
    LGHI 2,0x160
    BRC 15,log_it
restart_handler:
    STMG 0,15,saved
    LGHI 1,6
    LGHI 2,0x120
log_it:
    LG 3,events
    AGHI 3,1
    STG 3,events
    CGHI 3,{layout.LOG_ENTRIES}
    BRC 2,finish
    SLLG 4,3,8
    LLILF 5,log-256
    AGR 4,5
    STG 1,0(4)
    MVC {layout.LOG_OLD_PSW}(16,4),0(2)
    MVC {layout.LOG_LOW_CORE}(128,4),0x80
    MVC {layout.LOG_BREAKING_EVENT}(8,4),0x110
    LGHI 6,0x11B8
    MVC {layout.LOG_EXTERNAL_PARAMETER}(8,4),0(6)
    SLLG 5,3,4
    LLILF 6,continuations-16
    AGR 5,6
    LG 6,0(5)
    CGHI 6,0
    BRC 8,finish
    MVC loaded_psw(16),0(2)
    CGHI 6,1
    BRC 8,go_on
    MVC loaded_psw+8(8),8(5)
    CGHI 6,3
    BRC 8,go_on
    LLILF 6,harness_mask
    MVC loaded_psw(8),0(6)
go_on:
    LMG 0,15,saved
    LPSWE loaded_psw
harness_mask:
    DC X'0000000180000000'
"""

_VERDICT: Final = f"""
finish:
    LLILF 4,final
    MVC 0x80(16,4),0(2)
    MVC 0(128,4),saved
    STCTG 0,15,final_controls
    STAM 0,15,0x180(4)
    STPX 0x1C0(4)
    LARL 5,harness_controls
    LCTLG 0,15,0(5)
    SPX 128(5)
    # The other CPU, where a case has one.
    LG 11,counts+40
    LTGR 11,11
    BRC 8,alone
    LGHI 2,1
stop_other:
    SIGP 4,2,5
    BRC 2,stop_other
alone:
    # What happens from here on is no part of the case.
    LLILF 1,broken
    STG 1,0x1D8
    LLILF 10,keys
    LLILF 9,final_keys
    LG 11,counts+16
each_key:
    AGHI 11,-1
    BRC 4,keys_done
    LG 2,0(10)
    LGHI 3,0
    ISKE 3,2
    STG 3,0(9)
    AGHI 10,8
    AGHI 9,8
    BRC 15,each_key
keys_done:
    LLILF 10,states
    LLILF 9,final_states
    LG 11,counts+24
each_state:
    AGHI 11,-1
    BRC 4,states_done
    LG 2,0(10)
    ESSA 3,2,0
    STG 3,0(9)
    AGHI 10,8
    AGHI 9,8
    BRC 15,each_state
states_done:
    LG 1,events
    STG 1,result+40
    LLILF 10,checks
    LG 11,counts+32
    LGHI 12,0
each_check:
    CGR 12,11
    BRC 8,passed
    LG 1,0(10)
    LG 2,0(1)
    NG 2,8(10)
    LG 1,16(10)
    CGR 2,1
    BRC 7,failed
    AGHI 10,24
    AGHI 12,1
    BRC 15,each_check
broken:
    LGHI 12,-1
failed:
    STG 12,result+16
    STG 1,result+24
    STG 2,result+32
    LGHI 1,{int(CaseVerdict.FAILED)}
    STG 1,result+8
    LLILF 2,sccb_failed
    LGHI 3,{layout.FAILED_ADDRESS}
    BRC 15,tell
passed:
    LGHI 1,{int(CaseVerdict.PASSED)}
    STG 1,result+8
    LLILF 2,sccb_passed
    LGHI 3,{layout.PASSED_ADDRESS}
    BRC 15,tell
"""

PARTS: Final = {layout.HARNESS: asking.CODE + _STATE + _HANDLERS + _VERDICT + telling.CODE, DATA: telling.DATA}
"""The code, by the address at which it lies."""

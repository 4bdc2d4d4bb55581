# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's text: its instructions by name, and the locations in the prefix area that they use."""

from __future__ import annotations

from typing import Final

from emu import lowcore
from emu.page_states import OperationRequest

SAVE_AREA: Final = 0x200
"""Where in the prefix area the interruption handlers save the general registers."""
EXTERNAL_SAVE_AREA: Final = 0x280
"""The same for the handler of external interruptions, which may come in between."""
USER_ASCE: Final = 0x300
"""Where in the prefix area the ASCE of the process lies that the CPU executes."""
CONTROL_REGISTER_0: Final = 0x308
"""Where in the prefix area control register 0 lies while it is changed."""
_SYSTEM_MASK: Final = 0x310
"""Where in the prefix area the system mask goes that the CPU had."""
SECONDARY_ASCE: Final = 0x318
"""Where in the prefix area the ASCE of the process lies whose storage the kernel copies from or to."""
USER_BYTE: Final = 0x320
"""Where in the prefix area a byte of the process goes that is only looked at so that its page is mapped."""
ENTER_PROGRAM: Final = "enter the program-check handler"
ENTER_SVC: Final = "enter the supervisor-call handler"
ENTER_EXTERNAL: Final = "enter the external-interruption handler"
COPIES: Final = ("MVCP", "MVCS", "MVCOS from user", "MVCOS to user")
"""The copies between the kernel and a process."""
COPY_FIXUP: Final = "fix up a copy"
"""Where the exception table leads from the copies: the copy has ended short."""

ESSA_NAMES: Final = tuple(f"ESSA {request.value}" for request in OperationRequest)
"""The name of ESSA with each request code, by the code."""

TEXT: Final = {
    # STMG 0,15,SAVE_AREA; here the scripts take over, and return by LMG 0,15,SAVE_AREA and LPSWE.
    ENTER_PROGRAM: f"DC X'EB0F{SAVE_AREA:04X}0024'",
    ENTER_SVC: f"DC X'EB0F{SAVE_AREA:04X}0024'",
    ENTER_EXTERNAL: f"DC X'EB0F{EXTERNAL_SAVE_AREA:04X}0024'",
    "LMG": f"DC X'EB0F{SAVE_AREA:04X}0004'",
    "LPSWE": f"LPSWE {lowcore.PROGRAM_OLD_PSW}",
    "LMG external": f"DC X'EB0F{EXTERNAL_SAVE_AREA:04X}0004'",
    "LPSWE external": f"LPSWE {lowcore.EXTERNAL_OLD_PSW}",
    # Between these two the CPU is enabled for external interruptions.
    "STOSM": f"STOSM {_SYSTEM_MASK},1",
    "STNSM": f"STNSM {_SYSTEM_MASK},254",
    "STCTG 0": f"STCTG 0,0,{CONTROL_REGISTER_0}",
    "LCTLG 0": f"LCTLG 0,0,{CONTROL_REGISTER_0}",
    # With DAT on, in between: one of three copies; general register 2 has the kernel's address, 4 the process's.
    "STOSM DAT": f"STOSM {_SYSTEM_MASK},4",
    "MVCP": "DC X'DA3520004000'",
    "STNSM after MVCP": f"STNSM {_SYSTEM_MASK},251",
    "MVCS": "DC X'DB3540002000'",
    "STNSM after MVCS": f"STNSM {_SYSTEM_MASK},251",
    "MVCOS from user": "DC X'C83020004000'",
    "STNSM after MVCOS from user": f"STNSM {_SYSTEM_MASK},251",
    "MVCOS to user": "DC X'C83040002000'",
    "STNSM after MVCOS to user": f"STNSM {_SYSTEM_MASK},251",
    COPY_FIXUP: f"STNSM {_SYSTEM_MASK},251",
    "LCTLG 7": f"LCTLG 7,7,{SECONDARY_ASCE}",
    "DIAG release pages": "DIAG 2,2,16",
    "DIAG communicate": "DIAG 2,3,104",
    "LCTLG": f"LCTLG 1,1,{USER_ASCE}",
    "IPTE": "IPTE 1,2",
    "IDTE": "IDTE 1,3,2",
    # MVC 8(248,2),0(2) spreads the first doubleword.
    "MVC": "DC X'D2F720082000'",
    **{name: f"ESSA 1,2,{code}" for code, name in enumerate(ESSA_NAMES)},
    "SSKE": "SSKE 1,2",
    "ISKE": "ISKE 1,2",
    "RRBE": "RRBE 0,2",
    "LURAG": "LURAG 1,2",
    "STURG": "STURG 1,2",
    "MVPG": "MVPG 2,4",
    # MVCL 2,4: the assembler knows only what Python executes.
    "MVCL": "DC X'0E24'",
}
"""The kernel's instructions by name.  Operands are in general registers 1 and 2, of MVPG in 2 and 4, of MVCL in
the pairs that begin with these."""

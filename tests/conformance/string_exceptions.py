# SPDX-License-Identifier: GPL-2.0-or-later
"""Specification exceptions of instructions on strings and of interlocked updates: registers, boundaries, codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.exception_row import ExceptionRow
from tools.conform.architecture.source import Value

SOURCE = "PoP 6, Specification Exception; PoP 7, General Instructions"
# By how many bytes the instruction has: what of it must be even, with an odd register in each such place.
ODD = {
    "CLCL 6,3": 2,
    "CLCLE 3,6,0": 4,
    "CLCLE 6,3,0": 4,
    "CLCLU 3,6,0": 6,
    "CLCLU 6,3,0": 6,
    "MVCLE 6,3,0": 4,
    "MVCLU 3,6,0": 6,
    "MVCLU 6,3,0": 6,
    "CUSE 3,6": 4,
    "CUSE 6,3": 4,
    "CKSM 6,3": 4,
    "CMPSC 3,6": 4,
    "CMPSC 6,3": 4,
    "CU12 3,6,0": 4,
    "CU12 6,3,0": 4,
    "CU14 3,6,0": 4,
    "CU14 6,3,0": 4,
    "CU21 3,6,0": 4,
    "CU21 6,3,0": 4,
    "CU24 3,6,0": 4,
    "CU24 6,3,0": 4,
    "CU41 3,6": 4,
    "CU41 6,3": 4,
    "CU42 3,6": 4,
    "CU42 6,3": 4,
    "TRE 3,6": 4,
    "TROO 3,6,0": 4,
    "TROT 3,6,0": 4,
    "TRTO 3,6,0": 4,
    "TRTT 3,6,0": 4,
    "TRTE 3,6,0": 4,
    "TRTRE 3,6,0": 4,
    "CDS 6,3,0(8)": 4,
    "CDSY 3,6,0(8)": 6,
    "CDSY 6,3,0(8)": 6,
    "CDSG 3,6,0(8)": 6,
    "CDSG 6,3,0(8)": 6,
    "LPD 3,0(8),0(8)": 6,
    "LPD 5,0(8),0(8)": 6,
    "LPDG 3,0(8),0(8)": 6,
    "LPDG 5,0(8),0(8)": 6,
    "LPQ 3,0(0,8)": 6,
    "STPQ 3,0(0,8)": 6,
}
# Operands in storage that are not on the boundary that they need.
UNALIGNED = {
    "CSY 3,4,2(8)": 6,
    "CDS 6,4,4(8)": 4,
    "CDSY 6,4,4(8)": 6,
    "CDSG 6,4,24(8)": 6,
    **{f"{mnemonic} 3,4,2(8)": 6 for mnemonic in ("LAA", "LAAL", "LAN", "LAO", "LAX")},
    **{f"{mnemonic} 3,4,4(8)": 6 for mnemonic in ("LAAG", "LAALG", "LANG", "LAOG", "LAXG")},
    "LPD 4,2(8),0(8)": 6,
    "LPD 4,0(8),2(8)": 6,
    "LPDG 4,4(8),0(8)": 6,
    "LPDG 4,0(8),4(8)": 6,
    "LPQ 4,8(0,8)": 6,
    "STPQ 4,8(0,8)": 6,
}
# Instructions, their bytes, and the registers that make them wrong.
REGISTERS: dict[str, tuple[str, int, dict[int, Value]]] = {
    "mvst-register-0": ("MVST 4,6", 4, {0: 0x100}),
    "clst-register-0": ("CLST 4,6", 4, {0: 0x8000_0000}),
    "srst-register-0": ("SRST 4,6", 4, {0: 0x100}),
    "srstu-register-0": ("SRSTU 4,6", 4, {0: 0x1_0000}),
    "cmpsc-size-0": ("CMPSC 4,6", 4, {0: 0, 1: "page2"}),
    "cmpsc-size-6": ("CMPSC 4,6", 4, {0: 6 << 12, 1: "page2"}),
    "cfc-odd-1": ("CFC 6(0)", 4, {1: "page1+1", 2: 0, 3: "page2"}),
    "cfc-odd-2": ("CFC 6(0)", 4, {1: "page1", 2: 1, 3: "page2"}),
    "cfc-odd-3": ("CFC 6(0)", 4, {1: "page1", 2: 0, 3: "page2+1"}),
    "upt-origin": ("UPT", 2, {4: "page1+8", 5: 0x40}),
    "upt-index": ("UPT", 2, {4: "page1", 5: 0x48}),
    "plo-code": ("PLO 2,0(8),4,0(8)", 6, {0: 24}),
    "plo-code-top": ("PLO 2,0(8),4,0(8)", 6, {0: 0xFF}),
    "plo-second-boundary": ("PLO 2,2(8),4,0(8)", 6, {0: 4}),
    "plo-second-boundary-64": ("PLO 2,4(8),4,0(8)", 6, {0: 6}),
    "plo-fourth-boundary": ("PLO 2,0(8),4,2(8)", 6, {0: 8}),
    "plo-odd-first": ("PLO 3,0(8),4,0(8)", 6, {0: 4}),
    "plo-odd-third": ("PLO 2,0(8),5,0(8)", 6, {0: 8}),
    "csst-function": ("CSST 0(8),32(8),4", 6, {0: 3, 1: "page2"}),
    "csst-characteristic": ("CSST 0(8),32(8),4", 6, {0: 0x500, 1: "page2"}),
    "csst-odd": ("CSST 0(8),32(8),5", 6, {0: 2, 1: "page2"}),
    "csst-first-boundary-32": ("CSST 2(8),32(8),4", 6, {0: 0, 1: "page2"}),
    "csst-first-boundary-64": ("CSST 4(8),32(8),4", 6, {0: 1, 1: "page2"}),
    "csst-first-boundary-128": ("CSST 8(8),32(8),4", 6, {0: 2, 1: "page2"}),
    "csst-second-boundary-16": ("CSST 0(8),33(8),4", 6, {0: 0x100, 1: "page2"}),
    "csst-second-boundary-32": ("CSST 0(8),34(8),4", 6, {0: 0x200, 1: "page2"}),
    "csst-second-boundary-64": ("CSST 0(8),36(8),4", 6, {0: 0x300, 1: "page2"}),
    "csst-second-boundary-128": ("CSST 0(8),40(8),4", 6, {0: 0x400, 1: "page2"}),
}


def all_rows() -> Iterator[ExceptionRow]:
    for rule, texts in (
        ("The first register of a pair is even, or it is a specification exception.", ODD),
        ("An operand that is not on the boundary that it needs is a specification exception.", UNALIGNED),
    ):
        for text, length in texts.items():
            name = "-".join((*re.findall(r"\w+", text.lower()), "odd" if texts is ODD else "boundary"))
            yield ExceptionRow(name, rule, SOURCE, text, Code.SPECIFICATION, length, registers={8: "page1"})
    for name, (text, length, registers) in REGISTERS.items():
        yield ExceptionRow(
            name,
            "Bits of register 0 that must be zero, codes that are not assigned, and addresses that are not on their "
            "boundary are specification exceptions.",
            SOURCE,
            text,
            Code.SPECIFICATION,
            length,
            registers={8: "page1", 4: "page1", 6: "page2"} | registers,
        )


SECTION = CaseSection("Exceptions of string instructions", tuple(row.case() for row in all_rows()))

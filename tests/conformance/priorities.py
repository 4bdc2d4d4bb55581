# SPDX-License-Identifier: GPL-2.0-or-later
"""Which of several exceptions of one instruction is recognised."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT, PROBLEM_STATE
from tools.conform.architecture.case import INFERRED, PAGE_ADDRESS, CaseSection
from tools.conform.architecture.exception_row import ExceptionRow
from tools.conform.architecture.spaces import PAGE_INVALID, PROTECTED, TableLevel, TableSpace

SOURCE = "PoP 6, Priority of Program-Interruption Conditions (architecture reference F2)"
ACCESS = "PoP 3, Priority of Access Exceptions; Linux arch/s390/kvm/gaccess.c (architecture reference F3)"
PROBLEM = ADDRESSING_MODE | PROBLEM_STATE
KEY_1 = 1 << 52
CR0 = 0xE0
LOW_ADDRESS = 1 << 63 - 35
SSM_SUPPRESSION = 1 << 63 - 33
VIRTUAL = 0x12_3000


def operations() -> Iterator[ExceptionRow]:
    for name, code, ilc in (
        ("ssm", "SSM 0(4)", 4),
        ("lasp", "LASP 0(4),0", 6),
    ):
        yield ExceptionRow(
            f"privileged-before-special-{name}",
            "A privileged operation in the problem state comes before a special-operation exception.",
            SOURCE,
            code,
            Code.PRIVILEGED_OPERATION,
            ilc,
            mask=PROBLEM,
            controls={0: CR0 | SSM_SUPPRESSION},
        )
    for name, code in (("epar", "EPAR 3"), ("esar", "ESAR 3"), ("iac", "IAC 3")):
        yield ExceptionRow(
            f"special-before-authority-{name}",
            "That DAT is off comes before an authority that is missing in the problem state.",
            SOURCE,
            code,
            Code.SPECIAL_OPERATION,
            4,
            mask=PROBLEM,
        )
    for name, code, ilc in (
        ("lpswe", "LPSWE 4(4)", 4),
        ("lctlg", "LCTLG 2,2,4(4)", 6),
        ("stctg", "STCTG 2,2,4(4)", 6),
        ("spx", "SPX 2(4)", 4),
        ("sckc", "SCKC 4(4)", 4),
        ("csg", "CSG 6,8,4(4)", 6),
        ("cdsg", "CDSG 6,8,8(4)", 6),
        ("stfle", "STFLE 4(4)", 4),
    ):
        yield ExceptionRow(
            f"alignment-before-access-{name}",
            "An operand that is not aligned is recognised before it is accessed.",
            SOURCE,
            code,
            Code.SPECIFICATION,
            ilc,
            registers={4: "nowhere"},
        )
    for name, code, ilc in (("cds", "CDS 3,6,0(4)", 4), ("mvcl", "MVCL 3,4", 2), ("cdsg", "CDSG 7,8,0(4)", 6)):
        yield ExceptionRow(
            f"register-pair-before-access-{name}",
            "An odd register of a pair is recognised before operands are accessed.",
            SOURCE,
            code,
            Code.SPECIFICATION,
            ilc,
            registers={4: "nowhere", 5: 8},
        )
    yield ExceptionRow(
        "data-before-specification",
        "That floating-point instructions are disabled comes before an invalid register pair.",
        SOURCE,
        "DC X'B34A0026'",
        Code.DATA,
        4,
        fields={"data_exception_code": 2},
        basis=INFERRED,
    )
    yield ExceptionRow(
        "odd-target-before-access",
        "An odd target of an execute instruction is recognised before it is fetched.",
        SOURCE,
        "EX 0,1(4)",
        Code.SPECIFICATION,
        4,
        registers={4: "nowhere"},
    )
    yield ExceptionRow(
        "odd-address-before-access",
        "An odd instruction address is recognised before the instruction is fetched.",
        SOURCE,
        "bad: BCR 15,4\nafter: LGHI 15,1",
        Code.SPECIFICATION,
        None,
        at=None,
        registers={4: "nowhere+1"},
    )
    yield ExceptionRow(
        "fetch-before-operand",
        "An access exception of the instruction comes before those of its operands.",
        SOURCE,
        "bad: EX 0,0(6)\nafter: LGHI 15,1",
        Code.ADDRESSING,
        4,
        registers={4: "nowhere", 6: "nowhere"},
    )


def accesses() -> Iterator[ExceptionRow]:
    def row(name: str, rule: str, space: TableSpace, code: str, interruption: Code, **changed: object) -> ExceptionRow:
        at = "bad" if interruption in (Code.PAGE_TRANSLATION, Code.SEGMENT_TRANSLATION) else "after"
        fields = {
            "registers": {2: VIRTUAL},
            "mask": ADDRESSING_MODE | DAT | KEY_1,
            "controls": {0: CR0, 1: space.asce},
            "storage": space.storage,
        }
        return ExceptionRow(name, rule, ACCESS, code, interruption, 6, at=at, **fields | changed)  # type: ignore[arg-type]

    yield row(
        "translation-before-key",
        "A translation exception comes before key-controlled protection.",
        TableSpace().map(VIRTUAL, 0x40000, PAGE_INVALID),
        "STG 3,0(2)",
        Code.PAGE_TRANSLATION,
    )
    yield row(
        "segment-before-page",
        "The exception of the higher table comes first.",
        TableSpace().map(VIRTUAL, 0x40000, PAGE_INVALID).flag(TableLevel.SEGMENT, VIRTUAL, 0x20),
        "STG 3,0(2)",
        Code.SEGMENT_TRANSLATION,
    )
    yield row(
        "addressing-before-key",
        "An addressing exception of the frame comes before key-controlled protection.",
        TableSpace().map(VIRTUAL, 0x00F0_0000_0000_0000),
        "STG 3,0(2)",
        Code.ADDRESSING,
    )
    yield row(
        "dat-protection-before-key",
        "DAT protection comes before key-controlled protection: the TEID has bit 61 one.",
        TableSpace().map(VIRTUAL, 0x40000, PROTECTED),
        "STG 3,0(2)",
        Code.PROTECTION,
        fields={"teid": (VIRTUAL | 4, PAGE_ADDRESS | 4)},
    )
    yield row(
        "low-address-before-translation",
        "Low-address protection comes before translation.",
        TableSpace().map(VIRTUAL, 0x40000),
        "STG 3,0x20(4)",
        Code.PROTECTION,
        registers={4: 0},
        controls={0: CR0 | LOW_ADDRESS, 1: TableSpace().map(VIRTUAL, 0x40000).asce},
    )
    yield row(
        "first-page-before-second",
        "Of an operand that crosses a boundary the first page is accessed first.",
        TableSpace().map(VIRTUAL, 0x40000, PAGE_INVALID),
        "STG 3,0xFFC(2)",
        Code.PAGE_TRANSLATION,
        fields={"teid": (VIRTUAL, PAGE_ADDRESS)},
    )


SECTION = CaseSection("Priority of exceptions", tuple(row.case() for row in (*operations(), *accesses())))

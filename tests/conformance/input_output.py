# SPDX-License-Identifier: GPL-2.0-or-later
"""Input/output: interruptions, their masks and codes, and what the instructions answer."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, IO_MASK
from tools.conform.architecture.case import DEVICES, VERIFIED, Case, CaseSection, FinalState, Going, external, program
from tools.conform.architecture.channels import (
    ENDING,
    PARAMETER,
    PROGRAM,
    REGISTERS,
    STORAGE,
    SUBCHANNEL,
    WAITING,
    enable,
    request,
    taken,
)

SENTINEL = 0x3333_3333_3333_3333
PENDING = 1
CR0 = 0xE0
EMERGENCY, EMERGENCY_MASK = 0x1201, 1 << 14
INTERRUPTIONS_ON = "STOSM 0x800,2"


def mask_of(subclass: int) -> int:
    """The bit of control register 6."""
    return 1 << 31 - subclass


def masks() -> Iterator[Case]:
    common = {
        "source": "PoP 6, Input/Output Interruption; PoP 17, I/O Interruptions",
        "basis": VERIFIED,
        "needs": (DEVICES,),
        "storage": STORAGE,
        "registers": REGISTERS,
    }
    on = ADDRESSING_MODE | IO_MASK
    for subclass in range(8):
        yield Case(
            name=f"subclass-{subclass}",
            rule="An I/O interruption is taken if its subclass is enabled in CR6; subsystem identification, parameter "
            "and subclass are stored, and the wait state ends.",
            controls={6: mask_of(subclass)},
            code=f"{enable(subclass)}SSCH 0(3)\n{WAITING}handler: LGHI 15,1",
            events=(taken(subclass=subclass),),
            end=FinalState(registers={15: 1}),
            **common,
        )
        yield Case(
            name=f"subclass-{subclass}-masked",
            rule="It stays pending while the mask of its subclass is zero, whatever the others are.",
            controls={6: 0xFF00_0000 & ~mask_of(subclass)},
            fill={"page7": mask_of(subclass)},
            code=f"{enable(subclass)}SSCH 0(3)\n{ENDING}{INTERRUPTIONS_ON}\nLGHI 7,1\nLLILF 6,page7\nLCTLG 6,6,0(6)\n"
            "after: LGHI 7,2\nhandler: LGHI 15,1",
            events=(taken("after", subclass=subclass, mask=on),),
            end=FinalState(registers={7: 1, 15: 1}),
            **common,
        )
    yield Case(
        name="psw-mask",
        rule="It is not taken while the I/O mask of the PSW is zero.",
        controls={6: 0xFF00_0000},
        code=f"{enable()}SSCH 0(3)\n{ENDING}STOSM 0x800,1\nLGHI 7,1\nhandler: LGHI 15,1",
        end=FinalState(registers={7: 1}),
        **common,
    )
    yield Case(
        name="once",
        rule="An interruption that has been taken is no longer pending, though the status is.",
        controls={6: 0xFF00_0000},
        code=f"{enable()}SSCH 0(3)\n{ENDING}{INTERRUPTIONS_ON}\nafter: LGHI 7,1\nhandler: TSCH 0(5)\nIPM 8\nLGHI 15,1",
        events=(taken("after", mask=on, going=Going.OLD),),
        end=FinalState(registers={7: 1, 8: (0, 0x3000_0000), 15: 1}),
        **common,
    )
    yield Case(
        name="cleared-by-test-subchannel",
        rule="TEST SUBCHANNEL takes the status, and with it the interruption.",
        controls={6: 0xFF00_0000},
        code=f"{enable()}SSCH 0(3)\n{ENDING}TSCH 0(5)\nIPM 8\nTSCH 0(5)\nIPM 9\n{INTERRUPTIONS_ON}\nhandler: LGHI 15,1",
        end=FinalState(registers={8: (0, 0x3000_0000), 9: (0x1000_0000, 0x3000_0000)}),
        **common,
    )
    yield Case(
        name="cleared-by-test-pending",
        rule="TEST PENDING INTERRUPTION stores the code of the interruption, and it is no longer pending: cc 1.",
        controls={6: 0xFF00_0000},
        fill={"page7": SENTINEL},
        code=f"{enable()}SSCH 0(3)\n{ENDING}LLILF 6,page7\nTPI 0(6)\nIPM 8\nTPI 0(6)\nIPM 9\n{INTERRUPTIONS_ON}\n"
        "handler: LGHI 15,1",
        end=FinalState(
            registers={8: (0x1000_0000, 0x3000_0000), 9: (0, 0x3000_0000)},
            storage={"page7": SUBCHANNEL << 32 | PARAMETER},
        ),
        **common,
    )
    yield Case(
        name="test-pending-low-core",
        rule="With the operand address zero, three words go to real locations B8 to C3 hex.",
        controls={6: 0xFF00_0000},
        code=f"{enable(5)}SSCH 0(3)\n{ENDING}TPI 0\nLG 7,0xB8\nL 8,0xC0",
        end=FinalState(cc=1, registers={7: SUBCHANNEL << 32 | PARAMETER, 8: (5 << 27, 0xFFFF_FFFF)}),
        **common,
    )
    yield Case(
        name="after-external",
        rule="External interruptions come before those of I/O.",
        controls={0: CR0 | EMERGENCY_MASK, 6: 0xFF00_0000},
        code=f"LGHI 7,0\n{enable()}SSCH 0(3)\n{ENDING}SIGP 4,7,3\nSTOSM 0x800,3\nafter: LGHI 15,1\nhandler: LGHI 14,1",
        events=(
            external(EMERGENCY, at="after", mask=on | EXTERNAL_MASK, going=Going.OLD),
            taken("after", mask=on | EXTERNAL_MASK),
        ),
        end=FinalState(registers={14: 1, 15: 0}),
        **common,
    )
    second = {"subsystem": SUBCHANNEL + 1, "io_parameter": 0x99}
    yield Case(
        name="order-of-subclasses",
        rule="Of two interruptions that of the lower subclass comes first.",
        controls={6: 0xFF00_0000},
        code=f"""
            {enable(4)}SSCH 0(3)
            {ENDING}
            AGHI 1,1
            LLILF 3,page7
            {enable(3)}SSCH 0(3)
            again: STSCH 0(2)
            TM 31(2),1
            BRC 8,again
            {INTERRUPTIONS_ON}
            after: LGHI 15,1
            handler: LGHI 14,1""",
        events=(
            taken("after", subclass=3, mask=on, going=Going.OLD, **second),
            taken("after", subclass=4, mask=on),
        ),
        end=FinalState(registers={14: 1, 15: 0}),
        **common | {"storage": STORAGE | {"page7": request(PROGRAM, parameter=0x99)}},
    )


def operands() -> Iterator[Case]:
    common = {"basis": VERIFIED, "needs": (DEVICES,), "storage": STORAGE, "registers": REGISTERS}
    for name, code, cc in (
        ("start-disabled", "STSCH 0(2)\nNI 5(2),0x7F\nMSCH 0(2)\nSSCH 0(3)", 3),
        ("start-pending", f"{enable()}SSCH 0(3)\n{ENDING}SSCH 0(3)", 1),
        ("modify-pending", f"{enable()}SSCH 0(3)\n{ENDING}MSCH 0(2)", 1),
        ("halt-pending", f"{enable()}SSCH 0(3)\n{ENDING}HSCH", 1),
        ("resume-idle", f"{enable()}RSCH", 2),
        ("cancel-pending", f"{enable()}SSCH 0(3)\n{ENDING}XSCH", 1),
        ("test-idle", f"{enable()}TSCH 0(5)", 1),
        ("clear-pending", f"{enable()}SSCH 0(3)\n{ENDING}CSCH", 0),
        ("halt-idle", f"{enable()}HSCH", 0),
    ):
        yield Case(
            name=name,
            rule="cc 1 while status is pending, cc 2 if the function cannot be performed, cc 3 if the subchannel is "
            "not enabled.",
            source="PoP 14, I/O Instructions",
            code=code,
            end=FinalState(cc=cc),
            **common,
        )
    for name, function, code in (("clear", 0x1000, "CSCH"), ("halt", 0x2000, "HSCH")):
        yield Case(
            name=f"{name}-interruption",
            rule="A function that has been performed is told by an interruption.",
            source="PoP 15, Clear Function, Halt Function",
            controls={6: 0xFF00_0000},
            code=f"{enable()}LARL 6,parameter\nMVC 0(4,2),0(6)\nMSCH 0(2)\n{code}\n{WAITING}parameter: DC X'55667788'\n"
            "handler: TSCH 0(5)",
            events=(taken(),),
            end=FinalState(cc=0, storage={"page5": ((function | PENDING) << 32, 0x701F << 32)}),
            **common | {"registers": REGISTERS},
        )
    for name, code in (
        ("start", "MVI 7(3),0x20\nbad: SSCH 0(3)"),
        ("modify", "STSCH 0(2)\nOI 4(2),0x07\nbad: MSCH 0(2)"),
    ):
        yield Case(
            name=f"{name}-reserved",
            rule="A reserved bit that is one is an operand exception.",
            source="PoP 14, Start Subchannel, Modify Subchannel; PoP 6, Operand Exception",
            code=f"{code}\nafter: LGHI 15,1",
            events=(program(Code.OPERAND, ilc=4, at="after"),),
            **common,
        )


SECTION = CaseSection("Input/output", (*masks(), *operands()))

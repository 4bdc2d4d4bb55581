# SPDX-License-Identifier: GPL-2.0-or-later
"""Input/output: interruptions, their masks and codes; channel programs and the pages that they use.

Every channel program here begins with SENSE ID (E4 hex), which any device answers; it is in format 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, IO_MASK
from tools.conform.architecture.case import (
    ANY_CONDITION_CODE,
    DEVICES,
    INFERRED,
    PAGING,
    VERIFIED,
    ZVM,
    Basis,
    Case,
    CaseSection,
    Class,
    ExpectedInterruption,
    FinalState,
    Going,
    Need,
    external,
    program,
)

SENTINEL = 0x3333_3333_3333_3333
SUBCHANNEL = 0x0001_0000
PARAMETER = 0x5566_7788
SENSE_ID = 0xE4
SUPPRESS_LENGTH = 0x20
FORMAT_1 = 1 << 23
ALL_PATHS = 0xFF00
PROGRAM_CHECK, PROTECTION_CHECK = 0x20, 0x10
START = 0x4000
ALERT, PRIMARY, SECONDARY, PENDING = 0x10, 4, 2, 1
ENDED = PRIMARY | SECONDARY | PENDING
NORMAL_END = 0x0C
CR0 = 0xE0
EMERGENCY, EMERGENCY_MASK = 0x1201, 1 << 14
WAIT = ADDRESSING_MODE | IO_MASK | 1 << 49
STATUS = "PoP 16, Subchannel-Status Word"


def mask_of(subclass: int) -> int:
    """The bit of control register 6."""
    return 1 << 31 - subclass


def request(address: int, *, key: int = 0, parameter: int = PARAMETER) -> bytes:
    """An operation-request block for a channel program at *address*."""
    words = (parameter, key << 28 | FORMAT_1 | ALL_PATHS, address, 0, 0, 0, 0, 0)
    return b"".join(word.to_bytes(4, "big") for word in words)


def command(address: int, *, code: int = SENSE_ID, flags: int = SUPPRESS_LENGTH, count: int = 7) -> int:
    """A channel-command word of format 1."""
    return code << 56 | flags << 48 | count << 32 | address


# Register 1 has the subchannel, 2 the address of page1, where its block goes, 3 of the operation-request block in
# page2, 5 of page5, for the interruption-response block.  The program is in page3, its data go to page4.
REGISTERS = {1: SUBCHANNEL, 2: "page1", 3: "page2", 5: "page5"}
PROGRAM, DATA = 0x42000, 0x43000
WAITING_PSW = {"page6": WAIT.to_bytes(8, "big") + (0x9000).to_bytes(8, "big")}
STORAGE: dict[int | str, int | bytes] = {"page2": request(PROGRAM), "page3": command(DATA), **WAITING_PSW}


def enable(subclass: int = 0) -> str:
    return f"STSCH 0(2)\nMVI 4(2),{subclass << 3}\nOI 5(2),0x80\nMSCH 0(2)\n"


# Until the status is pending, which the last byte of the first word of the subchannel-status word shows.
ENDING = "ending: STSCH 0(2)\nTM 31(2),1\nBRC 8,ending\n"
WAITING = "LLILF 6,page6\nLPSWE 0(6)\n"
INTERRUPTIONS_ON = "STOSM 0x800,2"


def taken(at: int | str = 0x9000, *, subclass: int = 0, mask: int = WAIT, going: Going = Going.LABEL, **fields: int):
    """The I/O interruption."""
    values = {"subsystem": SUBCHANNEL, "io_parameter": PARAMETER, "io_identification": subclass << 27} | fields
    return ExpectedInterruption(
        Class.INPUT_OUTPUT, None, at=at, mask=(mask, ANY_CONDITION_CODE), fields=values, going=going, to="handler"
    )


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


@dataclass(frozen=True, slots=True)
class Transfer:
    """A channel program, and what the interruption-response block says of it."""

    name: str
    rule: str
    subchannel_status: int = 0
    storage: dict[int | str, int | bytes] = field(default_factory=dict)
    keys: dict[int | str, int] = field(default_factory=dict)
    pages: dict[int | str, str] = field(default_factory=dict)
    fill: dict[int | str, int] = field(default_factory=dict)
    left_out: str = ""
    """What of the storage is not in the image, since the case makes its page state."""
    end: FinalState = field(default_factory=FinalState)
    needs: tuple[Need, ...] = ()
    basis: Basis = VERIFIED
    source: str = STATUS
    is_pressed: bool = False

    def case(self) -> Case:
        """The case: SENSE ID, waiting, and TEST SUBCHANNEL."""
        storage = {place: value for place, value in (STORAGE | self.storage).items() if place != self.left_out}
        control = (START | ENDED | ALERT if self.subchannel_status else START | ENDED, 0x7FFF)
        status = self.subchannel_status << 48
        checked = {
            "page5": (control[0] << 32, control[1] << 32),
            "page5+8": (status, 0xFF << 48) if self.subchannel_status else (NORMAL_END << 56, 0xFFFF << 48),
        }
        return Case(
            name=self.name,
            rule=self.rule,
            source=self.source,
            basis=self.basis,
            needs=(DEVICES, *self.needs),
            registers=REGISTERS,
            controls={6: 0xFF00_0000},
            storage=storage,
            keys=self.keys,
            pages=self.pages,
            fill=self.fill,
            is_pressed=self.is_pressed,
            code=f"{enable()}SSCH 0(3)\n{WAITING}handler: TSCH 0(5)",
            events=(taken(),),
            end=FinalState(
                cc=0,
                storage=checked | dict(self.end.storage),
                keys=self.end.keys,
                pages=self.end.pages,
            ),
        )


IDENTIFIED = {"page4": (0xFF << 56, 0xFF << 56)}
INVALID_PROGRAMS = {
    "command-zero": (command(DATA, code=0), "A command code whose last four bits are zeros is invalid."),
    "transfer-first": (
        command(PROGRAM, code=8, flags=0, count=0),
        "The first command is no transfer in channel.",
    ),
    "data-nowhere": (command(0x7FFF_F000), "The data address is one of storage."),
    "reserved-address-bit": (command(1 << 31 | DATA), "Bit 32 of a format-1 CCW must be zero."),
}


def transfers() -> Iterator[Case]:
    yield Transfer(
        name="sense-id",
        rule="The data are stored; primary and secondary status, with channel end and device end.",
        fill={"page4": 0},
        end=FinalState(storage=IDENTIFIED | {"page5": ((START | ENDED) << 32 | PROGRAM + 8, 0x7FFF_FFFF_FFFF)}),
    ).case()
    yield Transfer(
        name="recorded",
        rule="What the channel subsystem stores is a change of its page, and what it fetches a reference.",
        source="PoP 3, Reference Recording, Change Recording",
        fill={"page4": 0},
        keys={"page3": 0, "page4": 0},
        end=FinalState(storage=IDENTIFIED, keys={"page3": 4, "page4": 6}),
    ).case()
    yield Transfer(
        name="crossing",
        rule="Data may cross pages.",
        source="PoP 15, Channel-Command Word",
        storage={"page3": command(0x46FFF)},
        fill={"page7+0xff8": 0, "page8": 0, "page8+8": 0},
        end=FinalState(storage={"page7+0xff8": (0xFF, 0xFF), "page8+8": 0}),
    ).case()
    for name, (word, rule) in INVALID_PROGRAMS.items():
        yield Transfer(
            name=f"program-check-{name}",
            rule=f"{rule} Otherwise: program check.",
            subchannel_status=PROGRAM_CHECK,
            storage={"page3": word},
        ).case()
    yield Transfer(
        name="program-check-ccw-nowhere",
        rule="A CCW that lies outside of storage is a program check.",
        subchannel_status=PROGRAM_CHECK,
        storage={"page2": request(0x7FFF_F000)},
    ).case()
    yield Transfer(
        name="program-check-ccw-boundary",
        rule="A CCW lies at a doubleword boundary.",
        subchannel_status=PROGRAM_CHECK,
        storage={"page2": request(PROGRAM + 4)},
    ).case()
    for name, key, places, status in (
        ("key-matches", 3, {"page3": 0x38, "page4": 0x38}, 0),
        ("key-of-data", 3, {"page4": 0x40}, PROTECTION_CHECK),
        ("key-of-program", 3, {"page3": 0x48, "page4": 0x30}, PROTECTION_CHECK),
        ("key-of-program-unprotected", 3, {"page3": 0x40, "page4": 0x30}, 0),
        ("key-zero", 0, {"page3": 0x48, "page4": 0x48}, 0),
    ):
        yield Transfer(
            name=name,
            rule="The channel program accesses storage with the key of its request.",
            source="PoP 15, Operation-Request Block; PoP 3, Protection",
            subchannel_status=status,
            storage={"page2": request(PROGRAM, key=key)},
            keys=places,
            end=FinalState(storage={} if status else IDENTIFIED),
        ).case()
    hinting = "page-hinting reference 2.4"
    for state in ("Uz", "Vz", "Ur", "Vr", "Pr", "Sz"):
        usable = state in ("Vr", "Pr", "Sz")
        yield Transfer(
            name=f"data-{state}",
            rule="The channel subsystem does not store in a page that is unused or discarded: program check.",
            source=hinting,
            basis=INFERRED,
            needs=(ZVM,),
            subchannel_status=0 if usable else PROGRAM_CHECK,
            pages={"page4": state},
            end=FinalState(storage=IDENTIFIED if usable else {}, pages={"page4": "Sr" if state == "Sz" else state}),
        ).case()
    for state in ("Uz", "Vz"):
        yield Transfer(
            name=f"program-{state}",
            rule="A channel program in a page that is unused or discarded is a program check.",
            source=hinting,
            basis=INFERRED,
            needs=(ZVM,),
            subchannel_status=PROGRAM_CHECK,
            pages={"page3": state},
            left_out="page3",
            end=FinalState(pages={"page3": state}),
        ).case()
        yield Transfer(
            name=f"crossing-{state}",
            rule="Of data that cross into such a page, what comes before it has been stored.",
            source=hinting,
            basis=INFERRED,
            needs=(ZVM,),
            subchannel_status=PROGRAM_CHECK,
            storage={"page3": command(0x46FFF)},
            fill={"page7+0xff8": 0},
            pages={"page8": state},
            end=FinalState(pages={"page8": state}),
        ).case()
    for place in ("page3", "page4"):
        yield Transfer(
            name=f"preserved-{place}",
            rule="A page that the host has taken is brought in for the channel subsystem.",
            source=hinting,
            basis=INFERRED,
            needs=(ZVM, PAGING),
            fill={place: command(DATA) if place == "page3" else 0},
            left_out=place,
            is_pressed=True,
            end=FinalState(storage=IDENTIFIED, pages={place: "Sr"}),
        ).case()


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


SECTION = CaseSection("Input/output", (*masks(), *transfers(), *operands()))

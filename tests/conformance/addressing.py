# SPDX-License-Identifier: GPL-2.0-or-later
"""Addressing modes: how addresses are formed and wrap, what links hold, prefixing; and EXECUTE."""

from __future__ import annotations

from collections.abc import Iterator

from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, Going, supervisor_call

ALL = (1 << 64) - 1
MODES = {24: 0, 31: BASIC_ADDRESSING, 64: ADDRESSING_MODE}
SENTINEL = 0x3333_3333_3333_3333
CONTENT = 0x7777_7777_7777_7777


def limit(mode: int) -> int:
    return (1 << mode) - 1


def forming() -> Iterator[Case]:
    for mode, mask in MODES.items():
        # The sum of base, index and displacement, cut to the mode; LA sets bits 0-31 only in the 64-bit mode.
        base, index = 0xFEDC_BA98_FFFF_F000, 0x1111_1111_0000_0FFF
        address = base + index + 0x123 & limit(mode)
        yield Case(
            name=f"load-address-{mode}",
            rule="An address is the sum of base, index and displacement, cut to the width of the mode; LOAD ADDRESS "
            "leaves bits 0-31 of R1 in the 24- and 31-bit modes.",
            source="PoP 5, Address Generation; PoP 7, Load Address",
            basis=VERIFIED,
            mask=mask,
            registers={2: base, 3: index, 4: SENTINEL},
            code="LA 4,0x123(2,3)",
            end=FinalState(registers={4: address if mode == 64 else SENTINEL & ~(ALL >> 32) | address}),
        )
        yield Case(
            name=f"operand-{mode}",
            rule="Bits of a register left of the mode's width are ignored in the address of an operand.",
            source="PoP 5, Address Generation",
            basis=VERIFIED,
            mask=mask,
            registers={2: 0x40000 + (ALL & ~limit(mode)) & ALL},
            fill={"page1": CONTENT},
            code="LG 4,0(2)",
            end=FinalState(registers={4: CONTENT}),
        )
        yield Case(
            name=f"zero-base-{mode}",
            rule="Register 0 as a base or an index means zero, whatever it holds.",
            source="PoP 5, Address Generation",
            basis=VERIFIED,
            mask=mask,
            registers={0: 0x40000, 4: 0},
            code="LA 4,0x20(0,0)",
            end=FinalState(registers={4: 0x20}),
        )
        yield Case(
            name=f"negative-displacement-{mode}",
            rule="A long displacement is signed.",
            source="PoP 5, Address Generation",
            basis=VERIFIED,
            mask=mask,
            registers={2: "page1+16"},
            fill={"page1+8": CONTENT},
            code="LG 4,-8(2)",
            end=FinalState(registers={4: CONTENT}),
        )
    for mode in (24, 31):
        yield Case(
            name=f"wrap-{mode}",
            rule="Behind the last address of the mode comes zero.",
            source="PoP 3, Address Wraparound",
            basis=VERIFIED,
            mask=MODES[mode],
            registers={2: limit(mode) & ~7, 3: SENTINEL},
            code="LG 3,0x1D8(2)\nLG 4,0x1D0",
            end=FinalState(registers={3: ADDRESSING_MODE, 4: ADDRESSING_MODE}),
        )


def switching() -> Iterator[Case]:
    for before, mask in MODES.items():
        for after, wanted in MODES.items():
            yield Case(
                name=f"set-addressing-mode-{before}-{after}",
                rule="SET ADDRESSING MODE sets bits 31 and 32 of the PSW.",
                source="PoP 7, Set Addressing Mode",
                basis=VERIFIED,
                mask=mask,
                code=f"SAM{after}",
                end=FinalState(mask=(wanted, ADDRESSING_MODE)),
            )
    links = {
        24: ("BASR 3,0", SENTINEL & ~(ALL >> 32), 0),
        31: ("BASR 3,0", SENTINEL & ~(ALL >> 32), 0x8000_0000),
        64: ("BASR 3,0", 0, 0),
    }
    for mode, (code, high, flag) in links.items():
        yield Case(
            name=f"link-{mode}",
            rule="The link of BRANCH AND SAVE is the next address; in the 31-bit mode with bit 32 one, "
            "and bits 0-31 stay but in the 64-bit mode.",
            source="PoP 7, Branch and Save",
            basis=VERIFIED,
            mask=MODES[mode],
            registers={3: SENTINEL},
            code=f"{code}\nafter: LGHI 15,1",
            end=FinalState(registers={3: high | flag | 0x8002}),
        )
    for mode, target, after in ((31, 0x9000, 24), (24, 0x8000_9000, 31), (64, 0x8000_9000, 31), (31, 0x9001, 64)):
        yield Case(
            name=f"branch-and-set-mode-{mode}-{after}",
            rule="BRANCH AND SET MODE takes the mode from bit 63, or else bit 32, of the target address.",
            source="PoP 7, Branch and Set Mode",
            basis=VERIFIED,
            mask=MODES[mode],
            registers={2: target},
            code="BSM 0,2",
            parts={0x9000: "SVC 7\nbehind: LGHI 15,1"},
            events=(supervisor_call(7, at="behind", mask=(MODES[after], ADDRESSING_MODE)),),
        )


PREFIX = """
    LGHI 8,0
    LLILL 9,0x2000
    LLILF 10,page1
    LLILL 11,0x2000
    MVCL 10,8
    LARL 5,prefix
    SPX 0(5)
    BCR 0,0
    BRC 15,go
    prefix: DC X'00040FFF'
    go: LGHI 15,1
"""


def prefixing() -> Iterator[Case]:
    common = {"source": "PoP 3, Prefixing; PoP 10, Set Prefix", "basis": VERIFIED}
    yield Case(
        name="prefix-low",
        rule="Real addresses 0-8191 are the prefix area.",
        code=f"{PREFIX}\nLGHI 3,7\nSTG 3,0xE00",
        end=FinalState(storage={"page1+0xe00": 7, 0xE00: 0}),
        storage={0xE00: 0},
        **common,
    )
    yield Case(
        name="prefix-reverse",
        rule="Real addresses of the prefix area are absolute 0-8191.",
        code=f"{PREFIX}\nLGHI 3,7\nSTG 3,page1+0xe00",
        end=FinalState(storage={0xE00: 7, "page1+0xe00": 0}),
        storage={0xE00: 0},
        **common,
    )
    yield Case(
        name="prefix-interruption",
        rule="An interruption stores in the prefix area.",
        code=f"{PREFIX}\nSVC 9\nafter: LGHI 15,2",
        events=(supervisor_call(9, at="after", going=Going.OLD),),
        # Instruction length, and the number of the case's end.
        end=FinalState(storage={"page1+0x88": (0x0002_00FF << 32, 0xFFFF_FFFF << 32)}),
        **common,
    )
    yield Case(
        name="store-prefix",
        rule="Bits 1-18 of the operand of SET PREFIX are the prefix; STORE PREFIX has zeros for the others.",
        code=f"{PREFIX}\nLLILF 6,page3\nSTPX 0(6)",
        end=FinalState(storage={"page3": (0x0004_0000 << 32, 0xFFFF_FFFF << 32)}),
        **common,
    )


def execute() -> Iterator[Case]:
    source = "PoP 7, Execute, Execute Relative Long"
    for name, code in (("ex", "EX {},0(1)"), ("exrl", "EXRL {},target")):
        for register, length in ((3, 4), (0, 1)):
            yield Case(
                name=f"{name}-{'modified' if register else 'unmodified'}",
                rule="Bits 8-15 of the target are ORed with bits 56-63 of R1, unless that is 0; neither changes.",
                source=source,
                basis=VERIFIED,
                registers={0: 3, 2: "page1", 3: 0xFFFF_FF03, 4: "page2"},
                fill={"page1": CONTENT, "page2": 0},
                code=f"LARL 1,target\n{code.format(register)}\nBRC 15,done\ntarget: MVC 0(1,4),0(2)\ndone: LGHI 15,1",
                end=FinalState(
                    registers={0: 3, 3: 0xFFFF_FF03},
                    storage={"page2": CONTENT & ~(ALL >> 8 * length)},
                ),
            )
        yield Case(
            name=f"{name}-branch",
            rule="A branch that is executed goes to its target; a link is the address behind the execute instruction.",
            source=source,
            basis=VERIFIED,
            registers={2: "there"},
            code=f"LARL 1,target\n{code.format(0)}\nback: LGHI 15,1\ntarget: BASR 3,2\nthere: LGHI 14,1",
            end=FinalState(registers={3: "back", 14: 1, 15: 0}),
        )
        yield Case(
            name=f"{name}-supervisor-call",
            rule="The ILC of a supervisor call that is executed is that of the execute instruction.",
            source=source,
            basis=VERIFIED,
            registers={3: 0x05},
            code=f"LARL 1,target\n{code.format(3)}\nafter: BRC 15,done\ntarget: SVC 8\ndone: LGHI 15,1",
            events=(supervisor_call(13, ilc=4 if name == "ex" else 6, at="after", going=Going.OLD),),
            end=FinalState(registers={15: 1}),
        )


SECTION = CaseSection("Addressing, prefixing and execute", (*forming(), *switching(), *prefixing(), *execute()))

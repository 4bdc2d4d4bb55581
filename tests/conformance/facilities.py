# SPDX-License-Identifier: GPL-2.0-or-later
"""What is different without a facility, with the storage-key-removal facility, and for a guest without ESSA."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT, PROBLEM_STATE
from tools.conform.architecture.case import (
    ESSA,
    INFERRED,
    NO_ESSA,
    TWO_CPUS,
    VERIFIED,
    Case,
    CaseSection,
    FinalState,
    facility,
    no_facility,
    program,
)
from tools.conform.architecture.spaces import TableSpace

SENTINEL = 0x3333_3333_3333_3333
HIGH = SENTINEL & ~0xFFFF_FFFF
NO_KEYS = facility(169)

# Facilities and an instruction of each.
INSTRUCTIONS = (
    (3, "IDTE", "B98E0023"),
    (3, "CSPG", "B98A0024"),
    (8, "PFMF", "B9AF0023"),
    (11, "PTF", "B9A20030"),
    (16, "TROO", "B9930024"),
    (20, "MAER", "B32E0024"),
    (22, "TRTR", "D00020003000"),
    (23, "MAYLR", "B3380024"),
    (25, "STCKF", "B27C2000"),
    (26, "TRTE", "B9BF0024"),
    (27, "MVCOS", "C83020004000"),
    (28, "PTFF", "0104"),
    (31, "ECTG", "C83120004000"),
    (32, "CSST", "C83220004000"),
    (34, "CGRJ", "EC2380048064"),
    (35, "EXRL", "C63000000003"),
    (40, "LPP", "B2802000"),
    (45, "LGRK", "B9E82034"),
    (49, "NIAI", "B2FA0000"),
    (53, "LOCGHI", "EC3800050046"),
    (58, "AGH", "E33020000038"),
    (66, "RRBM", "B9AE0032"),
    (129, "VLM", "E70F20000036"),
)


def instructions() -> Iterator[Case]:
    for bit, name, code in INSTRUCTIONS:
        yield Case(
            name=f"operation-{bit}-{name.lower()}",
            rule="An instruction of a facility that is not installed is an operation exception.",
            source="PoP 4, Facility Indications; PoP 6, Operation Exception",
            basis=VERIFIED,
            needs=(no_facility(bit),),
            registers={2: "page1", 4: "page2"},
            code=f"bad: DC X'{code}'\nafter: LGHI 15,1",
            events=(program(Code.OPERATION, ilc=len(code) // 2, at="after"),),
        )


def parts() -> Iterator[Case]:
    common = {"basis": VERIFIED}
    keys = "PoP 10, Set Storage Key Extended, Perform Frame Management Function (page-hinting reference 8.2)"
    for mask in (2, 4, 6):
        yield Case(
            name=f"conditional-{mask}",
            rule="Without the conditional-SSKE facility its masks are ignored: the key is set, and neither R1 nor the "
            "condition code changes.",
            source=keys,
            needs=(no_facility(10),),
            mask=ADDRESSING_MODE | 2 << 44,
            registers={2: "page1", 3: 0x30},
            keys={"page1": 0x36},
            code=f"SSKE 3,2,{mask}",
            end=FinalState(cc=2, registers={3: 0x30}, keys={"page1": 0x30}),
            **common,
        )
        yield Case(
            name=f"frame-conditional-{mask}",
            rule="Nor do the masks of PERFORM FRAME MANAGEMENT FUNCTION matter then.",
            source=keys,
            needs=(no_facility(10), facility(8)),
            registers={2: "page1", 3: 0x2_0030 | mask << 8},
            keys={"page1": 0x36},
            code="PFMF 3,2",
            end=FinalState(keys={"page1": 0x30}),
            **common,
        )
    yield Case(
        name="multiple-blocks",
        rule="Without enhanced DAT the multiple-block control is ignored.",
        source=keys,
        needs=(no_facility(8),),
        registers={2: 0x1FE000, 3: 0x30},
        keys={0x1FE000: 0x10, 0x1FF000: 0x10},
        code="SSKE 3,2,1",
        end=FinalState(registers={2: 0x1FE000}, keys={0x1FE000: 0x30, 0x1FF000: 0x10}),
        **common,
    )
    yield Case(
        name="nonquiescing",
        rule="Without its facility the nonquiescing control of PERFORM FRAME MANAGEMENT FUNCTION must be zero.",
        source=keys,
        needs=(no_facility(14), facility(8)),
        registers={2: "page1", 3: 0x2_0830},
        code="PFMF 3,2\nafter: LGHI 15,1",
        events=(program(Code.SPECIFICATION, ilc=4, at="after"),),
        **common,
    )
    yield Case(
        name="request-7",
        rule="Request 7 of ESSA needs facility 147.",
        source="Linux arch/s390/kvm/priv.c handle_essa (page-hinting reference 1.5)",
        needs=(ESSA, no_facility(147)),
        registers={2: "page1"},
        pages={"page1": "Sr"},
        code="ESSA 3,2,7\nafter: LGHI 15,1",
        events=(program(Code.SPECIFICATION, ilc=4, at="after"),),
        end=FinalState(pages={"page1": "Sr"}),
        **common,
    )
    for order, bit in ((0x15, 9), (0x17, 129)):
        yield Case(
            name=f"order-{order:x}",
            rule="An order of a facility that is not installed is an invalid order.",
            source="PoP 4, Signal-Processor Orders; Linux arch/s390/kvm/sigp.c (architecture reference F6)",
            needs=(TWO_CPUS, no_facility(bit)),
            registers={2: 1, 4: SENTINEL, 5: "page1"},
            code=f"SIGP 4,2,{order}",
            end=FinalState(cc=1, registers={4: HIGH | 2}),
            **common,
        )


def without_keys() -> Iterator[Case]:
    space = TableSpace().map(0x12_3000, 0x40000)
    source = "PoP 4, Storage-Key-Removal Facility; kvm-unit-tests skrf.c"
    rows: tuple[tuple[str, str, dict[int, int | str], int], ...] = (
        ("iske", "ISKE 4,2", {}, 4),
        ("sske", "SSKE 3,2", {}, 4),
        ("rrbe", "RRBE 0,2", {}, 4),
        ("frame-key", "PFMF 3,2", {3: 0x2_0030}, 4),
        ("tprot", "TPROT 0(2),0x10", {}, 6),
        ("spka", "SPKA 0x10", {}, 4),
        ("essa-4", "ESSA 4,2,4", {}, 4),
    )
    for name, code, registers, ilc in rows:
        yield Case(
            name=f"no-keys-{name}",
            rule="Without storage keys an instruction that names one is a special-operation exception.",
            source=source,
            basis=VERIFIED,
            needs=(NO_KEYS, ESSA) if "ESSA" in code else (NO_KEYS,),
            registers={2: "page1", 3: 0x30} | registers,
            code=f"bad: {code}\nafter: LGHI 15,1",
            events=(program(Code.SPECIAL_OPERATION, ilc=ilc, at="after"),),
        )
    yield Case(
        name="no-keys-ivsk",
        rule="Without storage keys an instruction that names one is a special-operation exception.",
        source=source,
        basis=VERIFIED,
        needs=(NO_KEYS,),
        mask=ADDRESSING_MODE | DAT,
        controls={1: space.asce},
        storage=space.storage,
        registers={2: 0x12_3000},
        code="IVSK 3,2\nafter: LGHI 15,1",
        events=(program(Code.SPECIAL_OPERATION, ilc=4, at="after"),),
    )
    for name, code, registers in (
        ("frame-clear", "PFMF 3,2", {3: 0x1_0000}),
        ("tprot-zero", "TPROT 0(2),0", {}),
        ("spka-zero", "SPKA 0", {}),
        ("test-block", "TB 0,2", {}),
    ):
        yield Case(
            name=f"no-keys-{name}",
            rule="What names no key, or key zero, is as it was.",
            source=source,
            basis=VERIFIED,
            needs=(NO_KEYS,),
            registers={0: 0, 2: "page1"} | registers,
            code=f"{code}\nLGHI 15,1",
            end=FinalState(registers={15: 1}),
        )
    short = 1 << 51 | 1 << 31
    for mnemonic, key, psw in (
        *(("LPSWE", key, ADDRESSING_MODE << 64 | key << 116 | 0x9000) for key in (1, 5, 8)),
        *(("LPSW", key, (short | key << 52 | 0x9000) << 64) for key in (1, 5, 8)),
    ):
        name = f"no-keys-psw-{key}" if mnemonic == "LPSWE" else f"no-keys-short-psw-{key}"
        yield Case(
            name=name,
            rule="Loading a PSW with a key is a special-operation exception.",
            source=source,
            basis=INFERRED,
            needs=(NO_KEYS,),
            registers={2: "page1"},
            storage={"page1": psw.to_bytes(16, "big")},
            code=f"{mnemonic} 0(2)\nafter: LGHI 15,1",
            events=(program(Code.SPECIAL_OPERATION, ilc=4, at="after"),),
        )
    early = ADDRESSING_MODE | 1 << 51
    yield Case(
        name="no-keys-psw-bit-12",
        rule="Bit 12 is none of the key: it is an early specification exception.",
        source=source,
        basis=INFERRED,
        needs=(NO_KEYS,),
        registers={2: "page1"},
        storage={"page1": early.to_bytes(8, "big") + (0x9000).to_bytes(8, "big")},
        code="LPSWE 0(2)",
        events=(program(Code.SPECIFICATION, ilc=0, at=0x9000, mask=(early, (1 << 64) - 1)),),
    )


def without_essa() -> Iterator[Case]:
    for request in (0, 1, 4, 7, 8, 15):
        for name, mask in (("", ADDRESSING_MODE), ("-problem", ADDRESSING_MODE | PROBLEM_STATE)):
            yield Case(
                name=f"no-essa-{request}{name}",
                rule="In a guest without ESSA it is an operation exception, whatever the request and the state.",
                source="Linux arch/s390/kvm/priv.c handle_essa (page-hinting reference 1.5)",
                basis=VERIFIED,
                needs=(NO_ESSA,),
                mask=mask,
                registers={2: "page1", 3: SENTINEL},
                code=f"ESSA 3,2,{request}\nafter: LGHI 15,1",
                events=(program(Code.OPERATION, ilc=4, at="after"),),
                end=FinalState(registers={3: SENTINEL}),
            )


SECTION = CaseSection("Facilities", (*instructions(), *parts(), *without_keys(), *without_essa()))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Control instructions: operands, condition codes and effects."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, DAT
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, facility, program
from tools.conform.architecture.spaces import PAGE, PAGE_INVALID, TableLevel, TableSpace

ALL = (1 << 64) - 1
SENTINEL = 0x3333_3333_3333_3333
CONTENT = 0x7777_7777_7777_7777
VIRTUAL = 0x12_3000
CC_2 = ADDRESSING_MODE | 2 << 44


def words(*values: int) -> bytes:
    return b"".join((value & ALL).to_bytes(8, "big") for value in values)


def control_registers() -> Iterator[Case]:
    common = {"source": "PoP 10, Load Control, Store Control", "basis": VERIFIED}
    yield Case(
        name="load-control-64",
        rule="LOAD CONTROL (64) loads the control registers from R1 to R3.",
        registers={2: "page1"},
        storage={"page1": words(0x1111, 0x2222, 0x3333)},
        controls={5: 0x5555},
        code="LCTLG 2,4,0(2)",
        end=FinalState(controls={2: 0x1111, 3: 0x2222, 4: 0x3333, 5: 0x5555}),
        **common,
    )
    yield Case(
        name="load-control-wrap",
        rule="Behind control register 15 comes 0.",
        registers={2: "page1"},
        storage={"page1": words(0x1111, 0xE0, 0x2000)},
        controls={2: 0x2222},
        code="LCTLG 15,1,0(2)",
        end=FinalState(controls={15: 0x1111, 0: 0xE0, 1: 0x2000, 2: 0x2222}),
        **common,
    )
    yield Case(
        name="load-control-32",
        rule="LOAD CONTROL (32) loads bits 32-63, and bits 0-31 stay.",
        registers={2: "page1"},
        storage={"page1": words(0xAAAA_AAAA_BBBB_BBBB)},
        controls={4: 0x1111_1111_2222_2222, 5: 0x3333_3333_4444_4444},
        code="LCTL 4,5,0(2)",
        end=FinalState(controls={4: 0x1111_1111_AAAA_AAAA, 5: 0x3333_3333_BBBB_BBBB}),
        **common,
    )
    yield Case(
        name="store-control-64",
        rule="STORE CONTROL (64) stores the control registers from R1 to R3, those behind 15 too.",
        registers={2: "page1"},
        fill={"page1+16": SENTINEL},
        controls={15: 0x1234_5678_9ABC_DEF0},
        code="STCTG 15,0,0(2)",
        end=FinalState(storage={"page1": 0x1234_5678_9ABC_DEF0, "page1+8": 0xE0, "page1+16": SENTINEL}),
        **common,
    )
    yield Case(
        name="store-control-32",
        rule="STORE CONTROL (32) stores bits 32-63.",
        registers={2: "page1"},
        fill={"page1": SENTINEL},
        controls={4: 0x1111_1111_2222_2222},
        code="STCTL 4,4,0(2)",
        end=FinalState(storage={"page1": 0x2222_2222_3333_3333}),
        **common,
    )


def identification() -> Iterator[Case]:
    yield Case(
        name="store-cpu-address",
        rule="STORE CPU ADDRESS stores a halfword.",
        source="PoP 10, Store CPU Address",
        basis=VERIFIED,
        registers={2: "page1"},
        fill={"page1": ALL},
        code="STAP 0(2)",
        end=FinalState(storage={"page1": ALL >> 16}),
    )
    yield Case(
        name="store-facility-list",
        rule="STORE FACILITY LIST stores at real location C8 hex; bits 1 and 2 are one in z/Architecture mode.",
        source="PoP 10, Store Facility List; PoP 4, Facility Indications",
        basis=VERIFIED,
        code="STFL 0",
        end=FinalState(storage={0xC8: (0x6000_0000 << 32, 0x6000_0000 << 32)}),
    )
    yield Case(
        name="store-facility-list-extended",
        rule="As many doublewords are stored as register 0 says, cc 3 tells of more, and its bits 56-63 are the "
        "number needed, less one.",
        source="PoP 7, Store Facility List Extended",
        basis=VERIFIED,
        needs=(facility(7),),
        registers={0: 0xFFFF_FF00, 2: "page1"},
        fill={"page1": 0, "page1+8": SENTINEL},
        code="STFLE 0(2)\nIPM 9\nTMLL 0,0x00FF",
        end=FinalState(
            registers={0: (0xFFFF_FF00, 0xFFFF_FF00), 9: (0x3000_0000, 0x3000_0000)},
            storage={"page1": (0x6000_0000 << 32, 0x6000_0000 << 32), "page1+8": SENTINEL},
        ),
    )
    codes = {9: 0, 10: 0, 11: 3}
    yield Case(
        name="store-facility-list-needed",
        rule="With as many doublewords as it says that it needs the condition code is 0, and with one less it is 3.",
        source="PoP 7, Store Facility List Extended",
        basis=VERIFIED,
        needs=(facility(7),),
        registers={0: 0xFF, 2: "page1"},
        code="STFLE 0(2)\nIPM 9\nLGR 5,0\nSTFLE 0(2)\nIPM 10\nLGR 6,0\nLGR 0,5\nAGHI 0,-1\nSTFLE 0(2)\nIPM 11\n"
        "SGR 5,6\nSGR 6,0",
        end=FinalState(registers={5: 0, 6: 0} | {number: (cc << 28, 0x3000_0000) for number, cc in codes.items()}),
    )
    for name, register_0, cc in (("level", 0, 0), ("no-function", 0xF000_0000, 3), ("no-selector", 0x1000_00FF, 3)):
        yield Case(
            name=f"store-system-information-{name}",
            rule="Function code 0 gives the level; a function code or selectors that are not there have cc 3.",
            source="PoP 10, Store System Information; Linux arch/s390/kvm/priv.c handle_stsi",
            basis=VERIFIED,
            registers={0: register_0, 1: 1, 2: "page1"},
            code="STSI 0(2)",
            end=FinalState(cc=cc),
        )
    for name, register_0, register_1, address in (
        ("reserved-0", 0x1001_0001, 1, "page1"),
        ("reserved-1", 0x1000_0001, 0x1_0001, "page1"),
        ("alignment", 0x1000_0001, 1, "page1+8"),
    ):
        yield Case(
            name=f"store-system-information-{name}",
            rule="Reserved bits that are one, and a block that is not aligned, are a specification exception.",
            source="PoP 10, Store System Information; Linux arch/s390/kvm/priv.c handle_stsi",
            basis=VERIFIED,
            registers={0: register_0, 1: register_1, 2: address},
            code="STSI 0(2)\nafter: LGHI 15,1",
            events=(program(Code.SPECIFICATION, ilc=4, at="after"),),
        )


def real_storage() -> Iterator[Case]:
    yield Case(
        name="load-using-real-address",
        rule="LOAD USING REAL ADDRESS loads 32 bits, and bits 0-31 of R1 stay.",
        source="PoP 10, Load Using Real Address",
        basis=VERIFIED,
        registers={2: "page1", 3: SENTINEL},
        fill={"page1": 0x1234_5678_9ABC_DEF0},
        code="LURA 3,2\nLURAG 4,2",
        end=FinalState(registers={3: 0x3333_3333_1234_5678, 4: 0x1234_5678_9ABC_DEF0}),
    )
    space = TableSpace().map(VIRTUAL, 0x40000)
    yield Case(
        name="real-address-with-dat",
        rule="Its address is real, whatever the translation mode.",
        source="PoP 10, Load Using Real Address, Store Using Real Address",
        basis=VERIFIED,
        mask=ADDRESSING_MODE | DAT,
        controls={1: space.asce},
        storage=space.storage,
        registers={2: "page2", 3: SENTINEL},
        fill={"page1": 1, "page2": 2},
        code="STURG 3,2\nLURAG 4,2",
        end=FinalState(registers={4: SENTINEL}, storage={"page1": 1, "page2": SENTINEL}),
    )
    for name, comparand, cc, stored, register in (
        ("equal", 0x1111_1111, 0, 0x9999_9999, 0x3333_3333_1111_1111),
        ("unequal", 0x2222_2222, 1, 0x1111_1111, 0x3333_3333_1111_1111),
    ):
        yield Case(
            name=f"compare-and-swap-and-purge-{name}",
            rule="cc 0: the operands were equal, and the second is replaced; cc 1: the first is.",
            source="PoP 10, Compare and Swap and Purge",
            basis=VERIFIED,
            registers={2: "page1", 4: 0x3333_3333 << 32 | comparand, 5: 0x9999_9999},
            fill={"page1": 0x1111_1111_AAAA_AAAA},
            code="CSP 4,2",
            end=FinalState(cc=cc, registers={4: register}, storage={"page1": stored << 32 | 0xAAAA_AAAA}),
        )


def swapping() -> Iterator[Case]:
    for name, comparand, cc, stored, register in (
        ("equal", SENTINEL, 0, CONTENT, SENTINEL),
        ("unequal", 0x1111, 1, SENTINEL, SENTINEL),
    ):
        yield Case(
            name=f"compare-and-swap-and-purge-64-{name}",
            rule="cc 0: the operands were equal, and the second is replaced; cc 1: the first is.",
            source="PoP 10, Compare and Swap and Purge",
            basis=VERIFIED,
            needs=(facility(3),),
            registers={2: "page1", 4: comparand, 5: CONTENT},
            fill={"page1": SENTINEL},
            code="CSPG 4,2",
            end=FinalState(cc=cc, registers={4: register}, storage={"page1": stored}),
        )


def translation() -> Iterator[Case]:
    space = TableSpace().map(VIRTUAL, 0x40000)
    entry = space.entry_address(PAGE, VIRTUAL)
    # The table itself, as an address that is mapped.
    space.map(entry & ~0xFFF, entry & ~0xFFF)
    common = {
        "basis": VERIFIED,
        "mask": ADDRESSING_MODE | DAT,
        "controls": {1: space.asce},
        "storage": space.storage,
    }
    fault = program(Code.PAGE_TRANSLATION, ilc=6, at="bad", teid=(VIRTUAL, ~0xFFF & ALL | 3))
    yield Case(
        name="invalidate-page-table-entry",
        rule="INVALIDATE PAGE TABLE ENTRY makes the invalid bit one, and what was translated is translated no more.",
        source="PoP 10, Invalidate Page Table Entry",
        registers={2: VIRTUAL, 4: entry & ~0x7FF},
        fill={"page1": CONTENT},
        code="LG 3,0(2)\nIPTE 4,2\nbad: LG 5,0(2)\nafter: LGHI 15,1",
        events=(fault,),
        end=FinalState(registers={3: CONTENT}, storage={entry: 0x40000 | PAGE_INVALID}),
        **common,
    )
    yield Case(
        name="purge-translation-lookaside-buffer",
        rule="After PURGE TLB an entry that was changed in storage is what is used.",
        source="PoP 10, Purge TLB",
        registers={2: VIRTUAL, 4: entry, 6: PAGE_INVALID},
        fill={"page1": CONTENT},
        code="LG 3,0(2)\nSTG 6,0(4)\nPTLB\nbad: LG 5,0(2)\nafter: LGHI 15,1",
        events=(fault,),
        end=FinalState(registers={3: CONTENT}),
        **common,
    )
    upper = TableSpace().map(VIRTUAL, 0x40000)
    segment = upper.entry_address(TableLevel.SEGMENT, VIRTUAL)
    yield Case(
        name="invalidate-dat-table-entry",
        rule="INVALIDATE DAT TABLE ENTRY makes a segment-table entry invalid, and what was translated by "
        "it is translated no more.",
        source="PoP 10, Invalidate DAT Table Entry; Linux arch/s390/include/asm/pgtable.h",
        basis=VERIFIED,
        needs=(facility(3),),
        mask=ADDRESSING_MODE | DAT,
        controls={1: upper.asce},
        storage=upper.storage,
        registers={2: VIRTUAL, 4: segment & ~0xFFF, 6: VIRTUAL & ~0xFFFFF},
        fill={"page1": CONTENT},
        code="LG 3,0(2)\nIDTE 4,0,6\nbad: LG 5,0(2)\nafter: LGHI 15,1",
        events=(program(Code.SEGMENT_TRANSLATION, ilc=6, at="bad", teid=(VIRTUAL, ~0xFFF & ALL | 3)),),
        end=FinalState(registers={3: CONTENT}, storage={segment: (0x20, 0x20)}),
    )
    for name, target, source, cc in (
        ("moved", VIRTUAL, VIRTUAL + 0x1000, 0),
        ("first-invalid", VIRTUAL + 0x5000, VIRTUAL, 1),
        ("second-invalid", VIRTUAL, VIRTUAL + 0x5000, 2),
    ):
        pages = TableSpace().map(VIRTUAL, 0x40000).map(VIRTUAL + 0x1000, 0x41000)
        yield Case(
            name=f"move-page-{name}",
            rule="cc 0: moved; with the condition-code option 1: the first operand is invalid, 2: the second is.",
            source="PoP 10, Move Page",
            basis=VERIFIED,
            mask=ADDRESSING_MODE | DAT,
            controls={1: pages.asce},
            storage=pages.storage,
            registers={0: 0x100, 2: target, 4: source},
            fill={"page1+0xff8": 1, "page2+0xff8": 2},
            code="MVPG 2,4",
            end=FinalState(cc=cc, storage={"page1+0xff8": 1 if cc else 2}),
        )


def topology() -> Iterator[Case]:
    common = {
        "source": "PoP 10, Perform Topology Function; kvm-unit-tests topology (architecture reference F8)",
        "basis": VERIFIED,
        "needs": (facility(11),),
    }
    yield Case(
        name="topology-already",
        rule="cc 2 and reason 1 in bits 48-55 of R1: the polarization is so already, as it is after a reset.",
        registers={3: 0},
        code="PTF 3",
        end=FinalState(cc=2, registers={3: 0x100}),
        **common,
    )
    yield Case(
        name="topology-check",
        rule="Function 2: cc 0, there is no report of a change.",
        registers={3: 2},
        code="PTF 3",
        end=FinalState(cc=0),
        **common,
    )
    for name, value in (("function", 3), ("reserved", 0x100)):
        yield Case(
            name=f"topology-{name}",
            rule="Other functions, and bits 0-55 that are not zero, are a specification exception.",
            registers={3: value},
            code="PTF 3\nafter: LGHI 15,1",
            events=(program(Code.SPECIFICATION, ilc=4, at="after"),),
            **common,
        )


def tracing() -> Iterator[Case]:
    common = {"source": "PoP 4, Tracing; PoP 10, Trace (architecture reference E1)", "basis": VERIFIED}
    yield Case(
        name="trace",
        rule="TRACE makes an entry of its operand and the registers from R1 to R3, and advances CR12 behind it.",
        registers={2: 0x2222_2222, 3: 0x3333_3333, 4: "page2"},
        fill={"page1": 0, "page2": 0x0123_4567 << 32},
        controls={12: 0x40000 | 1},
        code="TRACE 2,3,0(4)",
        end=FinalState(
            controls={12: 0x40014 | 1},
            storage={
                "page1": (0x71 << 56, 0xFFFF << 48),
                "page1+8": 0x0123_4567_2222_2222,
                "page1+16": (0x3333_3333 << 32, 0xFFFF_FFFF << 32),
            },
        ),
        **common,
    )
    for name, control, operand in (("control-zero", 0x40000, 0), ("operand-bit", 0x40001, 0x8000_0000)):
        yield Case(
            name=f"trace-{name}",
            rule="With the explicit-trace control zero, or bit 0 of the operand one, no entry is made.",
            registers={2: 0x2222_2222, 3: 0x3333_3333, 4: "page2"},
            fill={"page1": SENTINEL, "page2": operand << 32},
            controls={12: control},
            code="TRACE 2,3,0(4)",
            end=FinalState(controls={12: control}, storage={"page1": SENTINEL}),
            **common,
        )


def condition_code_stays() -> Iterator[Case]:
    for name, code in (
        ("set-key", "SSKE 3,2"),
        ("insert-key", "ISKE 3,2"),
        ("load-control", "LCTLG 2,2,0(2)"),
        ("store-control", "STCTG 2,2,0(2)"),
        ("store-prefix", "STPX 0(2)"),
        ("store-cpu-address", "STAP 0(2)"),
        ("purge", "PTLB"),
        ("set-comparator", "SCKC 0(2)"),
        ("store-comparator", "STCKC 0(2)"),
        ("store-timer", "STPT 0(2)"),
        ("load-real", "LURA 3,2"),
        ("store-real", "STURA 3,2"),
        ("store-facilities", "STFL 0"),
        ("store-id", "STIDP 0(2)"),
        ("set-psw-key", "SPKA 0"),
    ):
        yield Case(
            name=f"condition-code-{name}",
            rule="These instructions leave the condition code.",
            source="PoP 10, Control Instructions",
            basis=VERIFIED,
            mask=CC_2,
            registers={2: "page1"},
            fill={"page1": 0},
            code=code,
            end=FinalState(cc=2),
        )


SECTION = CaseSection(
    "Control instructions",
    (
        *control_registers(),
        *identification(),
        *real_storage(),
        *swapping(),
        *translation(),
        *topology(),
        *tracing(),
        *condition_code_stays(),
    ),
)

# SPDX-License-Identifier: GPL-2.0-or-later
"""What is stored of a CPU by the orders of SIGNAL PROCESSOR, and what a reset leaves of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emu.psw import ADDRESSING_MODE
from tools.conform.architecture.case import (
    INFERRED,
    TWO_CPUS,
    VERIFIED,
    Case,
    CaseSection,
    FinalState,
    Masked,
    facility,
)
from tools.conform.architecture.second_cpu import YIELD
from tools.conform.architecture.source import Value

SOURCE = "PoP 4, Store Status, Signal-Processor Orders (architecture reference F6, F7)"
SENTINEL = 0x3333_3333_3333_3333
HIGH = SENTINEL & ~0xFFFF_FFFF
INVALID_PARAMETER, INCORRECT_STATE = 0x100, 0x200
STOP, STOP_AND_STORE, INITIAL_RESET, RESET, STORE, STORE_ADDITIONAL = 0x05, 0x09, 0x0B, 0x0C, 0x0E, 0x17
VECTOR = facility(129)
PAGE1 = 0x40000

# What CPU 1 loads.  General register 2 has its own address, and 0 the programmable field.
GENERAL = {n: 0x1010_1010_0000_0000 + n * 0x1111_1111 for n in range(16)} | {0: 0x1234, 2: 1}
ACCESS = {n: 0xA000_0000 + n * 0x111_0101 for n in range(16)}
# Bits 45 and 46 of control register 0 permit floating-point and vector registers.
CONTROL = {n: n << 16 for n in range(16)} | {0: 0x6_00E0, 9: 0, 12: 0xC000, 14: 0xC200_E000}
VECTORS = {n: (0xF000_0000_0000_0000 + n * 0x0101_0101, 0xE000_0000_0000_0000 + n * 0x0202_0202) for n in range(32)}
FPC = 0x4088_0002
TIMER, COMPARATOR, PREFIX = 0x0070_0000_0000_0000, 0x1122_3344_5566_7788, 0x42000
# Where these lie behind page5.
CONTROLS_AT, ACCESS_AT, CLOCKS_AT, FPC_AT, VECTORS_AT = 0x80, 0x100, 0x140, 0x150, 0x200


def words(values: Mapping[int, int], length: int = 8) -> bytes:
    return b"".join(value.to_bytes(length, "big") for value in values.values())


STORAGE: dict[Value, int | bytes] = {
    "page5": words(GENERAL),
    f"page5+{CONTROLS_AT:#x}": words(CONTROL),
    f"page5+{ACCESS_AT:#x}": words(ACCESS, 4),
    f"page5+{CLOCKS_AT:#x}": (TIMER << 64 | COMPARATOR).to_bytes(16, "big"),
    f"page5+{FPC_AT:#x}": (FPC << 32 | PREFIX).to_bytes(8, "big"),
    f"page5+{VECTORS_AT:#x}": b"".join((high << 64 | low).to_bytes(16, "big") for high, low in VECTORS.values()),
}
FLOATING = "\n".join(f"LD {n},{VECTORS_AT + 16 * n}(5)" for n in range(16))
# VLM 0,15 and VLM 16,31.
VECTOR_LOADS = f"DC X'E70F5{VECTORS_AT:03X}0036'\nDC X'E70F5{VECTORS_AT + 256:03X}0C36'"


def other(loads: str) -> str:
    """What CPU 1 does when it is restarted: it loads all it has, and goes round in a loop."""
    return f"""
        other: LLILF 5,page5
        LCTLG 0,15,{CONTROLS_AT}(5)
        {loads}
        L 3,{FPC_AT}(5)
        DC X'B3840030'               # SFPC 3
        LAM 0,15,{ACCESS_AT}(5)
        LGHI 0,0x1234
        SCKPF
        SPT {CLOCKS_AT}(5)
        SCKC {CLOCKS_AT + 8}(5)
        SPX {FPC_AT + 4}(5)
        LMG 0,15,0(5)
        STG 2,loaded
        BRC 15,{LOOP}
        done: LGHI 15,1"""


LOOP, LOADED = 0x9000, 0x4E000
LOOPING = {LOOP: f"{YIELD}\nBRC 15,{LOOP}", LOADED: "loaded: DC X'0000000000000000'"}
# CPU 0 stops the other one when that has loaded everything.
BEGIN = f"""
    LARL 8,other
    STG 8,0x1A8
    SIGP 6,2,6
    loading: {YIELD}
    LTG 8,loaded
    BRC 8,loading
    SIGP 6,2,{STOP}
    sensing: {YIELD}
    SIGP 6,2,1
    BRC 11,sensing
"""


def status(base: int, **changed: int) -> dict[Value, Masked]:
    """The save areas at *base*; what is *changed*, in place of what CPU 1 has loaded."""
    value = {"mask": ADDRESSING_MODE, "prefix": PREFIX, "fpc": FPC, "programmable": 0x1234, "comparator": COMPARATOR}
    value |= changed
    is_reset = changed.get("is_reset", 0)
    found: dict[Value, Masked] = {base + 8 * n: VECTORS[n][0] for n in range(16)}
    found |= {base + 0x80 + 8 * n: GENERAL[n] for n in range(16)}
    found[base + 0x100] = value["mask"]
    found[base + 0x108] = 0 if is_reset else (LOOP, ~7 & (1 << 64) - 1)
    found[base + 0x118] = value["prefix"] << 32 | value["fpc"]
    found[base + 0x120] = value["programmable"], 0xFFFF_FFFF
    if not is_reset:
        # It has run down a little.
        found[base + 0x128] = TIMER - (1 << 48), 0xFFFF << 48
    found[base + 0x130] = value["comparator"] >> 8
    found |= {base + 0x140 + 4 * n: ACCESS[n] << 32 | ACCESS[n + 1] for n in range(0, 16, 2)}
    controls = dict.fromkeys(range(16), 0) | {0: 0xE0, 14: 0xC200_0000} if is_reset else CONTROL
    return found | {base + 0x180 + 8 * n: controls[n] for n in range(16)}


def stored() -> Iterator[Case]:
    common = {"source": SOURCE, "basis": VERIFIED, "needs": (TWO_CPUS,), "storage": STORAGE, "parts": LOOPING}
    tail = f"BRC 15,done\n{other(FLOATING)}"
    yield Case(
        name="at-address",
        rule="Store status at address stores registers, PSW, prefix, CPU timer and clock comparator of a stopped CPU.",
        registers={2: 1, 5: "page1"},
        code=f"{BEGIN}SIGP 4,2,{STORE}\n{tail}",
        end=FinalState(cc=0, storage=status(PAGE1)),
        **common,
    )
    yield Case(
        name="at-address-bits",
        rule="Of the address, bits 0-32 and 55-63 are ignored: a block of 512 bytes at a boundary.",
        registers={2: 1, 5: 0xFFFF_FFFF_8004_03FF},
        fill={"page1+0x1f8": SENTINEL, "page1+0x400": SENTINEL},
        code=f"{BEGIN}SIGP 4,2,{STORE}\n{tail}",
        end=FinalState(cc=0, storage=status(PAGE1 + 0x200) | {"page1+0x1f8": SENTINEL, "page1+0x400": SENTINEL}),
        **common,
    )
    yield Case(
        name="stop-and-store",
        rule="Stop and store status stores the same at absolute 1200 hex, and one at A3 hex for z/Architecture.",
        registers={2: 1},
        code=f"{BEGIN}SIGP 4,2,{STOP_AND_STORE}\n{tail}",
        end=FinalState(cc=0, storage=status(0x1200) | {0xA0: (1 << 32, 0xFF << 32)}),
        **common,
    )
    yield Case(
        name="at-address-protected",
        rule="Storing status is not subject to protection, and is recorded as a change.",
        registers={2: 1, 5: "page1"},
        keys={"page1": 0xF8},
        code=f"{BEGIN}SIGP 4,2,{STORE}\n{tail}",
        end=FinalState(cc=0, keys={"page1": 0xFE}),
        **common | {"basis": INFERRED},
    )
    yield Case(
        name="stop-and-store-recorded",
        rule="Storing status is recorded as a change, that of the identification too.",
        registers={2: 1},
        keys={0x0: 0, 0x1000: 0},
        code=f"{BEGIN}LGHI 7,0\nSSKE 7,7\nSIGP 4,2,{STOP_AND_STORE}\nISKE 9,7\n{tail}",
        end=FinalState(cc=0, registers={9: 6}, keys={0x1000: 6}),
        **common | {"basis": INFERRED},
    )
    for name, order, changed in (
        ("reset", RESET, {}),
        (
            "initial-reset",
            INITIAL_RESET,
            {"is_reset": 1, "mask": 0, "prefix": 0, "fpc": 0, "programmable": 0, "comparator": 0},
        ),
    ):
        yield Case(
            name=name,
            rule="A CPU reset leaves the registers, and what the PSW, the prefix and the clocks hold; an initial CPU "
            "reset sets control registers, PSW, prefix, FPC, clock comparator and programmable field.",
            registers={2: 1, 5: "page1"},
            code=f"{BEGIN}SIGP 4,2,{order}\nSIGP 4,2,{STORE}\n{tail}",
            end=FinalState(cc=0, storage=status(PAGE1, **changed)),
            **common | {"source": "PoP 4, Resets (architecture reference F5, F6)"},
        )


def additional() -> Iterator[Case]:
    common = {
        "source": "Linux arch/s390/include/asm/sigp.h; kvm-unit-tests adtl-status.c (architecture reference F6)",
        "basis": VERIFIED,
        "needs": (TWO_CPUS, VECTOR),
        "storage": STORAGE,
        "parts": LOOPING,
    }
    tail = f"BRC 15,done\n{other(VECTOR_LOADS)}"
    yield Case(
        name="additional",
        rule="Store additional status at address stores the vector registers.",
        registers={2: 1, 5: "page1+0x400"},
        fill={"page1+0x3f8": SENTINEL, "page1+0x600": SENTINEL},
        code=f"{BEGIN}SIGP 4,2,{STORE_ADDITIONAL}\n{tail}",
        end=FinalState(
            cc=0,
            storage={f"page1+{0x400 + 16 * n:#x}": VECTORS[n][0] for n in range(32)}
            | {f"page1+{0x408 + 16 * n:#x}": VECTORS[n][1] for n in range(32)}
            | {"page1+0x3f8": SENTINEL, "page1+0x600": SENTINEL},
        ),
        **common,
    )
    for name, cpu, parameter, status_bits in (
        ("boundary", 1, "page1+0x200", INVALID_PARAMETER),
        ("nowhere", 1, 0x7FFF_FC00, INVALID_PARAMETER),
        ("operating", 0, "page1", INCORRECT_STATE),
        ("operating-boundary", 0, "page1+0x200", INCORRECT_STATE),
    ):
        yield Case(
            name=f"additional-{name}",
            rule="The CPU must be stopped, and the address one of storage, at a 1K boundary.",
            registers={2: cpu, 4: SENTINEL, 5: parameter},
            code=f"SIGP 4,2,{STORE_ADDITIONAL}",
            end=FinalState(cc=1, registers={4: HIGH | status_bits}),
            **common | {"storage": {}},
        )


# The mask of the PSW and the address in it, control registers 3 and 4, the parameter, and whether the signal is sent.
ENABLED, WAITING = 0x0300_0001_8000_0000, 0x0302_0001_8000_0000
TARGETS = (
    ("disabled", 0x0000_0001_8000_0000, "loop", 0, 0, 5, True),
    ("no-external", 0x0200_0001_8000_0000, "loop", 0, 0, 5, True),
    ("no-io", 0x0100_0001_8000_0000, "loop", 0, 0, 5, True),
    ("enabled", ENABLED, "loop", 6, 7, 5, False),
    ("primary", ENABLED, "loop", 6, 5, 5, True),
    ("secondary", ENABLED, "loop", 5, 7, 5, True),
    ("primary-high-bit", ENABLED, "loop", 6, 0x8005, 5, False),
    ("secondary-high-bit", ENABLED, "loop", 0x8005, 7, 5, False),
    ("parameter-high-bit", ENABLED, "loop", 5, 5, 0x8005, False),
    ("parameter-bits", ENABLED, "loop", 6, 5, 0x3_0005, True),
    ("key-mask", ENABLED, "loop", 0x5_0006, 0x5_0007, 5, False),
    ("waiting", WAITING, "loop", 6, 7, 5, True),
    ("waiting-at-zero", WAITING, 0, 6, 7, 5, False),
    ("waiting-at-zero-primary", WAITING, 0, 6, 5, 5, False),
)


def conditional_signals() -> Iterator[Case]:
    for name, mask, address, secondary, primary, parameter, is_sent in TARGETS:
        yield Case(
            name=f"conditional-{name}",
            rule="A conditional emergency signal is sent to a CPU that is disabled for external or I/O interruptions, "
            "that waits at an address other than zero, or that runs with the ASN of the parameter as its primary or "
            "secondary one; any other is in an incorrect state.",
            source="PoP 4, Signal-Processor Orders; Linux arch/s390/kvm/sigp.c (architecture reference F6)",
            basis=VERIFIED,
            needs=(TWO_CPUS,),
            registers={2: 1, 4: SENTINEL, 5: parameter},
            storage={"page2": mask.to_bytes(8, "big")},
            fill={"page1": 0, "page3": secondary, "page3+8": primary, "page3+16": 0},
            code=f"""
                LARL 8,other
                STG 8,0x1A8
                LARL 8,loop
                {"LGHI 8,0" if address == 0 else ""}
                LLILF 9,page2
                STG 8,8(9)
                SIGP 6,2,6
                LLILF 9,page1
                there: {YIELD}
                LTG 10,0(9)
                BRC 8,there
                {YIELD}
                {YIELD}
                SIGP 4,2,0x13
                BRC 15,done
                other: LLILF 5,page3
                LCTLG 3,4,0(5)
                LCTLG 6,6,16(5)
                LCTLG 0,0,16(5)
                LLILF 9,page1
                LLILF 6,page2
                LGHI 11,7
                STG 11,0(9)
                LPSWE 0(6)
                loop: {YIELD}
                BRC 15,loop
                done: LGHI 15,1""",
            end=FinalState(cc=0 if is_sent else 1, registers={4: SENTINEL if is_sent else HIGH | INCORRECT_STATE}),
        )


SECTION = CaseSection("Stored status", (*stored(), *additional(), *conditional_signals()))

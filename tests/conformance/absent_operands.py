# SPDX-License-Identifier: GPL-2.0-or-later
"""Operands where there is no storage: each floating-point and decimal instruction that has one in storage."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, Going, Need, facility, program
from tools.conform.architecture.floating_row import AFP_REGISTERS

RULE = "An operand at an address that the configuration has not is an addressing exception, and nothing is changed."
SOURCE = "PoP 6, Addressing Exception; PoP 7 to 9, 18 and 19"
MOST = 32
"""Instructions of one case."""
HERE, AWAY = "0(2,6)", "0(2,8)"
"""An operand of two bytes, and one that is nowhere."""
LONG_DISPLACEMENT, COMBINED, UNNORMALIZED, ENHANCEMENT = (facility(each) for each in (18, 20, 23, 41))


def of(names: str, operands: str) -> list[str]:
    return [f"{name} {operands}" for name in names.split()]


# Instructions by what they need.
INSTRUCTIONS: dict[str, tuple[list[str], tuple[Need, ...]]] = {
    "binary": (
        of("AEB ADB SEB SDB MEEB MDEB MDB MXDB DEB DDB SQEB SQDB CEB CDB KEB KDB LDEB LXDB LXEB", "0,0(8)")
        + of("MAEB MSEB MADB MSDB", "0,2,0(8)"),
        (),
    ),
    "support": (of("LE LD STE STD", "0,0(8)") + ["LFPC 0(8)", "STFPC 0(8)"], ()),
    "long-displacement": (of("LEY LDY STEY STDY CVDY", "0,-8(8)"), (LONG_DISPLACEMENT,)),
    "signaling": (["LFAS 0(8)"], (ENHANCEMENT,)),
    "hexadecimal": (
        of("AE AD SE SD AU AW SU SW CE CD MEE MDE MD MXD DE DD SQE SQD LDE LXD LXE", "0,0(8)"),
        (),
    ),
    "hexadecimal-multiply-add": (of("MAE MSE MAD MSD", "0,2,0(8)"), (COMBINED,)),
    "hexadecimal-unnormalized": (of("MAY MY MAYH MYH MAYL MYL", "0,2,0(8)"), (UNNORMALIZED,)),
    "decimal-first": (of("AP SP ZAP CP", f"{AWAY},{HERE}") + [f"SRP {AWAY},1,0"], ()),
    "decimal-second": (of("AP SP ZAP CP", f"{HERE},{AWAY}"), ()),
    "products": (of("MP DP", f"0(3,8),{HERE}") + of("MP DP", f"0(3,6),{AWAY}"), ()),
    "tested": ([f"TP {AWAY}"], ()),
    "edited": (of("ED EDMK", f"{AWAY},0(6)") + of("ED EDMK", "8(2,6),0(8)"), ()),
    "to-binary": (of("CVB CVBG", "0,0(8)"), ()),
    "to-binary-long-displacement": (["CVBY 0,-8(8)"], (LONG_DISPLACEMENT,)),
    "to-decimal": (["CVD 0,0(8)"], ()),
    "to-decimal-long": (["CVDG 0,0(8)"], ()),
    "forms-first": (
        of("PACK UNPK MVO", f"{AWAY},{HERE}")
        + of("MVN MVZ UNPKA UNPKU", f"{AWAY},0(6)")
        + of("PKA PKU", f"0(8),{HERE}"),
        (),
    ),
    "forms-second": (
        of("PACK UNPK MVO", f"{HERE},{AWAY}")
        + of("MVN MVZ UNPKA UNPKU", f"{HERE},0(8)")
        + of("PKA PKU", "0(6),0(4,8)"),
        (),
    ),
}


def cases(name: str, texts: list[str], needs: tuple[Need, ...]) -> Iterator[Case]:
    """Each instruction is an interruption, after which the program goes on."""
    assert len(texts) <= MOST
    registers = {0: 0x7777_7777_7777_7777, 1: 0x1111_1111_1111_1111, 6: "page1", 8: "nowhere"}
    # The packed number 1 twice, a digit selector for EDIT, and what registers 0 and 2 hold.
    storage = {"page1": 0x001C_001C << 32, "page1+8": 0x4020 << 48, "page1+16": 0x4111_2222_3333_4444, "page1+24": 0}
    yield Case(
        name=name,
        rule=RULE,
        source=SOURCE,
        basis=VERIFIED,
        needs=needs,
        controls={0: AFP_REGISTERS},
        registers=registers,
        storage=storage,
        code="\n".join(
            (
                "LD 0,16(6)\nLD 2,16(6)",
                *(f"{text}\nafter{place}: LGHI 15,{place}" for place, text in enumerate(texts)),
                "STD 0,24(6)",
            )
        ),
        events=tuple(
            program(Code.ADDRESSING, ilc=None, at=f"after{place}", going=Going.OLD) for place in range(len(texts))
        ),
        end=FinalState(registers=registers, storage={**storage, "page1+24": storage["page1+16"]}),
    )


def all_cases() -> Iterator[Case]:
    for name, (texts, needs) in INSTRUCTIONS.items():
        yield from cases(name, texts, needs)


SECTION = CaseSection("Absent operands", tuple(all_cases()))

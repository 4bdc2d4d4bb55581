# SPDX-License-Identifier: GPL-2.0-or-later
"""Without additional floating-point registers: each binary instruction, and each other one with such a register."""

from __future__ import annotations

from collections.abc import Iterator

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import VERIFIED, Case, CaseSection, FinalState, Going, Need, facility, program
from tools.conform.architecture.floating_row import FLOATING_POINT_EXTENSION

RULE = (
    "Without the AFP-register control a binary instruction is a data exception with code 2, a decimal one, and those "
    "that came with it, with code 3, whatever the registers; another with a register but 0, 2, 4 and 6 with code 1."
)
SOURCE = "PoP 6, Data Exception, Data-Exception Code; PoP 9, Additional Floating-Point (AFP) Registers"
CONTROLS = {0: 0xE0}
AFP_REGISTER, BINARY, DECIMAL = 1, 2, 3
MOST = 32
"""Instructions of one case."""
PAIR, STORAGE = "0,2", "0,0(6)"
LONG_DISPLACEMENT, COMBINED, UNNORMALIZED, ENHANCEMENT = (facility(each) for each in (18, 20, 23, 41))


def of(names: str, operands: str) -> list[str]:
    return [f"{name} {operands}" for name in names.split()]


# Instructions by what they need and the code of the exception.
BINARY_INSTRUCTIONS: dict[str, tuple[list[str], tuple[Need, ...]]] = {
    "arithmetic": (
        of("AEBR ADBR SEBR SDBR MEEBR MDEBR MDBR DEBR DDBR SQEBR SQDBR CEBR CDBR KEBR KDBR", PAIR)
        + of("AEB ADB SEB SDB MEEB MDEB MDB DEB DDB SQEB SQDB CEB CDB KEB KDB MXDB", STORAGE),
        (),
    ),
    "extended": (
        of("AXBR SXBR MXBR DXBR SQXBR CXBR KXBR LTXBR LCXBR LNXBR LPXBR MXDBR LXEBR LXDBR", "0,4")
        + of("LXEB LXDB TCEB TCDB TCXB", STORAGE),
        (),
    ),
    "data": (
        of("LTEBR LTDBR LCEBR LCDBR LNEBR LNDBR LPEBR LPDBR LDEBR", PAIR)
        + of("LDEB", STORAGE)
        + of("FIEBR FIDBR FIXBR LEDBRA LDXBRA LEXBRA", "0,0,4,0")
        + of("MAEBR MSEBR MADBR MSDBR", "0,2,4")
        + of("MAEB MSEB MADB MSDB", "0,2,0(6)"),
        (),
    ),
    "integer-division": (of("DIEBR DIDBR", "0,2,4,0"), ()),
    "integers": (
        of("CEFBRA CDFBRA CXFBRA CEGBRA CDGBRA CXGBRA CFEBR CFDBR CFXBR CGEBR CGDBR CGXBR", "0,0,4,0"),
        (),
    ),
    "unsigned-integers": (
        of("CELFBR CDLFBR CXLFBR CELGBR CDLGBR CXLGBR CLFEBR CLFDBR CLFXBR CLGEBR CLGDBR CLGXBR", "0,0,4,0")
        + ["SRNMB 0"],
        (FLOATING_POINT_EXTENSION,),
    ),
    "control": (["SFPC 0", "EFPC 0", "LFPC 0(6)", "STFPC 0(6)", "SRNM 0"], ()),
}
OTHER_INSTRUCTIONS: dict[str, tuple[list[str], tuple[Need, ...]]] = {
    "loads": (
        of("LER LDR LXR", "1,4") + of("LE LD STE STD", "15,0(6)") + of("LZER LZDR LZXR", "8"),
        (),
    ),
    "long-displacement": (of("LEY LDY STEY STDY", "7,0(6)"), (LONG_DISPLACEMENT,)),
    "copies": (
        of("LPDFR LNDFR LCDFR", "0,3") + of("CPSDR", "0,5,2") + ["LDGR 9,0", "LGDR 0,11"],
        (ENHANCEMENT,),
    ),
    "hexadecimal-binary": (of("THDER THDR", "1,0") + of("TBEDR TBDR", "0,0,3"), ()),
    "hexadecimal-sums": (
        of("AER ADR SER SDR AUR AWR SUR SWR CER CDR MEER MDER MDR DER DDR SQER SQDR HER HDR", "0,1")
        + of("AE AD SE SD AU AW SU SW CE CD MEE MDE MD", "3,0(6)"),
        (),
    ),
    "hexadecimal-data": (
        of("LTER LTDR LCER LCDR LNER LNDR LPER LPDR LDER LEDR FIER FIDR", "2,9") + of("DE DD SQE SQD LDE", "5,0(6)"),
        (),
    ),
    "hexadecimal-extended": (
        of("AXR SXR MXR DXR SQXR CXR LTXR LCXR LNXR LPXR FIXR", "1,0")
        + of("MXDR LXER LXDR LDXR LEXR", "8,4")
        + of("MXD LXE LXD", "9,0(6)"),
        (),
    ),
    "hexadecimal-integers": (
        of("CEFR CDFR CXFR CEGR CDGR CXGR", "1,4") + of("CFER CFDR CFXR CGER CGDR CGXR", "0,0,8"),
        (),
    ),
    "hexadecimal-multiply-add": (
        of("MAER MSER MADR MSDR", "0,1,2") + of("MAE MSE MAD MSD", "0,1,0(6)"),
        (COMBINED,),
    ),
    "hexadecimal-unnormalized": (
        of("MAYR MYR MAYHR MYHR MAYLR MYLR", "0,1,2") + of("MAY MY MAYH MYH MAYL MYL", "0,1,0(6)"),
        (UNNORMALIZED,),
    ),
}


def cases(name: str, texts: list[str], number: int, needs: tuple[Need, ...]) -> Iterator[Case]:
    """Each instruction is an interruption, after which the program goes on; registers and storage stay."""
    for part, start in enumerate(range(0, len(texts), MOST)):
        some = texts[start : start + MOST]
        registers = {0: 0x7777_7777_7777_7777, 6: "page1"}
        storage = {"page1": 0x1111_2222_3333_4444, "page1+8": 0x5555_6666_7777_8888}
        yield Case(
            name=f"{name}-{part}",
            rule=RULE,
            source=SOURCE,
            basis=VERIFIED,
            needs=needs,
            controls=CONTROLS,
            registers=registers,
            storage=storage,
            code="\n".join(f"{text}\nafter{place}: LGHI 15,{place}" for place, text in enumerate(some)),
            events=tuple(
                program(Code.DATA, ilc=None, at=f"after{place}", data_exception_code=number, going=Going.OLD)
                for place in range(len(some))
            ),
            end=FinalState(registers=registers, storage=storage),
        )


def all_cases() -> Iterator[Case]:
    for name, (texts, needs) in BINARY_INSTRUCTIONS.items():
        yield from cases(f"binary-{name}", texts, BINARY, needs)
    yield from cases("decimal-control", ["SRNMT 0", "LFAS 0(6)", "SFASR 0"], DECIMAL, (ENHANCEMENT,))
    for name, (texts, needs) in OTHER_INSTRUCTIONS.items():
        yield from cases(name, texts, AFP_REGISTER, needs)


SECTION = CaseSection("Additional floating-point registers", tuple(all_cases()))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions that only the engine executes, and that are not declared: how they are written (PoP, Appendix B).

The assembler knows them; what they do is nowhere in the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from emu.isa.formats import (
    RI_A,
    RI_A_UNSIGNED,
    RIL_A,
    RIL_A_UNSIGNED,
    RIL_B,
    RR,
    RR_MASK,
    RRE,
    RS_A,
    RSY_A,
    RX_A,
    RX_B,
    RXY_A,
    SI,
    SS_A,
    Format,
    I,
)

_BY_FORMAT: Final[tuple[tuple[Format, str], ...]] = (
    (I, "SVC 0A"),
    (RI_A, "AGHI A7B AHI A7A CGHI A7F CHI A7E LGHI A79 LHI A78 MGHI A7D MHI A7C"),
    (
        RI_A_UNSIGNED,
        (
            "IIHH A50 IIHL A51 IILH A52 IILL A53 LLIHH A5C LLIHL A5D LLILH A5E LLILL A5F NIHH A54 NIHL A55 NILH A56"
            " NILL A57 OIHH A58 OIHL A59 OILH A5A OILL A5B TMHH A72 TMHL A73 TMLH A70 TMLL A71"
        ),
    ),
    (RIL_A, "AGFI C28 CGFI C2C LGFI C01"),
    (RIL_A_UNSIGNED, "CLGFI C2E IIHF C08 IILF C09 LLIHF C0E LLILF C0F NIHF C0A NILF C0B OIHF C0C OILF C0D"),
    (RIL_B, "EXRL C60"),
    (
        RR,
        (
            "ALR 1E AR 1A BCTR 06 CLCL 0F CLR 15 CR 19 LCR 13 LNR 11 LPR 10 LR 18 LTR 12 MR 1C MVCL 0E NR 14 OR 16"
            " SLR 1F SR 1B XR 17"
        ),
    ),
    (RR_MASK, "BCR 07"),
    (
        RRE,
        (
            "AGR B908 CGR B920 CLGR B921 DLGR B987 DSGR B90D EAR B24F IPM B222 LGR B904 LLGFR B916 LTGR B902 NGR B980"
            " OGR B981 SAR B24E SGR B909 XGR B982"
        ),
    ),
    (RS_A, "CDS BB CS BA LAM 9A LM 98 STAM 9B STM 90"),
    (RSY_A, "CSG EB30 LMG EB04 SLLG EB0D SRLG EB0C STMG EB24"),
    (
        RX_A,
        (
            "A 5A AL 5E C 59 CL 55 EX 44 IC 43 L 58 LA 41 LD 68 LE 78 LH 48 N 54 O 56 S 5B ST 50 STC 42 STD 60 STE 70"
            " STH 40 X 57"
        ),
    ),
    (RX_B, "BC 47"),
    (
        RXY_A,
        (
            "AG E308 CG E320 CLG E321 LAY E371 LG E304 LGF E314 LLGC E390 LLGF E316 LLGH E391 LLGT E317 LTG E302"
            " LY E358 NG E380 OG E381 SG E309 STG E324 STY E350 XG E382"
        ),
    ),
    (SI, "CLI 95 MVI 92 NI 94 OI 96 TM 91 XI 97"),
    (SS_A, "CLC D5 MVC D2 NC D4 OC D6 XC D7"),
)


@dataclass(frozen=True, slots=True)
class EngineInstruction:
    """How an instruction is written, and no more; the fields are those of a declared one."""

    opcode: int
    mnemonic: str
    format: Format


@cache
def engine_instructions() -> Mapping[str, EngineInstruction]:
    """All of them, by their mnemonics."""
    return {each.mnemonic: each for each in _listed()}


def _listed() -> Iterator[EngineInstruction]:
    for form, text in _BY_FORMAT:
        words = text.split()
        for mnemonic, opcode in zip(words[::2], words[1::2], strict=True):
            yield EngineInstruction(int(opcode, 16), mnemonic, form)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Each vector instruction without permission, and with fields that are reserved for it."""

from __future__ import annotations

from collections.abc import Iterator

from emu.control_registers import CR0_AFP
from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture.case import CaseSection
from tools.conform.architecture.exception_row import ExceptionRow
from tools.conform.architecture.vector_row import PERMITTED, VECTOR

# Instructions whose last field is the element size, the numbers that are valid, and reserved ones on either side.
SIZES = {
    "{0} 3,0(0,2),{1}": {"VLREP": (0, 4), "VLLEZ": (3, 4), "VLBB": (6, 7)},
    "{0} 3,4,{1}": {
        **dict.fromkeys(("VEC", "VECL", "VCLZ", "VCTZ", "VLC", "VLP"), (3, 4)),
        **dict.fromkeys(("VSEG", "VUPH", "VUPLH", "VUPL", "VUPLL"), (2, 3)),
        "VPOPCT": (0, 4),
    },
    "{0} 3,4,5,{1}": {
        **dict.fromkeys(("VA", "VACC", "VS", "VSCBI"), (4, 5)),
        **dict.fromkeys(("VAVG", "VAVGL", "VMX", "VMXL", "VMN", "VMNL", "VGFM", "VMRH", "VMRL"), (3, 4)),
        **dict.fromkeys(("VML", "VMH", "VMLH", "VME", "VMLE", "VMO", "VMLO"), (2, 3)),
        **dict.fromkeys(("VERLLV", "VESLV", "VESRLV", "VESRAV"), (3, 4)),
        "VPK": (1, 0, 4),
        "VSUM": (1, 2),
        "VSUMG": (2, 0, 3),
        "VSUMQ": (3, 1, 4),
    },
    "{0} 3,4,5,{1},0": {
        **dict.fromkeys(("VCEQ", "VCH", "VCHL"), (3, 4)),
        **dict.fromkeys(("VPKS", "VPKLS"), (1, 0, 4)),
        **dict.fromkeys(("VFAE", "VFEE", "VFENE"), (2, 3)),
    },
    "{0} 3,4,5,6,{1}": {
        **dict.fromkeys(("VAC", "VACCC", "VSBI", "VSBCBI"), (4, 3, 5)),
        **dict.fromkeys(("VMAL", "VMAH", "VMALH", "VMAE", "VMALE", "VMAO", "VMALO"), (2, 3)),
        "VGFMA": (3, 4),
    },
    "{0} 3,4,0(0),{1}": dict.fromkeys(("VERLL", "VESL", "VESRL", "VESRA"), (3, 4)),
    "{0} 3,4,{1},0": {"VISTR": (2, 3)},
    "{0} 3,4,5,6,{1},0": {"VSTRC": (2, 3)},
    "{0} 3,4,5,1,{1}": {"VERIM": (3, 4)},
    "{0} 3,1,2,{1}": {"VGM": (3, 4)},
    "{0} 3,1,{1}": {"VREPI": (3, 4), "VLEIB": (15,), "VLEIH": (7, 8), "VLEIF": (3, 4), "VLEIG": (1, 2)},
    "{0} 3,4,0,{1}": {"VREP": (3, 4)},
    "{0} 8,4,0(0),{1}": {"VLGV": (3, 4)},
    "{0} 4,8,0(0),{1}": {"VLVG": (3, 4)},
    # The number of an element.
    "{0} 3,8(0,2),{1}": {
        **dict.fromkeys(("VLEB", "VSTEB"), (15,)),
        **dict.fromkeys(("VLEH", "VSTEH"), (7, 8)),
        **dict.fromkeys(("VLEF", "VSTEF"), (3, 4)),
        **dict.fromkeys(("VLEG", "VSTEG"), (1, 2)),
    },
    "{0} 3,8(4,2),{1}": {"VGEF": (3, 4), "VSCEF": (3, 4), "VGEG": (1, 2), "VSCEG": (1, 2)},
    # The format: 3 is long, and 5 is none in any machine.
    "{0} 3,4,5,{1},0,0": dict.fromkeys(("VFA", "VFS", "VFM", "VFD", "VFCE", "VFCH", "VFCHE"), (3, 5)),
    "{0} 3,4,5,6,0,{1}": dict.fromkeys(("VFMA", "VFMS"), (3, 5)),
    "{0} 3,4,{1},0,0": dict.fromkeys(("VCDG", "VCDLG", "VCGD", "VCLGD", "VFI", "VLED", "VFPSO"), (3, 5)),
    "{0} 3,4,{1},0 ": {"VFSQ": (3, 5), "WFC": (3, 5), "WFK": (3, 5), "VFLL": (2, 5)},
    "{0} 3,4,0,{1},0": {"VFTCI": (3, 5)},
    # No field that could be wrong.
    "{0} 3,4": {"VLR": (0,), "VTM": (0,)},
    "{0} 3,4,5": dict.fromkeys(("VN", "VNC", "VO", "VNO", "VX", "VSL", "VSLB", "VSRL", "VSRLB", "VSRA", "VSRAB"), (0,)),
    "{0} 3,4,5,{1} ": {"VPDI": (5,), "VSLDB": (5,), "VPERM": (6,), "VSEL": (6,)},
    "{0} 3,4,5,0,0,{1}": {"VCKSM": (0,)},
    "{0} 3,0(0,2)": {"VL": (0,), "VST": (0,)},
    "{0} 3,{1},0(2)": {"VLM": (18, 2, 19), "VSTM": (18, 2, 19), "VLL": (8,), "VSTL": (8,)},
    "{0} 3,8,9": {"VLVGP": (0,)},
    "{0} 3,{1}": {"VGBM": (5,)},
}
# Other reserved fields: rounding methods, operations, and bits that must be zero.
RESERVED = {
    "vfi-method-2": "VFI 3,4,3,0,2",
    "vfi-method-8": "VFI 3,4,3,0,8",
    "vcgd-method-2": "VCGD 3,4,3,0,2",
    "vclgd-method-8": "VCLGD 3,4,3,0,8",
    "vcdg-method-2": "VCDG 3,4,3,0,2",
    "vcdlg-method-8": "VCDLG 3,4,3,0,8",
    "vled-method-2": "VLED 3,4,3,0,2",
    "vfpso-operation": "VFPSO 3,4,3,0,3",
    "vfa-bits": "VFA 3,4,5,3,1,0",
    "vfsq-bits": "VFSQ 3,4,3,1",
    "wfc-bits": "WFC 3,4,3,1",
    "vrep-element": "VREP 3,4,16,0",
    "vrep-element-8": "VREP 3,4,8,1",
    "vfee-bits": "VFEE 3,4,5,0,4",
    "vfene-bits": "VFENE 3,4,5,0,8",
    "vistr-bits": "VISTR 3,4,0,2",
    "lcbb-boundary": "LCBB 8,0(0,2),7",
}


def without_permission() -> Iterator[ExceptionRow]:
    for form, instructions in SIZES.items():
        for mnemonic, numbers in instructions.items():
            yield ExceptionRow(
                f"{mnemonic.lower()}-data",
                "Without the vector-enablement control a vector instruction is a data exception with code FE.",
                "PoP 6, Data-Exception Code; PoP 21, Vector Support Instructions",
                form.format(mnemonic, numbers[0]).strip(),
                Code.DATA,
                6,
                registers={2: "page1"},
                controls={0: 0xE0 | CR0_AFP},
                fields={"data_exception_code": 0xFE},
                needs=(VECTOR,),
            )


def reserved() -> Iterator[ExceptionRow]:
    texts = dict(RESERVED)
    for form, instructions in SIZES.items():
        for mnemonic, numbers in instructions.items():
            texts |= {f"{mnemonic.lower()}-{number}": form.format(mnemonic, number).strip() for number in numbers[1:]}
    for name, text in texts.items():
        yield ExceptionRow(
            f"{name}-specification",
            "A reserved number in a field, or registers that do not follow each other, is a specification exception.",
            "PoP 6, Specification Exception; PoP 21 to 24",
            text,
            Code.SPECIFICATION,
            6,
            registers={2: "page1"},
            controls=PERMITTED,
            needs=(VECTOR,),
        )


SECTION = CaseSection(
    "Fields of vector instructions", tuple(row.case() for row in (*without_permission(), *reserved()))
)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Each general instruction that designates an even-odd pair: an odd register is a specification exception (PoP 7).

It comes before access exceptions: all addresses lie outside storage.
"""

from __future__ import annotations

import pytest

from emu import lowcore
from emu.cpu import Cpu
from emu.machine import Machine
from emu.psw import Psw

SPECIFICATION = 6
OUTSIDE = 1 << 40
# Where the digits of the registers that must be even are, counted from the first digit of the code.
PAIRS = {
    "MR": ("1c00", (2,)),
    "DR": ("1d00", (2,)),
    "MVCL": ("0e00", (2, 3)),
    "CLCL": ("0f00", (2, 3)),
    "M": ("5c00e000", (2,)),
    "D": ("5d00e000", (2,)),
    "SRDL": ("8c00e000", (2,)),
    "SLDL": ("8d00e000", (2,)),
    "SRDA": ("8e00e000", (2,)),
    "SLDA": ("8f00e000", (2,)),
    "CDS": ("bb00e000", (2, 3)),
    "MVCLE": ("a800e000", (2, 3)),
    "CLCLE": ("a900e000", (2, 3)),
    "CKSM": ("b2410000", (7,)),
    "TRE": ("b2a50000", (6,)),
    "CU21": ("b2a60000", (6, 7)),
    "CU12": ("b2a70000", (6, 7)),
    "MLGR": ("b9860000", (6,)),
    "DLGR": ("b9870000", (6,)),
    "DSGR": ("b90d0000", (6,)),
    "DSGFR": ("b91d0000", (6,)),
    "FLOGR": ("b9830000", (6,)),
    "MLR": ("b9960000", (6,)),
    "DLR": ("b9970000", (6,)),
    "CU14": ("b9b00000", (6, 7)),
    "CU24": ("b9b10000", (6, 7)),
    "CU41": ("b9b20000", (6, 7)),
    "CU42": ("b9b30000", (6, 7)),
    "DSG": ("e300e000000d", (2,)),
    "DSGF": ("e300e000001d", (2,)),
    "MFY": ("e300e000005c", (2,)),
    "MLG": ("e300e0000086", (2,)),
    "DLG": ("e300e0000087", (2,)),
    "ML": ("e300e0000096", (2,)),
    "DL": ("e300e0000097", (2,)),
    "LPQ": ("e300e000008f", (2,)),
    "STPQ": ("e300e000008e", (2,)),
    "CDSY": ("eb00e0000031", (2, 3)),
    "CDSG": ("eb00e000003e", (2, 3)),
    "MVCLU": ("eb00e000008e", (2, 3)),
    "CLCLU": ("eb00e000008f", (2, 3)),
    "LPD": ("c804e000e000", (2,)),
    "LPDG": ("c805e000e000", (2,)),
}
FORMS = [
    (name, code[:place] + odd + code[place + 1 :])
    for name, (code, places) in PAIRS.items()
    for place in places
    for odd in "37f"
]


@pytest.mark.parametrize("is_free", (True, False), ids=("free", "steps"))
@pytest.mark.parametrize(("name", "code"), FORMS, ids=[f"{name}-{code}" for name, code in FORMS])
def test_an_odd_register_is_a_specification_exception(
    machine: Machine, cpu: Cpu, name: str, code: str, is_free: bool
) -> None:
    machine.storage.write(lowcore.PROGRAM_NEW_PSW, (0x0002_0001_8000_0000).to_bytes(8, "big") + bytes(8))
    start = cpu.instruction_address
    machine.storage.write(start, bytes.fromhex(code))
    for register in range(1, 16):
        cpu.gr[register] = OUTSIDE
    before = list(cpu.gr)
    while (machine.run(10) if is_free else machine.step()) is None:
        pass
    assert machine.storage.read_integer(lowcore.PROGRAM_ILC + 2, 2) == SPECIFICATION, name
    old = Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16))
    assert old.address == start + len(code) // 2
    assert list(cpu.gr) == before

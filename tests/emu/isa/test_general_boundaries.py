# SPDX-License-Identifier: GPL-2.0-or-later
"""General instructions with operands at boundaries; what comes of them was worked out from the manual."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from emu.cpu import Cpu
from emu.machine import Machine
from tests.support.general import SPIN

OPERAND = 0x2000
LEAST, GREATEST = 1 << 63, (1 << 63) - 1
ALL = (1 << 64) - 1
X = 0xAAAA_AAAA_0000_0000
"""Rubbish for bits 0-31, which must stay."""


@dataclass(frozen=True)
class Case:
    """A program and what comes of it; general register 4 is the address of the operand in storage."""

    code: str
    gr: dict[int, int] = field(default_factory=dict)
    storage: str = ""
    result: dict[int, int] = field(default_factory=dict)
    stored: str = ""
    condition_code: int = 0
    """Zero also if nothing sets it."""


CASES = {
    # Immediates are extended with their sign, and then added as unsigned numbers.
    "ALSI": Case("ebff4000006e", storage="00000005", stored="00000004", condition_code=3),
    "ALSI to zero": Case("ebff4000006e", storage="00000001", stored="00000000", condition_code=2),
    "ALGSI": Case("ebff4000007e", storage="0000000000000000", stored="ffffffffffffffff", condition_code=1),
    "ALHSIK": Case("ec13fffe00da", {3: 1}, result={1: 0xFFFF_FFFF}, condition_code=1),
    "ASI": Case("eb804000006a", storage="80000000", stored="7fffff80", condition_code=3),
    "AGSI": Case("eb7f4000007a", storage="7fffffffffffffff", stored="800000000000007e", condition_code=3),
    # LOAD AND ADD and its like give what was there before.
    "LAALG": Case("eb12400000ea", {2: ALL}, "0000000000000002", {1: 2}, "0000000000000001", 3),
    "LAAL": Case("eb12400000fa", {1: X, 2: 1}, "ffffffff", {1: X | 0xFFFF_FFFF}, "00000000", 2),
    "LAXG": Case("eb12400000e7", {2: 5}, "0000000000000005", {1: 5}, "0000000000000000", 0),
    "LAN": Case("eb12400000f4", {1: X, 2: 4}, "00000006", {1: X | 6}, "00000004", 1),
    # Carry and borrow go on.
    "ALCGR with a carry": Case("b90a0011 b9880023", {1: ALL, 2: ALL, 3: 0}, result={2: 0}, condition_code=2),
    "ALCR of all ones": Case("1e11 b9980023", {1: LEAST >> 32, 2: ALL, 3: ALL}, result={2: ALL}, condition_code=3),
    "SLBGR with a borrow": Case("b90b0013 b9890023", {1: 0, 2: 5, 3: 5}, result={2: ALL}, condition_code=1),
    "SLBR of all ones with a borrow": Case("1f13 b9990023", {1: 0, 2: ALL, 3: ALL}, result={2: ALL}, condition_code=1),
    "SLBR without a borrow": Case("1f11 b9990023", {1: 7, 2: 5, 3: 5}, result={2: 0}, condition_code=2),
    "ALCR after a logical AND": Case("1411 b9980023", {1: 1, 2: 5, 3: 5}, result={2: 10}, condition_code=1),
    # Shifts: up to 63 places, the sign stays, and overflow is of any bit that is lost.
    "SLL by 32": Case("89100020", {1: X | 0xFFFF_FFFF}, result={1: X}),
    "SRL by 63": Case("8810003f", {1: X | 0xFFFF_FFFF}, result={1: X}),
    "SLLK by 40": Case("eb13002800df", {1: X, 3: ALL}, result={1: X}),
    "SLA loses a bit": Case("8b100001", {1: X | 0x4000_0000}, result={1: X}, condition_code=3),
    "SLA by 63": Case("8b10003f", {1: 1}, result={1: 0}, condition_code=3),
    "SLA of minus one": Case("8b10001f", {1: 0xFFFF_FFFF}, result={1: 0x8000_0000}, condition_code=1),
    "SLA of minus one too far": Case("8b100020", {1: 0xFFFF_FFFF}, result={1: 0x8000_0000}, condition_code=3),
    "SLAG by 62": Case("eb13003e000b", {3: 1}, result={1: 1 << 62}, condition_code=2),
    "SLAG by 63": Case("eb13003f000b", {3: 1}, result={1: 0}, condition_code=3),
    "SLAG of minus one by 63": Case("eb13003f000b", {3: ALL}, result={1: LEAST}, condition_code=1),
    "SLAG of the least but one": Case("eb130001000b", {3: LEAST + 1}, result={1: LEAST + 2}, condition_code=3),
    "SLDA": Case(
        "8f200001", {2: 0x3FFF_FFFF, 3: 0xFFFF_FFFF}, result={2: 0x7FFF_FFFF, 3: 0xFFFF_FFFE}, condition_code=2
    ),
    "SLDA loses a bit": Case("8f200001", {2: 0x4000_0000, 3: 0}, result={2: 0, 3: 0}, condition_code=3),
    "SLDA with a sign": Case("8f200001", {2: 0xC000_0000, 3: 1}, result={2: 0x8000_0000, 3: 2}, condition_code=1),
    "SRDA": Case("8e200020", {2: 0x8000_0000, 3: 5}, result={2: 0xFFFF_FFFF, 3: 0x8000_0000}, condition_code=1),
    "SRDA of a number whose second word is negative": Case(
        "8e200001", {2: 0, 3: 0x8000_0000}, result={2: 0, 3: 0x4000_0000}, condition_code=2
    ),
    "SRA by 40": Case("8a100028", {1: X | 0x8000_0000}, result={1: X | 0xFFFF_FFFF}, condition_code=1),
    # Division and multiplication of pairs.
    "DSGR": Case("b90d0023", {3: LEAST, 2: 0, 5: 0}, result={2: 0, 3: 1}),
    "DSGFR takes 32 bits": Case("b91d0025", {3: 100, 5: X | 7}, result={2: 2, 3: 14}),
    "DLGR": Case("b9870025", {2: 1, 3: 0, 5: 1 << 32}, result={2: 0, 3: 1 << 32}),
    "DLR": Case("b9970025", {2: X | 1, 3: X, 5: 0xFFFF_FFFF}, result={2: X | 1, 3: X | 1}),
    "MLGR": Case("b9860025", {3: ALL, 5: ALL}, result={2: ALL - 1, 3: 1}),
    "MR": Case("1c25", {2: X, 3: X | 0x8000_0000, 5: 0x8000_0000}, result={2: X | 0x4000_0000, 3: X}),
    "MSGFR": Case("b91c0015", {1: 3, 5: 0xFFFF_FFFF}, result={1: ALL - 2}),
    # Loads.
    "CHRL": Case("a7180005 c615fffffffe", {1: X}, result={1: X | 5}, condition_code=2),
    "LRVH": Case("e3104000001f", {1: ALL}, "0102", {1: ALL - 0xFFFF + 0x0201}),
    "LRV": Case("e3104000001e", {1: X}, "01020304", {1: X | 0x0403_0201}),
    "STRVH": Case("e3104000003f", {1: 0x0102}, stored="0201"),
    "LGFI": Case("c0118000ffff", result={1: 0xFFFF_FFFF_8000_FFFF}),
    "LLGTR": Case("b9170012", {2: ALL}, result={1: 0x7FFF_FFFF}),
    "LOCHHI": Case("1511 ec18ffff004e", {1: 5}, result={1: 0xFFFF_FFFF_0000_0005}),
    "LOCFHR": Case("1511 b9e08012", {1: 5, 2: X | 7}, result={1: X | 5}),
    "FLOGR of zero": Case("b9830023", {2: 1, 3: 0}, result={2: 64, 3: 0}),
    "FLOGR": Case("b9830025", {5: LEAST >> 4 | 9}, result={2: 4, 3: 9}, condition_code=2),
    "POPCNT": Case("b9e10012", {2: 0xFF01_0000_0000_0080}, result={1: 0x0801_0000_0000_0001}, condition_code=1),
    "IPM": Case("1555 b2220010", {1: ALL, 5: 1}, result={1: 0xFFFF_FFFF_00FF_FFFF}),
    "TMLL with the first bit zero": Case("a7118001", {1: 1}, condition_code=1),
    "TMLL with the first bit one": Case("a7118001", {1: 0x8000}, condition_code=2),
    # Operands in storage.
    "ICM of a mask with a gap": Case("bf154000", {1: X | 0x1111_1111}, "00ff", {1: X | 0x1100_11FF}, condition_code=2),
    "ICMH": Case("eb1840000080", {1: 1}, "80", {1: LEAST | 1}, condition_code=1),
    "MVO": Case("f13240004010", storage="77889934" + "00" * 12 + "123456", stored="01234564"),
    "PACK": Case("f22440004010", storage="00" * 16 + "f1f2f3f4d5", stored="12345d"),
    "UNPK": Case("f34240004010", storage="00" * 16 + "12345d", stored="f1f2f3f4d5"),
    "XC of itself": Case("d70f40004000", storage="12" * 16, stored="00" * 16),
    # LHI 1,128; LGHI 2,256; SLLK 2,1,1: the high half of the result is that of the second.
    "SLLK of values that are known": Case("a7180080a7290100eb21000100df", result={2: 0x100}),
    "SLLK with a high half": Case("a7180080a729ffffeb21000100df", result={2: 0xFFFF_FFFF_0000_0100}),
    "CLC": Case("d50240004010", storage="010203" + "00" * 13 + "010204", condition_code=1),
    "MVCIN": Case("e80240004012", storage="00" * 16 + "010203", stored="030201"),
    "MVC over itself": Case("d20640014000", storage="0102030405060708", stored="0101010101010101"),
    "TRT over EXRL": Case("c6f000000010", storage="0001", result={1: OPERAND + 1, 2: 7}, condition_code=2),
}
TARGET = "dd0140005000"
"""TRT 0(2,4),0(5), 32 bytes behind the start."""


@pytest.fixture(params=("free", "steps"))
def is_free(request: pytest.FixtureRequest) -> bool:
    """Whether the code runs freely."""
    return request.param == "free"


@pytest.mark.parametrize("name", CASES)
def test_boundary(machine: Machine, cpu: Cpu, name: str, is_free: bool) -> None:
    case = CASES[name]
    code = bytes.fromhex(case.code)
    start = cpu.instruction_address
    machine.storage.write(start, code + SPIN)
    machine.storage.write(start + 32, bytes.fromhex(TARGET))
    machine.storage.write(OPERAND, bytes.fromhex(case.storage))
    machine.storage.write(0x3001, b"\x07")
    for register, value in {4: OPERAND, 5: 0x3000, **case.gr}.items():
        cpu.gr[register] = value
    if is_free:
        machine.run(10)
    else:
        while cpu.instruction_address != start + len(code):
            assert machine.step() is None
    assert cpu.instruction_address == start + len(code)
    assert {register: cpu.gr[register] for register in case.result} == case.result
    assert machine.storage.read(OPERAND, len(case.stored) // 2).hex() == case.stored
    assert cpu.cc == case.condition_code

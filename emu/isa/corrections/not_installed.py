# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions of facilities that are not installed and that Unicorn 2.1.4 executes all the same.

Each is declared with its facility, so that it gives an operation exception as long as that is not installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.access import NotModelled
from emu.facilities import Facility
from emu.isa.declaration import Operands, Reason, instruction
from emu.isa.formats import RRE, RRF_B, VRR_C, Format

if TYPE_CHECKING:
    from emu.cpu import Cpu

_CRYPTOGRAPHIC: Final = (
    (0xB91E, "KMAC", RRE, "COMPUTE MESSAGE AUTHENTICATION CODE", Facility.MESSAGE_SECURITY_ASSIST),
    (0xB92E, "KM", RRE, "CIPHER MESSAGE", Facility.MESSAGE_SECURITY_ASSIST),
    (0xB92F, "KMC", RRE, "CIPHER MESSAGE WITH CHAINING", Facility.MESSAGE_SECURITY_ASSIST),
    (0xB93E, "KIMD", RRE, "COMPUTE INTERMEDIATE MESSAGE DIGEST", Facility.MESSAGE_SECURITY_ASSIST),
    (0xB93F, "KLMD", RRE, "COMPUTE LAST MESSAGE DIGEST", Facility.MESSAGE_SECURITY_ASSIST),
    (0xB928, "PCKMO", RRE, "PERFORM CRYPTOGRAPHIC KEY MANAGEMENT OPERATION", Facility.MESSAGE_SECURITY_ASSIST_3),
    (0xB92A, "KMF", RRE, "CIPHER MESSAGE WITH CIPHER FEEDBACK", Facility.MESSAGE_SECURITY_ASSIST_4),
    (0xB92B, "KMO", RRE, "CIPHER MESSAGE WITH OUTPUT FEEDBACK", Facility.MESSAGE_SECURITY_ASSIST_4),
    (0xB92C, "PCC", RRE, "PERFORM CRYPTOGRAPHIC COMPUTATION", Facility.MESSAGE_SECURITY_ASSIST_4),
    (0xB92D, "KMCTR", RRF_B, "CIPHER MESSAGE WITH COUNTER", Facility.MESSAGE_SECURITY_ASSIST_4),
    (0xB93C, "PPNO", RRE, "PERFORM RANDOM NUMBER OPERATION", Facility.MESSAGE_SECURITY_ASSIST_5),
)
_VECTOR: Final = (
    (0xE76C, "VNX", VRR_C, "VECTOR NOT EXCLUSIVE OR", Facility.VECTOR_ENHANCEMENTS_1),
    (0xE76E, "VNN", VRR_C, "VECTOR NAND", Facility.VECTOR_ENHANCEMENTS_1),
    (0xE76F, "VOC", VRR_C, "VECTOR OR WITH COMPLEMENT", Facility.VECTOR_ENHANCEMENTS_1),
)


def _declare(opcode: int, mnemonic: str, form: Format, title: str, facility: Facility) -> None:
    @instruction(opcode, mnemonic, form, title, facility=facility, reason=Reason.CORRECTION)
    def stop(cpu: Cpu, operands: Operands) -> None:
        raise NotModelled(mnemonic)


for _instruction in _CRYPTOGRAPHIC + _VECTOR:
    _declare(*_instruction)

# SPDX-License-Identifier: GPL-2.0-or-later
"""What Unicorn reports of an instruction that ended in an exception."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.engine.exits import Condition, SupervisorCall
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.engine.library import Unicorn
    from emu.engine.quirks.register_file import EngineRegisters

SINK_ADDRESS: Final = 0
"""A page of the engine's own: Unicorn stores data-exception codes at its idea of real 0x90."""
_SINK_DATA_EXCEPTION: Final = 0x90
_WITH_DATA_EXCEPTION_CODE: Final = (ProgramInterruptionCode.DATA, ProgramInterruptionCode.VECTOR_PROCESSING)


def map_sink(unicorn: Unicorn) -> None:
    """Give *unicorn* that page."""
    unicorn.uc.mem_map(SINK_ADDRESS, PAGE_SIZE)


def reported(unicorn: Unicorn, registers: EngineRegisters) -> SupervisorCall | Condition | None:
    """The SVC or the condition, with the length of the instruction; None for a trap."""
    code, length, number, svc_length = registers.interruption
    if registers.svc_is_reported:
        return SupervisorCall(number, svc_length)
    if code <= ProgramInterruptionCode.PRIVILEGED_OPERATION:
        return None
    known = ProgramInterruptionCode(code)
    data_exception_code = None
    if known in _WITH_DATA_EXCEPTION_CODE:
        stored = bytes(unicorn.uc.mem_read(SINK_ADDRESS + _SINK_DATA_EXCEPTION, 4))
        data_exception_code = int.from_bytes(stored, "big")
    return Condition(ProgramInterruption(known, data_exception_code=data_exception_code), length)

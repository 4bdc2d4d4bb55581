# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs real code on the whole machine, freely and in single steps, so that interception is tested as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from emu import lowcore
from emu.bits import field
from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import Psw

DISABLED_WAIT = 0x0002_0001_8000_0000
END_PSW = 0x800
END = bytes.fromhex("b22200e0 b2b20800")
"""IPM 14, which saves the condition code; LPSWE."""


@dataclass(frozen=True)
class Outcome:
    """How the code ended: its condition code, and the program interruption that ended it, if one did."""

    condition_code: int
    interruption: ProgramInterruptionCode | None
    old_psw: Psw


Execute = Callable[..., Outcome]


@pytest.fixture(params=("free", "steps"))
def execute(request: pytest.FixtureRequest, machine: Machine, cpu: Cpu) -> Execute:
    """Executes *code* (hexadecimal) at the current PSW address; keywords name storage locations: ``x2000="0102"``."""

    def execute(code: str, **storage: str) -> Outcome:
        write = machine.storage.write
        write(cpu.instruction_address, bytes.fromhex(code) + END)
        for place, data in storage.items():
            write(int(place[1:], 16), bytes.fromhex(data))
        for psw, address in ((END_PSW, 0), (lowcore.PROGRAM_NEW_PSW, 1 << 16)):
            write(psw, DISABLED_WAIT.to_bytes(8, "big") + address.to_bytes(8, "big"))
        if request.param == "free":
            assert machine.run(1000) is not None
        else:
            while machine.step() is None:
                pass
        if cpu.instruction_address == 0:
            return Outcome(field(cpu.gr[14], 34, 35), None, cpu.psw)
        old = Psw.from_bytes(machine.storage.read(lowcore.PROGRAM_OLD_PSW, 16))
        code_number = int.from_bytes(machine.storage.read(lowcore.PROGRAM_ILC + 2, 2), "big")
        return Outcome(field(old.mask, 18, 19), ProgramInterruptionCode(code_number), old)

    return execute

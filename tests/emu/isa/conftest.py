# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs real code on the whole machine, freely and in single steps, so that interception is tested as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest

from emu import lowcore
from emu.bits import field
from emu.cpu import Cpu
from emu.machine import Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, Psw

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


_MODES: Final = {"64": ADDRESSING_MODE, "31": BASIC_ADDRESSING, "24": 0}
IN_64_BIT_MODE: Final = pytest.mark.parametrize("execute", ("free 64", "steps 64"), indirect=True)
"""For a test in which what is expected depends on the addressing mode, or an address has more than 24 bits."""


@pytest.fixture(
    params=(
        "free 64",
        "steps 64",
        "free 31",
        "steps 24",
        pytest.param("steps 31", marks=pytest.mark.long),
        pytest.param("free 24", marks=pytest.mark.long),
    )
)
def execute(request: pytest.FixtureRequest, machine: Machine, cpu: Cpu) -> Execute:
    """Executes *code* (hexadecimal) at the current PSW address; keywords name storage locations: ``x2000="0102"``.

    Each test is run in all addressing modes, unless it loads a PSW of its own.
    """
    way, mode = request.param.split()
    cpu.load_psw(Psw(_MODES[mode], cpu.instruction_address))
    cpu.psw_loaded = False

    def execute(code: str, **storage: str) -> Outcome:
        write = machine.storage.write
        write(cpu.instruction_address, bytes.fromhex(code) + END)
        for place, data in storage.items():
            write(int(place[1:], 16), bytes.fromhex(data))
        for psw, address in ((END_PSW, 0), (lowcore.PROGRAM_NEW_PSW, 1 << 16)):
            write(psw, DISABLED_WAIT.to_bytes(8, "big") + address.to_bytes(8, "big"))
        if way == "free":
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

# SPDX-License-Identifier: GPL-2.0-or-later
"""What registers held at any instruction is what they held when the machine was there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from emu import open_program
from emu.debugging.all_registers import COMPARED, registers_of
from emu.debugging.stepped_trace import SteppedTrace
from emu.events import Observer
from emu.traces.reader import TraceFile
from emu.traces.registers import value_before
from emu.traces.writer import TraceWriter

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.program_interruption import ProgramInterruption
    from emu.psw import Psw

PROGRAM = Path(__file__).parents[3] / "guest_kernel" / "native" / "images" / "essa-table.elf"
_INSTRUCTIONS = 1900
"""Some interruptions are among them."""


class CountedInterruptions(Observer):
    """Counts interruptions."""

    count = 0

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        self.count += 1


def test_any_register_at_any_instruction(tmp_path: Path) -> None:
    machine = open_program(PROGRAM, history=0).machine
    held, taken = {}, Counter[int]()
    counter = CountedInterruptions()
    with TraceWriter(tmp_path / "t", {}) as writer:
        recorder = SteppedTrace(machine, writer, chunk=400)
        machine.observers.append(recorder)
        machine.observers.append(counter)
        while machine.executed < _INSTRUCTIONS:
            held[machine.executed, taken[machine.executed]] = registers_of(machine.cpus[0])
            before = counter.count
            machine.step()
            taken[machine.executed] += counter.count - before
        recorder.finish()
    with TraceFile(tmp_path / "t") as trace:
        assert any(chunk.count("interruptions") for chunk in trace.chunks)
        assert max(turn for _, turn in held) > 0
        for number, turn in held:
            if turn or not number % 7:
                found = [value_before(trace, number, register, turn=turn) for register in COMPARED]
                assert found == [held[number, turn][register] for register in COMPARED]
        assert value_before(trace, _INSTRUCTIONS + 1, 0) is None
        assert value_before(trace, 5, 0, cpu=1) is None

# SPDX-License-Identifier: GPL-2.0-or-later
"""What registers held at any instruction is what they held when the machine was there."""

from __future__ import annotations

from pathlib import Path

from emu import open_program
from emu.debugging.all_registers import COMPARED, registers_of
from emu.debugging.stepped_trace import SteppedTrace
from emu.traces.reader import TraceFile
from emu.traces.registers import value_before
from emu.traces.writer import TraceWriter

PROGRAM = Path(__file__).parents[3] / "guest_kernel" / "native" / "images" / "essa-table.elf"
_INSTRUCTIONS = 1900
"""Some interruptions are among them."""


def test_any_register_at_any_instruction(tmp_path: Path) -> None:
    machine = open_program(PROGRAM, history=0).machine
    held = {}
    with TraceWriter(tmp_path / "t", {}) as writer:
        recorder = SteppedTrace(machine, writer, chunk=400)
        machine.observers.append(recorder)
        while machine.executed < _INSTRUCTIONS:
            # Of several with the same number the last: the instruction that ends.
            held[machine.executed] = registers_of(machine.cpus[0])
            machine.step()
        recorder.finish()
    with TraceFile(tmp_path / "t") as trace:
        assert any(chunk.count("interruptions") for chunk in trace.chunks)
        for number in range(0, _INSTRUCTIONS, 7):
            found = [value_before(trace, number, register) for register in COMPARED]
            assert found == [held[number][register] for register in COMPARED]
        assert value_before(trace, _INSTRUCTIONS + 1, 0) is None
        assert value_before(trace, 5, 0, cpu=1) is None

# SPDX-License-Identifier: GPL-2.0-or-later
"""A program that ships, recorded with everything, and the lines that were written of it at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from emu import open_program
from emu.debugging.stepped_trace import SteppedTrace
from emu.traces.writer import TraceWriter
from tests.support.command import ROOT
from tools.reports.trace import Tracer
from tools.reports.trace_metadata import describe

PROGRAM = ROOT / "guest_kernel" / "native" / "images" / "essa-table.elf"
INSTRUCTIONS = 4000


@dataclass(frozen=True)
class Recorded:
    """The file, and the lines."""

    path: Path
    lines: list[str]

    @property
    def name(self) -> str:
        return str(self.path)


def record(path: Path, program: Path = PROGRAM, instructions: int = INSTRUCTIONS, level: str = "all") -> list[str]:
    """Record the first *instructions* of *program* in chunks of 500; give the lines that were written meanwhile."""
    lines: list[str] = []
    session = open_program(program, history=0)
    machine = session.machine
    with TraceWriter(path, describe(machine, str(program), level, session.symbols)) as writer:
        recorder = SteppedTrace(machine, writer, level, chunk=500)
        machine.observers.extend((recorder, Tracer(machine, lines.append, session.symbols)))
        stop = machine.run(instructions)
        recorder.finish()
        writer.close({"stop": stop.text})
    return lines


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The trace."""
    path = tmp_path_factory.mktemp("traces") / "essa-table.trace"
    return Recorded(path, record(path))

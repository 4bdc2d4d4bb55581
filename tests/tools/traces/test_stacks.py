# SPDX-License-Identifier: GPL-2.0-or-later
"""The stack of calls, found from made-up flow through functions of one instruction of each kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emu.traces import schema
from emu.traces.filters import EVERYTHING, Filter
from emu.traces.reader import TraceFile
from emu.traces.writer import TraceWriter
from tools.traces.functions import Functions
from tools.traces.opened import OpenedTrace
from tools.traces.stacks import EndedInterruption, Stacks
from tools.traces.steps import KeyNumbers, TraceSteps

KINDS = {"call": "0de1", "jump": "07fe", "load": "b2b20130", "work": "1812"}
FUNCTIONS = "abch"


def address(function: str, kind: str) -> int:
    return 0x1000 * (FUNCTIONS.index(function) + 1) + 8 * list(KINDS).index(kind)


def trace_of(path: Path, steps: str, *, chunk: int = 1000) -> OpenedTrace:
    """A trace of steps such as ``a.call b.work !a.work h.load``: at a mark is an interruption, leading back there."""
    blocks = [(function, kind) for function in FUNCTIONS for kind in KINDS]
    rows = np.zeros(len(blocks), dtype=schema.STREAMS["blocks"])
    code = b""
    for number, (function, kind) in enumerate(blocks):
        instruction = bytes.fromhex(KINDS[kind])
        rows[number] = number, address(function, kind), schema.Mode.ADDRESSING_64, len(code), len(instruction)
        code += instruction
    symbols = [[0x1000 * (index + 1), name, 0x100, True, False, ""] for index, name in enumerate(FUNCTIONS)]
    flow, taken = [], []
    for step in steps.split():
        function, kind = step.lstrip("!").split(".")
        number = len(flow)
        if step.startswith("!"):
            taken.append(
                (number, 0, 10 * number - 1, 0, 2, 0, 0x1004, 0, address(function, kind), 0, 0, schema.NOTHING)
            )
            continue
        flow.append((number, 0, 10 * number, blocks.index((function, kind)), 0, 1, 0, 0))
    flow_rows = np.array(flow, dtype=schema.STREAMS["flow"])
    taken_rows = np.array(taken, dtype=schema.STREAMS["interruptions"])
    metadata = {"symbols": [{"file": "k", "is_kernel": False, "symbols": symbols}]}
    with TraceWriter(path, metadata) as writer:
        for first in range(0, len(flow), chunk):
            end = min(first + chunk, len(flow))
            streams = {
                "flow": flow_rows[first:end],
                "interruptions": taken_rows[(taken_rows["number"] >= first) & (taken_rows["number"] < end)],
                **({"blocks": rows} if not first else {}),
            }
            writer.chunk(first, end, streams, code, time=10 * first, end_time=10 * end)
    return OpenedTrace(TraceFile(path))


@pytest.mark.parametrize("chunk", (1000, 2, 1))
@pytest.mark.parametrize(
    ("steps", "stacks"),
    (
        ("a.work", "a"),
        ("a.call b.work", "a a/b"),
        ("a.call b.jump a.work", "a a/b a"),
        ("a.call b.call c.jump b.jump a.work", "a a/b a/b/c a/b a"),
        ("a.call b.call c.jump a.work", "a a/b a/b/c a"),  # two returns at once
        ("a.call b.jump c.jump a.work", "a a/b a/c a"),  # a jump to another function instead of a call
        ("a.work !a.work h.work h.load a.work", "a a/!/h a"),
        ("a.call b.work !b.jump h.call c.jump h.load b.jump a.work", "a a/b a/b/!/h a/b/!/h/c a/b/!/h a/b a"),
        ("a.work !a.work h.load a.jump", "a a/!/h a"),  # behind the instruction, or elsewhere in it
        ("a.call b.work !b.work h.call b.jump h.load b.work", "a a/b a/b/!/h a/b/!/h/b a/b/!/h a/b"),
        ("a.work !a.work h.work !h.work h.load a.work", "a a/!/h a/!/h/!/h a"),  # from both at once
        ("a.work !a.work h.work !h.load h.work h.load h.load a.work", "a a/!/h a/!/h/!/h a/!/h a"),
    ),
)  # fmt: skip
def test_stacks(tmp_path: Path, steps: str, stacks: str, *, chunk: int) -> None:
    trace = trace_of(tmp_path / "t", steps, chunk=chunk)
    found = [
        "/".join(run.stack).replace("[external 0x1004]", "!")
        for run in Stacks(trace, Functions(trace)).runs(EVERYTHING)
    ]
    shortened = [stack for index, stack in enumerate(found) if not index or found[index - 1] != stack]
    assert " ".join(shortened) == stacks


def test_an_interruption_lasts_until_its_handler_comes_back(tmp_path: Path) -> None:
    trace = trace_of(tmp_path / "t", "a.work !a.work h.work h.load a.work !a.work h.work")
    stacks = Stacks(trace, Functions(trace))
    list(stacks.runs(EVERYTHING))
    assert stacks.ended == [EndedInterruption(0, "[external 0x1004]", 9, 30)]
    assert list(stacks.open_interruptions()) == [(0, "[external 0x1004]", 39)]


def test_a_handler_that_goes_on_elsewhere_does_not_come_back_later(tmp_path: Path) -> None:
    # The second time at the same place the first is given up, so that only the second has come back.
    trace = trace_of(tmp_path / "t", "a.work !a.work h.work h.load c.work a.jump !a.work h.load a.work")
    stacks = Stacks(trace, Functions(trace))
    list(stacks.runs(EVERYTHING))
    assert stacks.ended == [EndedInterruption(0, "[external 0x1004]", 49, 60)]
    assert list(stacks.open_interruptions()) == []


def test_what_is_not_wanted_is_walked_through(tmp_path: Path) -> None:
    trace = trace_of(tmp_path / "t", "a.call b.call c.work c.work c.work")
    runs = list(Stacks(trace, Functions(trace)).runs(Filter(numbers=(3, 4))))
    assert [(run.executed, "/".join(run.stack)) for run in runs] == [(2, "a/b/c")]


def test_only_a_loaded_psw_leads_back(tmp_path: Path) -> None:
    trace = trace_of(tmp_path / "t", "a.work b.jump a.work b.load a.work")
    steps = TraceSteps(trace, KeyNumbers(), by_symbol=False)
    assert steps.find_return(0, address("a", "work")) == 4
    assert steps.find_return(0, address("b", "work")) is None

# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run counts and costs."""

from __future__ import annotations

import pytest

from emu.cpu import CpuState
from emu.isa.assembler import assemble
from emu.machine import Machine
from emu.psw import ADDRESSING_MODE, Psw
from tools.conform.mutation.exercise import in_a_fork
from tools.conform.mutation.tally import Tally, begin_tally

GOOD = Tally(10, 20, 3)


@pytest.mark.parametrize(
    ("tally", "is_worse"),
    (
        (GOOD, False),
        (GOOD._replace(comebacks=2), False),
        (GOOD._replace(comebacks=4), True),
        (GOOD._replace(instructions=9), True),
        (GOOD._replace(work=19), True),
        (GOOD._replace(work=21), True),
    ),
)
def test_worse_is_to_count_otherwise_or_to_leave_more(tally: Tally, *, is_worse: bool) -> None:
    assert tally.is_worse_than(GOOD) is is_worse


def tally_of(*instructions: str) -> Tally:
    """Of a free run of *instructions*."""
    machine = Machine(1 << 20)
    machine.load_storage(0x1000, b"".join(map(assemble, instructions)))
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, 0x1000))
    machine.cpus[0].state = CpuState.OPERATING
    take = begin_tally()
    machine.run(len(instructions))
    found = take()
    assert take() == Tally(0, 0, 0)
    return found


def test_what_compiled_code_does_costs_no_comeback_and_what_it_leaves_does() -> None:
    """Executed compiled are INSERT STORAGE KEY EXTENDED and others, and by Python STORE CPU ID."""
    begun, left = in_a_fork(lambda: (tally_of(*["ISKE 1,2"] * 3), tally_of(*["STIDP 512"] * 3)))
    assert begun.instructions == left.instructions == 3
    assert min(begun.work, left.work) >= 3
    assert left.comebacks > begun.comebacks

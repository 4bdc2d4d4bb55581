# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine asks of who types: when it asks for input, and how it waits for it."""

from __future__ import annotations

import pytest

from emu import control_registers as control
from emu import psw as psw_bits
from emu.machine import Machine, StopKind
from emu.psw import ADDRESSING_MODE, Psw
from emu.state import restore_state, state_of
from tests.support.elf import ENTRY

EXTERNAL_NEW_PSW = 0x1B0
SIGNALLED = 0x777
RECEIVE_ASCII = 1 << 32 - 0x1A


class Typist:
    """Types when the guest waits, and writes down what the machine asks."""

    def __init__(self, machine: Machine, text: bytes = b"", *, passes: int | None = None) -> None:
        self.machine, self.text, self.passes = machine, text, passes
        self.asked: list[int] = []
        self.waits: list[int | None] = []

    def type_input(self, work: int) -> int:
        self.asked.append(work)
        return work + 1000

    def wait(self, units: int | None) -> int | None:
        self.waits.append(units)
        if self.text:
            self.machine.sclp.type(self.text)
            self.text = b""
            return 0
        return self.passes


def wait_enabled(machine: Machine, cr0: int = control.CR0_SERVICE_SIGNAL, *, reads: bool = True) -> None:
    """Have CPU 0 in a wait that an external interruption ends, to be followed by a disabled one."""
    machine.storage.write(EXTERNAL_NEW_PSW, Psw(ADDRESSING_MODE | psw_bits.WAIT, SIGNALLED).to_bytes())
    cpu = machine.cpus[0]
    cpu.set_control_register(0, cr0)
    cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.WAIT | psw_bits.EXTERNAL_MASK, ENTRY))
    cpu.psw_loaded = False
    if reads:
        restore_state(machine.sclp, state_of(machine.sclp) | {"_receive_mask": RECEIVE_ASCII})


def test_something_typed_ends_a_wait_without_any_other_event(machine: Machine) -> None:
    wait_enabled(machine)
    machine.operator = typist = Typist(machine, b"x")
    assert machine.run().psw.address == SIGNALLED
    assert typist.waits == [None]
    assert machine.timing.work < 1000


@pytest.mark.parametrize(("cr0", "reads"), ((0, True), (control.CR0_SERVICE_SIGNAL, False)))
def test_nobody_is_waited_for_whom_the_guest_would_not_hear(machine: Machine, cr0: int, reads: bool) -> None:
    wait_enabled(machine, cr0, reads=reads)
    machine.operator = typist = Typist(machine, b"x")
    assert machine.run().kind is StopKind.NOTHING_TO_WAIT_FOR
    assert not typist.waits


def test_an_operator_who_has_gone_ends_the_run(machine: Machine) -> None:
    wait_enabled(machine)
    machine.operator = Typist(machine)
    assert machine.run().kind is StopKind.NOTHING_TO_WAIT_FOR


def test_the_operator_says_how_much_of_a_timed_wait_passes(machine: Machine) -> None:
    cpu = machine.cpus[0]
    wait_enabled(machine, control.CR0_CLOCK_COMPARATOR)
    cpu.clock_comparator = machine.timing.tod + 4 * 2500
    machine.operator = typist = Typist(machine, passes=1000)
    assert machine.run().psw.address == SIGNALLED
    assert typist.waits == [2501, 1501, 501]
    assert 3000 <= machine.timing.work < 4000


def test_a_stop_that_is_requested_while_all_wait(machine: Machine) -> None:
    class Stopper(Typist):
        def wait(self, units: int | None) -> int | None:
            machine.stop_requested = True
            return 0

    wait_enabled(machine)
    machine.operator = Stopper(machine)
    assert machine.run().kind is StopKind.REQUESTED


def test_a_guest_that_runs_is_asked_for_input_now_and_then(machine: Machine) -> None:
    machine.operator = typist = Typist(machine)
    # A loop of 2000 rounds: LGHI 1,2000; BRCTG 1,*
    machine.storage.write(ENTRY, bytes.fromhex("a71907d0 a7170000"))
    machine.run(1900)
    assert [work // 1000 for work in typist.asked] == [0, 1]

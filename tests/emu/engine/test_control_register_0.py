# SPDX-License-Identifier: GPL-2.0-or-later
"""LOAD CONTROL of control register 0 is executed compiled, but for what enables for an interruption or is Unicorn's.

Masks and controls are those of the figure "Assignment of Control-Register Fields", PoP 4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from emu import control_registers as control
from emu import psw as psw_bits
from emu.isa.assembler import encode
from emu.machine import Machine
from emu.psw import ADDRESSING_MODE, Psw
from tests.support.free_and_stepped import ALL_MASKS, DATA, FAR, OTHER, SUPERVISOR, WAIT_ADDRESS, Scene, agrees
from tests.support.general import lg, stg

REGISTERS = {10: DATA, 11: OTHER}
KNOWN = stg(0, 0, 10) + lg(0, 0, 11)
"""After it it is known where DATA is for stores, and OTHER, which holds the controls, for fetches."""
MASKS = (
    control.CR0_MALFUNCTION_ALERT,
    control.CR0_EMERGENCY_SIGNAL,
    control.CR0_EXTERNAL_CALL,
    control.CR0_SERVICE_SIGNAL,
    control.CR0_VMCF,
)
TIMERS = (control.CR0_CLOCK_COMPARATOR, control.CR0_CPU_TIMER)
OPERATION, PROTECTION = 0x01, 0x04
Prepare = Callable[[Machine], object]


def load(place: int) -> bytes:
    """LCTLG 0,0 with the value of this number."""
    return encode("LCTLG", r1=0, r3=0, b2=11, d2=8 * place)


def holding(*values: int, before: int = 0, also: Prepare = lambda _: None) -> Callable[[Machine], None]:
    """What makes ready a machine whose control register 0 holds *before*, with *values* to be loaded."""

    def prepare(machine: Machine) -> None:
        machine.storage.write(FAR, b"".join(value.to_bytes(8, "big") for value in values))
        machine.storage.write(0x1B0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())
        machine.cpus[0].set_control_register(0, before)
        also(machine)

    return prepare


@pytest.mark.parametrize("system_mask", (SUPERVISOR, ALL_MASKS), ids=("disabled", "enabled"))
@pytest.mark.parametrize("mask", MASKS)
def test_a_mask_of_what_is_not_pending(mask: int, system_mask: int, compiled: Counter[str]) -> None:
    code = KNOWN + (load(0) + load(1)) * 5
    machine = agrees(Scene(code, REGISTERS, mask=system_mask, prepare=holding(mask, 0)))
    assert compiled["LCTLG"] == 10
    assert machine.counts.program_interruptions == {OPERATION: 1}


PENDING: dict[int, Prepare] = {
    control.CR0_MALFUNCTION_ALERT: lambda machine: machine.cpus[0].pending.malfunction_alert.add(3),
    control.CR0_EMERGENCY_SIGNAL: lambda machine: machine.cpus[0].pending.emergency_signal.add(3),
    control.CR0_EXTERNAL_CALL: lambda machine: setattr(machine.cpus[0].pending, "external_call", 3),
    control.CR0_SERVICE_SIGNAL: lambda machine: setattr(machine.sclp, "completed", DATA),
}


@pytest.mark.parametrize("mask", PENDING)
def test_a_mask_of_what_is_pending(mask: int, compiled: Counter[str]) -> None:
    """The interruption comes before LGHI 5,1."""
    code = KNOWN + load(0) + bytes.fromhex("a7590001")
    machine = agrees(Scene(code, REGISTERS, mask=ALL_MASKS, prepare=holding(mask, also=PENDING[mask])))
    assert not compiled["LCTLG"]
    assert machine.cpus[0].instruction_address == WAIT_ADDRESS
    assert machine.cpus[0].gr[5] == 0
    assert not machine.counts.program_interruptions


@pytest.mark.parametrize("mask", PENDING)
def test_another_mask_than_that_of_what_is_pending(mask: int, compiled: Counter[str]) -> None:
    others = sum(MASKS) & ~mask
    scene = Scene(KNOWN + load(0), REGISTERS, mask=ALL_MASKS, prepare=holding(others, also=PENDING[mask]))
    assert agrees(scene).counts.program_interruptions == {OPERATION: 1}
    assert compiled["LCTLG"] == 1


@pytest.mark.parametrize("units", (1, 20, 40, 60))
def test_a_timer_that_is_enabled_comes_when_it_is_due(units: int, compiled: Counter[str]) -> None:
    """LGHI 5,50; AGHI 5,1; and a BRCT to itself: the interruption comes between two of them."""

    def soon(machine: Machine) -> None:
        machine.cpus[0].clock_comparator = machine.timing.tod + 4 * units

    code = KNOWN + load(0) + bytes.fromhex("a7590032 a75b0001 a7560000")
    machine = agrees(Scene(code, REGISTERS, mask=ALL_MASKS, prepare=holding(TIMERS[0], also=soon)))
    assert not compiled["LCTLG"]
    assert not machine.counts.program_interruptions


@pytest.mark.parametrize("mask", TIMERS)
def test_a_timer_that_is_disabled_does_not_come(mask: int, compiled: Counter[str]) -> None:
    def soon(machine: Machine) -> None:
        cpu = machine.cpus[0]
        cpu.clock_comparator = machine.timing.tod + 4 * 20
        machine.timing.set_cpu_timer(cpu, 4 * 20)

    code = KNOWN + load(0) + bytes.fromhex("a7590032 a7560000")
    machine = agrees(Scene(code, REGISTERS, mask=ALL_MASKS, prepare=holding(0, before=mask, also=soon)))
    assert compiled["LCTLG"] == 1
    assert machine.counts.program_interruptions == {OPERATION: 1}


def test_low_address_protection_counts_at_once(compiled: Counter[str]) -> None:
    """Each page of low storage that was stored into before is asked for anew."""
    store = stg(10, 0x100, 0)
    code = KNOWN + store + (load(0) + load(1) + store) * 3 + load(0) + store + bytes.fromhex("a7590001")
    machine = agrees(Scene(code, REGISTERS, prepare=holding(control.CR0_LOW_ADDRESS_PROTECTION, 0)))
    assert compiled["LCTLG"] == 7
    assert machine.counts.program_interruptions == {PROTECTION: 1}
    assert machine.storage.read_integer(0x100, 8) == DATA
    assert machine.cpus[0].gr[5] == 0


def test_storage_protection_override_counts_at_once(compiled: Counter[str]) -> None:
    """With access key 1, of a page whose key is 9: stores are permitted by the override only."""

    def locked(machine: Machine) -> None:
        machine.keys.bytes[DATA >> 12] = 0x90

    store = encode("SPKA", d2=0x10) + stg(11, 0, 10) + encode("SPKA", d2=0)
    code = KNOWN + load(0) + store + load(1) + load(0) + store + load(1) + store
    machine = agrees(Scene(code, REGISTERS, prepare=holding(control.CR0_STORAGE_OVERRIDE, 0, also=locked)))
    assert compiled["LCTLG"] == 4
    assert machine.counts.program_interruptions == {PROTECTION: 1}
    assert machine.cpus[0].gr[11] == machine.storage.read_integer(DATA, 8)


@pytest.mark.parametrize("bit", (control.CR0_AFP, control.CR0_VECTOR))
def test_what_unicorn_needs_is_left_to_the_model(bit: int, compiled: Counter[str]) -> None:
    """LDR 9,9, which is a data exception without the AFP registers; VLR 1,2."""
    floating, vector = bytes.fromhex("2899"), bytes.fromhex("e71200000056")
    code = KNOWN + load(0) + floating + load(1) + (floating if bit == control.CR0_AFP else vector)
    both = control.CR0_AFP | control.CR0_VECTOR
    machine = agrees(Scene(code, REGISTERS, prepare=holding(both, both & ~bit)))
    assert not compiled["LCTLG"]
    assert machine.counts.program_interruptions == {0x07: 1}


def test_all_registers_with_what_they_hold(compiled: Counter[str]) -> None:
    """As an interruption handler restores them."""
    save, restore = (encode(name, r1=0, r3=15, b2=10, d2=0x80) for name in ("STCTG", "LCTLG"))
    agrees(Scene(KNOWN + save + restore, REGISTERS, mask=ALL_MASKS))
    assert compiled["LCTLG"] == 1


@pytest.mark.parametrize("register", (6, 14))
def test_other_masks_that_change_are_left_to_the_model(register: int, compiled: Counter[str]) -> None:
    change = encode("LCTLG", r1=register, r3=register, b2=11)
    agrees(Scene(KNOWN + change, REGISTERS, mask=ALL_MASKS))
    assert not compiled["LCTLG"]

# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that is saved and goes on in another one ends as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from emu import machine_checks, snapshot
from emu.cpu import CpuState
from emu.devices.disk_image import DiskImage
from emu.devices.virtio_block import VirtioBlock
from emu.devices.virtio_ccw import VirtioCcw
from emu.isa.assembler import assemble
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Profile
from emu.program import read_program
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, MACHINE_CHECK_MASK, WAIT, Psw
from emu.saving import restore, save
from emu.state import StateError
from emu.undeclared import undeclared

IMAGES = Path(__file__).parents[2] / "guest_kernel" / "native" / "images"


def loaded(image: str) -> Machine:
    machine = Machine(4 * MEGABYTE)
    read_program(IMAGES / f"{image}.elf").load(machine)
    return machine


@pytest.mark.parametrize("image", ("essa-table", "keys", "interruptions"))
@pytest.mark.parametrize("instructions", (100, 2_500))
def test_going_on_elsewhere_ends_alike(image: str, instructions: int) -> None:
    first = loaded(image)
    first.run(instructions)
    saved = save(first)
    second = Machine(4 * MEGABYTE)
    restore(saved, second)
    assert snapshot.differences(snapshot.take(first), snapshot.take(second)) == []
    stops = first.run(2_000_000), second.run(2_000_000)
    assert stops[0] == stops[1]
    assert stops[0].kind is not StopKind.BUDGET
    assert snapshot.differences(snapshot.take(first), snapshot.take(second)) == []
    assert first.counts.instructions == second.counts.instructions


def test_everything_that_a_guest_can_see_goes_along(machine: Machine) -> None:
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE | 2 << 44, 0x10000))
    cpu.gr[5], cpu.ar[6], cpu.vr[41], cpu.registers.fpc = 0x55, 0x66, 0x4141, 0x70000
    cpu.set_control_register(9, 0x99)
    cpu.set_prefix(0x8000)
    cpu.state = CpuState.OPERATING
    cpu.clock_comparator, cpu.tod_programmable, cpu.program_parameter = 11, 22, 33
    cpu.page_fault_token, cpu.registers.breaking_event_address = 44, 0x1234
    cpu.pending.malfunction_alert.add(3)
    cpu.pending.emergency_signal.add(4)
    cpu.pending.external_call = 5
    machine.timing.set_cpu_timer(cpu, 66)
    machine.timing.tod = 0xABCD_0000_0000
    machine.sclp.type(b"typed")
    machine.configuration.topology.polarize(vertical=True)
    machine.messages.authorize(0x5000, 169, special=True)
    assert machine.messages.send("hello")
    machine.storage.write(0x3000, b"content")
    machine.states.bytes[3] = 0x04  # unused, and resident with its content
    machine.keys.bytes[9] = 0x36
    other = Machine(machine.memory)
    restore(save(machine), other)
    assert snapshot.differences(snapshot.take(machine), snapshot.take(other)) == []
    assert (other.cpus[0].page_fault_token, other.cpus[0].key) == (44, 0)
    assert other.cpus[0].cc == 2


def machine_with_reports(disk: Path) -> Machine:
    """It resets its channel path, counts, and enables itself for machine checks and external interruptions, which its
    handlers count; at last it waits, disabled."""
    machine = Machine(MEGABYTE)
    machine.channels.attach(VirtioCcw(VirtioBlock(DiskImage(disk), "disk")))
    for address, lines in {
        0x10000: ("LGHI 1,0", "RCHP", "LGHI 14,100", "BRCTG 14,*", "LLILL 2,0x8000", "LPSWE 0(2)"),
        0x11000: ("LGHI 13,100", "BRCTG 13,*", "LPSWE 16(2)"),
        0x12000: ("AGHI 10,1", "LPSWE 0x160"),
        0x13000: ("AGHI 11,1", "LPSWE 0x130"),
    }.items():
        machine.load_storage(address, b"".join(map(assemble, lines)))
    for address, psw in {
        0x1E0: Psw(ADDRESSING_MODE, 0x12000),
        0x1B0: Psw(ADDRESSING_MODE, 0x13000),
        0x8000: Psw(ADDRESSING_MODE | MACHINE_CHECK_MASK | EXTERNAL_MASK, 0x11000),
        0x8010: Psw(ADDRESSING_MODE | WAIT, 0xFFF),
    }.items():
        machine.load_storage(address, psw.to_bytes())
    return machine


def go_on_freely(machine: Machine) -> None:
    assert machine.run().kind is StopKind.DISABLED_WAIT


def go_on_step_by_step(machine: Machine) -> None:
    while machine.step() is None:
        pass


def go_on_in_slices(machine: Machine) -> None:
    while machine.run(7).kind is StopKind.BUDGET:
        pass


@pytest.mark.parametrize("go_on", (go_on_freely, go_on_step_by_step, go_on_in_slices))
@pytest.mark.parametrize("instructions", (20, 150))
def test_what_is_pending_from_outside_goes_along(
    tmp_path: Path, instructions: int, go_on: Callable[[Machine], None]
) -> None:
    """Saved while it is pending or behind that, however it goes on there: in the end it has been taken once."""
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(512))
    first, second = machine_with_reports(disk), machine_with_reports(disk)
    cpu = first.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, 0x10000))
    cpu.state = CpuState.OPERATING
    cpu.set_control_register(14, 1 << 63 - 35 | 1 << 63 - 36)
    first.run(20)
    first.press_interrupt_key()
    first.report_machine_check(1 << 63 - 2)
    first.run(instructions - 20)
    is_pending = instructions < 100
    assert first.configuration.floating.interrupt_key is is_pending
    assert bool(machine_checks.pending(cpu)) is is_pending
    restore(save(first), second)
    go_on_freely(first)
    go_on(second)
    assert snapshot.differences(snapshot.take(first), snapshot.take(second)) == []
    assert (second.cpus[0].gr[10], second.cpus[0].gr[11]) == (1, 1)
    assert second.storage.read_integer(0xE8, 8) >> 32 == 1 << 31 - 2 | 1 << 31 - 9 | 0x0F1D
    assert second.channels.reset_path(0)
    assert not second.configuration.floating.machine_checks, "the report before has not been looked for"


def test_the_saved_machine_stays_as_it_was(machine: Machine) -> None:
    machine.cpus[0].pending.malfunction_alert.add(3)
    saved = save(machine)
    other = Machine(machine.memory)
    restore(saved, other)
    other.cpus[0].pending.malfunction_alert.clear()
    other.counts.instructions["ESSA"] += 1
    third = Machine(machine.memory)
    restore(saved, third)
    assert snapshot.differences(snapshot.take(machine), snapshot.take(third)) == []
    assert not third.counts.instructions


@pytest.mark.parametrize(
    ("other", "text"),
    (
        (Machine(4 * MEGABYTE), "memory: expected 2097152, as was saved, not 4194304"),
        (Machine(2 * MEGABYTE, cpus=2), "CPUs: expected 1, as was saved, not 2"),
        (Machine(2 * MEGABYTE, profile=Profile.KVM), "profile: expected zvm, as was saved, not kvm"),
        (Machine(2 * MEGABYTE, facilities=frozenset()), "facilities: expected .*, as was saved, not"),
    ),
)
def test_another_configuration_is_refused_by_the_name_of_what_is_other(other: Machine, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        restore(save(Machine(2 * MEGABYTE)), other)


def with_disk(image: Path) -> Machine:
    machine = Machine(MEGABYTE)
    machine.channels.attach(VirtioCcw(VirtioBlock(DiskImage(image, is_writable=True), "image")))
    return machine


def test_devices_go_along(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(512))
    machine, other = with_disk(image), with_disk(image)
    subchannel = machine.channels.subchannels[0]
    assert subchannel.modify((0x1234).to_bytes(4, "big") + b"\0\x80\0\0\x80".ljust(48, b"\0")) == 0
    assert (
        subchannel.start((7).to_bytes(4, "big") + (0x80FF << 8).to_bytes(4, "big") + (0x1000).to_bytes(4, "big")) == 0
    )
    machine.channels.reset_path(0)
    machine.channels.measure(3, 0x5000)
    restore(save(machine), other)
    assert snapshot.differences(snapshot.take(machine), snapshot.take(other)) == []
    assert other.channels.subchannels[0].has_work
    assert other.channels.next_report()
    for each in machine, other:
        each.channels.perform()
    assert machine.channels.subchannels[0].status_word() == other.channels.subchannels[0].status_word()


def test_a_disk_with_another_content_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(512))
    saved = save(with_disk(image))
    image.write_bytes(b"x".ljust(512))
    with pytest.raises(StateError, match="disk image: content"):
        restore(saved, with_disk(image))


def test_a_machine_without_the_disk_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(512))
    with pytest.raises(StateError, match="channel subsystem: subchannels"):
        restore(save(with_disk(image)), Machine(MEGABYTE))


def test_a_host_where_there_was_none_is_refused() -> None:
    with pytest.raises(StateError, match="saved with no host that pages"):
        restore(save(Machine(MEGABYTE)), Machine(MEGABYTE), host=object())


def test_everything_in_a_machine_is_declared(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(512))
    assert undeclared(with_disk(image).configuration) == []
    assert undeclared(Machine(MEGABYTE, cpus=3).configuration) == []


def test_machines_that_differ_in_whose_turn_it_is_have_different_snapshots() -> None:
    machines = Machine(MEGABYTE, cpus=2), Machine(MEGABYTE, cpus=2)
    machines[1].configuration.turns.cpu = 1
    machines[1].cpus[1].page_fault_token = 8
    found = snapshot.differences(*(snapshot.take(machine) for machine in machines))
    assert found == ["cpus[1].page_fault_token", "turns.cpu"]

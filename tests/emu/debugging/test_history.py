# SPDX-License-Identifier: GPL-2.0-or-later
"""Going back: whatever a program does, the state is the one that was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emu.control_registers import CR0_CLOCK_COMPARATOR
from emu.cpu import Cpu, CpuState
from emu.debugging.history import History, HistoryError
from emu.debugging.recorder import Position
from emu.devices.disk_image import DiskImage
from emu.devices.virtio_block import VirtioBlock
from emu.devices.virtio_ccw import VirtioCcw
from emu.events import Observer
from emu.isa.declaration import INSTRUCTIONS
from emu.lowcore import EXTERNAL_NEW_PSW
from emu.machine import MEGABYTE, Machine, StopKind
from emu.program import read_program
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, WAIT, Psw
from emu.running.stopping.kinds import AtInterruption
from emu.saving import save
from emu.snapshot import differences
from host.page_manager import PageManager, minimum_frames
from host.paging_device import PagingDevice
from tests.support.disk_writer import disk_writer

IMAGES = Path(__file__).parents[3] / "guest_kernel" / "native" / "images"
_OURS = frozenset(each.mnemonic for each in INSTRUCTIONS if each.work)


def load(
    image: str, memory: int = 4, *, cpus: int = 1, frames: int | None = None
) -> tuple[Machine, PageManager | None]:
    """A machine of so many MB with the program *image*; on a host with *frames* frames above the fewest, if given."""
    if frames is None:
        host, machine = None, Machine(memory * MEGABYTE, cpus=cpus)
    else:
        host = PageManager(minimum_frames(cpus) + frames, device=PagingDevice(None, memory << 8))
        machine = Machine(memory * MEGABYTE, cpus=cpus, hypervisor=host.guest())
    read_program(IMAGES / f"{image}.elf").load(machine)
    return machine, host


def state(machine: Machine, host: object | None = None) -> dict[str, Any]:
    """All that must be the same; of corrections, who executes them depends on how they are reached."""
    saved = save(machine, host=host)
    counts = saved["machines"][0]["counts"]
    counts["instructions"] = {name: count for name, count in counts["instructions"].items() if name in _OURS and count}
    return saved


def undo_steps(history: History, machine: Machine, host: object | None, steps: int) -> None:
    """Make so many *steps*, and undo them one by one."""
    states = []
    for _ in range(steps):
        states.append(state(machine, host))
        if history.step() is not None:
            break
    for before in reversed(states):
        assert history.step_back() == 1
        assert differences(before, state(machine, host)) == []


@pytest.mark.parametrize(
    ("image", "start"),
    (("interruptions", 3000), ("interruptions", 9000), ("keys", 5000), ("essa-table", 4000), ("loops", 1500)),
)
def test_each_step_is_undone(image: str, start: int) -> None:
    machine, _ = load(image)
    history = History(machine, interval=1000)
    history.run(start)
    undo_steps(history, machine, None, 60)


@pytest.mark.parametrize("start", (20_000, 100_000))
def test_each_step_is_undone_on_a_host_that_pages(start: int) -> None:
    machine, host = load("pressure", 4, frames=0)
    history = History(machine, host=host, interval=5000)
    history.run(start)
    undo_steps(history, machine, host, 30)


def test_any_instruction_number_can_be_gone_to() -> None:
    machine, host = load("pressure", 4, frames=0)
    assert host is not None
    history = History(machine, host=host, interval=20_000)
    states = {}
    for number in (10_000, 55_000, 90_000, 200_000):
        history.run(number - machine.executed)
        states[number] = state(machine, host)
    assert host.device.writes > 0
    for number in (90_000, 10_000, 200_000, 55_000, 55_000):
        assert history.go_to(number) is None
        assert machine.executed == number
        assert differences(states[number], state(machine, host)) == []


def test_many_steps_at_a_time() -> None:
    machine, _ = load("interruptions")
    history = History(machine, interval=500)
    history.run(3000)
    before = state(machine)
    for _ in range(300):
        history.step()
    assert history.step_back(300) == 300
    assert differences(before, state(machine)) == []


def test_what_is_before_the_history_is_not_there() -> None:
    machine, _ = load("hello")
    machine.run(100)
    history = History(machine)
    start = state(machine)
    assert history.step_back() == 0
    history.run(5)
    assert history.step_back(9) == 5
    assert differences(start, state(machine)) == []
    with pytest.raises(HistoryError, match="instruction 99: expected 100 or later, where the history begins"):
        history.go_to(99)


def test_running_on_behind_the_end() -> None:
    machine, _ = load("hello")
    history = History(machine)
    assert history.go_to(200) is None
    assert machine.executed == 200
    stop = history.go_to(1 << 40)
    assert stop is not None
    assert stop.kind is StopKind.DISABLED_WAIT


def test_the_end_of_a_run_can_be_left_again() -> None:
    machine, _ = load("hello")
    history = History(machine)
    stop = history.run()
    end, executed = state(machine), machine.executed
    history.step_back()
    assert machine.executed == executed - 1
    again = history.run()
    assert again == stop
    assert differences(end, state(machine)) == []


def test_that_a_machine_has_ended_is_no_step() -> None:
    machine, _ = load("hello")
    history = History(machine)
    history.run()
    end = history.position
    assert end == Position(machine.executed)
    for _ in range(2):
        stop = history.step()
        assert stop is not None
        assert stop.kind is StopKind.DISABLED_WAIT
        assert history.position == end
    history.step_back()
    assert history.position == Position(machine.executed) == Position(end.instruction - 1)


def test_that_a_machine_in_a_loop_goes_nowhere_is_no_step() -> None:
    machine = Machine(MEGABYTE)
    machine.load_storage(0x10000, bytes.fromhex("a7f40000"))
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE, 0x10000))
    machine.cpus[0].state = CpuState.OPERATING
    history = History(machine)
    assert history.run().kind is StopKind.ENDLESS_LOOP
    end = history.position
    stop = history.step()
    assert stop is not None
    assert stop.kind is StopKind.ENDLESS_LOOP
    assert history.position == end


def test_a_step_at_whose_end_nobody_goes_on_is_one() -> None:
    """Time passes up to what the clock comparator is never past: the greatest value of the clock."""
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK | WAIT, 0x10000))
    cpu.state = CpuState.OPERATING
    cpu.set_control_register(0, CR0_CLOCK_COMPARATOR)
    cpu.clock_comparator = (1 << 64) - 1
    history = History(machine)
    stop = history.step()
    assert stop is not None
    assert stop.kind is StopKind.NOTHING_TO_WAIT_FOR
    assert machine.timing.work
    assert history.position == Position(0, 1)
    assert history.step_back() == 1
    assert machine.timing.work == 0


class Watching(Observer):
    """Counts the instructions that it is told of."""

    wants_instructions = True

    def __init__(self) -> None:
        self.count = 0

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        self.count += 1


def test_nobody_is_told_again() -> None:
    machine, _ = load("hello")
    history, watching = History(machine), Watching()
    machine.observers.append(watching)
    history.run(100)
    history.step_back(10)
    assert watching.count == 100
    assert machine.observers == [watching]
    history.step()
    assert watching.count == 101


def test_a_change_from_outside_is_made_again() -> None:
    machine, _ = load("loops")
    cpu = machine.cpus[0]
    history = History(machine, interval=200)
    history.run(1000)
    with history.changing():
        cpu.gr[13] = 0x1234
    changed = state(machine)
    history.run(500)
    end = state(machine)
    history.go_to(900)
    assert cpu.gr[13] != 0x1234
    history.run(600)
    assert differences(end, state(machine)) == []
    history.go_to(1000)
    assert differences(changed, state(machine)) == []
    history.go_to(990)
    for _ in range(10):
        history.step()
    assert differences(changed, state(machine)) == []


def test_a_change_that_was_not_told_is_found() -> None:
    machine, _ = load("interruptions")
    history = History(machine)
    history.run(100)
    history._at = None
    machine.cpus[0].gr[9] ^= 1
    with pytest.raises(HistoryError, match="changed at instruction 100, and the history was not told"):
        history.step_back()


def test_several_cpus() -> None:
    machine, _ = load("interruptions", cpus=2)
    history = History(machine, interval=20_000)
    history.run(60_000)
    before = state(machine)
    undo_steps(history, machine, None, 30)
    history.run(5000)
    history.go_to(60_000)
    assert differences(before, state(machine)) == []


def test_memory_is_bounded() -> None:
    machine, host = load("pressure", 4, frames=0)
    history = History(machine, host=host, interval=2000, limit=4 * MEGABYTE)
    history.run(300_000)
    assert history.used <= history.limit
    assert history.moments > 5
    before = state(machine, host)
    history.go_to(history.first + 1)
    history.go_to(300_000)
    assert differences(before, state(machine, host)) == []


def _disk(path: Path, *, is_writable: bool) -> Machine:
    machine, _ = load("hello")
    path.write_bytes(bytes(4096))
    machine.channels.attach(VirtioCcw(VirtioBlock(DiskImage(path, is_writable=is_writable))))
    return machine


def test_a_disk_that_is_read_goes_back_with_the_machine(tmp_path: Path) -> None:
    machine = _disk(tmp_path / "disk", is_writable=False)
    history = History(machine)
    before = state(machine)
    history.run(100)
    history.go_to(0)
    assert differences(before, state(machine)) == []


WRITES = ((1, b"a" * 512), (2, b"b" * 512), (1, b"c" * 512), (3, b"d" * 512))


def _writer(path: Path) -> Machine:
    """A machine whose program makes WRITES on the disk in *path*."""
    path.write_bytes(bytes(4096))
    machine = Machine(4 * MEGABYTE)
    machine.channels.attach(VirtioCcw(VirtioBlock(DiskImage(path, is_writable=True))))
    program = path.with_name("program")
    program.write_bytes(disk_writer(*WRITES, ending=0xFFF).to_bytes())
    read_program(program).load(machine)
    return machine


def test_a_disk_that_is_written_goes_back_and_forward_with_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    machine = _writer(path)
    history = History(machine, interval=7)
    states, contents = [], []
    while machine.executed < 34:
        states.append(state(machine))
        contents.append(path.read_bytes())
        history.run(1)
    assert len(set(contents)) == 5, "each write was seen"
    for number in (33, 3, 20, 13, 14, 28, 0, 33):
        history.go_to(number)
        assert path.read_bytes() == contents[number]
        assert differences(states[number], state(machine)) == []
    while machine.executed:
        history.step_back()
        assert path.read_bytes() == contents[machine.executed]


def test_after_a_change_other_things_are_written(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    machine = _writer(path)
    history = History(machine, interval=7)
    history.run(1000)
    history.go_to(8)
    with history.changing():
        machine.storage.write(0x20000, b"e" * 512)
    history.run(1000)
    written = path.read_bytes()
    assert written[1024:1536] == b"b" * 512
    history.go_to(14)
    assert path.read_bytes() == bytes(512) + b"e" * 512 + bytes(3072)
    history.go_to(0)
    assert path.read_bytes() == bytes(4096)
    history.go_to(history.end)
    assert path.read_bytes() == written


def test_what_was_written_on_a_disk_counts(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    history = History(_writer(path), interval=2, limit=64 * 1024)
    before = history.used
    history.run(14)
    assert history.used >= before + 512
    assert history.used <= history.limit


class Typist:
    """A user at a terminal, who declares no state: types a letter each time, and counts."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.asked = 0

    def type_input(self, work: int) -> int:
        self.asked += 1
        self.machine.sclp.type(bytes((0x40 + self.asked % 26,)))
        return work + 500

    def wait(self, units: int | None) -> int | None:
        return units


def test_what_was_typed_is_typed_again_at_the_same_instruction() -> None:
    machine, _ = load("interruptions")
    typist = Typist(machine)
    machine.operator = typist
    history = History(machine, interval=1000)
    history.run(3000)
    asked = typist.asked
    assert asked > 3
    undo_steps(history, machine, None, 30)
    typed = machine.sclp.unread()
    history.go_to(500)
    assert len(machine.sclp.unread()) < len(typed)
    history.go_to(3000)
    assert (machine.sclp.unread(), typist.asked) == (typed, asked)
    with history.changing():
        machine.cpus[0].gr[1] = 1
    history.run(1000)
    assert typist.asked > asked


# Waits for a timer


def waiting() -> tuple[Machine, History]:
    """A machine that has stopped before the interruption that ends its wait, and its history."""
    machine = Machine(MEGABYTE)
    cpu = machine.cpus[0]
    machine.load_storage(EXTERNAL_NEW_PSW, Psw(ADDRESSING_MODE, 0x10000).to_bytes())
    cpu.load_psw(Psw(ADDRESSING_MODE | EXTERNAL_MASK | WAIT, 0x10010))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING
    cpu.set_control_register(0, CR0_CLOCK_COMPARATOR)
    cpu.clock_comparator = machine.timing.tod + (1 << 20)
    history = History(machine)
    machine.stops.add(AtInterruption("external", before=True))
    assert history.run().kind is StopKind.STOP_POINT
    return machine, history


def test_time_that_passes_in_a_wait_is_a_step() -> None:
    machine, history = waiting()
    waited = machine.timing.work
    assert waited
    assert history.position == Position(0, 1)
    assert history.step_back(5) == 1
    assert machine.timing.work == 0
    assert history.step() is None
    assert (machine.timing.work, history.position) == (waited, Position(0, 1))


def test_a_machine_that_has_waited_is_changed_there() -> None:
    machine, history = waiting()
    waited = machine.timing.work
    with history.changing():
        machine.cpus[0].gr[1] = 5
    history.step()
    assert machine.cpus[0].psw == Psw(ADDRESSING_MODE, 0x10000)
    assert history.step_back() == 1
    assert (machine.cpus[0].gr[1], machine.timing.work) == (5, waited)
    assert history.step_back() == 1
    assert (machine.cpus[0].gr[1], machine.timing.work) == (0, 0)

# SPDX-License-Identifier: GPL-2.0-or-later
"""A step in compiled code: when it is made, and that whatever else belongs to a step is left to the run loop.

That such an instruction does what the model does, ``rules/test_soundness.py`` shows for each.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from emu.cpu import Cpu, CpuState
from emu.engine.compiling import declared_units
from emu.engine.lone_step import LoneStep
from emu.engine.record import WRITERS
from emu.engine.record_fields import FieldWriter
from emu.engine.rules import access_rules
from emu.engine.rules.instructions import lone
from emu.events import Observer
from emu.hypervisor import NEVER, FirstTouchHypervisor
from emu.isa.assembler import assemble
from emu.lowcore import EXTERNAL_NEW_PSW, PROGRAM_NEW_PSW, RESTART_NEW_PSW
from emu.machine import MEGABYTE, Machine
from emu.page_states import OperationRequest
from emu.per import FETCHING
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, PER, WAIT, Psw
from emu.running.stopping.kinds import AtAddress
from emu.teid import Access
from emu.traces.reader import TraceFile
from emu.traces.writer import TraceWriter
from emu.tracing.recorder import TraceRecorder
from emu.watched_areas import WatchedArea

CODE, PAGE, HANDLER = 0x10000, 0x200000, 0x20000
EMERGENCY_SIGNAL = 1 << 63 - 49
TIMES = 8
FUNCTIONS: dict[str, list[str]] = {}
"""The sources of compiled functions, by their names."""
for _unit in declared_units().values():
    FUNCTIONS.setdefault(_unit.name, []).append(_unit.translation or inspect.getsource(_unit.function))
for _name, _function in access_rules.NAMES.items():
    # Of those that the translator has made of functions of integers there is none: they have no record.
    if hasattr(_function, "py_func") and Path(inspect.getfile(_function.py_func)).is_file():
        FUNCTIONS.setdefault(_name, []).append(inspect.getsource(_function.py_func))
SET_UNUSED = assemble("ESSA 1,2,2")
KEY = assemble("SSKE 1,2")
MOVE_PAGE = assemble("MVPG 2,4")
FAR = PAGE + 0x100000
RESIDENT, NOWHERE = 0, 3
"""States of a stable page."""


def start(instruction: bytes = SET_UNUSED, *, cpus: int = 1, mask: int = 0, address: int = CODE) -> Machine:
    """A machine that has executed *instruction* once, so that it is known where the code is, and will do so again."""
    machine = Machine(4 * MEGABYTE, cpus=cpus)
    cpu = machine.cpus[0]
    machine.storage.write(address, instruction * TIMES)
    machine.storage.write(PAGE, bytes(0x2000))
    for place in (PROGRAM_NEW_PSW, EXTERNAL_NEW_PSW, RESTART_NEW_PSW):
        machine.storage.write(place, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
    cpu.gr[1], cpu.gr[2], cpu.gr[4] = 0x30, PAGE, PAGE + 0x1000
    cpu.load_psw(Psw(ADDRESSING_MODE | mask, address))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING
    machine.step(cpu)
    assert machine.executed == 1
    return machine


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each step whether it was made in compiled code, of those that could have been."""
    made: list[bool] = []
    is_executed = LoneStep.is_executed

    def note(step: LoneStep, system_mask: int) -> bool:
        made.append(is_executed(step, system_mask))
        return made[-1]

    monkeypatch.setattr(LoneStep, "is_executed", note)
    return made


def step(machine: Machine, alone: list[bool]) -> bool:
    """Whether the next step of the first CPU is made in compiled code."""
    alone.clear()
    machine.step(machine.cpus[0])
    return alone == [True]


@pytest.mark.parametrize("instruction", (SET_UNUSED, KEY, assemble("LURAG 1,2"), assemble("STURG 1,2"), MOVE_PAGE))
def test_instructions_of_the_model_are_stepped_in_compiled_code(instruction: bytes, alone: list[bool]) -> None:
    machine = start(assemble("ESSA 1,2,1") + instruction)
    assert step(machine, alone)
    assert machine.executed == 2
    assert machine.cpus[0].instruction_address == CODE + 8


def test_also_on_the_cpu_whose_turn_it_is(alone: list[bool]) -> None:
    machine = start()
    alone.clear()
    assert machine.step() is None
    assert alone == [True]


def test_counts_are_exact_after_each(alone: list[bool]) -> None:
    machine = start()
    for number in range(2, 5):
        assert step(machine, alone)
        assert machine.counts.instructions == {"ESSA": number}
        assert machine.counts.operation_requests == {OperationRequest.SET_UNUSED: number}
        assert machine.executed == number
        assert machine.timing.work == number * 17


def test_what_a_burst_has_counted_stays_counted(alone: list[bool]) -> None:
    machine = start()
    machine.run(3)
    assert step(machine, alone)
    machine.run(3)
    assert machine.counts.operation_requests == {OperationRequest.SET_UNUSED: 8}
    assert machine.counts.instructions == {"ESSA": 8}


def test_a_general_instruction_is_left_to_the_engine(alone: list[bool]) -> None:
    machine = start(bytes.fromhex("b9040012"))
    assert not step(machine, alone)
    assert machine.cpus[0].gr[1] == PAGE


class Keys(Observer):
    """Keeps the keys that it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, int]] = []

    def key_changed(self, cpu: Cpu, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.key_changed`."""
        self.told.append((page, before, after))


def test_who_follows_keys_is_told(alone: list[bool]) -> None:
    machine, keys = start(KEY), Keys()
    machine.observers.append(keys)
    machine.cpus[0].gr[1] = 0x50
    assert not step(machine, alone)
    assert keys.told == [(PAGE >> 12, 0x30, 0x50)]


class Host(Observer):
    """Keeps what it is told of frames, with the time, the instructions that have ended, and the address of the next."""

    def __init__(self, machine: Machine) -> None:
        self.told: list[tuple[int, ...]] = []
        self._machine = machine
        machine.observers.append(self)

    def host_changed(self, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.host_changed`."""
        cpu = self._machine.cpus[0]
        self.told.append((self._machine.timing.work, cpu.executed, cpu.instruction_address, page, before, after))


@pytest.mark.parametrize("by_model", (False, True))
def test_who_follows_the_host_is_told_of_a_frame(by_model: bool, alone: list[bool]) -> None:
    machine = start(assemble("STURG 1,2"))
    host, cpu = Host(machine), machine.cpus[0]
    cpu.gr[2] = FAR
    alone.clear()
    machine.step(cpu, by_model=by_model)
    assert alone == [True] * (not by_model)
    assert host.told == [(17 + 16, 1, CODE + 4, FAR >> 12, NOWHERE, RESIDENT)]
    assert (machine.timing.work, machine.executed, cpu.instruction_address) == (2 * 17, 2, CODE + 8)
    assert machine.states.bytes[FAR >> 12] == RESIDENT


def test_of_two_frames_the_model_tells_the_other(alone: list[bool]) -> None:
    machine = start(MOVE_PAGE)
    host, cpu = Host(machine), machine.cpus[0]
    cpu.gr[2], cpu.gr[4] = FAR, FAR + 0x1000
    assert not step(machine, alone)
    # Of its reason, it costs no more than a unit.
    assert [told[:4] for told in host.told] == [(1, 1, CODE + 4, page) for page in ((FAR >> 12) + 1, FAR >> 12)]
    assert (machine.executed, machine.timing.work) == (2, 2)


class Instructions(Observer):
    """Keeps the addresses of the instructions that it is told."""

    wants_instructions = True

    def __init__(self) -> None:
        self.told: list[int] = []

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :meth:`Observer.retired`."""
        self.told.append(address)


def test_who_follows_instructions_is_told(alone: list[bool]) -> None:
    machine, instructions = start(), Instructions()
    machine.observers.append(instructions)
    assert not step(machine, alone)
    assert instructions.told == [CODE + 4]


def _signal(machine: Machine) -> None:
    machine.cpus[0].set_control_register(0, EMERGENCY_SIGNAL)
    machine.cpus[0].pending.emergency_signal.add(0)
    machine.cpus[0].change_system_mask(EXTERNAL_MASK >> 56)


def _restart(machine: Machine) -> None:
    machine.cpus[0].restart_pending = True


@pytest.mark.parametrize("happens", (_signal, _restart))
def test_an_interruption_comes_before(happens: Callable[[Machine], None], alone: list[bool]) -> None:
    machine = start()
    happens(machine)
    assert not step(machine, alone)
    assert machine.cpus[0].instruction_address == HANDLER
    assert machine.executed == 1


def test_a_cpu_that_is_to_stop_stops(alone: list[bool]) -> None:
    machine = start()
    machine.cpus[0].stop_pending = True
    assert not step(machine, alone)
    assert (machine.cpus[0].state, machine.executed) == (CpuState.STOPPED, 1)


@pytest.mark.parametrize("state", (CpuState.STOPPED, CpuState.CHECK_STOP))
def test_nor_does_one_go_on_that_does_not_operate(state: CpuState, alone: list[bool]) -> None:
    machine = start()
    machine.cpus[0].state = state
    assert not step(machine, alone)
    assert machine.executed == 1


def test_nor_one_that_waits(alone: list[bool]) -> None:
    machine = start()
    machine.cpus[0].change_psw_mask(ADDRESSING_MODE | WAIT)
    assert not step(machine, alone)
    assert machine.executed == 1


def test_a_psw_that_was_loaded_is_looked_at(alone: list[bool]) -> None:
    machine = start()
    machine.cpus[0].load_psw(Psw(ADDRESSING_MODE | 1 << 63, CODE))
    assert not step(machine, alone)
    assert machine.cpus[0].instruction_address == HANDLER


def test_per_events_are_recorded(alone: list[bool]) -> None:
    machine = start()
    cpu = machine.cpus[0]
    cpu.set_control_register(9, FETCHING << 24)
    cpu.set_control_register(11, (1 << 64) - 1)
    cpu.change_psw_mask(ADDRESSING_MODE | PER)
    assert not step(machine, alone)
    assert cpu.instruction_address == HANDLER


class Calls(FirstTouchHypervisor):
    """Counts how often it is called."""

    attended = 0

    def attend(self, work: int) -> int:
        """See :meth:`emu.hypervisor.Hypervisor.attend`."""
        self.attended += 1
        return NEVER


def test_the_host_is_called_when_that_is_due(alone: list[bool]) -> None:
    machine = start()
    host = Calls(4 * MEGABYTE, machine.states, machine.keys, machine.configuration.profile)
    machine.configuration.hypervisor = host
    machine.configuration.call_at(machine.timing.work)
    step(machine, alone)
    assert host.attended == 1


def test_a_stop_is_asked(alone: list[bool]) -> None:
    machine = start()
    machine.stops.add(AtAddress(CODE + 4))
    stop = machine.step(machine.cpus[0])
    assert stop is not None
    assert machine.executed == 1


def test_who_watches_storage_notices_the_store(alone: list[bool]) -> None:
    machine = start(assemble("STURG 1,2"))
    areas = [WatchedArea(PAGE, PAGE + 7, frozenset((Access.STORE,)))]
    machine.configuration.watching.watch(areas)
    machine.cpus[0].tlb.watch("a test", areas)
    assert not step(machine, alone)
    assert [access.address for access in machine.configuration.watching.noticed] == [PAGE]


def test_an_odd_address_is_an_exception(alone: list[bool]) -> None:
    machine = start()
    machine.cpus[0].instruction_address = CODE + 1
    assert not step(machine, alone)
    assert machine.cpus[0].instruction_address == HANDLER


@pytest.mark.parametrize("address", (0x1000, CODE + 0xFFE - 4), ids=["low storage", "in two pages"])
def test_code_that_no_fill_is_remembered_of(address: int, alone: list[bool]) -> None:
    machine = start(address=address)
    assert not step(machine, alone)
    assert machine.executed == 2


def test_translations_of_other_cpus_are_the_models(alone: list[bool]) -> None:
    machine = start(assemble("STURG 1,2") + SET_UNUSED, cpus=2)
    assert machine.configuration.translations.reached[PAGE >> 12]
    assert not step(machine, alone)
    assert machine.counts.instructions == {"STURG": 1, "ESSA": 1}


def test_a_page_that_no_translation_leads_to_is_not(alone: list[bool]) -> None:
    machine = start(cpus=2)
    machine.cpus[0].gr[2] = FAR
    assert step(machine, alone)


def test_what_is_to_be_forgotten_is_not_used(alone: list[bool]) -> None:
    machine = start()
    (buffer,) = machine.configuration.translations.buffers
    buffer.flush_later()
    assert not step(machine, alone)
    assert not step(machine, alone)
    # Here Unicorn runs, and before that it is forgotten.
    machine.run(3)
    machine.step()
    assert step(machine, alone)


def test_the_model_can_be_asked(alone: list[bool]) -> None:
    machine = start()
    alone.clear()
    for cpu in (machine.cpus[0], None):
        machine.step(cpu, by_model=True)
    assert (alone, machine.executed) == ([], 3)


def test_while_a_register_is_followed_its_changes_are_noted(alone: list[bool]) -> None:
    machine = start()
    with machine.following(0, "gr1", lambda cpu: cpu.gr[1]) as followed:
        assert not step(machine, alone)
        assert followed.changes == []
        machine.cpus[0].gr[1] = 5
        assert not step(machine, alone)
        assert followed.changes == [2]


@pytest.mark.parametrize("level", ("events", "flow"))
def test_while_the_machine_is_traced_the_step_is(level: str, alone: list[bool], tmp_path: Path) -> None:
    machine = start()
    with TraceWriter(tmp_path / "a.trace", {"devices": ["console"]}) as writer:
        recorder = TraceRecorder(machine, writer, level)
        assert not step(machine, alone)
        recorder.end()
    (chunk,) = TraceFile(tmp_path / "a.trace").chunks
    assert chunk.rows("page_states")["page"].tolist() == [PAGE >> 12]


def test_a_changed_key_of_a_translated_page_is_seen_by_the_next_instruction(alone: list[bool]) -> None:
    # The page is translated for fetches with key 0; afterwards its fetch protection must be noticed with key 5.
    machine = start(KEY)
    cpu = machine.cpus[0]
    load = bytes.fromhex("e33020000004")
    machine.storage.write(CODE + 4, load + KEY + load)
    cpu.change_psw_mask(ADDRESSING_MODE | 5 << 52)
    cpu.psw_loaded = False
    cpu.gr[1] = 0x50
    machine.keys.bytes[PAGE >> 12] = 0x50
    machine.step(cpu)
    assert cpu.instruction_address == CODE + 10
    cpu.gr[1] = 0x38
    assert step(machine, alone)
    machine.step(cpu)
    assert cpu.instruction_address == HANDLER


PYTHON_FIELDS = {
    *("uses_access_registers", "watches_storage", "watched_pages", "trace_address", "followed_states"),
    # Of these, nothing is read while no frame may be supplied, or the machine is not traced.
    *("free_frames_address", "supplied_limit", "executed", "traced_registers_address"),
}
"""What instructions that are executed by themselves may read of what Python writes: it is good between bursts, too."""


def test_such_instructions_read_nothing_that_only_a_burst_is_told() -> None:
    """Nor do the functions that they call, however deep."""
    names = {each.declared.mnemonic: each.source for _, each in lone()}
    assert {"ESSA", "SSKE", "MVPG", "STURG", "LURAG"} <= names.keys()
    sources, seen = list(names.values()), set[str]()
    while sources:
        source = sources.pop()
        for name in set(re.findall(r"\b([a-z_0-9]+)\(", source)) - seen:
            seen.add(name)
            sources += FUNCTIONS.get(name, ())
        read = set(re.findall(r"\brecord\.(\w+)", source)) & WRITERS.keys()
        by_python = {field for field in read if WRITERS[field] is FieldWriter.PYTHON}
        assert by_python <= PYTHON_FIELDS, source

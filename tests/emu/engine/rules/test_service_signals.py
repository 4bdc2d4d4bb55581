# SPDX-License-Identifier: GPL-2.0-or-later
"""SERVICE CALL and its service signal: the engine is not left where the SCLP has nothing to do but to answer.

A program calls the SCLP over and over and counts what it is told.  It runs freely, in slices and step by step, as in
:mod:`tests.emu.engine.rules.test_swapping`; the machines must be equal afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from emu import interruption
from emu import psw as psw_bits
from emu.control_registers import CR0_CLOCK_COMPARATOR, CR0_CPU_TIMER, CR0_EMERGENCY_SIGNAL, CR0_SERVICE_SIGNAL
from emu.cpu import Cpu, CpuState
from emu.devices.sccb import Command, Response
from emu.devices.sclp import Sclp
from emu.engine import compiled
from emu.engine.rules import service_signals
from emu.isa.assembler import assemble, encode
from emu.lowcore import EXTERNAL_CODE, EXTERNAL_NEW_PSW, EXTERNAL_OLD_PSW, EXTERNAL_PARAMETER
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import ADDRESSING_MODE, DAT, Psw
from emu.running.stopping.kinds import AtInterruption, AtMnemonic, PswMaskChange, StopSpace, StorageAccess
from emu.saving import restore, save
from emu.snapshot import differences, guest_view
from emu.traces.reader import TraceFile
from emu.traces.writer import TraceWriter
from emu.tracing.recorder import TraceRecorder
from tests.emu.engine.rules.test_swapping import (
    DATA,
    HOME,
    KERNEL,
    MASKS,
    PREFIX,
    ROUNDS,
    USER,
    InterruptionCount,
    Program,
    agrees,
    run,
)
from tests.support.every_instruction import EveryInstruction
from tests.support.general import lg

SIGNAL = interruption.EXTERNAL_SERVICE_SIGNAL
NO_COMMAND = 0x0FFF_0001
SERVC = encode("SERVC", r1=1, r2=2)
COUNT = assemble("AHI 8,1")
IPM = bytes.fromhex("b2220040 8840001c 1a54")
"""IPM 4; SRL 4,28; AR 5,4: so that each condition code counts."""
DISARM = assemble("CLI 135,1") + assemble("BRC 8,*+12") + assemble("SCKC 0(9)") + assemble("SPT 8(9)")
"""Unless the external-interruption code is that of a service signal, which ends in 01."""
RETURN = lg(0, EXTERNAL_OLD_PSW, 0) + encode("LPSWE", b2=0, d2=EXTERNAL_OLD_PSW)
ENABLED = ADDRESSING_MODE | psw_bits.EXTERNAL_MASK
Prepare = Callable[[Machine], object]


def calling(
    user: int = ENABLED,
    kernel: int = ADDRESSING_MODE,
    *,
    command: int = NO_COMMAND,
    length: int = 8,
    at: int = DATA,
    body: bytes = SERVC + IPM,
    subclasses: int = CR0_SERVICE_SIGNAL,
    prefix: int = PREFIX,
    prepare: Prepare = lambda _: None,
) -> Program:
    """A program that calls the SCLP with *command* and an SCCB of this *length* in absolute storage.

    Its kernel counts interruptions in general register 8, disarms the timers if it was one of them, and returns.
    """

    def also(machine: Machine) -> None:
        cpu = machine.cpus[0]
        cpu.gr[1], cpu.gr[2] = command, at
        machine.storage.write_integer(at, 2, length)
        machine.storage.write(prefix + EXTERNAL_NEW_PSW, Psw(kernel, KERNEL).to_bytes())
        cpu.set_control_register(0, cpu.cr[0] | subclasses)
        prepare(machine)

    return Program(user, body=body, handler=COUNT + DISARM + RETURN, prefix=prefix, prepare=also)


@pytest.fixture
def by_model(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What Python has done: one for each SERVICE CALL, and the code of each external interruption."""
    # What is put in place of functions of the model is not to be translated.
    compiled.callbacks()
    done: list[int] = []
    call, external = Sclp.service_call, interruption.external

    def note_call(sclp: Sclp, cpu: Cpu, command: int, address: int) -> int:
        done.append(1)
        return call(sclp, cpu, command, address)

    def note_external(cpu: Cpu, code: int, *, cpu_address: int = 0, parameter: int | None = None) -> None:
        done.append(code)
        external(cpu, code, cpu_address=cpu_address, parameter=parameter)

    monkeypatch.setattr(Sclp, "service_call", note_call)
    monkeypatch.setattr(interruption, "external", note_external)
    return done


PLAIN = {
    "a command that there is not": calling(),
    "an SCCB across a page boundary": calling(command=Command.READ_SCP_INFO, length=0x1001),
    "one at the end of a page": calling(command=Command.WRITE_EVENT_DATA, at=DATA + 0xFF8, length=9),
    "a command with its parameter": calling(command=Command.READ_CPU_INFO | 0x4500, length=0x2000),
    "DAT on": calling(ENABLED | DAT),
    "the kernel in the home space": calling(ENABLED | DAT, ADDRESSING_MODE | DAT | HOME),
    "all masks": calling(ADDRESSING_MODE | MASKS),
    "the kernel enabled, too": calling(ENABLED, ENABLED),
    "key 5": calling(ENABLED | 5 << 52, ADDRESSING_MODE | 5 << 52),
    "no prefix": calling(prefix=0),
    "many instructions between": calling(body=bytes.fromhex("1811a71b0000") * 9 + SERVC + bytes.fromhex("1811") * 7),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_call_and_its_signal_do_not_leave_the_engine(name: str, by_model: list[int]) -> None:
    machine, left = agrees(PLAIN[name], by_model)
    prefix, sclp = PLAIN[name].prefix, machine.sclp
    assert left == 0
    assert machine.counts.instructions["SERVC"] == machine.cpus[0].gr[8] == ROUNDS
    assert machine.counts.external_interruptions == {SIGNAL: ROUNDS}
    assert machine.storage.read_integer(prefix + EXTERNAL_CODE, 2) == SIGNAL
    assert machine.storage.read_integer(prefix + EXTERNAL_PARAMETER, 4) == machine.cpus[0].gr[2]
    assert not sclp.is_signal_pending


@pytest.mark.parametrize(
    ("program", "response"),
    (
        (calling(), Response.INVALID_COMMAND),
        (calling(command=Command.READ_SCP_INFO, length=0x1001), Response.BOUNDARY_VIOLATION),
    ),
)
def test_the_response(program: Program, response: Response, by_model: list[int]) -> None:
    machine, left = agrees(program, by_model)
    assert left == 0
    assert machine.storage.read_integer(DATA + 6, 2) == response


def test_the_old_psw_is_the_one_behind_the_call(by_model: list[int]) -> None:
    machine, left = agrees(calling(ENABLED | 5 << 40), by_model)
    assert left == 0
    assert machine.storage.read_integer(PREFIX + EXTERNAL_OLD_PSW, 8) == ENABLED | 5 << 40
    assert machine.storage.read_integer(PREFIX + EXTERNAL_OLD_PSW + 8, 8) == USER + 4


DISABLED = {
    "by the PSW": calling(ADDRESSING_MODE, body=SERVC + IPM + SERVC + IPM),
    "by control register 0": calling(body=SERVC + IPM + SERVC + IPM, subclasses=0),
}


@pytest.mark.parametrize("name", DISABLED)
def test_a_signal_that_is_not_enabled_stays_pending(name: str, by_model: list[int]) -> None:
    """And the SCLP is busy: condition code 2."""
    machine, left = agrees(DISABLED[name], by_model)
    assert left == 0
    assert machine.sclp.completed == DATA
    assert machine.cpus[0].gr[5] == (2 * ROUNDS - 1) * 2
    assert not machine.counts.external_interruptions


def _load_cr0(machine: Machine) -> None:
    cpu = machine.cpus[0]
    machine.storage.write_integer(DATA + 0x100, 8, cpu.cr[0])
    machine.storage.write_integer(DATA + 0x108, 8, cpu.cr[0] | CR0_SERVICE_SIGNAL)
    cpu.gr[9] = DATA


ENABLES = {
    "STOSM": calling(ADDRESSING_MODE, body=SERVC + IPM + assemble("STOSM 512(9),1") + COUNT, prepare=_load_cr0),
    "SSM": calling(ADDRESSING_MODE, body=SERVC + IPM + assemble("SSM 264(9)") + COUNT, prepare=_load_cr0),
    "LCTLG": calling(
        body=assemble("LCTLG 0,0,256(9)") + SERVC + IPM + assemble("LCTLG 0,0,264(9)") + COUNT,
        subclasses=0,
        prepare=_load_cr0,
    ),
}


@pytest.mark.parametrize("name", ENABLES)
def test_what_enables_for_it_is_followed_by_it(name: str, by_model: list[int]) -> None:
    def prepare(machine: Machine) -> None:
        program.prepare(machine)
        # For SSM; no interruption but this one is enabled for.
        if name == "SSM":
            machine.storage.write(DATA + 0x108, b"\x01")

    program = ENABLES[name]
    machine, _ = agrees(replace(program, prepare=prepare), by_model)
    assert machine.counts.external_interruptions[SIGNAL] >= 1
    assert machine.cpus[0].gr[8] == ROUNDS + machine.counts.external_interruptions[SIGNAL]


def _type(machine: Machine) -> None:
    machine.sclp._receive_mask = 0x8000_0000
    machine.sclp.put_unread(b"typed")


LEFT = {
    "what is carried out": calling(command=Command.WRITE_EVENT_DATA),
    "a new PSW that enables for more": calling(ENABLED, ADDRESSING_MODE | MASKS),
    "a new PSW of another addressing mode": calling(ENABLED, psw_bits.BASIC_ADDRESSING),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_not_plain_is_left_to_the_model(name: str, by_model: list[int]) -> None:
    machine, left = agrees(LEFT[name], by_model)
    assert left >= ROUNDS
    assert machine.counts.external_interruptions == {SIGNAL: ROUNDS}


def test_the_parameter_tells_of_an_event(by_model: list[int]) -> None:
    machine, left = agrees(calling(prepare=_type), by_model)
    assert left == 0
    assert machine.storage.read_integer(PREFIX + EXTERNAL_PARAMETER, 4) == DATA | 1


@pytest.mark.parametrize(
    ("at", "length"), ((DATA + 4, 8), (DATA, 7), (PREFIX, 8), (0x1000, 8), (1 << 31, 8), (4 * MEGABYTE, 8))
)
def test_a_call_that_is_refused(at: int, length: int, by_model: list[int]) -> None:
    def prepare(machine: Machine) -> None:
        machine.cpus[0].gr[2] = at
        if at < 4 * MEGABYTE:
            machine.storage.write_integer(at, 2, length)

    machine, _ = agrees(calling(length=length, prepare=prepare), by_model)
    assert not machine.counts.external_interruptions
    assert sum(machine.counts.program_interruptions.values()) == 1


ENDS = {
    "a wait": calling(ENABLED, ADDRESSING_MODE | psw_bits.WAIT),
    "an invalid PSW": calling(ENABLED, ADDRESSING_MODE | 1 << 39),
    "an odd address": calling(
        prepare=lambda machine: machine.storage.write_integer(PREFIX + EXTERNAL_NEW_PSW + 8, 8, KERNEL + 1)
    ),
    "PER": calling(ENABLED, ADDRESSING_MODE | psw_bits.PER),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_new_psw_that_does_not_go_on(name: str, by_model: list[int]) -> None:
    agrees(ENDS[name], by_model)


def _timer(register: int, units: int) -> Prepare:
    def prepare(machine: Machine) -> None:
        cpu = machine.cpus[0]
        cpu.set_control_register(0, register | CR0_SERVICE_SIGNAL)
        cpu.clock_comparator = machine.timing.tod + 4 * units
        cpu.gr[9] = DATA + 0x200
        machine.storage.write(DATA + 0x200, b"\xff" * 8 + b"\x7f" + bytes(7))
        machine.timing.set_cpu_timer(cpu, 4 * units)

    return prepare


AT_ONCE = 16
"""Units of work that SERVICE CALL takes: until then a timer comes before the first signal."""


@pytest.mark.parametrize("units", (1, 8, 15, 16, 17, 18, 19, 22, 79, 80, 81, 82, 83, 96, 97, 98, 500))
@pytest.mark.parametrize("control", (CR0_CLOCK_COMPARATOR, CR0_CPU_TIMER))
@pytest.mark.parametrize("kernel", (ADDRESSING_MODE, ENABLED))
def test_a_timer_that_is_due_at_the_same_time(units: int, control: int, kernel: int, by_model: list[int]) -> None:
    """Timers come first (PoP 6, "Priority of Interruptions")."""
    machine, _ = agrees(calling(ENABLED, kernel, prepare=_timer(control, units)), by_model)
    # A kernel that is enabled for a timer which is due is interrupted by it for ever.
    assert len(machine.counts.external_interruptions) == (2 if units > AT_ONCE or kernel != ENABLED else 1)


def test_another_external_interruption_comes_first(by_model: list[int]) -> None:
    def prepare(machine: Machine) -> None:
        cpu = machine.cpus[0]
        cpu.set_control_register(0, CR0_EMERGENCY_SIGNAL | CR0_SERVICE_SIGNAL)
        cpu.pending.emergency_signal.add(3)

    body = SERVC + assemble("STOSM 512(9),1")
    program = calling(ADDRESSING_MODE, body=body, prepare=lambda machine: (_load_cr0(machine), prepare(machine)))
    machine, _ = agrees(program, by_model)
    assert machine.counts.external_interruptions[interruption.EXTERNAL_EMERGENCY_SIGNAL] == 1
    assert by_model.index(interruption.EXTERNAL_EMERGENCY_SIGNAL) < by_model.index(SIGNAL)


def test_code_beside_the_old_psw_is_seen(by_model: list[int]) -> None:
    """A page that code was translated from is the model's to store into."""

    def move(machine: Machine) -> None:
        machine.storage.write(0x800, COUNT + RETURN)
        machine.storage.write_integer(EXTERNAL_NEW_PSW + 8, 8, 0x800)

    machine, left = agrees(calling(prefix=0, prepare=move), by_model)
    assert left >= ROUNDS - 1
    assert machine.cpus[0].gr[8] == ROUNDS


def test_code_in_the_page_of_the_sccb_is_seen(by_model: list[int]) -> None:
    _, left = agrees(calling(at=USER + 0x800), by_model)
    assert left >= ROUNDS


# Who looks on


def test_observers_see_each_interruption(by_model: list[int]) -> None:
    machine, counting = calling().machine(), InterruptionCount()
    machine.observers.append(counting)
    run(machine)
    # And the program interruption at the end.
    assert counting.count == ROUNDS + 1


def test_who_is_not_told_of_interruptions_does_not_slow_them(by_model: list[int]) -> None:
    class Indifferent(InterruptionCount):
        wants_interruptions = False

    machine = calling().machine()
    machine.observers.append(Indifferent())
    run(machine)
    assert not by_model
    assert machine.counts.external_interruptions == {SIGNAL: ROUNDS}


@pytest.mark.parametrize(
    ("stop", "hits"),
    (
        (AtInterruption("external", before=True), ROUNDS),
        (AtInterruption("external", frozenset({SIGNAL})), ROUNDS),
        (AtInterruption(), ROUNDS + 1),
        (AtMnemonic(frozenset({"SERVC"})), ROUNDS),
        (PswMaskChange(psw_bits.EXTERNAL_MASK), 2 * ROUNDS + 1),
        (StorageAccess(DATA + 6, DATA + 7, StopSpace.ABSOLUTE), ROUNDS),
        (StorageAccess(PREFIX + EXTERNAL_CODE, PREFIX + EXTERNAL_CODE, StopSpace.ABSOLUTE), ROUNDS),
    ),
    ids=str,
)
def test_stops_are_hit_each_time(stop: AtInterruption | AtMnemonic | PswMaskChange | StorageAccess, hits: int) -> None:
    free, stepped = (calling().machine() for _ in range(2))
    stepped.observers.append(EveryInstruction())
    for machine in (free, stepped):
        machine.stops.add(stop)
        found = 0
        while machine.run(100_000).kind is StopKind.STOP_POINT:
            found += 1
        assert found == hits
    assert guest_view(free) == guest_view(stepped)


@pytest.mark.parametrize("level", ("events", "registers"))
def test_a_traced_machine_is_the_same(level: str, tmp_path: Path) -> None:
    free, traced = (calling().machine() for _ in range(2))
    with TraceWriter(tmp_path / "trace", {"devices": ["console"]}) as writer:
        recorder = TraceRecorder(traced, writer, level)
        run(traced)
        recorder.end()
    run(free)
    assert not differences(guest_view(free), guest_view(traced))
    rows = [row for chunk in TraceFile(tmp_path / "trace").chunks for row in chunk.rows("interruptions")]
    assert [int(row["code"]) for row in rows].count(SIGNAL) == ROUNDS


def test_a_restored_machine_is_busy() -> None:
    """What compiled code has ended is saved, and where it looks is where it is put back."""
    machine, restored = DISABLED["by the PSW"].machine(), PLAIN["DAT on"].machine()
    machine.run(1)
    assert machine.sclp.completed == DATA
    run(restored)
    place = restored.sclp.completed_address
    restore(save(machine), restored)
    assert restored.sclp.completed_address == place
    for each in (machine, restored):
        run(each)
    assert restored.cpus[0].gr[5] == (2 * ROUNDS - 1) * 2
    assert not differences(guest_view(machine), guest_view(restored))


# Several CPUs

_WAIT = 0x12000
_SECOND = 0x13000


def _two(body: str) -> Machine:
    """Two CPUs: the first, which is disabled, executes *body* over and over, the second waits for service signals."""
    machine = Machine(MEGABYTE, cpus=2)
    code = assemble("LHI 6,12") + b"".join(assemble(each) for each in body.split(";"))
    machine.storage.write(USER, code)
    machine.storage.write(_SECOND, COUNT + assemble("LPSWE 304"))
    machine.storage.write_integer(DATA, 2, 8)
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x1D0).to_bytes())
    machine.storage.write(EXTERNAL_NEW_PSW, Psw(ADDRESSING_MODE, _SECOND).to_bytes())
    first, second = machine.cpus
    first.gr[1], first.gr[2] = NO_COMMAND, DATA
    first.load_psw(Psw(ADDRESSING_MODE, USER))
    second.set_control_register(0, CR0_SERVICE_SIGNAL)
    second.load_psw(Psw(ENABLED | psw_bits.WAIT, _WAIT))
    for cpu in machine.cpus:
        cpu.state, cpu.psw_loaded = CpuState.OPERATING, False
    return machine


@pytest.mark.parametrize("part", (1, 3, 1000))
def test_another_cpu_takes_it_when_it_has_its_turn(part: int) -> None:
    """Which is when the first one gives up its own: then it is known that the second one can run."""
    body = f"DIAG 0,1,68;SERVC 1,2;DIAG 0,1,68;BRCT 6,*-{4 + 4 + 4}"
    free, stepped = _two(body), _two(body)
    stepped.observers.append(EveryInstruction())
    for _ in range(0, 60, min(60, part)):
        free.run(min(60, part))
    stepped.run(60)
    assert not differences(guest_view(free), guest_view(stepped))
    assert free.configuration.turns == stepped.configuration.turns
    assert free.timing.work == stepped.timing.work
    assert free.cpus[1].gr[8] > 1


def test_a_busy_answer_changes_nothing_for_other_cpus(compiled: Counter[str]) -> None:
    """As long as they have nothing to do, the turn is given up compiled."""
    machine = _two("SERVC 1,2;DIAG 0,1,68;BRCT 6,*-8")
    machine.cpus[1].state = CpuState.STOPPED
    machine.run(3 * 12)
    assert machine.counts.instructions["DIAG"] >= 11
    # The first ones, before it is known that nobody can run, and when a command has ended.
    assert compiled["DIAG"] >= machine.counts.instructions["DIAG"] - 2


def test_the_source_has_no_refusal_behind_an_effect() -> None:
    lines = service_signals.source().splitlines()
    effects = ("store", "set_condition_code(", "change_system_mask(", "complete_service_call(", "interrupted(")
    first = next(number for number, line in enumerate(lines) if line.strip().startswith(effects))
    assert not any("return False" in line for line in lines[first:])

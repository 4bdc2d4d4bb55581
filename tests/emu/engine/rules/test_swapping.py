# SPDX-License-Identifier: GPL-2.0-or-later
"""SUPERVISOR CALL and LOAD PSW EXTENDED back: the engine is not left, and the machine is the one that the model makes.

A program calls its kernel over and over.  It runs freely, in slices of a few instructions, and step by step, which is
always the model; the machines must be equal afterwards, down to the work done.  What is not plain is the model's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from emu import interruption
from emu import psw as psw_bits
from emu.control_registers import CR0_CLOCK_COMPARATOR, CR0_CPU_TIMER, CR0_EMERGENCY_SIGNAL
from emu.cpu import Cpu, CpuState
from emu.engine import compiled
from emu.engine.rules import swapping
from emu.events import Observer
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.isa.assembler import encode
from emu.lowcore import SVC_ILC, SVC_NEW_PSW, SVC_OLD_PSW
from emu.machine import MEGABYTE, Machine, StopKind
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT, PER, PROBLEM_STATE, AddressSpaceControl, Psw
from emu.running.stopping.kinds import AtInterruption, AtMnemonic, PswMaskChange
from emu.snapshot import guest_view
from emu.storage_keys import CHANGE, REFERENCE
from tests.emu.conftest import AddressSpace
from tests.support.every_instruction import EveryInstruction
from tests.support.general import lg, stg

USER, KERNEL, DATA = 0x10000, 0x30000, 0x20000
"""Where code and data are in real storage."""
SHARED = 0x11000
"""The virtual address of the program in its space, and of the kernel in the home space."""
PREFIX = 0x40000
ROUNDS = 12
CALL = 0x37
MASKS = psw_bits.IO_MASK | psw_bits.EXTERNAL_MASK | psw_bits.MACHINE_CHECK_MASK
HOME = AddressSpaceControl.HOME << 46
SECONDARY = AddressSpaceControl.SECONDARY << 46
WAIT_PSW = Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x999)
SVC = bytes((0x0A, CALL))
RETURN = lg(0, SVC_OLD_PSW, 0) + encode("LPSWE", b2=0, d2=SVC_OLD_PSW)
"""After the load it is known where location zero is."""
AGAIN = bytes.fromhex("a766")
"""BRCT 6, and how far: in halfwords."""


def loop(body: bytes) -> bytes:
    """The *body* over and over, and then what is no instruction."""
    return body + AGAIN + (-len(body) // 2 & 0xFFFF).to_bytes(2, "big") + bytes(2)


@dataclass
class Program:
    """A program and its kernel, each with the PSW mask that it has at first."""

    user: int = ADDRESSING_MODE
    kernel: int = ADDRESSING_MODE
    body: bytes = SVC
    handler: bytes = RETURN
    registers: dict[int, int] = field(default_factory=dict)
    prefix: int = PREFIX
    facilities: frozenset[int] = DEFAULT_FACILITIES
    prepare: Callable[[Machine], object] = lambda _: None

    def machine(self) -> Machine:
        """A machine that is about to execute the program."""
        machine = Machine(4 * MEGABYTE, facilities=self.facilities)
        cpu = machine.cpus[0]
        primary, home = AddressSpace(machine), AddressSpace(machine, 0x280000)
        for space, code in ((primary, USER), (home, KERNEL)):
            space.map(SHARED, code)
            for page in (0, 0x1000, USER, KERNEL, DATA):
                space.map(page, page)
        machine.storage.write(USER, loop(self.body))
        machine.storage.write(KERNEL, self.handler)
        cpu.set_prefix(self.prefix)
        machine.storage.write(self.prefix + 0x1D0, WAIT_PSW.to_bytes())
        machine.storage.write(self.prefix + 0x1B0, WAIT_PSW.to_bytes())
        machine.storage.write(self.prefix + SVC_NEW_PSW, Psw(self.kernel, self.start_of_kernel).to_bytes())
        for register, space in ((1, primary), (7, primary), (13, home)):
            cpu.set_control_register(register, space.asce)
        for register, value in self.registers.items():
            cpu.gr[register] = value
        cpu.gr[6] = ROUNDS
        cpu.load_psw(Psw(self.user, SHARED if self.user & DAT else USER))
        cpu.psw_loaded = False
        cpu.state = CpuState.OPERATING
        self.prepare(machine)
        return machine

    @property
    def start_of_kernel(self) -> int:
        """SHARED in the home space, where it is the kernel's."""
        return SHARED if self.kernel & DAT and self.kernel & HOME == HOME else KERNEL


@pytest.fixture
def by_model(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the supervisor calls that Python has taken."""
    # What is put in place of functions of the model is not to be translated.
    compiled.callbacks()
    taken: list[int] = []
    take = interruption.supervisor_call

    def note(cpu: Cpu, number: int, length: int) -> None:
        taken.append(number)
        take(cpu, number, length)

    monkeypatch.setattr(interruption, "supervisor_call", note)
    return taken


def run(machine: Machine, slice_length: int = 100_000) -> None:
    """Run *machine* in slices until it stops."""
    for _ in range(100_000 // slice_length):
        if machine.run(slice_length).kind is not StopKind.BUDGET:
            return
    pytest.fail("it does not stop")


def agrees(program: Program, taken: list[int]) -> tuple[Machine, int]:
    """See that nothing differs; give the machine that ran freely, and how many calls Python has taken of it."""
    free, stepped = program.machine(), program.machine()
    taken.clear()
    run(free)
    left = len(taken)
    stepped.observers.append(EveryInstruction())
    run(stepped)
    others = [stepped]
    for length in (1, 2, 3, 7, 16):
        sliced = program.machine()
        run(sliced, length)
        others.append(sliced)
    for other in others:
        assert guest_view(free) == guest_view(other)
        assert free.counts == other.counts
        assert free.configuration.repetition == other.configuration.repetition
        assert free.timing.work == other.timing.work
        assert free.cpus[0].executed == other.cpus[0].executed
    return free, left


PLAIN = {
    "supervisor state, DAT off": Program(),
    "problem state": Program(ADDRESSING_MODE | PROBLEM_STATE),
    "problem state, DAT in the primary space": Program(ADDRESSING_MODE | PROBLEM_STATE | DAT, ADDRESSING_MODE | DAT),
    "the kernel at the same address in the home space": Program(
        ADDRESSING_MODE | PROBLEM_STATE | DAT, ADDRESSING_MODE | DAT | HOME
    ),
    "the kernel without DAT": Program(ADDRESSING_MODE | PROBLEM_STATE | DAT, ADDRESSING_MODE),
    "the program without DAT": Program(ADDRESSING_MODE | PROBLEM_STATE, ADDRESSING_MODE | DAT | HOME),
    "31 bits": Program(BASIC_ADDRESSING | PROBLEM_STATE | DAT, BASIC_ADDRESSING | DAT | HOME),
    "24 bits": Program(PROBLEM_STATE, 0),
    "enabled, and disabled in the kernel": Program(
        ADDRESSING_MODE | PROBLEM_STATE | DAT | MASKS, ADDRESSING_MODE | DAT | HOME
    ),
    "disabled, and enabled in the kernel": Program(ADDRESSING_MODE | PROBLEM_STATE, ADDRESSING_MODE | MASKS),
    "another program mask": Program(ADDRESSING_MODE | PROBLEM_STATE | psw_bits.DECIMAL_OVERFLOW),
    "key 9 in both": Program(
        ADDRESSING_MODE | PROBLEM_STATE | 9 << 52,
        ADDRESSING_MODE | 9 << 52,
        prepare=lambda machine: machine.keys.bytes.__setitem__(
            slice(0, len(machine.keys.bytes)), bytes((0x90,)) * 1024
        ),
    ),
    "no prefix": Program(ADDRESSING_MODE | PROBLEM_STATE, prefix=0),
    "many instructions between": Program(body=bytes.fromhex("1811a71b0001") * 20 + SVC + bytes.fromhex("1811") * 9),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_call_and_the_return_do_not_leave_the_engine(name: str, by_model: list[int]) -> None:
    machine, left = agrees(PLAIN[name], by_model)
    # The first may, before it is known where things are.
    assert left <= 1
    assert machine.counts.instructions["LPSWE"] == ROUNDS
    assert machine.counts.supervisor_calls == {CALL: ROUNDS}
    assert machine.storage.read_integer(PLAIN[name].prefix + SVC_ILC, 4) == 0x20000 | CALL


def test_the_old_psw_is_the_one_behind_the_call(by_model: list[int]) -> None:
    mask = ADDRESSING_MODE | PROBLEM_STATE | DAT | MASKS | 5 << 40
    machine, left = agrees(Program(mask, ADDRESSING_MODE | DAT | HOME), by_model)
    assert left <= 1
    assert machine.storage.read_integer(PREFIX + SVC_OLD_PSW, 8) & ~psw_bits.CONDITION_CODE == mask
    assert machine.storage.read_integer(PREFIX + SVC_OLD_PSW + 8, 8) == SHARED + 2


def test_the_interruption_records_its_accesses(by_model: list[int]) -> None:
    def forget(machine: Machine) -> None:
        machine.keys.bytes[PREFIX >> 12] = 0x10

    machine, _ = agrees(Program(prepare=forget), by_model)
    assert machine.keys.bytes[PREFIX >> 12] == 0x10 | REFERENCE | CHANGE


NUMBERS = (0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63, (1 << 64) - 1, (1 << 63) - 1)
OPERATIONS = {
    name: bytes.fromhex(code)
    for name, code in {
        "AGR": "b9080012",
        "SGR": "b9090012",
        "AR": "1a12",
        "SR": "1b12",
        "ALGR": "b90a0012",
        "SLGR": "b90b0012",
        "CGR": "b9200012",
        "CLR": "1512",
        "LTGR": "b9020012",
        "LCR": "1312",
        "NGR": "b9800012",
        "TMLL": "a7118001",
        "ICM": "bf1f9000",
        "SLA": "8b100001",
    }.items()
}


PAIRS = [(first, second) for first in NUMBERS for second in NUMBERS]


def put_pairs(machine: Machine, address: int) -> None:
    """Let the operands of OPERATIONS be at *address*, and their number in general register 6."""
    machine.cpus[0].gr[6] = len(PAIRS)
    for place, value in enumerate(value for pair in PAIRS for value in pair):
        machine.storage.write_integer(address + 8 * place, 8, value)


def condition_codes(machine: Machine, address: int) -> set[int]:
    """Those of the PSW masks, one for each pair, that the kernel has kept at *address*."""
    kept = machine.storage.read(address, 8 * len(PAIRS))
    return {kept[place] >> 4 & 3 for place in range(2, len(kept), 8)}


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_condition_code_of_the_old_psw(name: str, by_model: list[int]) -> None:
    """Unicorn has left it to be computed."""
    # LMG 1,2,0(9), the instruction, SVC, AGHI 9,16; the kernel keeps each old PSW mask: STG 0,0(10), AGHI 10,8.
    program = Program(
        body=bytes.fromhex("eb1290000004") + OPERATIONS[name] + SVC + bytes.fromhex("a79b0010"),
        handler=RETURN[:6] + stg(0, 0, 10) + bytes.fromhex("a7ab0008") + RETURN[6:],
        registers={9: DATA, 10: DATA + 0x1000},
        prepare=lambda machine: put_pairs(machine, DATA),
    )
    machine, left = agrees(program, by_model)
    assert left <= 1
    assert len(condition_codes(machine, DATA + 0x1000)) > 1


LEFT = {
    "another addressing mode": Program(BASIC_ADDRESSING | PROBLEM_STATE, ADDRESSING_MODE),
    "the secondary space": Program(ADDRESSING_MODE | PROBLEM_STATE | DAT, ADDRESSING_MODE | DAT | SECONDARY),
    "the mask of fixed-point overflow": Program(
        kernel=ADDRESSING_MODE | 8 << 40, handler=bytes.fromhex("1a11") + RETURN
    ),
    "PER": Program(kernel=ADDRESSING_MODE | PER),
}


@pytest.mark.parametrize("kernel", (0, DAT, DAT | HOME))
def test_another_key_is_another_context_that_is_known(kernel: int, by_model: list[int]) -> None:
    def keys(machine: Machine) -> None:
        machine.keys.bytes[:] = bytes((0x80,)) * len(machine.keys.bytes)

    user = ADDRESSING_MODE | PROBLEM_STATE | kernel & DAT | 8 << 52
    _, left = agrees(Program(user, ADDRESSING_MODE | kernel, prepare=keys), by_model)
    assert left <= 2


@pytest.mark.parametrize("name", LEFT)
def test_what_is_not_plain_is_left_to_the_model(name: str, by_model: list[int]) -> None:
    _, left = agrees(LEFT[name], by_model)
    assert left == ROUNDS


ENDS = {
    "a wait": Program(kernel=ADDRESSING_MODE | psw_bits.WAIT),
    "an invalid PSW": Program(kernel=ADDRESSING_MODE | 1 << 39),
    "an addressing mode that is none": Program(kernel=psw_bits.EXTENDED_ADDRESSING),
    "an overflow in the kernel, which asks for it": Program(
        kernel=ADDRESSING_MODE | 8 << 40, handler=bytes.fromhex("1a11") + RETURN, registers={1: 0x7FFF_FFFF}
    ),
    "an odd address": Program(
        prepare=lambda machine: machine.storage.write_integer(PREFIX + SVC_NEW_PSW + 8, 8, KERNEL + 1)
    ),
    "an address beyond the addressing mode": Program(
        BASIC_ADDRESSING,
        BASIC_ADDRESSING,
        prepare=lambda machine: machine.storage.write_integer(PREFIX + SVC_NEW_PSW + 8, 8, 1 << 31),
    ),
    "a key where there are none": Program(
        9 << 52 | ADDRESSING_MODE,
        9 << 52 | ADDRESSING_MODE,
        facilities=DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL},
    ),
    "code that is not there": Program(
        ADDRESSING_MODE | DAT,
        ADDRESSING_MODE | DAT,
        prepare=lambda machine: machine.storage.write_integer(PREFIX + SVC_NEW_PSW + 8, 8, 0x50000),
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_new_psw_that_does_not_go_on(name: str, by_model: list[int]) -> None:
    agrees(ENDS[name], by_model)


def _signal(machine: Machine) -> None:
    cpu = machine.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | CR0_EMERGENCY_SIGNAL)
    cpu.pending.emergency_signal.add(3)


def _timer(register: int, units: int) -> Callable[[Machine], None]:
    def prepare(machine: Machine) -> None:
        cpu = machine.cpus[0]
        cpu.set_control_register(0, register)
        cpu.clock_comparator = machine.timing.tod + 4 * units
        machine.timing.set_cpu_timer(cpu, 4 * units)

    return prepare


@pytest.mark.parametrize("mask", (psw_bits.EXTERNAL_MASK, MASKS))
@pytest.mark.parametrize("is_kernel", (False, True))
def test_the_new_psw_enables_for_what_is_pending(mask: int, is_kernel: bool, by_model: list[int]) -> None:
    masks = {"kernel" if is_kernel else "user": ADDRESSING_MODE | mask}
    program = Program(**masks, prepare=_signal)  # type: ignore[arg-type]
    machine, _ = agrees(program, by_model)
    assert machine.storage.read_integer(PREFIX + 0x86, 2) == interruption.EXTERNAL_EMERGENCY_SIGNAL


@pytest.mark.parametrize("units", (1, 60, 64, 65, 66, 80, 81, 82, 83, 84, 146, 150, 500, 10_000))
@pytest.mark.parametrize("control", (CR0_CLOCK_COMPARATOR, CR0_CPU_TIMER))
@pytest.mark.parametrize("enabled", ("user", "kernel", "both"))
def test_a_timer_between_calls(units: int, control: int, enabled: str, by_model: list[int]) -> None:
    user = ADDRESSING_MODE | PROBLEM_STATE | (MASKS if enabled != "kernel" else 0)
    kernel = ADDRESSING_MODE | (MASKS if enabled != "user" else 0)
    agrees(Program(user, kernel, prepare=_timer(control, units)), by_model)


@pytest.mark.parametrize("units", (1, 64, 65, 66, 67, 68, 1000))
def test_a_block_that_calls_itself(units: int, by_model: list[int]) -> None:
    """What is left of a block is not reckoned by where its address is."""

    def prepare(machine: Machine) -> None:
        _timer(CR0_CLOCK_COMPARATOR, units)(machine)
        machine.storage.write_integer(PREFIX + SVC_NEW_PSW + 8, 8, USER + 2)

    mask = ADDRESSING_MODE | psw_bits.EXTERNAL_MASK
    agrees(Program(mask, mask, body=bytes.fromhex("1811a71b0001") + SVC, prepare=prepare), by_model)


def test_code_beside_the_old_psw_is_seen(by_model: list[int]) -> None:
    """A page that code was translated from is the model's to store into."""

    def move(machine: Machine) -> None:
        machine.storage.write(0x800, RETURN)
        machine.storage.write_integer(SVC_NEW_PSW + 8, 8, 0x800)

    _, left = agrees(Program(prefix=0, prepare=move), by_model)
    # The first time, nothing has been executed there yet.
    assert left >= ROUNDS - 1


@pytest.mark.parametrize("page", (0, 0x1000))
def test_a_page_of_the_program_is_told_from_the_kernels(page: int, by_model: list[int]) -> None:
    """What each has at DATA is its own, though the address is the same."""

    def prepare(machine: Machine) -> None:
        home = AddressSpace(machine, 0x280000)
        for virtual, real in ((SHARED, KERNEL), (0, 0), (DATA, 0x21000 + page)):
            home.map(virtual, real)
        machine.storage.write_integer(DATA, 8, 1)
        machine.storage.write_integer(0x21000 + page, 8, 100)

    # AGSI 0(7),1 in both.
    count = bytes.fromhex("eb017000007a")
    program = Program(
        ADDRESSING_MODE | PROBLEM_STATE | DAT,
        ADDRESSING_MODE | DAT | HOME,
        body=count + SVC,
        handler=count + RETURN,
        registers={7: DATA},
        prepare=prepare,
    )
    machine, left = agrees(program, by_model)
    assert left <= 1
    assert machine.storage.read_integer(DATA, 8) == 1 + ROUNDS
    assert machine.storage.read_integer(0x21000 + page, 8) == 100 + ROUNDS


@pytest.mark.parametrize("length", (4, 6))
def test_the_target_of_an_execute_is_the_models(length: int, by_model: list[int]) -> None:
    execute = bytes.fromhex("44008000") if length == 4 else bytes.fromhex("c60000000000")
    body = execute if length == 4 else execute[:2] + (0x8000).to_bytes(4, "big")
    program = Program(body=body, registers={8: 0x20000}, prepare=lambda machine: machine.storage.write(DATA, SVC))
    machine, left = agrees(program, by_model)
    assert left == ROUNDS
    assert machine.storage.read(PREFIX + SVC_ILC, 2) == bytes((0, length))


class InterruptionCount(Observer):
    """Counts interruptions."""

    def __init__(self) -> None:
        self.count = 0

    def interrupted(self, *_: object) -> None:
        self.count += 1


def test_observers_see_each_interruption() -> None:
    machine, counting = Program().machine(), InterruptionCount()
    machine.observers.append(counting)
    run(machine)
    # And the program interruption at the end.
    assert counting.count == ROUNDS + 1


def test_who_is_not_told_of_calls_does_not_slow_them(by_model: list[int]) -> None:
    class Indifferent(InterruptionCount):
        wants_interruptions = False

    machine, counting = Program().machine(), Indifferent()
    machine.observers.append(counting)
    run(machine)
    assert len(by_model) <= 1
    assert counting.count == len(by_model) + 1
    assert machine.counts.supervisor_calls == {CALL: ROUNDS}


@pytest.mark.parametrize(
    "stop",
    (
        AtInterruption("svc", before=True),
        AtInterruption("svc"),
        AtMnemonic(frozenset({"SVC"})),
        AtMnemonic(frozenset({"LPSWE"})),
        PswMaskChange(PROBLEM_STATE),
    ),
    ids=str,
)
def test_stops_are_hit_each_time(stop: AtInterruption | AtMnemonic | PswMaskChange) -> None:
    free, stepped = (Program(ADDRESSING_MODE | PROBLEM_STATE).machine() for _ in range(2))
    stepped.observers.append(EveryInstruction())
    hits = []
    for machine in (free, stepped):
        machine.stops.add(stop)
        found = 0
        while machine.run(100_000).kind is StopKind.STOP_POINT:
            found += 1
        hits.append(found)
        assert found >= ROUNDS
    assert hits[0] == hits[1]
    assert guest_view(free) == guest_view(stepped)


def test_the_source_has_no_refusal_behind_an_effect() -> None:
    lines = swapping.source().splitlines()
    effects = ("store", "set_condition_code(", "change_system_mask(", "retire(")
    first = next(number for number, line in enumerate(lines) if line.strip().startswith(effects))
    assert not any("return False" in line for line in lines[first:])

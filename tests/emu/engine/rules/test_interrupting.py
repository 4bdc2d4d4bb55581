# SPDX-License-Identifier: GPL-2.0-or-later
"""Program interruptions: the engine is not left, and the machine is the one that the model makes.

A program meets a condition over and over, and its kernel goes on behind the instruction, or does it again.  It runs
freely, in slices, and step by step, which is always the model; the machines must be equal afterwards, down to the work
done.  What is not plain is the model's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from emu import interruption
from emu import psw as psw_bits
from emu.control_registers import CR0_LOW_ADDRESS_PROTECTION
from emu.cpu import Cpu, CpuState
from emu.dat import PAGE_INVALID, PAGE_PROTECTED
from emu.interruption import MOST_PROGRAM_INTERRUPTIONS
from emu.isa.assembler import assemble, encode
from emu.lowcore import PROGRAM_ILC, PROGRAM_NEW_PSW, PROGRAM_OLD_PSW, SVC_NEW_PSW, TRANSLATION_EXCEPTION
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import DISCARDED, Usage
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT, PER, PROBLEM_STATE, Psw
from emu.running.stopping.kinds import AtInterruption
from emu.snapshot import guest_view
from emu.storage_keys import CHANGE, REFERENCE
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.emu.conftest import AddressSpace
from tests.emu.engine.rules.test_swapping import OPERATIONS, condition_codes, put_pairs
from tests.support.every_instruction import EveryInstruction
from tests.support.general import lg, rx, ss, stg

Code = ProgramInterruptionCode
CODE, KERNEL, DATA, UNMAPPED, PROTECTED, KEYED, GONE, UNUSED = range(0x10000, 0x18000, 0x1000)
PREFIX = 0x40000
MEMORY = 4 * MEGABYTE
ROUNDS = 12
WAIT_PSW = Psw(ADDRESSING_MODE | psw_bits.WAIT, 0x999)
RETURN = encode("LPSWE", b2=0, d2=PROGRAM_OLD_PSW)
SVC = bytes.fromhex("0a01")
ALL_PAGES = (0, 0x1000, CODE, KERNEL, DATA, KEYED, GONE, UNUSED)


def going_on(length: int) -> bytes:
    """A kernel that goes on *length* bytes behind the old PSW."""
    # LG 0,0x158; AGHI 0,length; STG 0,0x158
    return lg(0, PROGRAM_OLD_PSW + 8, 0) + b"\xa7\x0b" + length.to_bytes(2, "big") + stg(0, PROGRAM_OLD_PSW + 8, 0)


@dataclass
class Faulting:
    """A program, the length that its kernel goes on by, and what its interruptions are."""

    body: bytes
    code: Code
    skips: int = 0
    mask: int = ADDRESSING_MODE | DAT
    kernel: int = ADDRESSING_MODE | DAT
    handler: bytes = b""
    registers: dict[int, int] = field(default_factory=dict)
    prepare: Callable[[Machine], object] = lambda _: None
    is_paged: bool = False
    identification: int | None = None
    length: int = 0
    """Of the instruction, if it is looked at."""

    def machine(self) -> Machine:
        """A machine that is about to execute it."""
        host = {"hypervisor": PageManager(1024, device=PagingDevice(None, 64)).guest()} if self.is_paged else {}
        machine = Machine(MEMORY, **host)  # type: ignore[arg-type]
        cpu, space = machine.cpus[0], AddressSpace(machine)
        for page in ALL_PAGES:
            space.map(page, page)
        space.map(UNMAPPED, UNMAPPED, PAGE_INVALID)
        space.map(PROTECTED, PROTECTED, PAGE_PROTECTED)
        body = self.body + bytes.fromhex("a766") + (-len(self.body) // 2 & 0xFFFF).to_bytes(2, "big") + SVC
        machine.storage.write(CODE, body)
        machine.storage.write(KERNEL, self.handler + (going_on(self.skips) if self.skips else b"") + RETURN)
        machine.storage.write(DATA, bytes(range(256)) * 16)
        cpu.set_prefix(PREFIX)
        machine.storage.write(PREFIX + PROGRAM_NEW_PSW, Psw(self.kernel, KERNEL).to_bytes())
        machine.storage.write(PREFIX + SVC_NEW_PSW, WAIT_PSW.to_bytes())
        for register in (1, 7, 13):
            cpu.set_control_register(register, space.asce)
        machine.keys.bytes[KEYED >> 12] = 0x38
        machine.states.bytes[GONE >> 12] = DISCARDED
        machine.states.bytes[UNUSED >> 12] = Usage.UNUSED
        for register, value in self.registers.items():
            cpu.gr[register] = value
        cpu.gr[6] = ROUNDS
        cpu.load_psw(Psw(self.mask, CODE))
        cpu.psw_loaded = False
        cpu.state = CpuState.OPERATING
        self.prepare(machine)
        return machine


@pytest.fixture
def by_model(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The codes of the program interruptions that Python has taken."""
    taken: list[int] = []
    take = interruption.program

    def note(cpu: Cpu, condition: ProgramInterruption, address: int, length: int) -> None:
        taken.append(condition.code)
        take(cpu, condition, address, length)

    monkeypatch.setattr(interruption, "program", note)
    return taken


def run(machine: Machine, slice_length: int = 100_000) -> StopKind:
    """Run *machine* in slices until it stops; give why."""
    for _ in range(100_000 // slice_length):
        kind = machine.run(slice_length).kind
        if kind is not StopKind.BUDGET:
            return kind
    pytest.fail("it does not stop")


def agrees(program: Faulting, taken: list[int]) -> tuple[Machine, int]:
    """See that nothing differs; give the machine that ran freely, and how many interruptions Python took of it."""
    free, stepped = program.machine(), program.machine()
    taken.clear()
    kind = run(free)
    left = len(taken)
    stepped.observers.append(EveryInstruction())
    assert run(stepped) is kind
    others = [stepped]
    for length in (1, 2, 3, 7, 16):
        sliced = program.machine()
        run(sliced, length)
        others.append(sliced)
    for other in others:
        assert guest_view(free) == guest_view(other)
        assert free.counts == other.counts
        assert free.timing.work == other.timing.work
        assert free.cpus[0].executed == other.cpus[0].executed
        assert free.configuration.repetition.program == other.configuration.repetition.program
    return free, left


BEFORE, BEHIND = bytes.fromhex("1811a71b0001"), bytes.fromhex("1822a72b0003")
"""LR 1,1; AHI 1,1 and the like: what is in a block besides."""
LOAD = BEFORE + lg(5, 8, 9) + BEHIND
STORE = BEFORE + stg(5, 8, 9) + BEHIND
MOVE = BEFORE + ss(0xD2, 16, 0, 10, 8, 9) + BEHIND
PLAIN = {
    "no instruction": Faulting(bytes(2), Code.OPERATION, length=2),
    "no instruction of four bytes": Faulting(bytes.fromhex("b2fe0000"), Code.OPERATION, length=4),
    "no instruction of six bytes, in a block": Faulting(
        BEFORE + bytes.fromhex("e300000000ff") + BEHIND, Code.OPERATION, length=6
    ),
    "no instruction, in the problem state": Faulting(bytes(2), Code.OPERATION, mask=ADDRESSING_MODE | PROBLEM_STATE),
    "a page that is not there, loaded from": Faulting(
        LOAD, Code.PAGE_TRANSLATION, 6, registers={9: UNMAPPED}, identification=UNMAPPED | 0x800, length=6
    ),
    "a page that is not there, stored into": Faulting(
        STORE, Code.PAGE_TRANSLATION, 6, registers={9: UNMAPPED}, identification=UNMAPPED | 0x400, length=6
    ),
    "the same with a short instruction": Faulting(
        BEFORE + rx(0x58, 5, 0, 9), Code.PAGE_TRANSLATION, 4, registers={9: UNMAPPED}, length=4
    ),
    "a page that is not there, of the second operand": Faulting(
        MOVE, Code.PAGE_TRANSLATION, 6, registers={9: UNMAPPED, 10: DATA}, identification=UNMAPPED | 0x800
    ),
    "a page that is not there, of the first operand": Faulting(
        MOVE, Code.PAGE_TRANSLATION, 6, registers={9: DATA, 10: UNMAPPED}, identification=UNMAPPED | 0x400
    ),
    "a segment that is not there": Faulting(
        LOAD, Code.SEGMENT_TRANSLATION, 6, registers={9: 0x700000}, identification=0x700800
    ),
    "an address beyond the space": Faulting(LOAD, Code.ASCE_TYPE, 6, registers={9: 1 << 32}),
    "a page that must not be stored into": Faulting(
        STORE, Code.PROTECTION, registers={9: PROTECTED}, identification=PROTECTED | 0x404, length=6
    ),
    "another key": Faulting(
        STORE,
        Code.PROTECTION,
        registers={9: KEYED},
        mask=ADDRESSING_MODE | DAT | 2 << 52,
        kernel=ADDRESSING_MODE | DAT | 2 << 52,
        prepare=lambda machine: machine.keys.bytes.__setitem__(slice(0, 16), bytes((0x20,)) * 16),
        identification=KEYED | 0x408,
    ),
    "no storage there": Faulting(LOAD, Code.ADDRESSING, mask=ADDRESSING_MODE, registers={9: MEMORY}),
    "a discarded page": Faulting(LOAD, Code.DISCARD_FAULT, 6, registers={9: GONE}, identification=GONE, length=6),
    "a discarded page of a host that pages": Faulting(
        STORE, Code.DISCARD_FAULT, 6, registers={9: GONE}, identification=GONE, is_paged=True
    ),
    "pages that are made stable, and touched again": Faulting(
        # LG 5,0(9); ESSA 5,9,3; AGFI 9,4096
        BEFORE + lg(5, 0, 9) + assemble("ESSA 5,9,3") + bytes.fromhex("c29800001000") + BEHIND,
        Code.DISCARD_FAULT,
        mask=ADDRESSING_MODE,
        kernel=ADDRESSING_MODE,
        handler=lg(7, TRANSLATION_EXCEPTION, 0) + assemble("ESSA 0,7,1"),
        registers={9: MEGABYTE},
        prepare=lambda machine: machine.states.bytes.__setitem__(
            slice(MEGABYTE >> 12, (MEGABYTE >> 12) + ROUNDS), bytes((DISCARDED,)) * ROUNDS
        ),
    ),
    "31 bits": Faulting(
        LOAD,
        Code.PAGE_TRANSLATION,
        6,
        mask=BASIC_ADDRESSING | DAT | PROBLEM_STATE,
        kernel=BASIC_ADDRESSING | DAT,
        registers={9: UNMAPPED},
    ),
    "the kernel without DAT": Faulting(LOAD, Code.PAGE_TRANSLATION, 6, kernel=ADDRESSING_MODE, registers={9: UNMAPPED}),
    "enabled, and disabled in the kernel": Faulting(
        LOAD, Code.PAGE_TRANSLATION, 6, mask=ADDRESSING_MODE | DAT | psw_bits.ANY_INTERRUPTION, registers={9: UNMAPPED}
    ),
    "another key in the kernel": Faulting(
        LOAD,
        Code.PAGE_TRANSLATION,
        6,
        mask=ADDRESSING_MODE | DAT | 1 << 52,
        registers={9: UNMAPPED},
        prepare=lambda machine: machine.keys.bytes.__setitem__(slice(0, 24), bytes((0x10,)) * 24),
    ),
    "the target of an EXECUTE": Faulting(
        BEFORE + bytes.fromhex("4400a000"),
        Code.PAGE_TRANSLATION,
        4,
        registers={9: UNMAPPED, 10: DATA},
        length=4,
        prepare=lambda machine: machine.storage.write(DATA, rx(0x58, 5, 0, 9)),
    ),
}
_BY_PYTHON = 3
"""The first few may be, before it is known where things are."""


@pytest.mark.parametrize("name", PLAIN)
def test_the_interruption_and_the_return_do_not_leave_the_engine(name: str, by_model: list[int]) -> None:
    program = PLAIN[name]
    machine, left = agrees(program, by_model)
    assert left <= _BY_PYTHON
    taken = machine.counts.program_interruptions
    assert set(taken) == {program.code}
    assert taken[program.code] >= ROUNDS
    stored = machine.storage.read_integer(PREFIX + PROGRAM_ILC, 4)
    assert stored & 0xFFFF == program.code
    assert not program.length or stored >> 16 == program.length
    if program.identification is not None:
        assert machine.storage.read_integer(PREFIX + TRANSLATION_EXCEPTION, 8) == program.identification


def test_a_page_fault_leaves_the_old_psw_at_the_instruction(by_model: list[int]) -> None:
    kept = stg(0, 0, 10)
    handler = lg(0, PROGRAM_OLD_PSW + 8, 0) + kept
    program = Faulting(LOAD, Code.PAGE_TRANSLATION, 6, handler=handler, registers={9: UNMAPPED, 10: DATA})
    machine, left = agrees(program, by_model)
    assert left <= _BY_PYTHON
    assert machine.storage.read_integer(DATA, 8) == CODE + len(BEFORE)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_condition_code_of_the_old_psw(name: str, by_model: list[int]) -> None:
    """Unicorn has left it to be computed."""
    program = Faulting(
        # LMG 1,2,0(9), the instruction, LG 5,0(11), AGHI 9,16; the kernel keeps each old PSW mask.
        bytes.fromhex("eb1290000004") + OPERATIONS[name] + lg(5, 0, 11) + bytes.fromhex("a79b0010"),
        Code.PAGE_TRANSLATION,
        6,
        handler=lg(0, PROGRAM_OLD_PSW, 0) + stg(0, 0, 10) + bytes.fromhex("a7ab0008"),
        registers={9: UNUSED, 10: DATA, 11: UNMAPPED},
        prepare=lambda machine: (machine.states.bytes.__setitem__(UNUSED >> 12, 0), put_pairs(machine, UNUSED)),
    )
    machine, left = agrees(program, by_model)
    assert left <= _BY_PYTHON
    assert len(condition_codes(machine, DATA)) > 1


def test_the_interruption_records_its_accesses(by_model: list[int]) -> None:
    def forget(machine: Machine) -> None:
        machine.keys.bytes[PREFIX >> 12] = 0x10

    machine, _ = agrees(Faulting(bytes(2), Code.OPERATION, prepare=forget), by_model)
    assert machine.keys.bytes[PREFIX >> 12] == 0x10 | REFERENCE | CHANGE


def test_a_refused_access_records_nothing(by_model: list[int]) -> None:
    program = PLAIN["a page that must not be stored into"]
    machine, _ = agrees(program, by_model)
    assert machine.keys.bytes[PROTECTED >> 12] == 0


def test_what_nothing_implements_is_counted_by_its_bytes(by_model: list[int]) -> None:
    program = Faulting(bytes.fromhex("0000") + BEFORE + bytes.fromhex("b2fe0000b2fe0001"), Code.OPERATION)
    machine, _ = agrees(program, by_model)
    assert machine.counts.unmodelled == {"0000": ROUNDS, "b2fe0000": ROUNDS, "b2fe0001": ROUNDS}


def test_the_host_counts_discard_faults(by_model: list[int]) -> None:
    program = PLAIN["a discarded page of a host that pages"]
    machine, left = agrees(program, by_model)
    assert left <= _BY_PYTHON
    assert machine.configuration.hypervisor.statistics.discard_faults == ROUNDS  # type: ignore[attr-defined]


LEFT = {
    "another addressing mode": Faulting(
        bytes(2), Code.OPERATION, mask=BASIC_ADDRESSING | DAT, kernel=ADDRESSING_MODE | DAT
    ),
    "the mask of fixed-point overflow": Faulting(bytes(2), Code.OPERATION, kernel=ADDRESSING_MODE | DAT | 8 << 40),
    "PER": Faulting(bytes(2), Code.OPERATION, kernel=ADDRESSING_MODE | DAT | PER),
    "low-address protection": Faulting(
        STORE,
        Code.PROTECTION,
        registers={9: 0x100},
        prepare=lambda machine: machine.cpus[0].set_control_register(
            0, machine.cpus[0].cr[0] | CR0_LOW_ADDRESS_PROTECTION
        ),
    ),
    "an unused page": Faulting(LOAD, Code.ADDRESSING, registers={9: UNUSED}),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_not_plain_is_left_to_the_model(name: str, by_model: list[int]) -> None:
    machine, left = agrees(LEFT[name], by_model)
    assert machine.counts.program_interruptions[LEFT[name].code] >= ROUNDS
    assert left >= ROUNDS


def test_interruptions_in_a_row_are_a_loop(by_model: list[int]) -> None:
    """The kernel does not come to its first instruction."""

    def prepare(machine: Machine) -> None:
        machine.storage.write(KERNEL, bytes(2))

    program = Faulting(bytes(2), Code.OPERATION, prepare=prepare)
    machine = program.machine()
    assert run(machine) is StopKind.PROGRAM_LOOP
    assert machine.counts.program_interruptions[Code.OPERATION] == MOST_PROGRAM_INTERRUPTIONS + 1
    agrees(program, by_model)


def test_a_stop_before_the_interruption(by_model: list[int]) -> None:
    machine = PLAIN["a page that is not there, loaded from"].machine()
    machine.stops.add(AtInterruption("program", frozenset({Code.PAGE_TRANSLATION}), before=True))
    for number in range(ROUNDS):
        assert machine.run().kind is StopKind.STOP_POINT
        assert machine.cpus[0].instruction_address == CODE + len(BEFORE)
        assert machine.counts.program_interruptions[Code.PAGE_TRANSLATION] == number
    assert len(by_model) == ROUNDS - 1

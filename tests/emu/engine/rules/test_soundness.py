# SPDX-License-Identifier: GPL-2.0-or-later
"""Each compiled instruction does what the model does: both are run on equal machines, and all state is compared.

One machine runs freely, where the engine may execute an instruction compiled; the next is stepped, where compiled code
may execute it by itself; on the third an observer makes every instruction the model's.  With the environment variable
``ESSA_RULES_EXAMPLES`` so many examples, and others each time, are tried of each instruction instead of a few that are
always the same, and more of those that are seldom executed compiled.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from emu import control_registers as control
from emu import psw as psw_bits
from emu.bits import bit
from emu.cpu import Cpu, CpuState
from emu.dat import PAGE_INVALID, PAGE_PROTECTED
from emu.engine.compiled_instructions import NAMES, CompiledInstructions
from emu.engine.lone_step import LoneStep
from emu.engine.rules.instructions import lone, numbered
from emu.events import Observer
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.formats import Kind
from emu.isa.second_table import ASN_TRANSLATION
from emu.machine import MEGABYTE, Machine, Stop
from emu.page_states import TRANSITIONS, Profile
from emu.psw import Psw
from emu.snapshot import differences, guest_view
from tests.emu.conftest import AddressSpace
from tests.support.every_instruction import EveryInstruction

EXAMPLES = int(os.environ.get("ESSA_RULES_EXAMPLES", "0"))
MEMORY = 4 * MEGABYTE
CODE, DATA, OTHER, UNMAPPED, PROTECTED, FAR = 0x10000, 0x20000, 0x21000, 0x22000, 0x23000, 0x380000
PAGES = (0, 0x1000, 0x2000, 0x3000, DATA, OTHER, UNMAPPED, PROTECTED, FAR)
COMPARE = bytes.fromhex("1989")
SAVED = 0x2E00
LOAD_REGISTERS = bytes.fromhex("eb0f0e000204")
"""LMG 0,15,SAVED(0)"""
LOAD_PSW, LOAD_PSW_EXTENDED = 0x82, bytes.fromhex("b2b2")
PSW_CHANGES = (
    *(0, psw_bits.DAT, psw_bits.PROBLEM_STATE, psw_bits.EXTERNAL_MASK, psw_bits.IO_MASK, psw_bits.MACHINE_CHECK_MASK),
    *(3 << 44, 9 << 52, 3 << 46, 2 << 46, psw_bits.PROGRAM_MASK, psw_bits.EXTENDED_ADDRESSING, psw_bits.WAIT),
)
"""What the PSWs that are loaded have otherwise than the one before."""
TIMES = 3
"""How often an instruction is executed: at first the model may have to find where its operands are."""
COMPILED = [each.declared.mnemonic for _, each in numbered()]
CR0_BITS = [bit(number) for number in (33, 35, 36, 37, 38, 39, 40, 43, 45, 46, 49, 52, 53, 54)]
VECTOR_CONTROLS = control.CR0_AFP | control.CR0_VECTOR


@dataclass(frozen=True)
class Scene:
    """What both machines start from."""

    instruction: bytes
    registers: tuple[int, ...]
    mask: int
    cr0: int
    keys: tuple[int, ...]
    states: tuple[int, ...]
    prefix: int
    timers: tuple[int, int, int]
    is_signalled: bool
    profile: Profile
    facilities: frozenset[int]
    budget: int
    compares_first: bool
    reloads: bool
    """The general registers are loaded again before each execution, which may have changed them."""

    def machine(self) -> Machine:
        """A machine that is about to execute the instruction."""
        machine = Machine(MEMORY, profile=self.profile, facilities=self.facilities)
        cpu = machine.cpus[0]
        for address, content in image().items():
            machine.storage.write(address, content)
        # Behind CR the condition code is to be computed yet.
        before = COMPARE if self.compares_first else b""
        before += LOAD_REGISTERS if self.reloads else b""
        machine.storage.write(CODE, (before + self.instruction) * TIMES + bytes(6))
        for page in (DATA, OTHER, PROTECTED, FAR, 0x2000, 0x3000):
            machine.storage.write(page + 0x100, self.content)
        machine.storage.write(SAVED, b"".join(value.to_bytes(8, "big") for value in self.registers))
        for page, key, state in zip(PAGES, self.keys, self.states, strict=True):
            machine.keys.bytes[page >> 12] = key
            if page >= DATA:
                machine.states.bytes[page >> 12] = state
        cpu.set_prefix(self.prefix)
        for place in (0x1B0, 0x1D0, 0x1F0):
            wait = Psw(psw_bits.ADDRESSING_MODE | psw_bits.WAIT, place).to_bytes()
            machine.storage.write(self.prefix + place, wait)
        for register in (1, 7, 13):
            cpu.set_control_register(register, AddressSpace.SEGMENT_TABLE | 3)
        cpu.set_control_register(0, self.cr0)
        cpu.set_control_register(3, self.registers[3])
        cpu.set_control_register(4, self.registers[4])
        cpu.set_control_register(14, cpu.cr[14] | ASN_TRANSLATION)
        for register, value in enumerate(self.registers):
            cpu.gr[register] = value
            cpu.vr[4 * register] = cpu.vr[4 * register + 3] = value * 0x1_0000_0001 & (1 << 64) - 1
        machine.timing.tod, cpu.tod_programmable = self.timers[0], self.registers[0] & 0xFFFF
        cpu.clock_comparator = self.timers[1]
        machine.timing.set_cpu_timer(cpu, self.timers[2])
        if self.is_signalled:
            cpu.pending.emergency_signal.add(3)
        cpu.load_psw(Psw(self.mask, CODE))
        cpu.psw_loaded = False
        cpu.state = CpuState.OPERATING
        return machine

    @property
    def content(self) -> bytes:
        """What most of the pages hold from offset 100 on."""
        is_short, is_long = self.instruction[0] == LOAD_PSW, self.instruction[:2] == LOAD_PSW_EXTENDED
        if not (is_short or is_long):
            return bytes(range(256)) * 14
        masks = [self.mask, *(self.mask ^ change for change in PSW_CHANGES)]
        behind = CODE + len(self.instruction)
        if is_short:
            words = [mask & ~psw_bits.ADDRESS_31 ^ psw_bits.SHORT_FORMAT | behind for mask in masks]
            return b"".join(word.to_bytes(8, "big") for word in words) * 32
        return b"".join(Psw(mask, behind).to_bytes() for mask in masks) * 16


@cache
def image() -> dict[int, bytes]:
    """The pages of the translation tables."""
    machine = Machine(MEMORY)
    space = AddressSpace(machine)
    for page in (CODE, DATA, 0, 0x1000, 0x2000, 0x3000):
        space.map(page, page)
    space.map(OTHER, FAR)
    space.map(UNMAPPED, UNMAPPED, PAGE_INVALID)
    space.map(PROTECTED, PROTECTED, PAGE_PROTECTED)
    start = AddressSpace.SEGMENT_TABLE
    return {page: machine.storage.read(page, 4096) for page in range(start, start + 0x9000, 4096)}


offsets = st.one_of(
    st.sampled_from((0, 1, 4, 8, 0x100, 0x1FF, 0x200, 0xFF7, 0xFF8, 0xFF9, 0xFFF)), st.integers(0, 0xFFF)
)
addresses = st.builds(lambda page, offset: page | offset, st.sampled_from(PAGES), offsets)
# At 100 and 104 are system masks from which nothing follows, without DAT and with it.
plain_addresses = st.builds(
    lambda page, offset: page + offset,
    st.sampled_from((DATA, OTHER, 0x2000)),
    st.one_of(st.integers(0, 0x100).map(lambda number: 8 * number), st.sampled_from((0x100, 0x104))),
)
# Where pages end, some of which lead elsewhere or nowhere; where low-address protection ends in the two pages that have
# it; and where fetches are protected in spite of fetch-protection override.
boundaries = st.builds(
    lambda end, before: end - before,
    st.sampled_from((0x3000, OTHER, UNMAPPED, PROTECTED, PROTECTED + 0x1000, 0x200, 0x1200, 0x800)),
    st.integers(-8, 16),
)
values = st.one_of(
    plain_addresses,
    addresses,
    addresses,
    st.builds(lambda address, high: address | high << 32, addresses, st.integers(0, 0xFFFF_FFFF)),
    # Function codes and selectors.
    st.builds(lambda code, selector: code << 28 | selector, st.integers(0, 4), st.integers(0, 3)),
    st.sampled_from((0, 1, 7, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63, (1 << 64) - 1, MEMORY - 8, MEMORY)),
    st.integers(0, (1 << 64) - 1),
)
modes = st.sampled_from((psw_bits.ADDRESSING_MODE,) * 3 + (psw_bits.BASIC_ADDRESSING, 0))
masks = st.builds(
    lambda mode, dat, problem, key, space, cc, enabled: (
        mode | dat | problem | (key << 52) | (space << 46) | (cc << 44) | enabled
    ),
    modes,
    st.sampled_from((psw_bits.DAT, psw_bits.DAT, 0)),
    st.sampled_from((0, 0, 0, psw_bits.PROBLEM_STATE)),
    st.sampled_from((0, 0, 0, 1, 9)),
    st.sampled_from((0, 0, 2, 3)),
    st.integers(0, 3),
    st.sampled_from((0, 0, psw_bits.EXTERNAL_MASK, psw_bits.IO_MASK, psw_bits.EXTERNAL_MASK | psw_bits.IO_MASK)),
)
TOD = 0x1_0000_0000
# TOD clock, clock comparator and CPU timer: due at once, or far; else interruptions are taken at the end of a block.
clocks = st.tuples(
    st.sampled_from((TOD, (1 << 64) - 0x100)), st.sampled_from(((1 << 64) - 1, 0)), st.sampled_from((1 << 40, -1))
)
missing = st.sampled_from(
    (
        DEFAULT_FACILITIES,
        DEFAULT_FACILITIES,
        DEFAULT_FACILITIES - {Facility.STORE_CLOCK_FAST, Facility.ESSA_NO_TRANSLATE, Facility.LONG_DISPLACEMENT},
        DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL},
        DEFAULT_FACILITIES - {Facility.GENERAL_INSTRUCTIONS_EXTENSION, Facility.DISTINCT_OPERANDS},
    )
)


def operand_field(kind: Kind, width: int) -> st.SearchStrategy[int]:
    """Values of an operand field, most of which lead somewhere."""
    if kind is Kind.LONG_DISPLACEMENT:
        return st.one_of(st.sampled_from((0, 8, -8)), st.integers(-(1 << 19), (1 << 19) - 1))
    if kind in (Kind.RELATIVE, Kind.SIGNED_IMMEDIATE):
        near = [(page - CODE) // 2 for page in PAGES]
        limit = (1 << width - 1) - 1
        return st.one_of(
            st.sampled_from([each for each in near if abs(each) <= limit] or [0]), st.integers(-limit, limit)
        )
    if kind is Kind.LENGTH:
        return st.sampled_from((0, 1, 3, 7, 8, 255))
    if kind is Kind.IMMEDIATE:
        limit = (1 << width) - 1
        return st.one_of(st.sampled_from((0, 1, 3, 0xFC & limit, 0xFD & limit)), st.integers(0, limit))
    if kind is Kind.MASK:
        return st.one_of(st.just(0), st.integers(0, (1 << width) - 1))
    if kind is Kind.DISPLACEMENT:
        return st.one_of(st.sampled_from((0, 0, 8, 0x18, 0xFF8)), st.integers(0, 0xFFF))
    return st.integers(0, (1 << width) - 1)


def plain_scene(draw: st.DrawFn, instruction: bytes, profile: Profile) -> Scene:
    """A scene from which compiled code has a good chance to execute *instruction* to its end."""
    is_at_boundaries = draw(st.sampled_from((False, False, True)))
    registers = draw(st.lists(boundaries if is_at_boundaries else plain_addresses, min_size=16, max_size=16))
    controls = draw(st.sets(st.sampled_from((bit(35), bit(38))))) if is_at_boundaries else ()
    if draw(st.booleans()):
        # Some hold lengths and selectors, of which zero is always one.
        for number in range(0, 16, draw(st.integers(1, 3))):
            registers[number] = draw(st.sampled_from((0, 0, 1, 8, 1 << 28)))
    return Scene(
        instruction,
        tuple(registers),
        psw_bits.ADDRESSING_MODE | draw(st.sampled_from((psw_bits.DAT, 0))) | draw(st.integers(0, 3)) << 44,
        draw(st.sampled_from((0, control.CR0_SECONDARY_SPACE))) | VECTOR_CONTROLS | sum(controls),
        (0,) * len(PAGES),
        (0,) * len(PAGES),
        0,
        (TOD, (1 << 64) - 1, 1 << 40),
        False,
        profile,
        DEFAULT_FACILITIES,
        16,
        draw(st.booleans()),
        True,
    )


@st.composite
def scenes(draw: st.DrawFn, mnemonic: str) -> Scene:
    """A scene with the instruction *mnemonic*."""
    declared = INSTRUCTIONS.by_mnemonic(mnemonic)
    form = declared.format
    operands = {field.name: draw(operand_field(field.kind, field.width)) for field in form.fields}
    profile = draw(st.sampled_from((Profile.ZVM, Profile.ZVM, Profile.KVM)))
    states = sorted({state for state, _, _ in TRANSITIONS[profile]})
    if draw(st.booleans()):
        return plain_scene(draw, form.compose(declared.opcode, operands).to_bytes(form.length, "big"), profile)
    resident = draw(st.booleans())
    return Scene(
        form.compose(declared.opcode, operands).to_bytes(form.length, "big"),
        tuple(draw(st.lists(values, min_size=16, max_size=16))),
        draw(masks),
        sum(draw(st.one_of(st.just(set()), st.just({bit(49)}), st.sets(st.sampled_from(CR0_BITS), max_size=4)))),
        tuple(draw(st.lists(st.sampled_from((0, 0, 2, 6, 0x10, 0x18, 0x1E, 0x90, 0x98)), min_size=9, max_size=9))),
        (0,) * 9 if resident else tuple(draw(st.lists(st.sampled_from(states), min_size=9, max_size=9))),
        draw(st.sampled_from((0, 0, 0x30_0000))),
        draw(clocks),
        draw(st.booleans()),
        profile,
        draw(missing),
        draw(st.sampled_from((2, 8, 8))),
        draw(st.booleans()),
        False,
    )


class Told(Observer):
    """Keeps what it is told of states and of frames, with the time and the CPU's instruction address."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.told: list[tuple[int, ...]] = []
        machine.observers.append(self)

    def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
        """See :meth:`Observer.state_changed`."""
        at = self._machine.timing.work, cpu.executed, cpu.instruction_address
        self.told.append((*at, cpu.address, page, request, before, after))

    def host_changed(self, page: int, before: int, after: int) -> None:
        """See :meth:`Observer.host_changed`."""
        at = self._machine.timing.work, self._machine.executed, self._machine.cpus[0].instruction_address
        self.told.append((*at, page, before, after))


def step(machine: Machine, budget: int) -> Stop:
    """Do step by step what :meth:`Machine.run` does."""
    while machine.executed < budget:
        stop = machine.step()
        if stop is not None:
            return stop
    return machine.run(0)


def compare(scene: Scene) -> None:
    """Run *scene* in all ways."""
    free, alone, modelled = scene.machine(), scene.machine(), scene.machine()
    observers = [Told(machine) for machine in (alone, modelled)]
    modelled.observers.append(EveryInstruction())
    stop = modelled.run(scene.budget)
    assert [free.run(scene.budget), step(alone, scene.budget)] == [stop, stop]
    assert observers[0].told == observers[1].told
    for other in (free, alone):
        assert not differences(guest_view(other), guest_view(modelled))
        assert other.counts == modelled.counts
        assert other.timing.work == modelled.timing.work


ONLY_REFUSED = {"CDSG", "CLGFRL", "CLGRL", "CLRL", "CRL", "LGFRL", "LGRL", "LLGFRL", "LRL", "STGRL", "STRL"}
"""Of these, just the forms trap that end in a specification exception, which is never plain."""
NOT_ALONE = {"DIAG"}
"""These are plain only where there are other CPUs: see tests/emu/engine/test_given_up_turns.py."""
NEVER_PLAIN = ONLY_REFUSED | NOT_ALONE
BATCH, MOST_BATCHES, OFTEN_ENOUGH = 24, 10, 12
"""Examples come in batches, until an instruction has been executed compiled so often: some need luck for that."""
executed: Counter[str] = Counter()
"""How often each instruction was executed compiled in these tests."""
executed_alone: Counter[str] = Counter()
"""How often that was by itself, in a step."""
LONE = {each.declared.mnemonic for _, each in lone()}


@pytest.fixture(autouse=True)
def _count(monkeypatch: pytest.MonkeyPatch) -> None:
    count_executed = CompiledInstructions.count_executed

    def note(instructions: CompiledInstructions) -> None:
        executed.update(dict(zip(NAMES, instructions._counts.tolist(), strict=False)))
        count_executed(instructions)

    monkeypatch.setattr(CompiledInstructions, "count_executed", note)
    is_executed = LoneStep.is_executed

    def note_alone(step: LoneStep, system_mask: int) -> bool:
        before = step._configuration.counts.instructions.copy()
        found = is_executed(step, system_mask)
        executed_alone.update(step._configuration.counts.instructions - before)
        return found

    monkeypatch.setattr(LoneStep, "is_executed", note_alone)


@pytest.mark.parametrize("mnemonic", COMPILED)
def test_compiled_and_model_agree(mnemonic: str) -> None:
    @settings(
        max_examples=EXAMPLES or BATCH,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(scenes(mnemonic))
    def agree(scene: Scene) -> None:
        compare(scene)

    executed.clear()
    executed_alone.clear()
    if EXAMPLES:
        agree()
    else:
        for number in range(MOST_BATCHES):
            seed(number)(agree)()
            counts = (executed, executed_alone) if mnemonic in LONE else (executed,)
            if min(each[mnemonic] for each in counts) >= OFTEN_ENOUGH or mnemonic in NEVER_PLAIN:
                break
    assert bool(executed[mnemonic]) == (mnemonic not in NEVER_PLAIN)
    assert bool(executed_alone[mnemonic]) == (mnemonic in LONE)

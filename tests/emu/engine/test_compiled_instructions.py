# SPDX-License-Identifier: GPL-2.0-or-later
"""The control instructions that are executed compiled: they do what the model does, and no more than is plain.

Each program runs freely, and step by step, which is always the model; the machines must be equal afterwards, down to
the work done.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from emu import psw as psw_bits
from emu.bits import MASK_64
from emu.control_registers import CR0_CLOCK_COMPARATOR, CR0_EMERGENCY_SIGNAL
from emu.cpu import Cpu
from emu.engine.compiled_instructions import CompiledInstructions
from emu.engine.library import Unicorn
from emu.engine.record_limits import FOLLOWED_BITS
from emu.engine.tables import followed_index
from emu.events import Observer
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.interruption import INTERRUPTION_WORK
from emu.isa.assembler import encode
from emu.isa.clock import STORE_CLOCK_WORK
from emu.machine import Machine, StopKind
from emu.page_states import TRANSITIONS, OperationRequest, Profile
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, DAT, AddressSpaceControl, Psw
from emu.snapshot import guest_view
from tests.support.free_and_stepped import (
    ALL_MASKS,
    CODE,
    DATA,
    FAR,
    OTHER,
    PROTECTED,
    SUPERVISOR,
    UNMAPPED,
    WAIT_ADDRESS,
    Scene,
    agrees,
)
from tests.support.general import lg, rxy, ss, stg
from tests.support.long_cases import first_of

WORK = 16
"""What an instruction is reckoned at beyond a unit."""
STORE, LOAD = stg(0, 0, 10), lg(0, 0, 11)
"""After them it is known where DATA is for stores, and OTHER for fetches."""
ADDRESSES = {10: DATA, 11: OTHER, 9: PROTECTED}
STNSM = encode("STNSM", b1=10, d1=0x21, i2=0xFC)
LRA = encode("LRA", r1=1, x2=3, b2=11, d2=0x123)
STURG = encode("STURG", r1=1, r2=2)
STURG_TWICE = STURG + STURG
"""Where the page is, is found out for each."""


def essa(request: int) -> bytes:
    return encode("ESSA", r1=1, r2=2, m3=request)


# In the plain form


def test_store_then_and_system_mask(compiled: Counter[str]) -> None:
    machine = agrees(Scene(STORE + STNSM, ADDRESSES, mask=ALL_MASKS))
    assert compiled["STNSM"] == 1
    assert machine.storage.read(DATA + 0x21, 1) == b"\x07"
    assert machine.storage.read(0x150, 1) == b"\x04"


@pytest.mark.parametrize(("mask", "immediate"), ((SUPERVISOR, 0x04), (ALL_MASKS, 0x03), (SUPERVISOR, 0x00)))
def test_store_then_or_system_mask(mask: int, immediate: int, compiled: Counter[str]) -> None:
    machine = agrees(Scene(STORE + encode("STOSM", b1=10, d1=0x21, i2=immediate), ADDRESSES, mask=mask))
    assert compiled["STOSM"] == 1
    assert machine.storage.read(DATA + 0x21, 1)[0] == mask >> 56


@pytest.mark.parametrize("index", (0, 0x44))
def test_load_real_address(index: int, compiled: Counter[str]) -> None:
    # CR 8,9 makes the condition code 1 or 2 before.
    machine = agrees(Scene(LOAD + bytes.fromhex("1989") + LRA, ADDRESSES | {3: index}))
    assert compiled["LRA"] == 1
    assert machine.cpus[0].gr[1] == FAR + 0x123 + index
    assert machine.storage.read(0x152, 1)[0] & 0x30 == 0


def _pending(machine: Machine) -> None:
    """An emergency signal waits for the mask of external interruptions, whose new PSW is a disabled wait."""
    cpu = machine.cpus[0]
    cpu.set_control_register(0, cpu.cr[0] | CR0_EMERGENCY_SIGNAL)
    cpu.pending.emergency_signal.add(3)
    machine.storage.write(0x1B0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())


def _timer(units: int) -> Callable[[Machine], None]:
    """The clock comparator asks for an interruption after so many units of work."""

    def prepare(machine: Machine) -> None:
        cpu = machine.cpus[0]
        cpu.set_control_register(0, cpu.cr[0] | CR0_CLOCK_COMPARATOR)
        cpu.clock_comparator = machine.timing.tod + 4 * units
        machine.storage.write(0x1B0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())

    return prepare


def enable(mask: int) -> bytes:
    return STORE + encode("STOSM", b1=10, d1=0x21, i2=mask)


@pytest.mark.parametrize("mask", (1, 2, 3))
def test_enabling_while_nothing_is_pending(mask: int, compiled: Counter[str]) -> None:
    machine = agrees(Scene(enable(mask), ADDRESSES))
    assert compiled["STOSM"] == 1
    assert machine.storage.read(0x150, 1)[0] == 4 | mask


def test_enabling_for_what_is_pending(compiled: Counter[str]) -> None:
    machine = agrees(Scene(enable(1) + bytes.fromhex("a7590001"), ADDRESSES, prepare=_pending))
    assert not compiled.total()
    assert machine.cpus[0].gr[5] == 0
    assert machine.storage.read_integer(0x86, 2) == 0x1201


@pytest.mark.parametrize("units", (1, 17, 18, 40))
def test_enabling_for_a_timer(units: int, compiled: Counter[str]) -> None:
    """STG and STOSM are 18 units; behind them is BRCTG to itself, a block whose end interruptions are taken at."""
    scene = Scene(enable(1) + bytes.fromhex("a7590032 a7570000"), ADDRESSES, prepare=_timer(units))
    machine = scene.machine()
    assert machine.run(100_000).kind is StopKind.DISABLED_WAIT
    due = units + 1
    assert compiled["STOSM"] == (due > 18)
    assert machine.storage.read_integer(0x86, 2) == 0x1004
    assert max(due, 18) <= machine.timing.work - INTERRUPTION_WORK <= max(due, 18) + 1


def test_disabling_and_enabling(compiled: Counter[str]) -> None:
    """While both masks are ones the goal is where the timer is due; it stays there."""
    program = STORE + (STNSM + encode("STOSM", b1=10, d1=0x21, i2=3)) * 3 + bytes.fromhex("a7590064 a7570000")
    machine = Scene(program, ADDRESSES, mask=ALL_MASKS, prepare=_timer(150)).machine()
    assert machine.run(100_000).kind is StopKind.DISABLED_WAIT
    assert (compiled["STNSM"], compiled["STOSM"]) == (3, 3)
    assert machine.storage.read_integer(0x86, 2) == 0x1004
    assert 151 <= machine.timing.work - INTERRUPTION_WORK <= 152


def test_enabling_for_a_timer_that_is_far(compiled: Counter[str]) -> None:
    agrees(Scene(enable(1), ADDRESSES, prepare=_timer(100_000)))
    assert compiled["STOSM"] == 1


@pytest.mark.parametrize("problem_state", (0, psw_bits.PROBLEM_STATE))
@pytest.mark.parametrize("name", ("STCK", "STCKF", "STCKE"))
@pytest.mark.parametrize("base", (0, 10))
def test_store_clock(name: str, base: int, problem_state: int, compiled: Counter[str]) -> None:
    """Twice, with something between, so that the clock has gone on, over its end even."""
    code = stg(0, 0xE00, base) + bytes.fromhex("1989") + encode(name, b2=base, d2=0xF01)
    code += bytes.fromhex("18451845") + encode(name, b2=base, d2=0xF21)
    machine = agrees(Scene(code, ADDRESSES, mask=SUPERVISOR | problem_state, prepare=_late_clock))
    assert compiled[name] == 2
    place = (DATA if base else 0) + (0xF02 if name == "STCKE" else 0xF01)
    first, second = (machine.storage.read_integer(place + offset, 8) for offset in (0, 0x20))
    # STG and CR before; the work of looking at the clock, the instruction itself and two LR between.
    assert first == CLOCK + 4 * (2 + WORK)
    assert (second - first) & MASK_64 == 4 * (STORE_CLOCK_WORK + 1 + 2 + WORK)
    if name == "STCKE":
        assert machine.storage.read(place - 1, 1) == b"\0"
        assert machine.storage.read(place + 13, 2) == b"\xab\xcd"
        assert any(machine.storage.read(place + 8, 5))


CLOCK = 0xFFFF_FFFF_FFFF_F000


def _late_clock(machine: Machine) -> None:
    machine.timing.tod = CLOCK
    machine.cpus[0].tod_programmable = 0xABCD


def test_store_cpu_timer(compiled: Counter[str]) -> None:
    def prepare(machine: Machine) -> None:
        machine.timing.set_cpu_timer(machine.cpus[0], 0x1000)

    machine = agrees(Scene(STORE + encode("STPT", b2=10, d2=0x18), ADDRESSES, prepare=prepare))
    assert compiled["STPT"] == 1
    assert machine.storage.read_integer(DATA + 0x18, 8) == 0x1000 - 4 * (1 + WORK)


def test_store_clock_fast_without_its_facility(compiled: Counter[str]) -> None:
    without = DEFAULT_FACILITIES - {Facility.STORE_CLOCK_FAST}
    machine = agrees(Scene(STORE + encode("STCKF", b2=10, d2=0), ADDRESSES, facilities=without))
    assert not compiled.total()
    assert machine.counts.program_interruptions == {0x01: 1}


def test_store_cpu_timer_off_a_boundary(compiled: Counter[str]) -> None:
    machine = agrees(Scene(STORE + encode("STPT", b2=10, d2=0x1C), ADDRESSES))
    assert not compiled.total()
    assert machine.counts.program_interruptions == {0x06: 1}


STORE_ON_CONDITION = rxy(0xEBF3, 4, 0x10, 10, 15)
UNASSIGNED_SIX, UNASSIGNED_FOUR = 0xD8, 0xB0
"""First bytes of instructions of that length that there are not."""
UNASSIGNED = {
    "STOC": bytes((UNASSIGNED_SIX,)) + STORE_ON_CONDITION[1:],
    "STCK": bytes((UNASSIGNED_FOUR, 0x05, 0xA0, 0x10)),
    "STCKE": bytes((UNASSIGNED_FOUR, 0x78, 0xA0, 0x10)),
}
"""Instructions of a program that are like compiled ones but for their first byte."""


@pytest.mark.parametrize("name", UNASSIGNED)
def test_unassigned_opcodes_are_no_traps(name: str, compiled: Counter[str]) -> None:
    machine = agrees(Scene(LOAD + lg(0, 0, 10) + STORE + UNASSIGNED[name], ADDRESSES))
    assert not compiled.total()
    assert machine.counts.program_interruptions == {0x01: 1}


def test_an_unassigned_opcode_where_a_trap_was(compiled: Counter[str]) -> None:
    """STOC at CODE + 0x20 is executed, then made an unassigned opcode by a store, and executed again."""
    # MVI 0x20(8),0xD8 and the way back behind STOC; STG before it.
    code = stg(0, 0, 10) + bytes.fromhex("1844") * 13 + STORE_ON_CONDITION
    code += bytes((0x92, UNASSIGNED_SIX, 0x80, 0x20)) + bytes.fromhex("a7f4fffa")
    machine = agrees(Scene(code, {8: CODE, 9: 0, 10: DATA}))
    assert compiled["STOC"] == 1
    assert machine.counts.program_interruptions == {0x01: 1}
    assert machine.storage.read_integer(0x158, 8) == CODE + 0x26


def test_store_on_condition_over_a_page(compiled: Counter[str]) -> None:
    """The second page is not there."""
    code = LOAD + lg(0, 0, 10) + rxy(0xEBF3, 4, 0xFFD, 11, 15)
    machine = agrees(Scene(code, ADDRESSES | {10: PROTECTED, 11: OTHER}))
    assert not compiled.total()
    assert machine.counts.program_interruptions == {0x11: 1}


def test_load_real_address_by_register_0(compiled: Counter[str]) -> None:
    machine = agrees(Scene(lg(5, 0x8, 4) + encode("LRA", r1=1, d2=0x300, x2=0, b2=4), {0: 0x77, 4: 0x3000}))
    assert compiled["LRA"] == 1
    assert machine.cpus[0].gr[1] == 0x3300


def test_store_then_and_system_mask_by_register_0(compiled: Counter[str]) -> None:
    code = stg(5, 0xF00, 0) + encode("STNSM", b1=0, d1=0xF08, i2=0xFC)
    machine = agrees(Scene(code, {0: 0x20}, mask=ALL_MASKS))
    assert compiled["STNSM"] == 1
    assert machine.storage.read(0xF08, 1) == b"\x07"


def test_store_using_real_address(compiled: Counter[str]) -> None:
    machine = agrees(Scene(STURG_TWICE, {1: 0x1122334455667788, 2: FAR + 0x18}))
    assert compiled["STURG"] == 2
    assert machine.storage.read_integer(FAR + 0x18, 8) == 0x1122334455667788


@pytest.mark.parametrize("profile", (Profile.ZVM, Profile.KVM))
@pytest.mark.parametrize("request_code", OperationRequest)
@pytest.mark.parametrize("is_changed", (False, True))
def test_extract_and_set(profile: Profile, request_code: int, is_changed: bool, compiled: Counter[str]) -> None:
    """Every state of the table, a page each."""
    states = sorted({state for state, _, _ in TRANSITIONS[profile]})
    transitions = TRANSITIONS[profile]
    plain = [
        state
        for state in states
        if not _asks_host(profile, request_code, state, transitions[state, request_code, is_changed])
    ]

    def prepare(machine: Machine) -> None:
        for page, state in enumerate(states, FAR >> 12):
            machine.states.bytes[page] = state
            machine.keys.bytes[page] = 2 if is_changed else 0
            machine.configuration.translations.reached[page] = 0

    # AGHI 2,4096
    next_page = bytes.fromhex("a72b1000")
    agrees(Scene((essa(request_code) + next_page) * len(states), {2: FAR}, profile=profile, prepare=prepare))
    assert compiled["ESSA"] == len(plain)


def _asks_host(profile: Profile, request: int, before: int, after: int) -> bool:
    """Whether the host is asked for something (reference 2.1 and 6.2): only for what is not resident."""
    content = before & 3
    becomes_zero = content == 2 and after & 3 == 3
    if profile is Profile.ZVM:
        return bool(content) and (not after & 3 or becomes_zero)
    return bool(content) and (request in (2, 3) or becomes_zero)


@pytest.mark.parametrize(
    ("request_code", "facilities", "code"),
    (
        (7, DEFAULT_FACILITIES - {Facility.ESSA_NO_TRANSLATE}, 0x06),
        (4, DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL}, 0x13),
    ),
)
def test_requests_that_meet_an_exception_are_not_plain(
    request_code: int, facilities: frozenset[int], code: int, compiled: Counter[str]
) -> None:
    machine = agrees(Scene(essa(request_code), {2: FAR}, facilities=facilities))
    assert not compiled.total()
    assert machine.counts.program_interruptions == {code: 1}


# Not in the plain form: the model executes them, and nothing is lost


LOADED = {"STNSM": STORE + STNSM, "LRA": LOAD + LRA, "STURG": STURG_TWICE, "ESSA": essa(1)}
EVERYTHING = ADDRESSES | {1: 0x55, 2: FAR}


@pytest.mark.parametrize("name", LOADED)
def test_in_the_problem_state(name: str, compiled: Counter[str]) -> None:
    machine = agrees(Scene(LOADED[name], EVERYTHING, mask=SUPERVISOR | psw_bits.PROBLEM_STATE))
    assert not compiled.total()
    assert machine.counts.program_interruptions == {0x02: 1}


@pytest.mark.parametrize("name", LOADED)
@pytest.mark.parametrize("high", (0, 0xAAAA_0000_8000_0000))
def test_in_the_31_bit_mode(name: str, high: int, compiled: Counter[str]) -> None:
    registers = {number: value | high for number, value in EVERYTHING.items()}
    machine = agrees(Scene(LOADED[name], registers, mask=BASIC_ADDRESSING | DAT))
    assert compiled[name] == (2 if name == "STURG" else 1)
    assert machine.counts.instructions[name]


@pytest.mark.parametrize("name", LOADED)
def test_as_the_target_of_an_execute(name: str, compiled: Counter[str]) -> None:
    code = LOADED[name]
    # EX 0,0(8), and the instruction itself there.
    program = code[:-4] + bytes.fromhex("44008000")

    def prepare(machine: Machine) -> None:
        machine.storage.write(0x3000, code[-4:])

    agrees(Scene(program, EVERYTHING | {8: 0x3000}, prepare=prepare))
    # The first of two is no target.
    assert compiled.total() == (name == "STURG")


@pytest.mark.parametrize(
    ("code", "mask"),
    (
        (STORE + encode("STNSM", b1=9, d1=0, i2=0xFC), ALL_MASKS),
        (STORE + encode("STOSM", b1=10, d1=0, i2=0x40), SUPERVISOR),
    ),
    ids=("protected", "turns PER on"),
)
def test_other_system_masks(code: bytes, mask: int, compiled: Counter[str]) -> None:
    agrees(Scene(code, ADDRESSES, mask=mask))
    assert not compiled.total()


@pytest.mark.parametrize(
    "code",
    (STNSM, STORE + encode("STNSM", b1=10, d1=0, i2=0xFB)),
    ids=("the page is not known", "turns DAT off"),
)
def test_system_masks_that_are_plain(code: bytes, compiled: Counter[str]) -> None:
    agrees(Scene(code, ADDRESSES, mask=ALL_MASKS))
    assert compiled["STNSM"] == 1


@pytest.mark.parametrize(
    ("code", "registers", "mask"),
    (
        (LRA, {}, SUPERVISOR),
        (LRA, {11: UNMAPPED}, SUPERVISOR),
        (stg(0, 0, 11) + LRA, {11: 0x2000}, SUPERVISOR),
        (LOAD + LRA, {11: 0x3000}, ADDRESSING_MODE),
        (LOAD + LRA, {11: 0x1000}, SUPERVISOR),
    ),
    ids=("not accessed", "no page", "only stored into", "DAT off", "prefixed"),
)
def test_addresses_to_translate(code: bytes, registers: dict[int, int], mask: int, compiled: Counter[str]) -> None:
    """The tables need not have been read before."""
    agrees(Scene(code, ADDRESSES | registers, mask=mask, prefix=0x3000 if registers.get(11) == 0x1000 else 0))
    assert compiled["LRA"] == 1


def test_a_table_that_has_not_been_read(compiled: Counter[str]) -> None:
    """A region-third table outside of storage: an addressing exception, which is the model's."""

    def prepare(machine: Machine) -> None:
        machine.cpus[0].set_control_register(7, 0x7FFF_F000 | 7)

    machine = agrees(Scene(LRA, ADDRESSES, mask=SUPERVISOR | AddressSpaceControl.SECONDARY << 46, prepare=prepare))
    assert not compiled.total()
    assert machine.counts.program_interruptions == {0x05: 1}


@pytest.mark.parametrize(
    ("address", "prepare"),
    (
        (FAR + 4, lambda _: None),
        (FAR + 0x1000, lambda machine: machine.states.bytes.__setitem__((FAR >> 12) + 1, 4)),
        (0x5000000, lambda _: None),
        (0x1F8, lambda machine: machine.cpus[0].set_control_register(0, 1 << 28)),
    ),
    ids=("not on a boundary", "unused", "outside", "low-address protection"),
)
def test_other_real_addresses_to_store_at(
    address: int, prepare: Callable[[Machine], object], compiled: Counter[str]
) -> None:
    code = STURG + encode("STURG", r1=1, r2=3)
    machine = agrees(Scene(code, {1: 1, 2: FAR, 3: address}, prepare=prepare))
    # The first of the two.
    assert compiled.total() == 1
    assert sum(machine.counts.program_interruptions.values()) == 1


def test_a_store_by_real_address_into_code_is_seen(compiled: Counter[str]) -> None:
    """It turns LGHI 5,1 into LGHI 5,2."""
    machine = agrees(Scene(STURG_TWICE + bytes.fromhex("a7590001"), {1: 0xA7590002_00000000, 2: CODE + 8}))
    assert machine.cpus[0].gr[5] == 2
    assert not compiled["STURG"]


def test_storage_keys_count_for_a_store_by_real_address(compiled: Counter[str]) -> None:
    """The first two stores are made with access key 0; the third, with key 1, must not find what they have."""

    def prepare(machine: Machine) -> None:
        machine.keys.bytes[FAR >> 12] = 0x30

    code = STURG + STURG + encode("SPKA", d2=0x10) + STURG
    machine = agrees(Scene(code, {1: 1, 2: FAR}, prepare=prepare))
    assert compiled["STURG"] == 2
    assert machine.counts.program_interruptions == {0x04: 1}


def test_another_prefix_is_another_place(compiled: Counter[str]) -> None:
    code = STURG_TWICE + encode("SPX", b2=10, d2=0) + STURG
    registers = EVERYTHING | {2: 0x2000}

    def prepare(machine: Machine) -> None:
        machine.storage.write_integer(DATA, 4, 0x2000)
        machine.storage.write(0x2000 + 0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())

    machine = agrees(Scene(code, registers, prepare=prepare))
    assert compiled["STURG"] == 3
    assert machine.storage.read_integer(0, 8) == 0x55


def test_a_page_that_can_be_reached_becomes_unused(compiled: Counter[str]) -> None:
    """The translation that LG made must not be used any more: the second LG meets an addressing exception."""
    machine = agrees(Scene(LOAD + essa(2) + LOAD, EVERYTHING))
    assert compiled["ESSA"] == 1
    assert machine.counts.program_interruptions == {0x05: 1}


def test_pages_that_nothing_reaches_become_unused(compiled: Counter[str]) -> None:
    agrees(Scene(essa(2), EVERYTHING | {2: FAR + 0x5000}))
    assert compiled["ESSA"] == 1


def test_a_page_that_was_reached_before_a_purge(compiled: Counter[str]) -> None:
    equal = {4: 0x0001020304050607, 5: 0x0001020304050607, 6: DATA | 1}
    agrees(Scene(LOAD + encode("CSPG", r1=4, r2=6) + essa(2) + LOAD, EVERYTHING | equal))
    assert compiled["ESSA"] == 1


@pytest.mark.parametrize(
    ("code", "registers", "options", "program_interruption"),
    (
        (essa(8), {}, {}, 0x06),
        (essa(1), {2: 0x5000000}, {}, 0x05),
        (essa(1), {}, {"profile": Profile.OFF}, 0x01),
        (essa(7), {}, {"facilities": DEFAULT_FACILITIES - {Facility.ESSA_NO_TRANSLATE}}, 0x06),
    ),
    ids=("code 8", "outside", "no ESSA", "no facility 147"),
)
def test_exceptions_of_essa(
    code: bytes,
    registers: dict[int, int],
    options: dict[str, object],
    program_interruption: int,
    compiled: Counter[str],
) -> None:
    machine = agrees(Scene(code, EVERYTHING | registers, **options))  # type: ignore[arg-type]
    assert not compiled.total()
    assert machine.counts.program_interruptions == {program_interruption: 1}


def test_essa_knows_where_storage_ends(monkeypatch: pytest.MonkeyPatch, compiled: Counter[str]) -> None:
    enter = CompiledInstructions.enter

    def end_earlier(instructions: CompiledInstructions, cpu: Cpu, quiet: int) -> None:
        enter(instructions, cpu, quiet)
        instructions._record.storage_pages = FAR >> 12

    monkeypatch.setattr(CompiledInstructions, "enter", end_earlier)
    agrees(Scene(essa(1) + encode("ESSA", r1=1, r2=3, m3=1), {2: FAR, 3: FAR - 0x1000}))
    assert compiled["ESSA"] == 1


def test_whoever_follows_the_states_sees_every_one(compiled: Counter[str]) -> None:
    seen: list[tuple[int, int]] = []

    class Follower(Observer):
        def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
            seen.append((page, after))

    machine = Scene(essa(7) + essa(0), {2: FAR}).machine()
    machine.observers.append(Follower())
    machine.run()
    assert seen == [(FAR >> 12, 0x20), (FAR >> 12, 0x20)]
    assert not compiled.total()


def test_an_observer_sees_how_often_each_instruction_was_executed() -> None:
    """Those executed compiled before, too: two EPSW, before the interruption of what is no instruction."""
    seen: list[int] = []

    class Follower(Observer):
        def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: object) -> None:
            seen.append(machine.counts.instructions["EPSW"])

    machine = Scene(encode("EPSW", r1=1, r2=2) * 2).machine()
    machine.observers.append(Follower())
    machine.run()
    assert seen == [2]


def test_of_pages_that_nobody_follows_compiled_code_changes_the_state(compiled: Counter[str]) -> None:
    seen: list[tuple[int, int]] = []

    class Follower(Observer):
        def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
            seen.append((page, after))

    def run(pages: frozenset[int]) -> int:
        seen.clear()
        compiled.clear()
        machine = Scene(essa(7) + essa(0), {2: FAR}).machine()
        for each in ({FAR // 4096 + 1}, pages):
            machine.observers.append(Follower())
            machine.observers[-1].followed_pages = frozenset(each)
        machine.run()
        return compiled["ESSA"]

    assert run(frozenset()) == 2
    assert not seen
    assert run(frozenset((FAR >> 12,))) == 0
    assert seen == [(FAR >> 12, 0x20)] * 4
    other = (FAR >> 12) + FOLLOWED_BITS ^ 1
    assert followed_index(other) == followed_index(FAR >> 12)
    # It shares the bit, so that Python is asked in vain.
    assert run(frozenset((other,))) == 0


def test_who_follows_no_more_is_asked_no_more(compiled: Counter[str]) -> None:
    class Follower(Observer):
        def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
            machine.observers.clear()

    machine = Scene(essa(7) + essa(0) + essa(1), {2: FAR}).machine()
    machine.observers.append(Follower())
    machine.run()
    assert compiled["ESSA"] == 2


def test_a_budget_is_kept(compiled: Counter[str]) -> None:
    machine = Scene(essa(1) * 100, {2: FAR}).machine()
    assert machine.run(60).kind is StopKind.BUDGET
    assert (machine.executed, machine.counts.instructions["ESSA"]) == (60, 60)
    assert machine.timing.work == 60 * (1 + WORK)


def test_what_is_beyond_one_unit_does_not_end_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    """The budget of 200 instructions is fewer than the units of work of twelve ESSAs."""
    starts = 0
    start = Unicorn.start

    def count(unicorn: Unicorn, address: int) -> int:
        nonlocal starts
        starts += 1
        return start(unicorn, address)

    machine = Scene(essa(1) + bytes.fromhex("a7f4fffe"), {2: FAR}).machine()
    machine.run(20)
    monkeypatch.setattr(Unicorn, "start", count)
    assert machine.run(200).kind is StopKind.BUDGET
    assert (machine.executed, machine.counts.instructions["ESSA"]) == (220, 110)
    assert starts == 1


@pytest.mark.parametrize("budget", (40, 60, 110))
def test_an_interruption_is_in_time_behind_a_budget_in_units(budget: int, compiled: Counter[str]) -> None:
    """An instruction enables for a timer that is due beyond as many units of work as instructions may be executed."""
    program = enable(1) + essa(1) * 40 + bytes.fromhex("a7f40000")
    scene = Scene(program, ADDRESSES | {2: FAR}, prepare=_timer(500))
    machine, stepped = scene.machine(), scene.machine()
    assert machine.run(budget).kind is StopKind.DISABLED_WAIT
    assert stepped.cpus[0].executed == 0
    while stepped.run(1).kind is not StopKind.DISABLED_WAIT:
        assert stepped.executed < budget
    assert compiled["STOSM"] == 1
    assert machine.storage.read_integer(0x86, 2) == 0x1004
    assert guest_view(machine) == guest_view(stepped)
    assert machine.timing.work == stepped.timing.work


@pytest.mark.parametrize("budget", (1, 2, 3))
@pytest.mark.parametrize("code", (bytes.fromhex("ec1280000054"), ss(0xD5, 4, 0x10, 10, 0x20, 10)))
def test_a_form_that_is_intercepted_at_the_start_of_a_block(code: bytes, budget: int) -> None:
    """Its block is first translated with the flag of its entry, without being executed."""
    machine = Scene(bytes.fromhex("1989") + code * 4, ADDRESSES).machine()
    for executed in range(budget, 4, budget):
        assert machine.run(budget).kind is StopKind.BUDGET
        assert machine.executed == executed


def test_an_interruption_is_in_time(compiled: Counter[str]) -> None:
    """The clock comparator, at 20 times the work of an ESSA, stops an endless loop of them."""

    def prepare(machine: Machine) -> None:
        cpu = machine.cpus[0]
        cpu.set_control_register(0, cpu.cr[0] | 1 << 11)
        cpu.clock_comparator = machine.timing.tod + 4 * 20 * (1 + WORK)
        machine.storage.write(0x1B0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())

    scene = Scene(essa(1) + bytes.fromhex("a7f4fffe"), {2: FAR}, mask=ALL_MASKS, prepare=prepare)
    machine = scene.machine()
    assert machine.run(100_000).kind is StopKind.DISABLED_WAIT
    assert 18 <= compiled["ESSA"] <= 21


# Anything


def _anything(rng: random.Random) -> bytes:
    """One instruction: one of the compiled ones, or one that changes what they depend on."""
    base, displacement = rng.choice((0, 8, 9, 10, 11, 12)), 8 * rng.randrange(64)
    operand = {"b1": base, "d1": displacement}
    return rng.choice(
        (
            lambda: encode("STNSM", **operand, i2=rng.choice((0xFC, 0xFE, 0xFD, 0xFF))),
            lambda: encode("STOSM", **operand, i2=rng.choice((0, 4))),
            lambda: encode("LRA", r1=rng.randrange(4, 8), x2=rng.choice((0, 7)), b2=base, d2=displacement),
            lambda: encode("STURG", r1=rng.randrange(16), r2=rng.choice((8, 10, 12, 13))),
            lambda: encode(
                "ESSA", r1=rng.randrange(4, 8), r2=rng.choice((8, 10, 13, 14, 15)), m3=rng.choice((0, 1, 7))
            ),
            lambda: encode("ESSA", r1=rng.randrange(4, 8), r2=rng.choice((14, 15)), m3=rng.randrange(8)),
            lambda: stg(rng.randrange(8), displacement, rng.choice((10, 12))),
            lambda: lg(rng.randrange(4, 8), displacement, base),
            lambda: encode("PTLB"),
            lambda: encode("SSKE", r1=rng.choice((0, 3)), r2=13),
            lambda: bytes.fromhex("1989"),
        )
    )()


@pytest.mark.parametrize("seed", first_of(20, range(60)))
def test_any_program(seed: int, compiled: Counter[str]) -> None:
    rng = random.Random(seed)
    registers = {3: 0x30, 7: 8, 8: 0x2000, 9: 0x3000, 10: DATA, 11: OTHER, 12: OTHER}
    registers |= {13: FAR, 14: FAR + 0x4000, 15: FAR + 0x5000}
    code = b"".join(_anything(rng) for _ in range(300))
    space = rng.choice((AddressSpaceControl.PRIMARY, AddressSpaceControl.HOME))
    agrees(Scene(code, registers, mask=ALL_MASKS | space << 46, profile=rng.choice((Profile.ZVM, Profile.KVM))))

# SPDX-License-Identifier: GPL-2.0-or-later
"""How cost grows: with the size of a guest, its resident pages, the guests on one host, and CPUs."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.cpu import CpuState
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import CONTENT_MASK, Content
from emu.psw import ADDRESSING_MODE, Psw
from host.turns import run_in_turn
from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit
from tools.benchmarks.general_instructions import LOOPS
from tools.benchmarks.guest_loop import DATA, START, GuestLoop, LoopMachine
from tools.machines.options import MachineOptions
from tools.machines.setup import set_up
from tools.usage.options import read_options

if TYPE_CHECKING:
    from collections.abc import Callable

GIGABYTE: Final = 1 << 30
TERABYTE: Final = 1 << 40
TOUCHED: Final = 100_000
_SIZES: Final = tuple(GIGABYTE << doubled for doubled in (0, 2, 4, 6, 8, 10))
RESIDENT: Final = tuple(1 << doubled for doubled in (10, 12, 14, 16, 18))
GUESTS: Final = (1, 4, 16, 64)
CPUS: Final = (1, 2, 4, 8)
_INSTRUCTIONS_A_SECOND: Final = 200_000_000
"""About as many as are executed, so that a piece has a length."""
_GUEST_MEGABYTES: Final = 4
_HOST_MEGABYTES: Final = 2
"""For each guest."""
_FIRST_MEGABYTE: Final = "00100000"
_FIRST_MEGABYTE_PAGE: Final = MEGABYTE >> PAGE_SHIFT


def random_touch_loop(memory: int, pages: int | None = None) -> GuestLoop:
    """A round stores into a page of a guest of *memory* bytes that a linear congruential generator chooses.

    :param pages: among how many it chooses, a power of two; by default among all of the guest.
    """
    shift = 64 - (pages or memory >> PAGE_SHIFT).bit_length() + 1
    # MSGR 3,4; AGR 3,5; SRLG 6,3,shift; SLLG 6,6,12; OILF 6,first megabyte; STG 3,0(6)
    body = bytes.fromhex(f"b90c0034 b9080035 eb6300{shift:02x}000c eb66000c000d c06d{_FIRST_MEGABYTE} e33060000024")
    # Constants of D. Knuth's MMIX, as commonly used for 64 bits.
    return GuestLoop(body, registers={4: 6364136223846793005, 5: 1442695040888963407}, memory=memory)


def touch_seconds(memory: int, pages: int = TOUCHED) -> float:
    """The time to make a guest of so much *memory* and have it store into so many *pages* at random."""
    started = time.thread_time()
    machine = LoopMachine(random_touch_loop(memory))
    made = time.thread_time() - started
    return made + machine.seconds(pages)


def resident_rate(pages: int, touches: int = TOUCHED) -> float:
    """Stores a second into pages at random, of a guest of which so many *pages* are resident.

    :raises NotMeasured: if others are.
    """
    # Half of those that it chooses among have the bit of the first megabyte, which is set in the others.
    machine = LoopMachine(random_touch_loop(2 * GIGABYTE, 2 * pages))
    storage, states = machine.machine.storage, machine.machine.states
    for page in range(2 * pages):
        if page & _FIRST_MEGABYTE_PAGE:
            storage.write(page << PAGE_SHIFT, b"\1")
    machine.seconds(touches // 10)
    rate = touches / machine.seconds(touches)
    found = int(np.count_nonzero(states.array & CONTENT_MASK == Content.RESIDENT))
    if not 0 <= found - pages < _FIRST_MEGABYTE_PAGE:
        raise NotMeasured(f"{found:,} pages are resident, not {pages:,}")
    return rate


def pressure_rate(guests: int, most: int | None = None) -> float:
    """Instructions a second of so many *guests* together, each of which runs ``pressure`` on one host.

    :param most: instructions that each may execute; None if they run to their end.
    :raises NotMeasured: if one does not pass.
    """
    typed = {"image": "pressure", "memory": f"{_GUEST_MEGABYTES}M", "guests": guests}
    setup = set_up(read_options(MachineOptions, {**typed, "host_memory": f"{_HOST_MEGABYTES * guests}M"}))
    try:
        started = time.thread_time()
        stops = run_in_turn(setup.machines, most)
        seconds = time.thread_time() - started
        wanted = StopKind.DISABLED_WAIT if most is None else StopKind.BUDGET
        failed = [stop.text for stop in stops if stop.kind is not wanted]
        if failed:
            raise NotMeasured(f"of {guests} guests {len(failed)} did not come to their end: {failed[0]}")
        return sum(machine.executed for machine in setup.machines) / seconds
    finally:
        setup.close()


def cpus_rate(cpus: int, instructions: int) -> float:
    """Instructions a second of so many CPUs together, each of which executes the same loop, *instructions* in all.

    :raises NotMeasured: if one of them has not had its turn.
    """
    loop = LOOPS["load-store-loop"]
    machine = Machine(4 * MEGABYTE, cpus=cpus)
    machine.storage.write(START, loop.code)
    for cpu in machine.cpus:
        cpu.state = CpuState.OPERATING
        cpu.load_psw(Psw(ADDRESSING_MODE, START))
        cpu.psw_loaded = False
        cpu.gr[1], cpu.gr[8], cpu.gr[9] = 2 * instructions, DATA, DATA + PAGE_SIZE
    # Each translates the loop for itself.
    machine.run(instructions)
    before = [cpu.executed for cpu in machine.cpus]
    started = time.thread_time()
    machine.run(instructions)
    seconds = time.thread_time() - started
    executed = [cpu.executed - already for cpu, already in zip(machine.cpus, before, strict=True)]
    if sum(executed) != instructions or 0 in executed:
        raise NotMeasured(f"{sum(executed):,} instructions, and {executed.count(0)} CPUs executed none")
    return instructions / seconds


def _beside_first(measure: Callable[[int], float], places: tuple[int, ...], rounds: int) -> Measured:
    """The last of these *places* beside the first, taken alternately; and the curve of all of them."""
    taken = [[measure(place) for place in places] for _ in range(rounds)]
    medians = [statistics.median(each) for each in zip(*taken, strict=True)]
    return Measured(tuple(each[-1] / each[0] for each in taken), curve=tuple(zip(places, medians, strict=True)))


def _guests(effort: Effort) -> Measured:
    return _beside_first(pressure_rate, GUESTS, effort.rounds)


def _sizes(effort: Effort) -> Measured:
    touch_seconds(_SIZES[0])
    return _beside_first(touch_seconds, _SIZES, effort.rounds)


def _resident(effort: Effort) -> Measured:
    return _beside_first(resident_rate, RESIDENT, effort.rounds)


def _cpus(effort: Effort) -> Measured:
    instructions = int(effort.seconds * _INSTRUCTIONS_A_SECOND)
    return _beside_first(lambda cpus: cpus_rate(cpus, instructions), CPUS, effort.pieces)


FIGURES: Final = (
    BenchmarkFigure(
        "many-guests",
        "64 guests on one host, each running 'pressure': instructions a second",
        Unit.RATIO,
        _guests,
        0.9,
        more_is_better=True,
        compared_with="one guest",
        takes_long=True,
        axes=("guests", "instructions a second"),
    ),
    BenchmarkFigure(
        "terabyte",
        "a guest of 1 TiB: made, and 100,000 pages touched at random",
        Unit.RATIO,
        _sizes,
        2,
        compared_with="a guest of 1 GiB",
        axes=("bytes of the guest", "seconds"),
    ),
    BenchmarkFigure(
        "resident-pages",
        "262,144 resident pages: stores a second into pages at random",
        Unit.RATIO,
        _resident,
        more_is_better=True,
        compared_with="1,024 resident pages",
        axes=("resident pages", "stores a second"),
    ),
    BenchmarkFigure(
        "many-cpus",
        "eight CPUs in turn: instructions a second",
        Unit.RATIO,
        _cpus,
        more_is_better=True,
        compared_with="one CPU",
        axes=("CPUs", "instructions a second"),
    ),
)

# SPDX-License-Identifier: GPL-2.0-or-later
"""How cost grows: with the size of a guest, its resident pages, the guests on one host, and CPUs."""

from __future__ import annotations

import gc
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

    from numpy.typing import NDArray

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
_MOST_WARMING: Final = 8
_AS_BEFORE: Final = 0.9
"""The part of the time before from which on it does not get any less."""
_TABLE: Final = MEGABYTE
"""Where the addresses of the pages stand that a loop stores into."""
_FIRST_PAGE: Final = 2 * MEGABYTE >> PAGE_SHIFT
"""The first of these; there is room for 131,072 addresses before it."""


def touch_loop(memory: int, pages: NDArray[np.int64]) -> GuestLoop:
    """A round stores into the next of these *pages* of a guest of *memory* bytes; their addresses stand in a table."""
    # LG 3,0(2); AGHI 2,8; STG 3,0(3)
    body = bytes.fromhex("e33020000004 a72b0008 e33030000024")
    return GuestLoop(body, {_TABLE: (pages << PAGE_SHIFT).astype(">u8").tobytes()}, {2: _TABLE}, memory=memory)


def touch_seconds(memory: int, pages: int = TOUCHED) -> float:
    """The time to make a guest of so much *memory* and have it store into so many *pages* at random, each once."""
    # One is touched before, by the first round.
    chosen = _FIRST_PAGE + _generator().choice((memory >> PAGE_SHIFT) - _FIRST_PAGE, pages + 1, replace=False)
    loop = touch_loop(memory, chosen)
    # To give back the storage of the guest before is no part of it.
    gc.collect()
    started = time.thread_time()
    machine = LoopMachine(loop)
    made = time.thread_time() - started
    return made + machine.seconds(pages)


def resident_rate(pages: int, touches: int = TOUCHED) -> float:
    """Stores a second into pages at random, of a guest of which so many *pages* are resident.

    :raises NotMeasured: if others are.
    """
    warming = touches // 10
    loop = touch_loop(2 * GIGABYTE, _FIRST_PAGE + _generator().integers(pages, size=warming + touches + 1))
    machine = LoopMachine(loop)
    storage, states = machine.machine.storage, machine.machine.states
    for page in range(_FIRST_PAGE, _FIRST_PAGE + pages):
        storage.write(page << PAGE_SHIFT, b"\1")
    machine.seconds(warming)
    rate = touches / machine.seconds(touches)
    found = int(np.count_nonzero(states.array[_FIRST_PAGE:] & CONTENT_MASK == Content.RESIDENT))
    if found != pages:
        raise NotMeasured(f"{found:,} pages are resident, not {pages:,}")
    return rate


def _generator() -> np.random.Generator:
    """Random numbers, the same each time."""
    return np.random.default_rng(1)


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
    # Memory that the system has not given to anybody yet costs more once, and the largest guest takes the most.
    before = touch_seconds(_SIZES[-1])
    for _ in range(_MOST_WARMING):
        now = touch_seconds(_SIZES[-1])
        if now > _AS_BEFORE * before:
            break
        before = now
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

# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways of running a program, all of which must come to the same."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.hypervisor import FrameShortage, HostFailure
from emu.machine import StopKind
from emu.program_interruption import ProgramInterruption
from emu.psw import CONDITION_CODE, PROGRAM_MASK, Psw
from emu.snapshot import differences
from emu.state import array_of
from tools.differential.layout import WAITS
from tools.differential.machines import Machines, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu
    from emu.machine import Machine, Stop
    from emu.state import State
    from tools.differential.program import RandomProgram

_NULLIFYING: Final = frozenset({0x10, 0x11, 0x1A, 0x20, 0x21, 0x22, 0x25, 0x38, 0x39, 0x3A, 0x3B})
"""RandomProgram-interruption codes after which the old PSW designates the instruction itself."""
_MOST_STEPS: Final = 3000
"""Interruptions and instructions of a program at most, when it is stepped."""


def _run_freely(machine: Machine, budget: int, __: Random) -> Stop:
    return machine.run(budget)


def _run_in_steps(machine: Machine, budget: int, __: Random) -> Stop:
    limit = machine.executed + budget
    for _ in range(_MOST_STEPS):
        if machine.executed >= limit:
            break
        stop = machine.step(by_model=True)
        if stop is not None:
            return stop
    return machine.run(0)


def _run_in_slices(machine: Machine, budget: int, random: Random) -> Stop:
    limit = machine.executed + budget
    while True:
        left, size = limit - machine.executed, random.choice((0, 1, 2, 3, 5, 9))
        # A size of zero is a step, which may be made in compiled code.
        stop = machine.step() or machine.run(0) if left and not size else machine.run(min(left, size))
        if stop.kind is not StopKind.BUDGET or machine.executed >= limit:
            return stop


WAYS: Final[dict[str, Callable[[Machine, int, Random], Stop]]] = {
    "stepped": _run_in_steps,
    "free": _run_freely,
    "sliced": _run_in_slices,
    "modelled": _run_in_steps,
}
"""The first is the one that the others are compared with; the last has an engine of its own."""


class Comparison:
    """Runs programs in every way.

    :param are_new: on new machines each time.
    """

    def __init__(self, *, are_new: bool = False) -> None:
        self._machines = Machines(are_new=are_new)

    def find(self, program: RandomProgram) -> list[str]:
        """What is different when *program* is run in another way than step by step; nothing if all is right."""
        found = []
        expected = None
        for way in WAYS:
            outcome = self._outcome(way, program)
            if expected is None:
                expected = outcome
            else:
                found += [f"{way}: {each}" for each in _compare(expected, outcome)]
        return found

    def _outcome(self, way: str, program: RandomProgram) -> _Outcome:
        try:
            prepared = self._machines.ready(way, program)
            stops = _carry_out(prepared.machine, program, way)
        except Exception as reason:  # noqa: BLE001 - whatever it is, it is a finding
            return _Outcome(None, [], {}, f"{way}: {type(reason).__name__}: {reason}")
        return _Outcome(prepared.machine, stops, prepared.look())


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a program came to in one way; the machine is as it was then until the next program."""

    machine: Machine | None
    stops: list[str]
    look: dict[Any, Any]
    exception: str = ""

    def in_full(self) -> State:
        return {"stops": self.stops} | ({} if self.machine is None else state(self.machine))


def _compare(expected: _Outcome, found: _Outcome) -> list[str]:
    if expected.exception or found.exception:
        return [expected.exception or found.exception]
    if expected.stops == found.stops and expected.look == found.look:
        failed = any(StopKind.ENGINE_FAILURE.value in each for each in found.stops)
        return [f"stop: {found.stops[-1]}"] if failed else []
    first, second = expected.in_full(), found.in_full()
    lines = [f"{each}: {_at(first, each)} stepped, {_at(second, each)}" for each in differences(first, second)]
    lines = lines or [_where(each) for each, value in found.look.items() if value != expected.look.get(each)]
    return lines + _in_storage(expected.look["storage"], found.look["storage"])


def _in_storage(expected: dict[int, bytes | None], found: dict[int, bytes | None]) -> list[str]:
    """The doublewords that differ in the contents of pages: of the full state only a digest of each page is shown.

    A page without contents is one of zeros.
    """
    lines = []
    for page in sorted(expected.keys() & found.keys()):
        contents = [each[page] or bytes(PAGE_SIZE) for each in (expected, found)]
        for offset in range(0, PAGE_SIZE, 8):
            first, second = (each[offset : offset + 8] for each in contents)
            if first != second:
                lines.append(f"absolute {page << PAGE_SHIFT | offset:x}: {first.hex()} stepped, {second.hex()}")
    return lines


def _where(path: object) -> str:
    return ".".join(map(str, path)) if isinstance(path, tuple) else str(path)


def _at(value: object, path: str) -> str:
    """What *value* has at *path*, if that can be followed, and is short."""
    for part in path.replace("]", "").replace("[", ".").split("."):
        if isinstance(value, dict) and "#array" in value:
            value = array_of(value)
        if isinstance(value, np.ndarray):
            value = int(value[int(part)]) if part.isdigit() else value
        elif isinstance(value, dict):
            value = value.get(part, value.get(int(part)) if part.isdigit() else None)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
    text = value.hex() if isinstance(value, bytes) else f"{value:#x}" if isinstance(value, int) else str(value)
    return text if len(text) < 100 else "..."


def _carry_out(machine: Machine, program: RandomProgram, way: str) -> list[str]:
    """Run *program*, and go on behind each interruption; give how each part ended."""
    random, stops = Random(program.seed), []
    limit = machine.executed + program.budget
    for _ in range(4 * len(program.instructions) + 8):
        stop = WAYS[way](machine, limit - machine.executed, random)
        stops.append(f"{stop.kind.value} {stop.cpu} {stop.psw} {stop.text}")
        if stop.kind is not StopKind.DISABLED_WAIT or machine.executed >= limit:
            break
        # All, and not only until the first that goes on.
        if not any([resume(machine, cpu, program) for cpu in machine.cpus]):  # noqa: C419
            break
    return stops


def resume(machine: Machine, cpu: Cpu, program: RandomProgram) -> bool:
    """Let *cpu* go on behind the interruption that it waits after; False if it does not wait, or there is nothing."""
    new = cpu.psw
    if not cpu.is_waiting or new.address not in WAITS:
        return False
    try:
        old = Psw.from_bytes(machine.storage.read(cpu.prefix + WAITS[new.address], 16))
        code = machine.storage.read_integer(cpu.prefix + 0x8E, 2) & 0x7F
    except (ProgramInterruption, FrameShortage, HostFailure):
        return False
    address = old.address
    if new.address == 0x1D0:
        addresses = program.addresses()[:-1]
        behind = [each for each in addresses if each > address]
        if address not in addresses or code in _NULLIFYING:
            if not behind:
                return False
            address = behind[0]
    elif new.address != 0x1C0:
        return False
    cpu.load_psw(Psw(program.mask | old.mask & (CONDITION_CODE | PROGRAM_MASK), address))
    cpu.psw_loaded = False
    return True

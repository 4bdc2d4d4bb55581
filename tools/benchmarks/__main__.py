# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks: ratios taken side by side in one run, and rates.  ``tools/bench`` runs them.

A ratio compares the machine with bare Unicorn executing the same bytes, alternately, several times; the median of the
ratios counts.  Of a rate the best of several measurements counts, because whatever disturbs one makes it slower.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from emu.addresses import PAGE_SIZE
from emu.cpu import Cpu, CpuState
from emu.events import Observer
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE, Psw
from tools.benchmarks.boot import BootError, boot_ratio
from tools.benchmarks.paging import bytes_per_page, discard_rate, paging_rate, supply_rate, sweep_milliseconds

START: Final = 0x10000
DATA: Final = 0x20000
ROUNDS: Final = 9
LOOP_INSTRUCTIONS: Final = 200_000_000
ESSA_LOOPS: Final = 100_000
STEPS: Final = 30_000

# LGFI 1,count; loop: 16 register instructions; BRCTG 1,loop
REGISTER_LOOP: Final = "b9080023 b9080034 b9090045 b9080056 b9820067 b9080078 b9810089 b908009a" * 2
# LGFI 1,count; loop: 16 instructions, five times LG from register 8, AGR, STG to register 9, and LG; BRCTG 1,loop
STORE_LOOP: Final = (
    "e32080000004 b9080032 e33090000024 e34080080004 b9080043 e34090080024 e35080100004 b9080054 e35090100024"
    "e36080180004 b9080065 e36090180024 e37080200004 b9080076 e37090200024 e3a080280004"
)


def _loop(body: str, count: int) -> bytes:
    code = bytes.fromhex(body)
    back = -(len(code) // 2) & 0xFFFF
    return b"\xc0\x11" + count.to_bytes(4, "big") + code + b"\xa7\x17" + back.to_bytes(2, "big")


def _body_instructions(body: str) -> int:
    code = bytes.fromhex(body)
    count = at = 0
    while at < len(code):
        at += (2, 4, 4, 6)[code[at] >> 6]
        count += 1
    return count + 1


def _machine(code: bytes) -> Machine:
    machine = Machine(4 * MEGABYTE)
    machine.storage.write(START, code)
    cpu = machine.cpus[0]
    cpu.state = CpuState.OPERATING
    cpu.load_psw(Psw(ADDRESSING_MODE, START))
    cpu.psw_loaded = False
    cpu.gr[8], cpu.gr[9] = DATA, DATA + PAGE_SIZE
    return machine


def _machine_seconds(code: bytes, instructions: int) -> float:
    machine = _machine(code)
    machine.run(1000)
    started = time.perf_counter()
    machine.run(instructions - 1000)
    return time.perf_counter() - started


def _bare_seconds(code: bytes) -> float:
    """Bare Unicorn: its own TLB mode as here, no block callback, the same problem-state bit."""
    from unicorn import s390x_const as reg
    from unicorn import unicorn_const as uc_const

    from emu.engine.library import FillAccess, InterruptCallback, TlbFillCallback, Unicorn

    bare = Unicorn()
    bare.uc.mem_map(0, 4 * MEGABYTE)
    permissions = {FillAccess.READ: 1, FillAccess.WRITE: 3, FillAccess.FETCH: 4}

    def fill(_: Any, address: int, kind: int, entry: Any, __: Any) -> bool:
        entry[0].address, entry[0].permissions = address, permissions[FillAccess(kind)]
        return True

    bare.hook(uc_const.UC_HOOK_TLB_FILL, TlbFillCallback(fill))
    bare.hook(uc_const.UC_HOOK_INTR, InterruptCallback(lambda *_: bare.stop()))
    bare.uc.mem_write(START, code)
    bare.uc.reg_write(reg.UC_S390X_REG_PSWM, ADDRESSING_MODE | PROBLEM_STATE)
    bare.uc.reg_write(reg.UC_S390X_REG_R8, DATA)
    bare.uc.reg_write(reg.UC_S390X_REG_R9, DATA + PAGE_SIZE)
    started = time.perf_counter()
    bare.start(START)
    return time.perf_counter() - started


def loop_ratio(body: str) -> tuple[float, float, float]:
    """Machine against bare Unicorn: (ratio of speeds, million instructions/s of the machine, of Unicorn)."""
    per_round = _body_instructions(body)
    count = LOOP_INSTRUCTIONS // per_round
    code = _loop(body, count)
    instructions = count * per_round + 1
    pairs = [(_machine_seconds(code, instructions), _bare_seconds(code)) for _ in range(ROUNDS)]
    ratio = statistics.median(bare / ours for ours, bare in pairs)
    ours, bare = (statistics.median(side) for side in zip(*pairs, strict=True))
    return ratio, instructions / ours / 1e6, instructions / bare / 1e6


def best_rate(measure: Callable[[], float]) -> float:
    """The best of several measurements."""
    return max(measure() for _ in range(ROUNDS))


def best_time(measure: Callable[[], float]) -> float:
    """The best of several measurements of a time."""
    return min(measure() for _ in range(ROUNDS))


def essa_rate() -> float:
    """ESSA a second in a loop: one that sets stable, one that sets volatile, and the branch."""
    # LGFI 1,count; loop: ESSA 2,8,1; ESSA 2,8,3; BRCTG 1,loop
    machine = _machine(_loop("b9ab1028 b9ab3028", ESSA_LOOPS))
    started = time.perf_counter()
    machine.run(3 * ESSA_LOOPS)
    return 2 * ESSA_LOOPS / (time.perf_counter() - started)


class FullState(Observer):
    """Looks at every general and control register, the PSW and the page state after every instruction."""

    wants_instructions = True

    def __init__(self) -> None:
        self.states = 0

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :meth:`Observer.retired`."""
        state = (cpu.psw, tuple(cpu.gr), tuple(cpu.cr), cpu.configuration.states.bytes[address >> 12], instruction)
        self.states += bool(state)


def step_rate() -> float:
    """Single steps a second with an observer that looks at the full state."""
    machine = _machine(_loop(STORE_LOOP, 1 << 20))
    machine.observers.append(FullState())
    machine.run(100)
    started = time.perf_counter()
    machine.run(STEPS)
    return STEPS / (time.perf_counter() - started)


def main() -> None:
    """Run all benchmarks and print a table; ``--json FILE`` writes the figures as well."""
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    arguments = parser.parse_args()
    try:
        output = arguments.json.open("w", encoding="utf-8") if arguments.json is not None else None
    except OSError as error:
        print(f"tools/bench: {arguments.json}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    table = Table("benchmark", "figure", "to be reached")
    figures: dict[str, float] = {}

    def add(name: str, value: float, text: str, goal: str) -> None:
        figures[name] = value
        table.add_row(name, text, goal)

    console = Console(stderr=True)
    tasks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("register loop", lambda: _add_loop(add, "register loop", REGISTER_LOOP, "0.60")),
        ("load/store loop", lambda: _add_loop(add, "load/store loop", STORE_LOOP, "0.85")),
        ("ESSA", lambda: _add_rate(add, "ESSA/s", best_rate(essa_rate), "150,000")),
        ("steps", lambda: _add_rate(add, "steps/s, full-state observer", best_rate(step_rate), "50,000")),
        ("discards", lambda: _add_rate(add, "volatile pages dropped/s", best_rate(discard_rate), "200,000")),
        ("supplies", lambda: _add_rate(add, "pages dropped and supplied again/s", best_rate(supply_rate), "")),
        ("paging", lambda: _add_rate(add, "pages written and read back/s", best_rate(paging_rate), "")),
        ("sweep", lambda: _add_sweep(add, best_time(sweep_milliseconds))),
        ("boot", lambda: _add_boot(add)),
        ("records", lambda: _add_rate(add, "bytes kept of a guest page", bytes_per_page(), "16")),
    )
    for name, task in tasks:
        if console.is_terminal:
            with console.status(name):
                task()
        else:
            task()
    Console(width=100).print(table)
    if output is not None:
        json.dump(figures, output, indent=2)
        output.write("\n")
        output.close()


def _add_loop(add: Callable[[str, float, str, str], None], name: str, body: str, goal: str) -> None:
    ratio, ours, bare = loop_ratio(body)
    add(f"{name}, ratio to bare Unicorn", ratio, f"{ratio:.2f} ({ours:.0f} against {bare:.0f} million/s)", goal)


def _add_boot(add: Callable[[str, float, str, str], None]) -> None:
    """The boot, where there is something to compare it with (``essa fetch debian``, QEMU)."""
    try:
        measured = boot_ratio()
    except BootError as reason:
        sys.exit(f"bench: the boot did not come to its end: {reason}")
    if measured is not None:
        ratio, ours, theirs = measured
        add("boot of Debian, ratio to QEMU's TCG", ratio, f"{ratio:.2f} ({ours:.1f} s against {theirs:.1f} s)", "3.00")


def _add_sweep(add: Callable[[str, float, str, str], None], milliseconds: float) -> None:
    add("sweep of 1,000,000 page records, ms", milliseconds, f"{milliseconds:.1f} ms", "10 ms")


def _add_rate(add: Callable[[str, float, str, str], None], name: str, rate: float, goal: str) -> None:
    add(name, rate, f"{rate:,.0f}", goal)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""A run loop on engines that execute nothing, to see what it does between instructions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emu.cpu import Cpu, CpuState
from emu.engine.exits import BUDGET_USED, Stepped
from emu.hypervisor import NEVER, FirstTouchHypervisor, HostFailure
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK, Psw
from emu.running.run_loop import RunLoop

START, HANDLER = 0x10000, 0x20000
EXTERNAL_CALL = 1 << 63 - 50
"""Its subclass mask in control register 0."""


class Engine:
    """Executes nothing, but counts as if; notes how far it may go."""

    def __init__(self, cpu: Cpu, *, executes: int = 10, ended: object = BUDGET_USED) -> None:
        self._cpu = cpu
        self.executes = executes
        self.ended = ended
        self.runs: list[tuple[int, int, int]] = []
        self.steps = 0
        self.counted_at: list[int] = []
        """How many instructions had ended whenever it was to add to the counts that everybody sees."""
        self.followed = None
        self.lone_step = self
        self.others_at = {START, HANDLER}
        self.meanwhile: Callable[[], None] = lambda: None

    def run(self, goal: int, limit: int, quiet: int) -> Any:
        self.runs.append((goal, limit, quiet))
        self._execute(min(self.executes, goal, limit))
        return self.ended

    def step(self, instruction: bytes) -> Any:
        self.steps += 1
        self._execute(1)
        return Stepped(overflowed=False)

    def count_executed(self) -> None:
        self.counted_at.append(self._cpu.executed)

    def _execute(self, count: int) -> None:
        self.meanwhile()
        self._cpu.executed += count
        self._cpu.configuration.timing.work += count


class Host(FirstTouchHypervisor):
    """Notes when it is called, and may fail."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.attended: list[int] = []
        self.supplied: list[int] = []
        self.next = NEVER
        """The work at which it wants to be called once."""
        self.failure: str | None = None

    def attend(self, work: int) -> int:
        self.attended.append(work)
        if self.failure is not None:
            raise HostFailure(self.failure)
        return self.next if self.next > work else NEVER

    def supply(self, attempt: int) -> None:
        self.supplied.append(attempt)


class IdleLoop:
    """A run loop of so many CPUs, the first of them operating, on engines that do nothing."""

    def __init__(self, cpus: int = 1) -> None:
        self.machine = Machine(4 * MEGABYTE, cpus=cpus, hypervisor=Host)
        self.configuration = self.machine.configuration
        self.cpus = self.configuration.cpus
        self.cpu = self.cpus[0]
        self.engines = [Engine(cpu) for cpu in self.cpus]
        self.engine = self.engines[0]
        self.host: Any = self.configuration.hypervisor
        self.loop = RunLoop(self.configuration, self.engines)
        self.load(self.cpu)

    def load(self, cpu: Cpu, mask: int = 0, *, cr0: int = 0) -> None:
        cpu.state = CpuState.OPERATING
        cpu.set_control_register(0, cr0)
        cpu.load_psw(Psw(ADDRESSING_MODE | mask, START))
        cpu.psw_loaded = False

    def call(self, cpu: Cpu, mask: int = 0) -> None:
        """Make an external call pending for which *cpu* is enabled, and give it a handler."""
        self.machine.storage.write(0x1B0, Psw(ADDRESSING_MODE, HANDLER).to_bytes())
        self.load(cpu, EXTERNAL_MASK | mask, cr0=EXTERNAL_CALL)
        cpu.pending.external_call = 0

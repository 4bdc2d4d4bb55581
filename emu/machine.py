# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine: a configuration with CPUs, engines and devices in it, and the loop that lets it run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu import machine_checks, room
from emu.configuration import MEGABYTE, Configuration
from emu.cpu import Cpu
from emu.devices.catalogue import DEVICES
from emu.devices.channel_subsystem import ChannelSubsystem
from emu.devices.messages import SpecialMessages
from emu.devices.sclp import Sclp
from emu.engine.engine import Engine
from emu.facilities import DEFAULT_FACILITIES
from emu.hypervisor import FirstTouchHypervisor, Hypervisor
from emu.page_states import PageStates, Profile
from emu.resets import reset_cpu
from emu.running.run_loop import RunLoop
from emu.running.stops import Stop, StopKind
from emu.storage_keys import StorageKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from emu.engine.following import FollowedRegister
    from emu.observing import ObserverOf
    from emu.operator import Operator

__all__ = ["MEGABYTE", "Machine", "Stop", "StopKind"]


class Machine:
    """A configuration that runs; its parts are at hand by the names that the configuration has for them."""

    def __init__(
        self,
        memory: int,
        *,
        cpus: int = 1,
        profile: Profile = Profile.ZVM,
        facilities: frozenset[int] = DEFAULT_FACILITIES,
        hypervisor: Callable[[int, PageStates, StorageKeys, Profile], Hypervisor] = FirstTouchHypervisor,
        engine: type[Engine] = Engine,
    ) -> None:
        """Make a stopped, cleared machine; for the parameters see :class:`~emu.configuration.Configuration`.

        :param cpus: how many CPUs, with the CPU addresses 0 to *cpus* - 1.
        :param engine: what executes general instructions for each of them.
        :raises ValueError: if a size is impossible.
        """
        configuration: Configuration[Cpu] = Configuration(
            memory, cpus=cpus, profile=profile, facilities=facilities, hypervisor=hypervisor
        )
        self.configuration = configuration
        configuration.devices += [make(configuration) for make in DEVICES]
        self._engines = engines = [engine(configuration) for _ in range(cpus)]
        for number, each in enumerate(engines):
            cpu = Cpu(configuration, number, each.registers, each)
            each.attach(cpu)
            configuration.cpus.append(cpu)
        configuration.translations.buffers += engines
        for cpu in configuration.cpus:
            reset_cpu(cpu, initial=True)
        self._loop = RunLoop(configuration, engines)
        self.memory = memory
        self.hypervisor = configuration.hypervisor
        self.storage = configuration.storage
        self.keys = configuration.keys
        self.states = configuration.states
        self.timing = configuration.timing
        self.counts = configuration.counts
        self.cpus = configuration.cpus
        self.sclp = configuration.device(Sclp)
        self.messages = configuration.device(SpecialMessages)
        self.channels = configuration.device(ChannelSubsystem)
        self.stops = self._loop.stops
        """The list of stops, which end a run."""
        self.hypervisor.attach(configuration)

    def run(self, max_instructions: int | None = None) -> Stop:
        """Run until the machine stops or *max_instructions* more instructions have ended; say why it stopped."""
        return self._loop.run(max_instructions)

    def press_interrupt_key(self) -> None:
        """Press the interrupt key of the operator (PoP 12), between two instructions."""
        self.configuration.floating.interrupt_key = True

    def report_machine_check(self, conditions: int, cpu: int = 0) -> None:
        """Let machine-check *conditions* become pending, for the CPU with address *cpu* unless they float.

        :raises ValueError: if some of the bits are no condition (:data:`emu.machine_checks.CONDITIONS`), or there is no
            such CPU.
        """
        if not 0 <= cpu < len(self.cpus):
            raise ValueError(f"expected the address of a CPU, 0 to {len(self.cpus) - 1}, not {cpu}")
        machine_checks.report(self.cpus[cpu], conditions)

    def step(self, cpu: Cpu | None = None, *, by_model: bool = False) -> Stop | None:
        """Execute one instruction, or take one interruption, on *cpu*, or on the CPU whose turn it is.

        While all of them wait, the step is that time moves on.

        :param by_model: let the model execute what it has, and not compiled code, which comes to the same sooner.
        """
        return self._loop.step(cpu, by_model=by_model)

    @contextmanager
    def following(self, cpu: int, name: str, value: Callable[[Cpu], int]) -> Iterator[FollowedRegister]:
        """While it lasts, note when the register called *name* of *cpu* is changed; *value* gives what it holds.

        See :mod:`emu.engine.following`; the machine does what it would do otherwise.
        """
        followed = self._engines[cpu].follow(name, value)
        for engine in self._engines:
            engine.followed = followed
        try:
            yield followed
        finally:
            for engine in self._engines:
                engine.followed = None
            followed.end()

    @property
    def engines(self) -> Sequence[Engine]:
        """The engines of the CPUs, at the index of their addresses, for who records what they execute."""
        return self._engines

    @property
    def executed(self) -> int:
        """Instructions ended on all CPUs."""
        return self.configuration.executed

    @property
    def observers(self) -> list[ObserverOf[Cpu]]:
        """Who is told what the machine does."""
        return self.configuration.observers

    @property
    def stop_requested(self) -> bool:
        """Set it, even from a signal handler, to end :meth:`run` between two instructions."""
        return self._loop.stop_requested

    @stop_requested.setter
    def stop_requested(self, value: bool) -> None:
        self._loop.stop_requested = value

    @property
    def operator(self) -> Operator | None:
        """Who types on the console; put somebody in place before the guest runs."""
        return self.configuration.operator

    @operator.setter
    def operator(self, operator: Operator | None) -> None:
        self.configuration.operator = operator

    def load_storage(self, address: int, data: bytes) -> None:
        """See :func:`emu.room.load_storage`."""
        room.load_storage(self.storage, address, data)

    def read_storage(self, address: int, length: int) -> bytes:
        """See :func:`emu.room.read_storage`."""
        return room.read_storage(self.storage, address, length)

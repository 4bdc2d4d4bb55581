# SPDX-License-Identifier: GPL-2.0-or-later
"""The configuration: what the CPUs of a machine share, and the CPUs themselves (PoP chapter 2).

Storage, keys, page states, facilities, time, devices, the host below, and what is counted.  It decides nothing: the
rules are functions elsewhere, and :mod:`emu.running` lets it run.  CPUs, instructions, devices and engine are given it.
It is generic in the class of its CPUs, which stand above it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from emu.facilities import DEFAULT_FACILITIES
from emu.hypervisor import NEVER, FirstTouchHypervisor
from emu.identification import SystemIdentification, Topology
from emu.lowcore import PREFIX_AREA_SIZE
from emu.page_states import PageStates, Profile
from emu.state import Section, constant
from emu.storage import Storage
from emu.storage_keys import StorageKeys
from emu.timing import Timing
from emu.translations import Translations
from emu.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from emu.device import Device
    from emu.hypervisor import Hypervisor
    from emu.observing import ExecutionFollower, ObserverOf
    from emu.operator import Operator

MEGABYTE: Final = 1 << 20
SLICE: Final = 500_000
"""Units of work that a CPU gets before it is the next one's turn."""
LONE_SLICE: Final = 50_000_000
"""The same if there is no other CPU to wait for its turn."""
_MOST_CPUS: Final = 248


class Processor(Protocol):
    """What a configuration itself looks at of a CPU."""

    prefix: int
    executed: int
    """Instructions ended so far."""


CpuT = TypeVar("CpuT", bound=Processor)
DeviceT = TypeVar("DeviceT")


@dataclass(slots=True)
class Counts:
    """What is counted, for summaries; nothing of it is seen by a guest."""

    instructions: Counter[str] = field(default_factory=Counter)
    """How often each declared instruction was executed, by mnemonic."""
    operation_requests: Counter[int] = field(default_factory=Counter)
    """How often ESSA was executed to its end, by operation request code."""
    supervisor_calls: Counter[int] = field(default_factory=Counter)
    """Supervisor calls taken, by number."""
    program_interruptions: Counter[int] = field(default_factory=Counter)
    """Program interruptions taken, by code."""
    external_interruptions: Counter[int] = field(default_factory=Counter)
    """External interruptions taken, by code."""
    unmodelled: Counter[str] = field(default_factory=Counter)
    """Instructions met that nothing here implements, by their bytes in hexadecimal."""


@dataclass(slots=True)
class Turns:
    """Whose turn it is, and when something else is due."""

    cpu: int = 0
    """The address of the CPU whose turn it is."""
    end: int = 0
    """The work at which it becomes the next CPU's turn."""
    next_call: int = 0
    """The work at which devices, host and operator are called next."""

    def begin(self, cpu: int, work: int, *, is_alone: bool) -> None:
        """Let it be the turn of the CPU with this address from *work* on.

        :param is_alone: there is no other CPU.
        """
        self.cpu = cpu
        self.end = work + (LONE_SLICE if is_alone else SLICE)

    def end_now(self) -> None:
        """Let it be the next CPU's turn after the current instruction: the program has nothing better to do."""
        self.end = 0


@dataclass(slots=True)
class Floating:
    """Conditions of no device that any CPU may take (PoP 6, "Floating Interruption Conditions")."""

    interrupt_key: bool = False
    """The operator has pressed the interrupt key."""
    machine_checks: int = 0
    """Those of :mod:`emu.machine_checks`."""


@dataclass(slots=True)
class Repetition:
    """What happened last, to recognise what happens over and over: see :mod:`emu.running.loops` and
    :mod:`emu.room`."""

    program: tuple[int, int, int] = (0, 0, 0)
    """CPU and executed instructions at the last program interruption, and how many there were since then."""
    interruption: tuple[int, int, int] = (0, 0, 0)
    """The same of other interruptions."""
    attempt: tuple[int, ...] = ()
    """CPU, executed instructions, instruction address and general registers when the host last made room."""
    in_vain: int = 0
    """How often it had been tried before with the same."""


class Configuration(Generic[CpuT]):
    """One configuration; :class:`emu.machine.Machine` makes it complete."""

    STATE = Section(
        "configuration",
        constant("memory", lambda it: it.memory),
        constant("profile"),
        constant("facilities"),
        "hypervisor",
        "states",
        "keys",
        "timing",
        "topology",
        "cpus",
        "devices",
        "operator",
        "counts",
        "turns",
        "floating",
        "repetition",
        "check_stop_reason",
        excluded={
            "identification": "what the configuration was made with, like its consoles",
            "storage": "its content is the hypervisor's; which pages hold code, the engines find anew",
            "translations": "they can be made again at any time",
            "watching": "it looks on, like the observers",
            "follower": "it looks on, like the observers",
            "observers": "they look on, and belong to whoever registered them",
        },
        restored="after_restoring",
    )

    def __init__(
        self,
        memory: int,
        *,
        cpus: int = 1,
        profile: Profile = Profile.ZVM,
        facilities: frozenset[int] = DEFAULT_FACILITIES,
        hypervisor: Callable[[int, PageStates, StorageKeys, Profile], Hypervisor] = FirstTouchHypervisor,
    ) -> None:
        """Make one without CPUs and devices.

        :param memory: bytes of absolute storage, a multiple of 1 MB.
        :param cpus: how many CPUs it will have.
        :param facilities: the facility bits that STFLE shows; an instruction of any other is an operation exception.
        :param hypervisor: makes the host that supplies frames, of the memory size and what is kept of every page.
        :raises ValueError: if a size is impossible.
        """
        if memory <= 0 or memory % MEGABYTE:
            raise ValueError(f"the memory size must be a multiple of 1 MB, not {memory} bytes")
        if not 1 <= cpus <= _MOST_CPUS:
            raise ValueError(f"a configuration has 1 to {_MOST_CPUS} CPUs, not {cpus}")
        self.memory = memory
        self.profile = profile
        self.facilities = facilities
        self.states = PageStates(memory >> 12, profile)
        self.keys = StorageKeys(memory >> 12)
        self.hypervisor = hypervisor(memory, self.states, self.keys, profile)
        self.storage = Storage(memory, self.hypervisor)
        self.translations = Translations(self.storage)
        self.timing = Timing()
        self.identification = SystemIdentification()
        """What STSI and STIDP tell; put another one in its place before the guest runs."""
        self.topology = Topology()
        self.cpus: list[CpuT] = []
        """The CPUs, at the index of their addresses."""
        self.devices: list[Device[CpuT]] = []
        """In the order in which their interruptions are taken."""
        self.observers: list[ObserverOf[CpuT]] = []
        self.follower: ExecutionFollower[CpuT] | None = None
        """Who follows what is executed, while the machine is traced."""
        self.watching = Watching()
        """What somebody outside watches."""
        self.operator: Operator | None = None
        """Who types on the console; nobody if it is None.  Put one in its place before the guest runs."""
        self.counts = Counts()
        self.turns = Turns()
        self.floating = Floating()
        self.repetition = Repetition()
        self.check_stop_reason = ""
        """Why the last CPU that entered the check-stop state did so."""

    @property
    def executed(self) -> int:
        """Instructions ended on all CPUs."""
        cpus = self.cpus
        return cpus[0].executed if len(cpus) == 1 else sum(cpu.executed for cpu in cpus)

    def device(self, kind: type[DeviceT]) -> DeviceT:
        """The device of this *kind*, of which there is one.

        :raises LookupError: if there is none.
        """
        for device in self.devices:
            if isinstance(device, kind):
                return device
        raise LookupError(f"this configuration has no {kind.__name__}")

    def after_restoring(self) -> None:
        """Forget what tables led to, all of which may be others now; code must have been forgotten before."""
        self.translations.flush_all()

    def count(self, mnemonic: str, work: int) -> None:
        """Note that a declared instruction is executed, which costs so much *work* beyond one unit."""
        self.counts.instructions[mnemonic] += 1
        self.timing.work += work

    def uncount(self, mnemonic: str, work: int) -> None:
        """Take that back: it will be executed again."""
        self.counts.instructions[mnemonic] -= 1
        self.timing.work -= work

    def call_soon(self) -> None:
        """Have devices and host called before the next instruction; it may be asked for even inside an access."""
        self.turns.next_call = 0
        self.translations.end_soon()

    def call_at(self, work: int) -> None:
        """Have them called when *work* units are done, or before."""
        self.turns.next_call = min(self.turns.next_call, work)

    def not_called(self) -> None:
        """Forget when they were to be called: they are being called now."""
        self.turns.next_call = NEVER

    # What the host asks

    def page_changed(self, page: int) -> None:
        """Drop the translations that lead to absolute *page*, so that the host is asked for it at the next access."""
        self.translations.page_changed(page)

    def frames_taken(self, pages: NDArray[Any]) -> None:
        """The host has taken the frames of *pages*: no translation may lead to them any more."""
        self.translations.frames_taken(pages)

    def pinned_pages(self) -> list[int]:
        """The pages that must stay where they are: the prefix areas of the CPUs."""
        return [(cpu.prefix >> 12) + page for cpu in self.cpus for page in range(PREFIX_AREA_SIZE >> 12)]

# SPDX-License-Identifier: GPL-2.0-or-later
"""Carrying out a plan: an attendant of the page manager, and an observer of each machine that is watched closely.

While a step waits for an instruction or an access its machine runs instruction by instruction, which is slow.  Steps
that wait for work cost nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from emu.addresses import PAGE_SIZE
from emu.cpu import CpuState
from emu.events import Observer
from emu.state import Section, computed, typed
from host.plan import (
    AtAccess,
    AtInstruction,
    AtWork,
    CorruptRead,
    DiscardVolatile,
    EvictFrame,
    FailRead,
    FailWrite,
    Resize,
    ShortRead,
    TakeSample,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emu.cpu import Cpu
    from emu.program_interruption import ProgramInterruption
    from emu.psw import Psw
    from host.guest import Guest
    from host.page_manager import PageManager
    from host.plan import PressurePlan, PressureStep

_INSIDE_INSTRUCTIONS: Final = frozenset({"program", "svc"})
"""Interruptions that end an instruction; all others come between two."""


class Sampler(Protocol):
    """What records the table of page states."""

    def sample(self, guest: Guest, label: str) -> object:
        """Record the table of *guest* as it is now, under *label*."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that has been carried out."""

    guest: int
    work: int
    """The virtual time of that guest."""
    step: int
    """The number of the step, from 1."""
    label: str
    action: str
    result: str


class PlanRunner:
    """Carries out *plan* on the guests of *manager*, all of which are there; it has to be added as an attendant.

    :param series: where samples are recorded.
    :raises PlanError: if a step names a guest, a page or frames that are not there, or samples have no place to go.
    """

    STATE: ClassVar = Section(
        "plan",
        typed("log", list[Done]),
        "_timed",
        "_watchers",
        excluded={"_plan": "a parameter", "_manager": "has the plan", "_series": "a parameter"},
    )

    def __init__(self, plan: PressurePlan, manager: PageManager, *, series: Sampler | None = None) -> None:
        self._plan = plan
        self._manager = manager
        self._series = series
        for number, step in enumerate(plan.steps, 1):
            self._check(number, step)
        self.log: list[Done] = []
        """What has been done, in that order."""
        self._timed = [
            _Timed(number, step.guest, step.trigger)
            for number, step in enumerate(plan.steps, 1)
            if isinstance(step.trigger, AtWork)
        ]
        """The steps that wait for work."""
        self._watchers: dict[int, _Watcher] = {}
        for guest in manager.guests:
            steps = [(number, step) for number, step in enumerate(plan.steps, 1) if step.guest == guest.number]
            watched = [(number, step.trigger) for number, step in steps if not isinstance(step.trigger, AtWork)]
            if watched:
                self._watchers[guest.number] = _Watcher(guest, watched, self._carry_out)

    def attend(self, guest: Guest, work: int) -> int | None:
        """See :meth:`host.attendance.Attendant.attend`."""
        watcher = self._watchers.get(guest.number)
        if watcher is not None:
            watcher.begin()
        timed = [each for each in self._timed if each.guest == guest.number]
        for each in sorted(timed, key=lambda each: (each.due, each.number)):
            if each.due <= work and not each.is_over:
                self._carry_out(guest, each.number)
                each.move_on(work)
        return min((each.due for each in timed if not each.is_over), default=None)

    def as_dict(self) -> dict[str, Any]:
        """What was done, and the numbers of the steps whose moment has not come, for the report."""
        return {"done": [asdict(each) for each in self.log], "not_reached": self._not_reached()}

    def tell_not_reached(self) -> Iterator[str]:
        """The steps whose moment has not come, a line for each: where it is in the plan, and how far its guest came."""
        for number in self._not_reached():
            step = self._plan.steps[number - 1]
            far = ""
            if isinstance(step.trigger, AtWork):
                far = (
                    f": guest {step.guest} has done {self._manager.guests[step.guest].configuration.timing.work} units"
                )
            yield str(self._plan.step_error(number, f"never reached{far}"))

    def _not_reached(self) -> list[int]:
        done = {each.step for each in self.log}
        return [number for number in range(1, len(self._plan.steps) + 1) if number not in done]

    def _check(self, number: int, step: PressureStep) -> None:
        """Raise what is wrong with *step* for these guests."""
        error = self._plan.step_error
        guests = self._manager.guests
        if step.guest >= len(guests):
            raise error(number, f"expected the number of a guest, 0 to {len(guests) - 1}, not {step.guest}", "guest")
        memory = guests[step.guest].configuration.memory
        pages = {}
        if isinstance(step.trigger, AtAccess):
            pages["at_access"] = step.trigger.at_access
        match step.action:
            case EvictFrame(page):
                pages["page"] = page
            case Resize(frames) if frames > self._manager.pool.frames:
                most = self._manager.pool.frames
                raise error(number, f"expected at most the {most} frames that the host has, not {frames}", "frames")
            case TakeSample() if self._series is None:
                raise error(number, "sample: there is no time series to record in", "do")
        for field, address in pages.items():
            if address >= memory:
                raise error(
                    number, f"expected a page of guest {step.guest}, below {memory:#x}, not {address:#x}", field
                )

    def _carry_out(self, guest: Guest, number: int) -> None:
        """Carry out step *number*, whose trigger belongs to *guest*.

        :raises HostFailure: if that ends the run.
        """
        step = self._plan.steps[number - 1]
        work = guest.configuration.timing.work
        result = self._act(guest, step, number)
        self.log.append(
            Done(
                guest=guest.number,
                work=work,
                step=number,
                label=step.label,
                action=str(step.action),
                result=result,
            )
        )

    def _act(self, guest: Guest, step: PressureStep, number: int) -> str:
        manager, faults = self._manager, self._manager.device.faults
        result = "ordered"
        match step.action:
            case Resize(frames):
                result = f"{manager.resize(frames)} of {frames} frames in use"
            case EvictFrame(page):
                gone = manager.evict(guest.number, page // PAGE_SIZE)
                result = "evicted" if gone else "not evicted: not resident, or it must stay, or could not be written"
            case DiscardVolatile():
                result = f"{manager.discard_volatile()} pages dropped"
            case FailWrite(nth, times, error):
                faults.fail_write(nth, times, error.number)
            case FailRead(nth, times):
                faults.fail_read(nth, times)
            case CorruptRead(nth, times):
                faults.corrupt_read(nth, times)
            case ShortRead(nth, times):
                faults.short_read(nth, times)
            case TakeSample():
                assert self._series is not None
                self._series.sample(guest, step.label or f"step {number}")
                result = "recorded"
        return result


class _Timed:
    """A step of one guest that waits for work."""

    STATE: ClassVar = Section(
        "step that waits for work",
        "_rounds",
        "due",
        "is_over",
        excluded={"number": "of the plan", "guest": "of the plan", "_trigger": "of the plan"},
    )

    def __init__(self, number: int, guest: int, trigger: AtWork) -> None:
        self.number = number
        self.guest = guest
        self._trigger = trigger
        self._rounds = 0
        self.due = trigger.at_work
        self.is_over = False

    def move_on(self, work: int) -> None:
        """It was carried out when time was *work*: wait for the next moment, if there is one."""
        self._rounds += 1
        every = self._trigger.every
        if every is None or self._rounds == self._trigger.rounds:
            self.is_over = True
        else:
            self.due += ((work - self.due) // every + 1) * every


class _Awaited:
    """A step that waits for an instruction or an access."""

    def __init__(self, number: int, trigger: AtInstruction | AtAccess) -> None:
        self.number = number
        self.trigger = trigger
        self.met = 0
        """How often it was met: instructions that ended at the address, or that accessed the page."""


class _Watcher(Observer):
    """Watches one guest as long as steps wait for its instructions or accesses.

    :param carry_out: called between two instructions with the guest and the number of a step that is due.
    """

    acts = True

    STATE: ClassVar = Section(
        "steps that wait for instructions and accesses",
        computed(
            "awaited",
            "_get_awaited",
            "_set_awaited",
            of=("_awaited", "wants_instructions"),
        ),
        "_accessed",
        "_has_begun",
        excluded={"_guest": "a parameter", "_carry_out": "a parameter", "_triggers": "of the plan"},
    )

    def __init__(
        self,
        guest: Guest,
        watched: list[tuple[int, AtInstruction | AtAccess]],
        carry_out: Callable[[Guest, int], None],
    ) -> None:
        self._guest = guest
        self._carry_out = carry_out
        self._triggers = dict(watched)
        self._awaited = [_Awaited(number, trigger) for number, trigger in watched]
        self._accessed: set[int] = set()
        """The pages asked for since the last instruction ended."""
        self._has_begun = False
        self._begin_to_watch()

    def _begin_to_watch(self) -> None:
        self.wants_instructions = True
        for page in self._pages():
            self._guest.watch(page, self._accessed.add)
        self._guest.configuration.observers.append(self)

    def _get_awaited(self) -> list[list[int]]:
        return [[each.number, each.met] for each in self._awaited]

    def _set_awaited(self, saved: list[list[int]]) -> None:
        """Wait for the steps that *saved* has, by number and how often they were met, and for no others."""
        for page in self._pages():
            self._guest.unwatch(page)
        self._end()
        self._awaited = []
        for number, met in saved:
            awaited = _Awaited(number, self._triggers[number])
            awaited.met = met
            self._awaited.append(awaited)
        if self._awaited:
            self._begin_to_watch()

    def begin(self) -> None:
        """The guest begins to run now: what was asked for before, as by loading a program, does not count."""
        if not self._has_begun:
            self._has_begun = True
            self._accessed.clear()
            self._look()

    def retired(self, cpu: Cpu, address: int, instruction: bytes) -> None:
        """See :meth:`emu.events.Observer.retired`."""
        for each in self._awaited:
            if isinstance(each.trigger, AtInstruction) and each.trigger.at_instruction == address:
                each.met += 1
        self._look()

    def interrupted(self, cpu: Cpu, kind: str, code: int, old: Psw, condition: ProgramInterruption | None) -> None:
        """See :meth:`emu.events.Observer.interrupted`: the other interruptions come between two instructions."""
        if self._awaited and kind not in _INSIDE_INSTRUCTIONS:
            self._look()

    def _look(self) -> None:
        """Between two instructions: carry out what is due, and see to it that the next access is seen, too."""
        for each in self._awaited:
            if isinstance(each.trigger, AtAccess) and each.trigger.page in self._accessed:
                each.met += 1
        self._accessed.clear()
        due = [each for each in self._awaited if self._is_due(each)]
        if due:
            before = self._pages()
            self._awaited = [each for each in self._awaited if each not in due]
            for page in before - self._pages():
                self._guest.unwatch(page)
            if not self._awaited:
                self._end()
            for each in due:
                self._carry_out(self._guest, each.number)
        for page in self._pages():
            self._guest.configuration.page_changed(page)

    def _is_due(self, awaited: _Awaited) -> bool:
        match awaited.trigger:
            case AtInstruction(address, count):
                return awaited.met >= count - 1 and self._is_next(address)
            case AtAccess(_, count):
                return awaited.met >= count

    def _is_next(self, address: int) -> bool:
        """Whether some CPU executes the instruction at *address* next."""
        return any(
            cpu.instruction_address == address and cpu.state is CpuState.OPERATING and not cpu.is_waiting
            for cpu in self._guest.configuration.cpus
        )

    def _pages(self) -> set[int]:
        """The pages for which steps wait."""
        return {each.trigger.page for each in self._awaited if isinstance(each.trigger, AtAccess)}

    def _end(self) -> None:
        """Leave the machine alone; it may be going through its observers now."""
        self.wants_instructions = False
        configuration = self._guest.configuration
        configuration.observers = [observer for observer in configuration.observers if observer is not self]

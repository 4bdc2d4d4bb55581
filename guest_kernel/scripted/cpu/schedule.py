# SPDX-License-Identifier: GPL-2.0-or-later
"""Running scripts on the CPUs: one to its end, or several in an interleaving that somebody lays out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from guest_kernel.scripted.cpu.bug import KernelBug
from guest_kernel.scripted.cpu.script import Relax

if TYPE_CHECKING:
    from collections.abc import Callable

    from guest_kernel.scripted.cpu.processor import KernelProcessor
    from guest_kernel.scripted.cpu.script import Operation, Script

_T = TypeVar("_T")
_ROUNDS: Final = 10_000
"""Rounds of busy waiting after which nobody will ever end it."""


class Cpus(Protocol):
    """What the scheduler needs of a kernel."""

    processors: list[KernelProcessor]
    busy_cpus: set[int]
    """CPUs that have a script; the others are idle."""
    smp_processor_id: int
    """The CPU whose script is running."""
    runs_alone: bool
    """Whether :func:`run` runs its script, so that nobody is interested in its places."""


class Running(Generic[_T]):
    """A script on CPU *cpu*, suspended before the operation :attr:`next`."""

    def __init__(self, kernel: Cpus, script: Script[_T], cpu: int = 0) -> None:
        self._kernel = kernel
        self._script = script
        self.cpu = cpu
        self.next: Operation | None = None
        """What it does next; None once it has ended."""
        self._result: _T | None = None
        if cpu in kernel.busy_cpus:
            raise ValueError(f"CPU {cpu} has a script already")
        kernel.busy_cpus.add(cpu)
        self._go_on(lambda: next(script))

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.next is None

    @property
    def result(self) -> _T:
        """What it has returned."""
        if self.next is not None:
            raise ValueError(f"the script has not ended: it is before {self.next}")
        return self._result  # type: ignore[return-value]

    def step(self) -> None:
        """Do the next operation and go on to the one after it.

        :raises KernelBug: whatever the script itself does not catch.
        """
        operation = self.next
        if operation is None:
            raise ValueError("the script has ended")
        self._kernel.smp_processor_id = self.cpu
        try:
            value = operation.execute(self._kernel.processors[self.cpu])
        except KernelBug as bug:
            # An except clause forgets its name at its end.
            failure = bug
            self._go_on(lambda: self._script.throw(failure))
        else:
            self._go_on(lambda: self._script.send(value))

    def _go_on(self, how: Callable[[], Operation]) -> None:
        self._kernel.smp_processor_id = self.cpu
        try:
            self.next = how()
        except StopIteration as end:
            self.next, self._result = None, end.value
            self._kernel.busy_cpus.discard(self.cpu)
        except BaseException:
            self._kernel.busy_cpus.discard(self.cpu)
            raise

    def until(self, reached: Callable[[Operation], bool]) -> Operation:
        """Go on until the next operation is one for which *reached* is true; it is not done yet.

        :raises KernelBug: if the script ends before, or waits for ever.
        """
        waited = 0
        while self.next is not None and not reached(self.next):
            waited = waited + 1 if isinstance(self.next, Relax) else 0
            if waited > _ROUNDS:
                raise KernelBug(f"CPU {self.cpu} waits for ever: {self.next}")
            self.step()
        if self.next is None:
            raise KernelBug(f"CPU {self.cpu}: the script has ended without getting there")
        return self.next

    def finish(self) -> _T:
        """Go on to the end; return the result.

        :raises KernelBug: if it waits for ever.
        """
        waited = 0
        while self.next is not None:
            waited = waited + 1 if isinstance(self.next, Relax) else 0
            if waited > _ROUNDS:
                raise KernelBug(f"CPU {self.cpu} waits for ever: {self.next}")
            self.step()
        return self.result


def run(kernel: Cpus, script: Script[_T], cpu: int = 0) -> _T:
    """Run *script* on CPU *cpu* to its end, alone.

    :raises KernelBug: whatever the script itself does not catch; if it waits, for nobody will ever end that.
    """
    # As Running.finish does, but in one loop: whole kernels run through here.
    if cpu in kernel.busy_cpus:
        raise ValueError(f"CPU {cpu} has a script already")
    kernel.busy_cpus.add(cpu)
    kernel.smp_processor_id = cpu
    processor, resume = kernel.processors[cpu], script.send
    others_run_alone, kernel.runs_alone = kernel.runs_alone, True
    waited = 0
    try:
        operation = next(script)
        while True:
            if operation.__class__ is not Relax:
                waited = 0
            elif waited == _ROUNDS:
                raise KernelBug(f"CPU {cpu} waits for ever: {operation}")
            else:
                waited += 1
            try:
                value = operation.execute(processor)
            except KernelBug as bug:
                operation = script.throw(bug)
            else:
                operation = resume(value)
    except StopIteration as end:
        result: _T = end.value
        return result
    finally:
        kernel.busy_cpus.discard(cpu)
        kernel.runs_alone = others_run_alone

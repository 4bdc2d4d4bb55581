# SPDX-License-Identifier: GPL-2.0-or-later
"""An operator whose keys are kept, so that a run can be gone through again with the same keys at the same moments.

For operators that declare no state, as a user at a terminal does not: those that declare one, such as a script, do the
same again by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emu.state import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.machine import Machine
    from emu.operator import Operator


@dataclass(slots=True)
class Answers:
    """The same answer, so many times in a row."""

    instruction: int
    """How many instructions had ended at the first of them."""
    is_wait: bool
    """Whether it was asked to wait."""
    typed: bytes
    units: int | None
    """To be asked again after so many units of work; or how many have passed while it waited."""
    times: int = 1


class RecordedOperator:
    """Asks *inner*, and says the same again when that is gone through again."""

    STATE: ClassVar = Section(
        "recorded operator",
        "_entry",
        "_times",
        excluded={
            "inner": "asked only what was never asked before",
            "_machine": "whose console it is",
            "answers": "kept",
        },
    )

    def __init__(self, inner: Operator, machine: Machine) -> None:
        self.inner = inner
        self._machine = machine
        self.answers: list[Answers] = []
        """What it has answered."""
        self._entry = 0
        """Which of them comes next."""
        self._times = 0
        """How often that was given already."""

    def type_input(self, work: int) -> int:
        """See :meth:`emu.operator.Operator.type_input`."""
        again = self._again(is_wait=False)
        if again is not None and again.units is not None:
            return work + again.units
        due, typed = self._typed(lambda: self.inner.type_input(work))
        self._keep(Answers(self._machine.executed, is_wait=False, typed=typed, units=(due or 0) - work))
        return due or 0

    def wait(self, units: int | None) -> int | None:
        """See :meth:`emu.operator.Operator.wait`."""
        again = self._again(is_wait=True)
        if again is not None:
            return again.units
        passed, typed = self._typed(lambda: self.inner.wait(units))
        self._keep(Answers(self._machine.executed, is_wait=True, typed=typed, units=passed))
        return passed

    def forget_later(self) -> None:
        """What follows is not what was answered before: ask anew."""
        del self.answers[self._entry + 1 :]
        if self._entry < len(self.answers):
            self.answers[self._entry].times = self._times
            if not self._times:
                del self.answers[self._entry]

    def _again(self, *, is_wait: bool) -> Answers | None:
        """The answer that was given at this moment before, typed again; None if there was none."""
        if self._entry < len(self.answers) and self._times == self.answers[self._entry].times:
            self._entry, self._times = self._entry + 1, 0
        if self._entry == len(self.answers):
            return None
        answer = self.answers[self._entry]
        assert answer.is_wait is is_wait, "the run is not the one that was recorded"
        self._times += 1
        if answer.typed:
            self._machine.sclp.type(answer.typed)
        return answer

    def _typed(self, ask: Callable[[], int | None]) -> tuple[int | None, bytes]:
        """What *ask* gives, and what was typed meanwhile."""
        sclp = self._machine.sclp
        before = len(sclp.unread())
        answer = ask()
        return answer, bytes(sclp.unread()[before:])

    def _keep(self, new: Answers) -> None:
        last = self.answers[-1] if self.answers else None
        if last is not None and (last.is_wait, last.typed, last.units) == (new.is_wait, new.typed, new.units):
            last.times += 1
            self._entry, self._times = len(self.answers) - 1, last.times
        else:
            self.answers.append(new)
            self._entry, self._times = len(self.answers) - 1, 1

# SPDX-License-Identifier: GPL-2.0-or-later
"""``--input``: what is typed on the guest's console, and after which words of the guest.

The file is TOML: a table ``[[step]]`` for each thing to type, with ``send``, the text, and ``expect``, what the console
must show first, since the step before.  Without ``expect`` it is typed at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.input_files.reading import read_whole
from emu.input_files.toml_tables import FieldError, convert, decode_toml
from emu.state import Section, StateError, computed
from emu.timing import UNITS_PER_MICROSECOND
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.machine import Machine
    from tools.consoles.console import GuestConsole

_STEP: Final = "step"
_LOOK_EVERY: Final = 500_000
"""Units of work between two looks at the console."""
_PATIENCE: Final = 20 * 1_000_000 * UNITS_PER_MICROSECOND
"""Units of work, twenty seconds, after which a guest that waits and writes nothing will not write what is expected."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One thing to wait for, and one to type."""

    expect: str = ""
    send: str = ""


def read_script(name: str) -> tuple[Exchange, ...]:
    """What is typed as the file *name* says.

    :raises UsageError: if it cannot be read, or is not what was expected; the message names file, line and field.
    """
    try:
        data = read_whole(Path(name))
    except OSError as reason:
        raise UsageError(f"--input: {name} cannot be read: {reason.strerror}") from None
    try:
        document = decode_toml(data, name, FieldError)
        for key in document.content:
            if key != _STEP:
                raise document.origin.error_at(key, f"{key}: unknown; expected nothing but [[{_STEP}]] tables")
        if _STEP not in document.content:
            raise document.origin.error_at(_STEP, f"{_STEP}: missing; expected [[{_STEP}]] tables")
        return document.all(_STEP, lambda table: convert(table, Exchange, FieldError))
    except FieldError as reason:
        raise UsageError(f"--input: {reason}") from None


class ScriptedOperator:
    """Types what a script says (:class:`emu.operator.Operator`); the same script gives the same run."""

    STATE = Section(
        "operator with a script",
        computed("script", "script", "check_script", of=("_steps",)),
        "_console",
        "_next",
        "_seen",
        "_written",
        "_waited_from",
        excluded={"_machine": "whose console it is"},
    )

    def __init__(self, steps: Sequence[Exchange], machine: Machine, console: GuestConsole) -> None:
        self._steps = steps
        self._machine = machine
        self._console = console
        self._next = 0
        self._seen = 0
        self._written = -1
        self._waited_from = 0
        """The work since which nothing has been written, as far as waits have seen."""

    def script(self) -> list[list[str]]:
        """What is waited for and typed, step by step."""
        return [[step.expect, step.send] for step in self._steps]

    def check_script(self, saved: list[list[str]]) -> None:
        """See that it is the script that was *saved*.

        :raises StateError: if it is another one.
        """
        if saved != self.script():
            raise StateError("operator with a script: expected the script that was saved")

    @property
    def unmet(self) -> str | None:
        """What the console has not shown, in words; None if everything has been typed."""
        if self._next == len(self._steps):
            return None
        return f"step {self._next + 1} of the input: the console has not shown {self._steps[self._next].expect!r}"

    def type_input(self, work: int) -> int:
        """See :meth:`emu.operator.Operator.type_input`."""
        while self._next < len(self._steps):
            step = self._steps[self._next]
            found = self._console.find(step.expect.encode(), self._seen)
            if found < 0:
                break
            self._seen = found
            self._next += 1
            self._machine.sclp.type(step.send.encode())
        return work + _LOOK_EVERY

    def wait(self, units: int | None) -> int | None:
        """See :meth:`emu.operator.Operator.wait`; virtual time does not wait for a user."""
        before = self._next
        self.type_input(0)
        if self._next > before:
            return 0
        now = self._machine.timing.work
        if self._console.size != self._written:
            self._written, self._waited_from = self._console.size, now
        is_in_vain = self._next < len(self._steps) and now - self._waited_from > _PATIENCE
        return None if is_in_vain else units

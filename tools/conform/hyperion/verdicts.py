# SPDX-License-Identifier: GPL-2.0-or-later
"""What a test script expects, and whether that is what was found: the directives of one ``*Testcase``.

The rules are those of the suite's own checker: texts are compared without regard to blanks around them, and as numbers
where both are numbers; the disabled wait that ends a test has zeros in the last 24 bits of its address, or X'DEAD' in
the last 16 if a program interruption is expected and was the last one.
"""

from __future__ import annotations

import contextlib
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER: Final = re.compile(r"[+-]?\s*(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_LABEL: Final = re.compile(r'"([^"]*)"\s*(.*)')
_CONDITION: Final = re.compile(r"(\\?)\s*\$?(\w+)(?:\s*(\\?=)\s*(\w+))?")
_VARIABLES: Final = {"can_zarch_mode": "1", "ptrsize": "8"}
"""Of those that a condition may name; all others are 0 or empty there."""


class UnknownDirective(Exception):  # noqa: N818 - it says which
    """A directive that is not known here; the message names it."""


def is_equal(first: str, second: str) -> bool:
    """Whether the two texts are equal as the checker's language, Rexx, compares them."""
    first, second = first.strip(), second.strip()
    if _NUMBER.fullmatch(first) and _NUMBER.fullmatch(second):
        # Of an exponent that no number has, the texts decide.
        with contextlib.suppress(InvalidOperation):
            return Decimal(first.replace(" ", "")) == Decimal(second.replace(" ", ""))
    return first == second


class CaseVerdicts:
    """What one case has come to so far."""

    def __init__(self) -> None:
        self.compared = 0
        self.failures: list[str] = []
        """A line each."""
        self.program = ""
        """The code of the last program interruption that was logged, in hexadecimal; empty if there was none."""
        self.stored = ""
        """The last 16 bytes of storage that were displayed."""
        self.key = ""
        self.prefix = ""
        self.registers: dict[str, list[str]] = {}
        """The last displays, by Gpr, Fpr and Cr."""
        self.may_time_out = False
        self._wanted_program = ""
        self._has_waited = False
        self._is_done = False
        self._is_comparing = False
        self._conditions: list[tuple[bool, bool]] = []
        """For each condition around: whether it holds, and whether the lines before it counted."""

    @property
    def is_active(self) -> bool:
        """Whether directives count, by the conditions around them."""
        return not self._conditions or all(self._conditions[-1])

    @property
    def notes_displays(self) -> bool:
        """Whether displays of storage count yet."""
        return self._is_comparing

    # What happens

    def waits(self, psw: tuple[int, int]) -> None:
        """A CPU has loaded the disabled-wait *psw*."""
        self._has_waited = True
        mask, address = psw
        is_dead = address & 0xFFFF == 0xDEAD and self.program and is_equal(self.program, self._wanted_program)
        self._check(
            not address & 0xFF_FFFF or bool(is_dead), f"unexpected disabled wait: PSW {mask:016X} {address:016X}"
        )

    def loops(self) -> None:
        """The program interruptions of a CPU never end."""
        self._has_waited = True

    def times_out(self) -> None:
        """A run did not end within its time."""
        if not self.may_time_out:
            self._check(False, "the run did not end in its time")

    def ends(self) -> None:
        """There are no more lines: what was begun must be complete."""
        if self._conditions:
            self._conditions.clear()
            self._check(False, "expected *Fi behind *If")
        if not self._is_done and not self.compared and not self.failures:
            self._check(False, "nothing is checked, not even by *Done")

    # What is expected

    def take(self, verb: str, rest: str) -> None:
        """The directive *verb*.

        :raises UnknownDirective: if it is none.
        """
        if verb == "If":
            self._conditions.append((_holds(rest), self.is_active))
        elif verb in ("Else", "Fi"):
            self._leave(verb)
        elif self.is_active:
            known = self._directives.get(verb)
            if known is None:
                raise UnknownDirective(f"*{verb}")
            known(self, rest)

    def _leave(self, verb: str) -> None:
        if self._conditions:
            holds, before = self._conditions.pop()
            if verb == "Else":
                self._conditions.append((not holds, before))

    def _want(self, rest: str) -> None:
        label = _LABEL.fullmatch(rest)
        name, wanted = (f" ({label[1]})", label[2]) if label else ("", rest)
        wanted = wanted.partition("#")[0]
        self._compared(
            "Want", wanted, self.stored, f"storage{name}: expected {wanted.strip()}, not {self.stored.strip()}"
        )

    def _register(self, kind: str, rest: str) -> None:
        number, _, wanted = rest.upper().partition("#")[0].partition(" ")
        shown = self.registers.get(kind)
        found = shown[int(number)] if shown and number.isdecimal() and int(number) < len(shown) else ""
        self._compared(kind, wanted, found, f"{kind} {number}: expected {wanted.strip()}, not {found or 'unknown'}")

    def _key(self, rest: str) -> None:
        wanted = rest.upper().partition("#")[0]
        self._compared("Key", wanted, self.key, f"storage key: expected {wanted.strip()}, not {self.key or 'unknown'}")

    def _prefix(self, rest: str) -> None:
        wanted = rest.upper().partition("#")[0]
        self._compared(
            "Prefix", wanted, self.prefix, f"prefix: expected {wanted.strip()}, not {self.prefix or 'unknown'}"
        )

    def _compare(self, _: str) -> None:
        self._is_comparing = True

    def _program(self, rest: str) -> None:
        self._wanted_program = rest.partition("#")[0].strip()

    def _timeout(self, _: str) -> None:
        self.may_time_out = True

    def _say(self, _: str) -> None:
        """A text for people, which decides nothing."""

    def _done(self, rest: str) -> None:
        self._is_done = True
        found, wanted = self.program, self._wanted_program
        if found or wanted:
            text = f"program interruption: expected {wanted or 'none'}, not {found or 'none'}"
            self._check(bool(found and wanted) and is_equal(found, wanted), text)
        if rest.strip() != "nowait" and not self._has_waited:
            self.failures.append("no disabled wait")

    def _compared(self, directive: str, wanted: str, found: str, text: str) -> None:
        """What *directive* has *wanted* was *found*, or *text* says what is wrong."""
        if wanted.strip():
            self._check(is_equal(found, wanted), text)
        else:
            self._check(False, f"expected a value behind *{directive}")

    def _check(self, is_right: bool, text: str) -> None:
        if not self.is_active:
            return
        if is_right:
            self.compared += 1
        else:
            self.failures.append(text)

    _directives: Final[dict[str, Callable[[CaseVerdicts, str], None]]] = {
        "Want": _want,
        "Gpr": lambda self, rest: self._register("Gpr", rest),
        "Fpr": lambda self, rest: self._register("Fpr", rest),
        "Cr": lambda self, rest: self._register("Cr", rest),
        "Key": _key,
        "Prefix": _prefix,
        "Compare": _compare,
        "Program": _program,
        "Timeout": _timeout,
        "Explain": _say,
        "Message": _say,
        "Done": _done,
    }


def _holds(condition: str) -> bool:
    """Whether the *condition* of an ``*If`` holds; one that is not understood does not."""
    found = _CONDITION.fullmatch(condition.strip())
    if found is None:
        return False
    negated, name, comparison, other = found.groups()
    value = name if name.isdecimal() else _VARIABLES.get(name.lower(), "0")
    holds = value == "1" if comparison is None else is_equal(value, other) is (comparison == "=")
    return holds is not bool(negated)

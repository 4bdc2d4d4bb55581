# SPDX-License-Identifier: GPL-2.0-or-later
"""Pressure and injection plans: what happens to the host and its paging device on purpose, and when.

A plan is a sequence of steps, each with one trigger and one action.  Nothing in it depends on a clock or on chance, so
a run with a plan can be repeated exactly.  :mod:`host.plan_file` reads plans from TOML, where the fields have the same
names, and :mod:`host.plan_runner` carries them out.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, ClassVar, Final

from emu.addresses import PAGE_SIZE
from emu.input_files.toml_tables import FieldError, Origin

_ADDRESS_LIMIT: Final = 1 << 64
_NUMBER_LIMIT: Final = 1 << 62
"""More than any run counts to."""
_ADDRESS: Final = "address"


class PlanError(FieldError):
    """A plan cannot be carried out; the message is one line that says where, and what was expected."""


def _address() -> Any:
    """A field that holds an address: people write it, and it is shown, in hexadecimal."""
    return field(metadata={_ADDRESS: True})


def is_address(described: Any) -> bool:
    """Whether the dataclass field *described* holds an address."""
    return _ADDRESS in described.metadata


def _require_number(name: str, value: int, minimum: int) -> None:
    if not minimum <= value < _NUMBER_LIMIT:
        # In hexadecimal if it is long, since a number of thousands of digits cannot be shown otherwise.
        shown = f"{value}" if value < _NUMBER_LIMIT else f"{value:#x}"
        raise PlanError(f"expected {minimum} or more, below {_NUMBER_LIMIT:#x}, not {shown}", name)


def _require_address(name: str, value: int, multiple: int) -> None:
    if not 0 <= value < _ADDRESS_LIMIT or value % multiple:
        raise PlanError(f"expected an address of at most 64 bits, a multiple of {multiple:#x}, not {value:#x}", name)


# Triggers


@dataclass(frozen=True, slots=True)
class AtWork:
    """When the guest has done so many units of work, the measure of its virtual time.

    The engine stops at the ends of blocks of instructions, and a waiting guest's time jumps, so the moment may be past
    by then.  Of several moments of a repeated step that have passed together only one counts.
    """

    at_work: int
    every: int | None = None
    """Repeat the step after so many units each; None: once only."""
    rounds: int | None = None
    """How often in all; None: to the end of the run."""

    def __post_init__(self) -> None:
        _require_number("at_work", self.at_work, 0)
        if self.every is not None:
            _require_number("every", self.every, 1)
        if self.rounds is not None:
            _require_number("rounds", self.rounds, 1)
            if self.every is None:
                raise PlanError("expected only together with every", "rounds")


@dataclass(frozen=True, slots=True)
class AtInstruction:
    """When a CPU of the guest is about to execute the instruction at this address, as its PSW has it.

    With *count* n, after n - 1 instructions have ended there, on any CPU and in whatever way.
    """

    at_instruction: int = _address()
    count: int = 1

    def __post_init__(self) -> None:
        _require_address("at_instruction", self.at_instruction, 2)
        _require_number("count", self.count, 1)


@dataclass(frozen=True, slots=True)
class AtAccess:
    """After the *count*-th instruction, or interruption, that accesses the page at this absolute address in any way.

    An access that ends in an exception is one; so are instruction fetches and those of dynamic address translation.
    """

    at_access: int = _address()
    count: int = 1

    def __post_init__(self) -> None:
        _require_address("at_access", self.at_access, PAGE_SIZE)
        _require_number("count", self.count, 1)

    @property
    def page(self) -> int:
        """The number of the page."""
        return self.at_access // PAGE_SIZE


Trigger = AtWork | AtInstruction | AtAccess
TRIGGERS: Final[Mapping[str, type[Trigger]]] = {
    "at_work": AtWork,
    "at_instruction": AtInstruction,
    "at_access": AtAccess,
}
"""The triggers by the field that only they have."""


# Actions


class _Action:
    """What is common to all actions."""

    __slots__ = ()
    do: ClassVar[str]
    """The name of the action in a plan file."""

    def __str__(self) -> str:
        """The action and its fields, for reports."""
        parts = [self.do]
        for each in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            value = getattr(self, each.name)
            shown = f"{value:#x}" if is_address(each) else value.value if isinstance(value, Enum) else value
            parts.append(f"{each.name}={shown}")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Resize(_Action):
    """Let the pool have so many frames from now on; if they are fewer than before, pages lose theirs at once."""

    do: ClassVar[str] = "resize"
    frames: int

    def __post_init__(self) -> None:
        _require_number("frames", self.frames, 1)


@dataclass(frozen=True, slots=True)
class EvictFrame(_Action):
    """Take the frame of the page at this absolute address, as if it were the LRU victim."""

    do: ClassVar[str] = "evict"
    page: int = _address()

    def __post_init__(self) -> None:
        _require_address("page", self.page, PAGE_SIZE)


@dataclass(frozen=True, slots=True)
class DiscardVolatile(_Action):
    """Drop every page, of all guests, whose content may be dropped without I/O."""

    do: ClassVar[str] = "discard-volatile"


class DeviceError(Enum):
    """How a write to the paging device may fail."""

    EIO = "EIO"
    ENOSPC = "ENOSPC"

    @property
    def number(self) -> int:
        """The error number."""
        return errno.EIO if self is DeviceError.EIO else errno.ENOSPC


@dataclass(frozen=True, slots=True)
class _Fault(_Action):
    """The *nth* operation of a kind from now, 1 being the next, and the *times* - 1 after it meet a fault."""

    nth: int = 1
    times: int = 1

    def __post_init__(self) -> None:
        _require_number("nth", self.nth, 1)
        _require_number("times", self.times, 1)


@dataclass(frozen=True, slots=True)
class FailWrite(_Fault):
    """Writes to the paging device fail with *error*."""

    do: ClassVar[str] = "fail-write"
    error: DeviceError = DeviceError.EIO


@dataclass(frozen=True, slots=True)
class FailRead(_Fault):
    """Reads from the paging device fail."""

    do: ClassVar[str] = "fail-read"


@dataclass(frozen=True, slots=True)
class CorruptRead(_Fault):
    """Reads from the paging device give something else than was written."""

    do: ClassVar[str] = "corrupt-read"


@dataclass(frozen=True, slots=True)
class ShortRead(_Fault):
    """Reads from the paging device give less than a page."""

    do: ClassVar[str] = "short-read"


@dataclass(frozen=True, slots=True)
class TakeSample(_Action):
    """Record the guest's table of page states in the time series, under the label of the step."""

    do: ClassVar[str] = "sample"


Action = Resize | EvictFrame | DiscardVolatile | FailWrite | FailRead | CorruptRead | ShortRead | TakeSample
ACTIONS: Final[Mapping[str, type[Action]]] = {
    action.do: action
    for action in (Resize, EvictFrame, DiscardVolatile, FailWrite, FailRead, CorruptRead, ShortRead, TakeSample)
}
"""The actions by their names in a plan file."""


# Plans


@dataclass(frozen=True, slots=True)
class PressureStep:
    """What is done, and when: *trigger* and *action*, where they need one, are about the guest with that number."""

    trigger: Trigger
    action: Action
    guest: int = 0
    label: str = ""

    def __post_init__(self) -> None:
        _require_number("guest", self.guest, 0)


@dataclass(frozen=True, slots=True)
class PressurePlan:
    """The steps of a plan.  All wait for their triggers at the same time; those due together go in their order."""

    steps: tuple[PressureStep, ...]
    origin: Origin[PlanError] = field(default=Origin("plan", PlanError), compare=False)

    def step_error(self, number: int, text: str, field: str = "") -> PlanError:
        """The error *text* about *field* of step *number*, from 1."""
        return self.origin.error(text, "step", number, field)

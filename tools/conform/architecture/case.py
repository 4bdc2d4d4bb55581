# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case says: a rule, its source, guest code, the state before, the interruptions, and the state in the end.

``tests/conformance/README.md`` shows how cases are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import ClassVar, Final

from emu.facilities import OFFERED, installed
from emu.page_states import Profile
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, CONDITION_CODE
from tools.conform.architecture.source import Value

Masked = Value | tuple[int, int]
"""What a field must hold; a tuple also says which of its bits count."""
PAGE_ADDRESS: Final = ~0xFFF & (1 << 64) - 1
"""The bits of a translation-exception identification that are the address of a page."""


class Basis(Enum):
    """What the expected values rest on."""

    VERIFIED = "verified"
    """The source that is named says so."""
    INFERRED = "inferred"
    """It is concluded from what the source says."""


VERIFIED: Final = Basis.VERIFIED
INFERRED: Final = Basis.INFERRED


class Class(IntEnum):
    """The classes of interruptions (PoP 6), as the harness logs them."""

    PROGRAM = 1
    SUPERVISOR_CALL = 2
    EXTERNAL = 3
    INPUT_OUTPUT = 4
    MACHINE_CHECK = 5
    RESTART = 6


class Going(IntEnum):
    """How a program goes on after an interruption."""

    END = 0
    OLD = 1
    """Where the old PSW points, as it says."""
    LABEL = 2
    """At a label, in the supervisor state, with DAT off and all interruptions disabled."""
    LABEL_AS_BEFORE = 3
    """At a label, with the mask of the old PSW."""


@dataclass(frozen=True, slots=True)
class ExpectedInterruption:
    """An interruption that is expected, and where the program goes on after it.

    *at* is the address in the old PSW, and *mask* its mask: by default that of the case, whatever the condition code.
    *fields* are other fields of the low core, by the names of :data:`LOW_CORE_FIELDS`.
    """

    kind: Class
    code: int | None
    ilc: int | None = None
    """Bytes of the instruction: what the manual's figure shows is half of it."""
    at: Value | None = None
    mask: int | tuple[int, int] | None = None
    cc: int | None = None
    fields: Mapping[str, Masked] = field(default_factory=dict)
    going: Going = Going.END
    to: Value = 0


@dataclass(frozen=True, slots=True)
class Need:
    """What a machine must have for a case."""

    kind: int
    number: int
    name: str

    @property
    def is_of_a_facility(self) -> bool:
        """Whether its number is that of a facility, which must be there or must not."""
        return self.kind in (_INSTALLED, _NOT_INSTALLED)


ESSA: Final = Need(1, 0, "ESSA")
ZVM: Final = Need(2, 0, "page states as z/VM has them")
KVM: Final = Need(3, 0, "page states as KVM has them")
PAGING: Final = Need(5, 0, "a host that takes pages which have not been touched for long")
TWO_CPUS: Final = Need(4, 1, "a CPU with address 1")
ONE_CPU: Final = Need(9, 1, "no CPU with address 1")
DEVICES: Final = Need(6, 0x0001_0001, "channel-attached devices that give their identification, on subchannels 0 and 1")
OUTSIDE: Final = Need(10, 0, "somebody who presses the interrupt key and reports machine checks")
NO_ESSA: Final = Need(8, 0, "a guest without ESSA")
_INSTALLED, _NOT_INSTALLED = 0, 7


def facility(bit: int) -> Need:
    """The facility with the number *bit*."""
    return Need(_INSTALLED, int(bit), f"facility {int(bit)}")


def no_facility(bit: int) -> Need:
    """That the facility with the number *bit* is not there."""
    return Need(_NOT_INSTALLED, int(bit), f"a machine without facility {int(bit)}")


@dataclass(frozen=True, slots=True)
class InterruptKey:
    """The interrupt key is pressed before the instruction *at* a place is executed for the first time."""

    at: Value = "code"
    what: ClassVar[str] = "interrupt key"


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """Machine-check *conditions*, by their bits in the machine-check-interruption code, become pending.

    That is before the instruction *at* a place is executed for the first time.
    """

    conditions: int
    at: Value = "code"
    cpu: int = 0
    """For the CPU with this address, unless they float."""
    what: ClassVar[str] = "machine check"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalState:
    """The state in the end; what is not said is not looked at.

    *registers*, *controls*: by their numbers.  *storage*: doublewords, by the addresses.  *keys*: what ISKE gives.
    *pages*: what ESSA gives.  *mask*: of the PSW.
    """

    registers: Mapping[int, Masked] = field(default_factory=dict)
    controls: Mapping[int, Masked] = field(default_factory=dict)
    storage: Mapping[Value, Masked] = field(default_factory=dict)
    keys: Mapping[Value, int] = field(default_factory=dict)
    pages: Mapping[Value, str] = field(default_factory=dict)
    cc: int | None = None
    mask: tuple[int, int] | None = None
    at: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case.

    *code* lies at the name ``code`` and ends in SVC 255, which is put behind it; *parts* is more code, by its address.
    *registers*, *controls*, *mask* and *keys* are the state before it begins.  *storage* is doublewords or bytes that
    are in the image, *fill* doublewords that are stored before the page states of *pages* are made.
    """

    name: str
    rule: str
    source: str
    basis: Basis
    code: str
    parts: Mapping[int, str] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    registers: Mapping[int, Value] = field(default_factory=dict)
    controls: Mapping[int, int] = field(default_factory=dict)
    mask: int = ADDRESSING_MODE
    keys: Mapping[Value, int] = field(default_factory=dict)
    pages: Mapping[Value, str] = field(default_factory=dict)
    fill: Mapping[Value, int] = field(default_factory=dict)
    storage: Mapping[Value, int | bytes] = field(default_factory=dict)
    is_pressed: bool = False
    """Whether so many pages are touched before it begins that the host has taken others."""
    outside: tuple[InterruptKey | MachineCheck, ...] = ()
    """What no instruction makes, in its order; such a case needs :data:`OUTSIDE`."""
    events: tuple[ExpectedInterruption, ...] = ()
    end: FinalState = field(default_factory=FinalState)

    @property
    def profile(self) -> Profile:
        """Whose ESSA the machine should have that runs it."""
        if NO_ESSA in self.needs:
            return Profile.OFF
        return Profile.KVM if KVM in self.needs else Profile.ZVM

    @property
    def facilities(self) -> frozenset[int]:
        """The facilities of a machine here that should run it, as far as it can have them."""
        added = {need.number for need in self.needs if need.kind == _INSTALLED}
        removed = {need.number for need in self.needs if need.kind == _NOT_INSTALLED}
        return installed(frozenset(added & OFFERED), frozenset(removed))


@dataclass(frozen=True, slots=True)
class CaseSection:
    """The cases of one file."""

    title: str
    cases: tuple[Case, ...]


def program(
    code: int,
    *,
    ilc: int | None,
    at: Value | None = None,
    mask: int | tuple[int, int] | None = None,
    cc: int | None = None,
    going: Going = Going.END,
    to: Value = 0,
    **fields: Masked,
) -> ExpectedInterruption:
    """A program interruption with *code*; *ilc* in bytes, None where the manual leaves it open."""
    return ExpectedInterruption(Class.PROGRAM, int(code), ilc, at, mask, cc, fields, going, to)


def supervisor_call(
    number: int,
    *,
    ilc: int = 2,
    at: Value | None = None,
    mask: int | tuple[int, int] | None = None,
    going: Going = Going.END,
    to: Value = 0,
) -> ExpectedInterruption:
    """The interruption of SUPERVISOR CALL."""
    return ExpectedInterruption(Class.SUPERVISOR_CALL, number, ilc, at, mask, going=going, to=to)


def external(
    code: int,
    *,
    at: Value | None = None,
    mask: int | tuple[int, int] | None = None,
    going: Going = Going.END,
    to: Value = 0,
    **fields: Masked,
) -> ExpectedInterruption:
    """An external interruption."""
    return ExpectedInterruption(Class.EXTERNAL, code, None, at, mask, None, fields, going, to)


def machine_check(
    code: Masked,
    *,
    at: Value | None = None,
    mask: int | tuple[int, int] | None = None,
    going: Going = Going.END,
    to: Value = 0,
    **fields: Masked,
) -> ExpectedInterruption:
    """A machine-check interruption with the 64 bits *code*."""
    fields["machine_check_code"] = code
    return ExpectedInterruption(Class.MACHINE_CHECK, None, None, at, mask, None, fields, going, to)


def code_name(code: int) -> str:
    """What the program-interruption *code* is called."""
    with_event = code != ProgramInterruptionCode.PER_EVENT and code & ProgramInterruptionCode.PER_EVENT
    try:
        name = ProgramInterruptionCode(code & ~with_event).name.lower().replace("_", " ")
    except ValueError:
        name = "no assigned code"
    return f"{name}, with a PER event" if with_event else name


ANY_CONDITION_CODE: Final = ~CONDITION_CODE & (1 << 64) - 1

# SPDX-License-Identifier: GPL-2.0-or-later
"""The prefix area decoded by name (PoP 3, "Assigned Storage Locations")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import interruption, lowcore, machine_checks
from emu.inspection import psw as psw_words
from emu.inspection import teid as teid_words
from emu.inspection.storage import Space, bytes_at
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import Psw

if TYPE_CHECKING:
    from emu.addresses import RealAddress
    from emu.cpu import Cpu

_EXTERNAL_NAMES: Final = {
    interruption.EXTERNAL_INTERRUPT_KEY: "interrupt key",
    interruption.EXTERNAL_CLOCK_COMPARATOR: "clock comparator",
    interruption.EXTERNAL_CPU_TIMER: "CPU timer",
    interruption.EXTERNAL_MALFUNCTION_ALERT: "malfunction alert",
    interruption.EXTERNAL_EMERGENCY_SIGNAL: "emergency signal",
    interruption.EXTERNAL_CALL: "external call",
    interruption.EXTERNAL_SERVICE_SIGNAL: "service signal",
    interruption.EXTERNAL_VMCF: "special message",
}
MACHINE_CHECK_NAMES: Final = {
    machine_checks.SYSTEM_DAMAGE: "system damage",
    machine_checks.PROCESSING_DAMAGE: "instruction-processing damage",
    machine_checks.SYSTEM_RECOVERY: "system recovery",
    machine_checks.EXTERNAL_DAMAGE: "external damage",
    machine_checks.DEGRADATION: "degradation",
    machine_checks.WARNING: "warning",
    machine_checks.CHANNEL_REPORT: "channel report pending",
}
_PSW: Final = 16
ASSIGNED_END: Final = lowcore.IO_NEW_PSW + _PSW
"""Behind the last of the locations that are shown."""


@dataclass(frozen=True, slots=True)
class Location:
    """An assigned location: its *name*, where it is, how long, and the *class_* of interruption that stores there."""

    name: str
    address: RealAddress
    length: int
    class_: str = ""


LOCATIONS: Final = (
    Location("external parameter", lowcore.EXTERNAL_PARAMETER, 4, "external"),
    Location("CPU address", lowcore.EXTERNAL_CPU_ADDRESS, 2, "external"),
    Location("external code", lowcore.EXTERNAL_CODE, 2, "external"),
    Location("SVC ILC and number", lowcore.SVC_ILC, 4, "svc"),
    Location("program ILC and code", lowcore.PROGRAM_ILC, 4, "program"),
    Location("data-exception code", lowcore.DATA_EXCEPTION_CODE, 4, "program"),
    Location("monitor class", lowcore.MONITOR_CLASS, 2, "program"),
    Location("PER code", lowcore.PER_CODE, 2, "program"),
    Location("PER address", lowcore.PER_ADDRESS, 8, "program"),
    Location("exception access", lowcore.EXCEPTION_ACCESS, 1, "program"),
    Location("PER access", lowcore.PER_ACCESS, 1, "program"),
    Location("operand access", lowcore.OPERAND_ACCESS, 1, "program"),
    Location("architectural mode", lowcore.ARCHITECTURAL_MODE, 1, "machine-check"),
    Location("translation exception", lowcore.TRANSLATION_EXCEPTION, 8, "program"),
    Location("monitor code", lowcore.MONITOR_CODE, 8, "program"),
    Location("subsystem", lowcore.SUBSYSTEM_IDENTIFICATION, 4, "io"),
    Location("I/O parameter", lowcore.IO_PARAMETER, 4, "io"),
    Location("I/O identification", lowcore.IO_IDENTIFICATION, 4, "io"),
    Location("STFL facilities", lowcore.STFL_FACILITIES, 4),
    Location("machine-check code", lowcore.MACHINE_CHECK_CODE, 8, "machine-check"),
    Location("external-damage code", lowcore.EXTERNAL_DAMAGE_CODE, 4, "machine-check"),
    Location("failing storage", lowcore.FAILING_STORAGE_ADDRESS, 8, "machine-check"),
    Location("breaking event", lowcore.BREAKING_EVENT_ADDRESS, 8, "program"),
    Location("restart old PSW", lowcore.RESTART_OLD_PSW, _PSW, "restart"),
    Location("external old PSW", lowcore.EXTERNAL_OLD_PSW, _PSW, "external"),
    Location("SVC old PSW", lowcore.SVC_OLD_PSW, _PSW, "svc"),
    Location("program old PSW", lowcore.PROGRAM_OLD_PSW, _PSW, "program"),
    Location("machine-check old PSW", lowcore.MACHINE_CHECK_OLD_PSW, _PSW, "machine-check"),
    Location("I/O old PSW", lowcore.IO_OLD_PSW, _PSW, "io"),
    Location("restart new PSW", lowcore.RESTART_NEW_PSW, _PSW),
    Location("external new PSW", lowcore.EXTERNAL_NEW_PSW, _PSW),
    Location("SVC new PSW", lowcore.SVC_NEW_PSW, _PSW),
    Location("program new PSW", lowcore.PROGRAM_NEW_PSW, _PSW),
    Location("machine-check new PSW", lowcore.MACHINE_CHECK_NEW_PSW, _PSW),
    Location("I/O new PSW", lowcore.IO_NEW_PSW, _PSW),
)


@dataclass(frozen=True, slots=True)
class Assigned:
    """What is at an assigned location, as bytes and in words."""

    location: Location
    value: bytes
    meaning: str

    def __str__(self) -> str:
        at = self.location
        meaning = f"  {self.meaning}" if self.meaning else ""
        return f"{at.address:03x} {at.name:22} {self.value.hex(' ', 8)}{meaning}"


def read_low_core(cpu: Cpu, class_: str | None = None) -> list[Assigned]:
    """The assigned locations in the prefix area of *cpu*, looked at; only those of a class of interruption if given.

    :raises HostFailure: if the host cannot read that page.
    """
    found = decode(bytes_at(cpu, 0, ASSIGNED_END, Space.REAL))
    return [each for each in found if class_ is None or each.location.class_ == class_]


def decode(area: bytes) -> list[Assigned]:
    """The assigned locations in the first :data:`ASSIGNED_END` bytes of a prefix area."""
    return [Assigned(each, _value(area, each), _meaning(area, each)) for each in LOCATIONS]


def _value(area: bytes, location: Location) -> bytes:
    return area[location.address : location.address + location.length]


def _meaning(area: bytes, location: Location) -> str:
    value = _value(area, location)
    number = int.from_bytes(value, "big")
    if location.length == _PSW:
        return psw_words.in_words(Psw.from_bytes(value)) if number else ""
    match location.address:
        case lowcore.PROGRAM_ILC if number:
            return f"ILC {number >> 16 & 7}, {program_name(number & 0xFFFF)}"
        case lowcore.SVC_ILC if number:
            return f"ILC {number >> 16 & 7}, SVC {number & 0xFFFF}"
        case lowcore.EXTERNAL_CODE if number:
            return external_name(number)
        case lowcore.MACHINE_CHECK_CODE:
            return machine_check_name(number)
        case lowcore.TRANSLATION_EXCEPTION:
            code = int.from_bytes(area[lowcore.PROGRAM_ILC + 2 : lowcore.PROGRAM_ILC + 4], "big")
            code &= ~ProgramInterruptionCode.PER_EVENT
            return ", ".join(teid_words.in_words(number, code))
    return ""


def program_name(code: int) -> str:
    """The name of the program interruption with *code*, in the manual's words."""
    if code & ProgramInterruptionCode.PER_EVENT and code != ProgramInterruptionCode.PER_EVENT:
        return f"{program_name(code & ~ProgramInterruptionCode.PER_EVENT)}, per event"
    try:
        return ProgramInterruptionCode(code).name.lower().replace("_", " ")
    except ValueError:
        return "unknown"


def external_name(code: int) -> str:
    """The name of the external interruption with *code*."""
    return _EXTERNAL_NAMES.get(code, "unknown")


def machine_check_name(code: int) -> str:
    """The names of the conditions in the machine-check-interruption *code*."""
    return ", ".join(name for condition, name in MACHINE_CHECK_NAMES.items() if code & condition)

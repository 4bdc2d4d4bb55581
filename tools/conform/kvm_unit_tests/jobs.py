# SPDX-License-Identifier: GPL-2.0-or-later
"""From an entry of ``unittests.cfg`` to the machine that its program runs on, or to why it cannot run.

The entries are written for QEMU.  What its options mean is done here; an option that means something which this machine
does not have is a reason to leave the program out, and nothing is left out without a reason.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.identification import CpuPlace, Entitlement, TopologyShape
from emu.program import read_program
from tools.conform.kvm_unit_tests.unittests_cfg import KNOWN_PARAMETERS
from tools.conform.results import Entry
from tools.conform.suites import Unsuitable
from tools.machines.options import MachineOptions
from tools.usage.errors import UsageError
from tools.usage.options import read_options

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tools.conform.kvm_unit_tests.program import UnitTest
    from tools.conform.kvm_unit_tests.unittests_cfg import CfgSection
    from tools.conform.options import ConformOptions

_ARCHITECTURE: Final = "s390x"
_MACHINE: Final = "s390-ccw-virtio"
_DEFAULT_MEMORY: Final = "128M"
_CPU_MODELS: Final = ("max", "qemu", "host")
_CPU_FEATURES: Final = {
    "vx": Facility.VECTOR,
    "iep": Facility.INSTRUCTION_EXECUTION_PROTECTION,
    "edat": Facility.EDAT_1,
    "ctop": Facility.CONFIGURATION_TOPOLOGY,
    "cmmnt": Facility.ESSA_NO_TRANSLATE,
    "esop": Facility.ENHANCED_SUPPRESSION_ON_PROTECTION_2,
}
"""QEMU's names of the features that can be switched here."""
_ABSENT_FEATURES: Final = frozenset(("gs", "sief2", "pfmfi", "cei", "te", "ri"))
"""Those that this machine never has, so that switching them off is granted."""
_DEVICE: Final = "virtio-blk-ccw"
_CONTAINERS: Final = ("drawers", "books", "sockets")
_SMP: Final = ("cpus", "maxcpus", "cores", "threads", *_CONTAINERS)
_WATCHDOG: Final = "diag288"
_CPU_DEVICE: Final = re.compile(r"(?:max|qemu|host)-s390x-cpu")


@dataclass(slots=True)
class _Options:
    """What QEMU's options say."""

    memory: str = _DEFAULT_MEMORY
    cpus: int = 1
    max_cpus: int = 0
    shape: TopologyShape = field(default_factory=TopologyShape)
    core_ids: list[int] = field(default_factory=list)
    command_line: list[str] = field(default_factory=list)
    name: str = "guest"
    uuid: str | None = None
    devices: int = 0
    has_watchdog: bool = False
    facilities: set[int] = field(default_factory=lambda: {int(facility) for facility in DEFAULT_FACILITIES})
    notes: list[str] = field(default_factory=list)


def plan_job(entry: CfgSection, directory: Path, wanted: ConformOptions) -> UnitTest:
    """What is to be done for *entry*, whose program lies in *directory*.

    :raises Unsuitable: if it cannot be done on this machine.
    :raises emu.errors.ProgramError: if the program is damaged.
    """
    _require_suitable(entry, is_chosen=bool(wanted.only))
    about = entry_of(entry)
    options = _Options()
    _smp(options, entry.get("smp") or "1")
    options.command_line.extend(_words(entry, "test_args"))
    _qemu_options(options, _words(entry, "qemu_params"))
    cpus = options.cpus + len(options.core_ids)
    if sorted([*range(options.cpus), *options.core_ids]) != list(range(cpus)):
        raise Unsuitable(f"-device: the CPU addresses here are 0 to {cpus - 1}, not {options.core_ids}")
    if options.devices and "migration" in entry.groups:
        raise Unsuitable("a machine with devices cannot be saved here")
    image = directory / entry.get("file")
    if not image.is_file():
        raise Unsuitable(f"{entry.get('file')} has not been built")
    # A damaged one is found before anything runs.
    read_program(image)
    added, removed = wanted.facilities(about, options.facilities)
    try:
        described = read_options(
            MachineOptions,
            {
                "image": str(image),
                "memory": options.memory,
                "cpus": cpus,
                "cmdline": " ".join(options.command_line) or None,
                "profile": wanted.profile,
                "facility": [*added],
                "no_facility": [*removed],
                "name": options.name,
                "uuid": options.uuid,
            },
        )
    except UsageError as reason:
        raise Unsuitable(str(reason)) from None
    # The machine is loaded with it, which a list of the programs need not wait for.
    from tools.conform.kvm_unit_tests.program import UnitTest

    return UnitTest(
        entry=about,
        options=described,
        max_cpus=max(cpus, options.max_cpus),
        shape=options.shape,
        panics="panic" in entry.groups,
        max_instructions=wanted.max_instructions,
        timeout=wanted.timeout,
        devices=options.devices,
        has_watchdog=options.has_watchdog,
        notes=tuple(options.notes),
    )


def entry_of(section: CfgSection) -> Entry:
    """The entry of the suite that *section* is."""
    return Entry(section.name, tuple(section.get("groups").split()))


def _require_suitable(entry: CfgSection, *, is_chosen: bool) -> None:
    unknown = sorted(entry.parameters.keys() - KNOWN_PARAMETERS)
    if unknown:
        raise Unsuitable(f"parameter {unknown[0]}: not known")
    if ".pv." in entry.get("file") or "pv-host" in entry.groups:
        raise Unsuitable("needs protected virtualization")
    if entry.get("arch") not in ("", _ARCHITECTURE):
        raise Unsuitable(f"arch: for {entry.get('arch')} only")
    if entry.get("machine") not in ("", _MACHINE):
        raise Unsuitable(f"machine: for {entry.get('machine')} only")
    for parameter in ("check", "disabled_if"):
        if entry.get(parameter):
            raise Unsuitable(f"{parameter}: asks something of the host that has no meaning here")
    if "nodefault" in entry.groups and not is_chosen:
        raise Unsuitable("marked as not to be run by default (use --only)")


def _words(entry: CfgSection, parameter: str) -> list[str]:
    text = entry.get(parameter)
    if "`" in text or "$" in text:
        raise Unsuitable(f"{parameter}: needs a shell")
    try:
        return shlex.split(text)
    except ValueError as reason:
        raise Unsuitable(f"{parameter}: {reason}") from None


def _qemu_options(options: _Options, words: list[str]) -> None:
    while words:
        word = words.pop(0)
        option = "-" + word.lstrip("-")
        read = _OPTIONS.get(option)
        if read is None or not word.startswith("-"):
            raise Unsuitable(f"{word}: not known here")
        if not words:
            raise Unsuitable(f"{word}: has no value")
        read(options, words.pop(0))


def _append(options: _Options, value: str) -> None:
    options.command_line.append(value)


def _memory(options: _Options, value: str) -> None:
    size = value.removeprefix("size=")
    # A number without a unit counts megabytes.
    options.memory = f"{size}M" if size.isdecimal() else size


def _smp(options: _Options, value: str) -> None:
    counts = {}
    for part in value.split(","):
        name, _, count = part.rpartition("=")
        if (name or "cpus") not in _SMP or not count.isdecimal() or not int(count):
            raise Unsuitable(f"-smp {part}: not known here")
        counts[name or "cpus"] = int(count)
    if counts.get("threads", 1) > 1:
        raise Unsuitable("-smp threads: a core is one CPU here")
    drawers, books, sockets = (counts.get(name, 1) for name in _CONTAINERS)
    around = drawers * books * sockets
    most = counts.get("maxcpus") or counts.get("cores", 0) * around
    # If the number of CPUs is not said, all are there that there could be.
    options.cpus = counts.get("cpus") or most or 1
    options.max_cpus = most
    if around > 1 or "cores" in counts:
        cores = counts.get("cores") or max(most, options.cpus) // around
        options.shape = TopologyShape(cores, sockets, books, drawers)


def _cpu(options: _Options, value: str) -> None:
    model, *features = value.split(",")
    if model not in _CPU_MODELS:
        raise Unsuitable(f"-cpu {model}: there is one model here, with facilities to choose from")
    for feature in features:
        name, _, state = feature.partition("=")
        facility = _CPU_FEATURES.get(name)
        if state not in ("on", "off") or (facility is None and (name, state != "off") not in _GRANTED):
            raise Unsuitable(f"-cpu {feature}: there is no such facility here")
        if facility is not None:
            (options.facilities.add if state == "on" else options.facilities.discard)(int(facility))


_GRANTED: Final = {(name, False) for name in _ABSENT_FEATURES}


def _machine(_: _Options, value: str) -> None:
    for part in value.split(","):
        if part not in (_MACHINE, f"type={_MACHINE}") and not part.startswith("accel="):
            raise Unsuitable(f"-machine {part}: not known here")


def _device(options: _Options, value: str) -> None:
    name, *properties = value.split(",")
    if _CPU_DEVICE.fullmatch(name):
        options.core_ids.append(_core(options, name, properties))
    elif re.fullmatch(r"virtio-\w+-ccw", name):
        options.devices += 1
        if name != _DEVICE:
            options.notes.append(f"{_DEVICE} in place of {name}")
    elif name == _WATCHDOG:
        options.has_watchdog = True
    else:
        raise Unsuitable(f"-device {name}: not on this machine")


def _core(options: _Options, name: str, properties: list[str]) -> int:
    """The address of the CPU that is added, whose place is noted."""
    said = dict(text.partition("=")[::2] for text in properties)
    number = said.pop("core-id", "")
    entitlement, is_dedicated = said.pop("entitlement", "medium"), said.pop("dedicated", "false")
    place = {key: said.pop(f"{key}-id", "") for key in ("drawer", "book", "socket")}
    is_known = entitlement.upper() in Entitlement.__members__ and is_dedicated in ("true", "false")
    numbers = [number, *filter(None, place.values())]
    if said or not is_known or not all(each.isdecimal() for each in numbers):
        raise Unsuitable(f"-device {','.join((name, *properties))}: not known here")
    if any(place.values()):
        drawer, book, socket = (int(each or "0") for each in place.values())
        found = CpuPlace(drawer, book, socket, Entitlement[entitlement.upper()], is_dedicated == "true")
        options.shape = replace(options.shape, places=(*options.shape.places, (int(number), found)))
    return int(number)


def _name(options: _Options, value: str) -> None:
    options.name = value


def _uuid(options: _Options, value: str) -> None:
    try:
        options.uuid = str(UUID(value))
    except ValueError:
        raise Unsuitable(f"-uuid {value}: no UUID") from None


def _watchdog_action(_: _Options, value: str) -> None:
    if value != "inject-nmi":
        raise Unsuitable(f"-watchdog-action {value}: the watchdog restarts a CPU here")


_OPTIONS: Final[dict[str, Callable[[_Options, str], None]]] = {
    "-append": _append,
    "-m": _memory,
    "-smp": _smp,
    "-cpu": _cpu,
    "-machine": _machine,
    "-M": _machine,
    "-device": _device,
    "-name": _name,
    "-uuid": _uuid,
    "-watchdog-action": _watchdog_action,
}

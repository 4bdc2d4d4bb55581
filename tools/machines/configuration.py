# SPDX-License-Identifier: GPL-2.0-or-later
"""From the options of the command to a machine with the program in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from emu.errors import CommandLineError
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.input_files.sizes import format_size, parse_size
from emu.kernel_image import KernelImage, command_line_bytes
from emu.page_states import Profile
from emu.program import read_program
from tools.debian.download import COMMAND_LINE, debian_files, release_of
from tools.machines.hosting import MOST_MEMORY, HostConfiguration, attend, make_host, read_plan
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emu.machine import Machine
    from host.plan_runner import PlanRunner
    from tools.machines.hosting import Host

GUEST_NUMBER: Final = "{guest}"
"""What stands for the number of the guest in the command line, if there are several."""
_MEGABYTE: Final = 1 << 20
_LONGEST_COMMAND_LINE: Final = 1 << 16
_MOST_CPUS: Final = 248
_MOST_GUESTS: Final = 64


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is to run, and on what machine."""

    image: Path
    ramdisk: Path | None
    """The initial RAM disk of a Linux kernel."""
    memory: int
    """Bytes of absolute storage."""
    cpus: int
    command_line: str | None
    profile: Profile
    facilities: frozenset[int]
    name: str
    uuid: UUID
    disks: tuple[tuple[Path, bool], ...] = ()
    """The images of the disks, and whether they may be written."""
    guests: int = 1
    """How many guests run the program, in turn."""
    host: HostConfiguration | None = None
    """The host under them; None if every page just has a frame."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What has been made of a configuration."""

    machines: list[Machine]
    host: Host | None
    plan: PlanRunner | None

    def close(self) -> None:
        """Give up what the host holds."""
        if self.host is not None:
            self.host.manager.device.close()


def configure(
    image: str,
    *,
    ramdisk: str | None = None,
    memory: str,
    cpus: int,
    command_line: str | None,
    profile: str,
    disks: Iterable[str] = (),
    with_facilities: Iterable[int] = (),
    without_facilities: Iterable[int] = (),
    name: str = "guest",
    uuid: str | None = None,
    guests: int = 1,
    host: HostConfiguration | None = None,
) -> Configuration:
    """Check the options of the command.

    :raises UsageError: naming the option and what was expected.
    """
    if not 1 <= cpus <= _MOST_CPUS:
        raise UsageError(f"--cpus: expected 1 to {_MOST_CPUS}, not {cpus}")
    if not 1 <= guests <= _MOST_GUESTS:
        raise UsageError(f"--guests: expected 1 to {_MOST_GUESTS}, not {guests}")
    if command_line is not None:
        try:
            # How much room there is says the image.
            command_line_bytes(command_line, _LONGEST_COMMAND_LINE)
        except ValueError as reason:
            raise UsageError(f"--cmdline: {reason}") from None
    path, initial = Path(image), None if ramdisk is None else Path(ramdisk)
    if (release := release_of(image)) is not None:
        files = debian_files(release)
        path, initial = files.kernel, initial or files.ramdisk
        command_line = COMMAND_LINE if command_line is None else command_line
    return Configuration(
        image=path,
        ramdisk=initial,
        memory=_memory(memory, guests),
        cpus=cpus,
        command_line=command_line,
        profile=_profile(profile),
        facilities=_facilities(with_facilities, without_facilities),
        name=_name(name),
        uuid=_uuid(uuid),
        disks=tuple(_disk(text, guests) for text in disks),
        guests=guests,
        host=host or (HostConfiguration() if guests > 1 else None),
    )


def set_up(configuration: Configuration) -> Setup:
    """The host and the machines as *configuration* says, with the program in storage and CPU 0 about to enter it.

    :raises emu.program.ProgramError: if the image is not a program, or does not fit.
    :raises UsageError: if there is not enough memory for the machines, or the host cannot be as described.
    """
    from emu.hypervisor import HostFailure

    program = read_program(configuration.image, configuration.ramdisk)
    plan = read_plan(configuration.host)
    machines, host = make_machines(configuration)
    try:
        for number, machine in enumerate(machines):
            # Linux would use both consoles, and read only from one.
            machine.sclp.has_line_mode = not isinstance(program, KernelImage)
            line = configuration.command_line
            if line is not None and configuration.guests > 1:
                line = line.replace(GUEST_NUMBER, str(number))
            program.load(machine, line)
    except CommandLineError as reason:
        raise UsageError(f"--cmdline: {reason}") from None
    except HostFailure as reason:
        raise UsageError(f"{configuration.image}: cannot be loaded: {reason}") from None
    return Setup(machines, host, None if host is None else attend(host, plan))


def make_machines(configuration: Configuration) -> tuple[list[Machine], Host | None]:
    """The machines as *configuration* says, with nothing in storage, and the host under them if there is one.

    :raises UsageError: if there is not enough memory for the machines, or the host cannot be as described.
    """
    from emu.hypervisor import FirstTouchHypervisor
    from emu.identification import SystemIdentification
    from emu.machine import Machine  # takes most of the start-up time; a wrong image need not wait for it
    from tools.processes.interrupt import postponed

    host = None
    if configuration.host is not None:
        host = make_host(
            configuration.host, guests=configuration.guests, cpus=configuration.cpus, memory=configuration.memory
        )
    machines = []
    try:
        for _ in range(configuration.guests):
            with postponed():
                machine = Machine(
                    configuration.memory,
                    cpus=configuration.cpus,
                    profile=configuration.profile,
                    facilities=configuration.facilities,
                    hypervisor=FirstTouchHypervisor if host is None else host.new_guest(),
                )
            machine.configuration.identification = SystemIdentification(
                name=configuration.name, uuid=configuration.uuid
            )
            machines.append(machine)
            _attach_disks(machine, configuration)
    except (MemoryError, OSError) as reason:
        raise UsageError(f"--memory: this computer cannot give so much: {reason}") from None
    return machines, host


def _disk(text: str, guests: int) -> tuple[Path, bool]:
    is_writable = text.endswith(":rw")
    if is_writable and guests > 1:
        raise UsageError(f"--disk: several guests cannot write the same image, {text}")
    return Path(text.removesuffix(":rw")), is_writable


def _attach_disks(machine: Machine, configuration: Configuration) -> None:
    """Put the disks on subchannels 0 to n - 1.

    :raises UsageError: if an image cannot be opened, or is none.
    """
    from emu.devices.disk_image import DiskImage
    from emu.devices.virtio_block import VirtioBlock
    from emu.devices.virtio_ccw import VirtioCcw

    for path, is_writable in configuration.disks:
        try:
            image = DiskImage(path, is_writable=is_writable)
        except OSError as reason:
            raise UsageError(f"--disk: {path} cannot be opened: {reason.strerror}") from None
        except ValueError as reason:
            raise UsageError(f"--disk: {path}: {reason}") from None
        machine.channels.attach(VirtioCcw(VirtioBlock(image, path.name)))


def _memory(text: str, guests: int) -> int:
    try:
        memory = parse_size(text)
    except ValueError as reason:
        raise UsageError(f"--memory: {reason}") from None
    if memory == 0 or memory % _MEGABYTE:
        raise UsageError(f"--memory: expected a multiple of 1M, not {text}")
    if memory * guests > MOST_MEMORY:
        together, times = ("", "") if guests == 1 else (" of all guests together", f"{guests} times ")
        raise UsageError(f"--memory: expected at most {format_size(MOST_MEMORY)}{together}, not {times}{text}")
    return memory


def _name(text: str) -> str:
    try:
        text.encode("cp037")
    except UnicodeEncodeError:
        raise UsageError(f"--name: expected characters that EBCDIC has, not {text!r}") from None
    return text


def _uuid(text: str | None) -> UUID:
    try:
        return UUID(text) if text is not None else UUID(int=0)
    except ValueError:
        raise UsageError(f"--uuid: expected 32 hexadecimal digits, as in {UUID(int=1)}, not {text!r}") from None


def _profile(text: str) -> Profile:
    try:
        return Profile(text)
    except ValueError:
        raise UsageError(f"--profile: expected {', '.join(each.value for each in Profile)}, not {text!r}") from None


def _facilities(with_facilities: Iterable[int], without_facilities: Iterable[int]) -> frozenset[int]:
    known = frozenset(int(facility) for facility in Facility)
    added, removed = frozenset(with_facilities), frozenset(without_facilities)
    for option, numbers in (("--facility", added), ("--no-facility", removed)):
        if not numbers <= known:
            expected = ", ".join(map(str, sorted(known)))
            raise UsageError(f"{option}: expected one of {expected}, not {min(numbers - known)}")
    if added & removed:
        raise UsageError(f"--facility and --no-facility: both name {min(added & removed)}")
    return (frozenset(int(facility) for facility in DEFAULT_FACILITIES) | added) - removed

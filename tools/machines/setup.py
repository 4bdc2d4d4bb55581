# SPDX-License-Identifier: GPL-2.0-or-later
"""From the options of the command to a machine with the program in it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from emu.errors import CommandLineError
from emu.kernel_image import KernelImage
from emu.program import read_program
from tools.machines.host import make_host, plan_of, start_attendants
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from emu.machine import Machine
    from host.plan_runner import PlanRunner
    from tools.machines.host import HostSetup
    from tools.machines.options import MachineOptions

GUEST_NUMBER: Final = "{guest}"
"""What stands for the number of the guest in the command line, if there are several."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What has been made as the options say."""

    machines: list[Machine]
    host: HostSetup | None
    plan: PlanRunner | None

    def close(self) -> None:
        """Give up what the host holds."""
        if self.host is not None:
            self.host.manager.device.close()


def set_up(options: MachineOptions) -> Setup:
    """The host and the machines as *options* says, with the program in storage and CPU 0 about to enter it.

    :raises emu.program.ProgramError: if the image is not a program, or does not fit.
    :raises UsageError: if there is not enough memory for the machines, or the host cannot be as described.
    """
    from emu.hypervisor import HostFailure

    program = read_program(options.image.path, options.ramdisk)
    plan = plan_of(options.host)
    machines, host = make_machines(options)
    try:
        for number, machine in enumerate(machines):
            # Linux would use both consoles, and read only from one.
            machine.sclp.has_line_mode = not isinstance(program, KernelImage)
            line = options.command_line
            if line is not None and options.guests > 1:
                line = line.replace(GUEST_NUMBER, str(number))
            program.load(machine, line)
    except CommandLineError as reason:
        raise UsageError(f"--cmdline: {reason}") from None
    except HostFailure as reason:
        raise UsageError(f"{options.image.path}: cannot be loaded: {reason}") from None
    return Setup(machines, host, None if host is None else start_attendants(host, plan))


def make_machines(options: MachineOptions) -> tuple[list[Machine], HostSetup | None]:
    """The machines as *options* says, with nothing in storage, and the host under them if there is one.

    :raises UsageError: if there is not enough memory for the machines, or the host cannot be as described.
    """
    from tools.processes.interrupt import postponed

    with postponed():
        # It takes most of the start-up time; a wrong image need not wait for it.
        from emu.hypervisor import FirstTouchHypervisor
        from emu.identification import SystemIdentification
        from emu.machine import Machine

    prepare_callbacks()
    host = None
    if options.host is not None:
        host = make_host(options.host, guests=options.guests, cpus=options.cpus, memory=options.memory)
    identification = SystemIdentification(name=options.name)
    if options.uuid is not None:
        identification = replace(identification, uuid=options.uuid)
    machines = []
    try:
        for _ in range(options.guests):
            with postponed():
                machine = Machine(
                    options.memory,
                    cpus=options.cpus,
                    profile=options.profile,
                    facilities=options.facilities,
                    hypervisor=FirstTouchHypervisor if host is None else host.new_guest(),
                )
            machine.configuration.identification = identification
            machines.append(machine)
            _attach_disks(machine, options)
    except (MemoryError, OSError) as reason:
        raise UsageError(f"--memory: this computer cannot give so much: {reason}") from None
    return machines, host


def prepare_callbacks() -> None:
    """Compile the engine's callbacks if they are not kept, and say why the first run takes so long to begin."""
    from emu.engine.compiled import are_kept
    from emu.engine.compiling import compile_callbacks

    if are_kept():
        return
    print("essa: compiling the engine's callbacks, once; a minute or so", file=sys.stderr, flush=True)
    is_at_terminal = sys.stderr.isatty()

    def show(done: int, total: int) -> None:
        if is_at_terminal:
            print(f"\r{done} of {total}", end="", file=sys.stderr, flush=True)

    try:
        compile_callbacks(show)
    finally:
        if is_at_terminal:
            print(file=sys.stderr)


def _attach_disks(machine: Machine, options: MachineOptions) -> None:
    """Put the disks on subchannels 0 to n - 1.

    :raises UsageError: if an image cannot be opened, or is none.
    """
    from emu.devices.disk_image import DiskImage
    from emu.devices.virtio_block import VirtioBlock
    from emu.devices.virtio_ccw import VirtioCcw

    for disk in options.disks:
        try:
            image = DiskImage(disk.path, is_writable=disk.is_writable)
        except OSError as reason:
            raise UsageError(f"--disk: {disk.path} cannot be opened: {reason.strerror}") from None
        except ValueError as reason:
            raise UsageError(f"--disk: {disk.path}: {reason}") from None
        machine.channels.attach(VirtioCcw(VirtioBlock(image, disk.path.name)))

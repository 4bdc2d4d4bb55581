# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw images: Linux kernels for s390x, and bare images that begin with the PSW of their initial program loading.

A Linux image lies from absolute address 0 on, tells by a mark what it is, and is entered at 0x10000; its parameter area
says where the initial RAM disk lies and has the command line.  Source: Linux, Documentation/s390 and the layout of its
parameter area; the place of the RAM disk as other loaders choose it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.cpu import CpuState
from emu.errors import CommandLineError, ProgramError
from emu.psw import ADDRESSING_MODE, SHORT_FORMAT, Psw

if TYPE_CHECKING:
    from emu.machine import Machine

KERNEL_ENTRY: Final = 0x10000
_MARK_ADDRESS: Final = 0x10008
_MARK: Final = b"S390EP"
_RAMDISK_ADDRESS: Final = 0x10408
_RAMDISK_SIZE: Final = 0x10410
_COMMAND_LINE_ROOM: Final = 0x10430
"""How long the command line may be, with its zero byte; zero in kernels before 5.13, and then the old room."""
COMMAND_LINE_ADDRESS: Final = 0x10480
"""Where Linux for s390 and kvm-unit-tests read their command line."""
COMMAND_LINE_BYTES: Final = 896
"""The room there, with the zero byte at the end, if nothing says otherwise."""
_FIRST_RAMDISK: Final = 0x80_0000
_RAMDISK_ALIGNMENT: Final = 1 << 20
_PARAMETER_AREA_END: Final = COMMAND_LINE_ADDRESS + COMMAND_LINE_BYTES


@dataclass(frozen=True, slots=True)
class KernelImage:
    """A Linux kernel, and the initial RAM disk that it gets."""

    name: str
    image: bytes
    ramdisk: bytes | None = None

    def load(self, machine: Machine, command_line: str | None = None) -> None:
        """Put kernel, RAM disk and command line into the storage of *machine*; CPU 0 is ready to enter the kernel.

        :param command_line: ASCII; None leaves what the image has there.
        :raises ProgramError: if something does not fit.
        """
        _require_room(self.name, len(self.image), machine)
        ramdisk = self.ramdisk or b""
        start = max(_FIRST_RAMDISK, -(-len(self.image) // _RAMDISK_ALIGNMENT) * _RAMDISK_ALIGNMENT)
        if ramdisk and start + len(ramdisk) > machine.memory:
            raise ProgramError(
                f"{self.name}: the RAM disk of {len(ramdisk):,} bytes would lie at {start:#x}, and the memory ends at "
                f"{machine.memory:#x}"
            )
        room = int.from_bytes(self.image[_COMMAND_LINE_ROOM : _COMMAND_LINE_ROOM + 8], "big") or COMMAND_LINE_BYTES
        line = None if command_line is None else command_line_bytes(command_line, room)
        machine.load_storage(0, self.image)
        if ramdisk:
            machine.load_storage(start, ramdisk)
            machine.load_storage(_RAMDISK_ADDRESS, start.to_bytes(8, "big"))
            machine.load_storage(_RAMDISK_SIZE, len(ramdisk).to_bytes(8, "big"))
        if line is not None:
            machine.load_storage(COMMAND_LINE_ADDRESS, line)
        _enter(machine, Psw(ADDRESSING_MODE, KERNEL_ENTRY))


@dataclass(frozen=True, slots=True)
class BareImage:
    """An image whose first doubleword is the PSW that initial program loading loads."""

    name: str
    image: bytes

    def load(self, machine: Machine, command_line: str | None = None) -> None:
        """Put the image into the storage of *machine* at 0, and load its PSW.

        :raises ProgramError: if it does not fit, or gets a command line.
        """
        if command_line is not None:
            raise CommandLineError("a bare image takes none")
        _require_room(self.name, len(self.image), machine)
        machine.load_storage(0, self.image)
        _enter(machine, Psw.from_short(int.from_bytes(self.image[:8], "big")))


def parse_image(image: bytes, name: str, ramdisk: bytes | None = None) -> KernelImage | BareImage:
    """What the bytes of a file that is no ELF file are; *name* is what messages call it.

    :raises ProgramError: if they are neither.
    """
    if image[_MARK_ADDRESS : _MARK_ADDRESS + len(_MARK)] == _MARK:
        if len(image) < _PARAMETER_AREA_END:
            raise ProgramError(f"{name}: truncated: a kernel's parameter area ends at {_PARAMETER_AREA_END:#x}")
        return KernelImage(name, image, ramdisk)
    if ramdisk is not None:
        raise ProgramError(f"{name}: not a Linux kernel image, and only that gets a RAM disk")
    psw = int.from_bytes(image[:8], "big")
    if len(image) < 8 or not psw & SHORT_FORMAT or Psw.from_short(psw).has_early_exception():
        raise ProgramError(
            f"{name}: expected an ELF file (7f 45 4c 46), a Linux kernel image ('S390EP' at {_MARK_ADDRESS:#x}), or an "
            f"image that begins with an 8-byte PSW"
        )
    return BareImage(name, image)


def command_line_bytes(text: str, room: int = COMMAND_LINE_BYTES) -> bytes:
    """The command line *text* as it lies in storage, with its zero byte, in a *room* of so many bytes.

    :raises CommandLineError: if it is too long or not ASCII.
    """
    if not text.isascii() or "\0" in text:
        raise CommandLineError("the command line must be ASCII without zero bytes")
    if len(text) >= room:
        raise CommandLineError(
            f"the command line must not be longer than {room - 1} characters, and it has {len(text)}"
        )
    return text.encode("ascii") + b"\0"


def _require_room(name: str, size: int, machine: Machine) -> None:
    if size > machine.memory:
        raise ProgramError(f"{name}: {size:#x} bytes do not fit into the memory of {machine.memory:#x} bytes")


def _enter(machine: Machine, psw: Psw) -> None:
    cpu = machine.cpus[0]
    cpu.load_psw(psw)
    cpu.state = CpuState.OPERATING

# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbols of a kernel, as it tells them itself: it is booted once, with an /init that reads ``/proc/kallsyms``.

No package for s390x that is small has them.  What runs them later is the same: the kernel stays where it was unpacked,
since the machine has no random numbers for the kernel to move itself by, and the modules are loaded in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.devices.console import ConsoleBuffer
from emu.devices.virtio_block import VirtioBlock
from emu.devices.virtio_ccw import VirtioCcw
from emu.errors import SymbolFileError
from emu.kernel_image import parse_image
from emu.symbols.kernel_list import parse_kernel_list
from tools.debian.initramfs import with_symbol_reader
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from emu.machine import Machine

_MEMORY: Final = 256 << 20
_DISK_BYTES: Final = 32 << 20
"""A list has one or two million bytes, and several if it has the names of data, too."""
_MOST_INSTRUCTIONS: Final = 20_000_000_000
"""A boot has three thousand million."""
_COMMAND_LINE: Final = "console=ttyS0 loglevel=1"


class NotedDisk:
    """A disk without a file, which keeps what is written to it."""

    size = _DISK_BYTES
    is_writable = True

    def __init__(self) -> None:
        self.content = bytearray(self.size)

    def read(self, offset: int, length: int) -> bytes:
        """See :meth:`emu.devices.virtio_block.Image.read`."""
        return bytes(self.content[offset : offset + length])

    def write(self, offset: int, data: bytes) -> None:
        """See :meth:`emu.devices.virtio_block.Image.write`."""
        self.content[offset : offset + len(data)] = data

    def flush(self) -> None:
        """See :meth:`emu.devices.virtio_block.Image.flush`."""

    @property
    def text(self) -> bytes:
        """What is on it, up to the first zero."""
        return bytes(self.content[: self.content.index(0)])


def read_kernel_symbols(kernel: bytes, ramdisk: bytes) -> bytes:
    """The list of symbols that the *kernel* has when the modules on *ramdisk* are loaded, as ``/proc/kallsyms`` has it.

    :raises UsageError: if it does not tell them; the last line of its console is in the message.
    """
    from emu.machine import Machine  # takes a while, and nothing else here needs it

    machine = Machine(_MEMORY)
    disk, console = NotedDisk(), ConsoleBuffer()
    machine.channels.attach(VirtioCcw(VirtioBlock(disk, "symbols")))
    machine.sclp.console = console
    machine.sclp.has_line_mode = False
    parse_image(kernel, "vmlinuz", with_symbol_reader(ramdisk)).load(machine, _COMMAND_LINE)
    _run(machine)
    text = disk.text
    try:
        parse_kernel_list(text.decode("ascii"), "/proc/kallsyms")
    except (SymbolFileError, UnicodeDecodeError) as reason:
        said = console.data.decode("utf-8", errors="replace").strip().splitlines() or ["nothing"]
        raise UsageError(f"fetch: the kernel has not told its symbols: {reason}; it said {said[-1]!r}") from None
    return text


def _run(machine: Machine) -> None:
    from tools.processes.interrupt import ctrl_c

    with ctrl_c(machine) as switch:
        machine.run(_MOST_INSTRUCTIONS)
        if switch.is_pressed:
            raise KeyboardInterrupt

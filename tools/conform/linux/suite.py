# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform linux``: the static Linux programs of a directory, each in a guest of its own that has booted already.

The guest boots once, with all programs in its first file system, and is saved when it is about to be told which one to
run.  A program passes if its exit status is 0; 4 and 77 say that it has left itself out.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Final

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from emu.errors import ProgramError
from tools.conform.results import Entry
from tools.conform.suites import Unsuitable
from tools.conform.texts import name_of_file
from tools.debian.releases import COMMAND_LINE, debian_files
from tools.machines.options import MachineOptions
from tools.usage.errors import UsageError
from tools.usage.options import read_options

if TYPE_CHECKING:
    from tools.conform.linux.guest import LinuxProgram
    from tools.conform.linux.options import LinuxOptions

_MAGIC: Final = b"\x7fELF"
_MACHINE: Final = "EM_S390"
_BITS: Final = 64
_QUIET: Final = f"{COMMAND_LINE} loglevel=3"
_Facilities = tuple[frozenset[int], frozenset[int]]
"""Those beyond the default machine that are added, and those that are removed."""


class LinuxSuite:
    """The programs of a directory."""

    def __init__(self, options: LinuxOptions) -> None:
        """Find them in the directory that *options* names.

        :raises UsageError: if there is none, no such machine, or no kernel.
        """
        self._options = options
        self._directory = Path(options.directory)
        try:
            files = sorted(self._directory.iterdir())
            self._paths = {name_of_file(path.name): path for path in files if _is_program(path)}
        except OSError as reason:
            raise UsageError(f"{self._directory}: cannot be read: {reason.strerror}") from None
        if not self._paths:
            raise UsageError(f"{self._directory}: expected a directory with ELF files in it")
        self._files = debian_files(options.release)
        self._machine_with(Entry(""), self._files.ramdisk)
        self._booted: dict[_Facilities, tuple[MachineOptions, Path]] = {}

    def entries(self) -> list[Entry]:
        """See :meth:`tools.conform.suites.Suite.entries`."""
        return [Entry(name) for name in self._paths]

    def job(self, entry: Entry) -> LinuxProgram:
        """See :meth:`tools.conform.suites.Suite.job`.

        A guest is booted for the first of those that have the same facilities.
        """
        # The machine is loaded with it, which a list of the programs need not wait for.
        from tools.conform.linux.guest import LinuxProgram, boot

        _require_static(self._paths[entry.name])
        wanted = self._options
        facilities = wanted.facilities(entry, wanted.default_facilities)
        if facilities not in self._booted:
            place = Path(tempfile.mkdtemp(prefix="essa-conform-linux-"))
            # It goes with this suite.
            weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
            (place / "initrd").write_bytes(_ramdisk(self._files.ramdisk, list(self._paths.values())))
            machine = self._machine_with(entry, place / "initrd")
            boot(machine, place / "booted")
            self._booted[facilities] = machine, place / "booted"
        machine, booted = self._booted[facilities]
        path, number = self._paths[entry.name], list(self._paths).index(entry.name)
        return LinuxProgram(entry, path, number, machine, booted, wanted.max_instructions, wanted.timeout)

    def _machine_with(self, entry: Entry, ramdisk: Path) -> MachineOptions:
        wanted = self._options
        added, removed = wanted.facilities(entry, wanted.default_facilities)
        return read_options(
            MachineOptions,
            {
                "image": str(self._files.kernel),
                "initrd": str(ramdisk),
                "cmdline": _QUIET,
                "memory": wanted.memory,
                "cpus": wanted.cpus,
                "profile": wanted.profile,
                "facility": [*added],
                "no_facility": [*removed],
            },
        )


def _ramdisk(ramdisk: Path, paths: list[Path]) -> bytes:
    """The first file system, with the programs *paths* by their numbers, and a /init that runs one of them."""
    from tools.conform.linux.guest import WORK, program_name
    from tools.debian.initramfs import with_work

    programs = {program_name(number): path.read_bytes() for number, path in enumerate(paths)}
    return with_work(ramdisk.read_bytes(), WORK, programs)


def _is_program(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC and path.suffix != ".o"


def _require_static(path: Path) -> None:
    """Check that the program *path* needs nothing but a kernel for s390x.

    :raises Unsuitable: if it needs more.
    :raises ProgramError: if it is damaged.
    """
    try:
        file = ELFFile(io.BytesIO(path.read_bytes()))
        is_ours = (file["e_machine"], file.elfclass, file.little_endian) == (_MACHINE, _BITS, False)
        is_dynamic = any(segment["p_type"] == "PT_INTERP" for segment in file.iter_segments())
    except (ELFError, ValueError, KeyError, AttributeError) as reason:
        raise ProgramError(f"{path}: damaged: {reason}") from None
    if not is_ours:
        raise Unsuitable("not a program for s390x")
    if is_dynamic:
        raise Unsuitable("linked dynamically: expected a static program")

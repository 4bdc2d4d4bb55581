# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform elf``: the ELF files of a directory and those below it, each a program for a bare machine.

A disabled wait at address 0xFFF is "passed" and at 0 "failed", the convention of QEMU's guest tests; the lines and the
exit status that programs of kvm-unit-tests write count, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.program import read_program
from tools.conform.results import Entry
from tools.conform.suites import Unsuitable
from tools.conform.texts import name_of_file
from tools.machines.options import MachineOptions
from tools.usage.errors import UsageError
from tools.usage.options import read_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.conform.elf.options import ElfOptions
    from tools.conform.results import Result
    from tools.processes.side_by_side import Reporter

_MAGIC: Final = b"\x7fELF"
_SUFFIX: Final = ".elf"


@dataclass(frozen=True, slots=True)
class BareProgram:
    """One program to run."""

    entry: Entry
    options: MachineOptions
    max_instructions: int
    timeout: int
    """Seconds."""

    def run(self, reporter: Reporter) -> Result | None:
        """See :meth:`tools.conform.suites.Job.run`."""
        # The machine is loaded with it, which a list of the programs need not wait for.
        from tools.conform.elf.program import run_bare

        return run_bare(
            self.entry,
            self.options,
            max_instructions=self.max_instructions,
            timeout=self.timeout,
            reporter=reporter,
        )


class ElfSuite:
    """The programs of a directory."""

    def __init__(self, options: ElfOptions) -> None:
        """Find them in the directory that *options* names.

        :raises UsageError: if there is none, or no such machine.
        """
        self._options = options
        self._directory = Path(options.directory)
        self._paths = {_entry(path.relative_to(self._directory)): path for path in sorted(_programs(self._directory))}
        if not self._paths:
            raise UsageError(f"{self._directory}: expected a directory with ELF files, or files *{_SUFFIX}, in it")
        # What is wrong for all of them is wrong use.
        self._machine(next(iter(self._paths)))

    def entries(self) -> list[Entry]:
        """See :meth:`tools.conform.suites.Suite.entries`."""
        return list(self._paths)

    def job(self, entry: Entry) -> BareProgram:
        """See :meth:`tools.conform.suites.Suite.job`."""
        wanted = self._options
        # A damaged one is found before anything runs.
        read_program(self._paths[entry])
        added, removed = wanted.facilities(entry, wanted.default_facilities)
        try:
            described = self._machine(entry, facility=[*added], no_facility=[*removed])
        except UsageError as reason:
            raise Unsuitable(str(reason)) from None
        return BareProgram(entry, described, wanted.max_instructions, wanted.timeout)

    def _machine(self, entry: Entry, **facilities: list[int]) -> MachineOptions:
        wanted = self._options
        typed = {"memory": wanted.memory, "cpus": wanted.cpus, "profile": wanted.profile, **facilities}
        return read_options(MachineOptions, {"image": str(self._paths[entry]), **typed})


def _entry(path: Path) -> Entry:
    """The entry of the program at *path* in the directory; its folder is its group."""
    folder = name_of_file(path.parent.as_posix())
    return Entry(name_of_file(path.as_posix()), () if folder == "." else (folder,))


def _programs(directory: Path) -> Iterator[Path]:
    """The files that are programs, or are called so."""
    try:
        for path in directory.rglob("*"):
            if path.is_file() and (path.suffix == _SUFFIX or _begins_so(path)):
                yield path
    except OSError as reason:
        raise UsageError(f"{reason.filename or directory}: cannot be read: {reason.strerror}") from None


def _begins_so(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC and path.suffix != ".o"

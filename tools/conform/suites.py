# SPDX-License-Identifier: GPL-2.0-or-later
"""What a conformance suite is: whoever brings one declares it in :mod:`tools.conform.catalogue`, and has these.

From its options a :class:`Suite` is made.  It names its entries; for each that is wanted it gives a :class:`Job`, which
is sent to another process and run there.  Choosing, running side by side, known failures, lines, reports and exit
statuses are the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from tools.conform.options import ConformOptions
    from tools.conform.results import Entry, Result
    from tools.processes.side_by_side import Reporter


class Unsuitable(Exception):  # noqa: N818 - it says why a program is left out
    """The program needs something that this machine does not have; the message names it."""


class Unsupported(Unsuitable):
    """The program asks its runner for something that this one cannot do; the message names it."""


class NotBegun(Exception):  # noqa: N818 - it says what has happened
    """Ctrl-C or SIGTERM has ended what must be done before the first program can run."""


class Job(Protocol):
    """One entry, ready to be run.  It is pickled, so it has descriptions of machines and no machines."""

    @property
    def entry(self) -> Entry:
        """What is run."""

    def run(self, reporter: Reporter) -> Result | None:
        """Run it to its end; None if *reporter* says before that it should stop.

        The process runs others before and afterwards.  A :class:`~emu.errors.ProgramError` or a
        :class:`~tools.usage.errors.UsageError` is a failure of this entry.
        """


class Suite(Protocol):
    """The entries of a suite, and how each is run."""

    def entries(self) -> Sequence[Entry]:
        """All there are, in their order."""

    def job(self, entry: Entry) -> Job:
        """What is to be done for *entry*.

        :raises Unsuitable: if it cannot be done on this machine: it is left out, with this reason.
        :raises NotBegun: by Ctrl-C or SIGTERM, if something long comes before.
        :raises emu.errors.ProgramError: if the program is damaged: it has failed.
        """


@dataclass(frozen=True, slots=True)
class SuiteDeclaration:
    """A suite before anything of it is loaded."""

    name: str
    """As it is typed: ``essa conform NAME``."""
    help: str
    options: Callable[[], type[ConformOptions]]
    """Gives the dataclass of its options, :class:`ConformOptions` or one with more."""
    open: Callable[[Any], Suite]
    """Makes the suite from these; raises UsageError if there is none where they say."""
    known: Path | None = None
    """The file of known failures that comes with it."""
    machine: Callable[[Any], str | None] | None = None
    """Gives what these options have the programs run on, in words, if it is not this machine."""

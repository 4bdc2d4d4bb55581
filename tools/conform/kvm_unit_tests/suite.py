# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform kvm-unit-tests``: every program of a build directory, as its ``unittests.cfg`` says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.conform.kvm_unit_tests.jobs import entry_of, plan_job
from tools.conform.kvm_unit_tests.unittests_cfg import read_cfg
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.conform.kvm_unit_tests.program import UnitTest
    from tools.conform.options import DirectoryOptions
    from tools.conform.results import Entry

SUITE: Final = "kvm-unit-tests"
LIST: Final = "unittests.cfg"
_ARCHITECTURE: Final = "s390x"


class KvmUnitTests:
    """The programs of a build directory."""

    def __init__(self, options: DirectoryOptions) -> None:
        """Read the list of the directory that *options* names.

        :raises UsageError: if there is none, or it is malformed.
        """
        self._options = options
        self._directory = _find_directory(options.directory)
        self._sections = {section.name: section for section in read_cfg(self._directory / LIST)}

    def entries(self) -> list[Entry]:
        """See :meth:`tools.conform.suites.Suite.entries`."""
        return [entry_of(section) for section in self._sections.values()]

    def job(self, entry: Entry) -> UnitTest:
        """See :meth:`tools.conform.suites.Suite.job`."""
        return plan_job(self._sections[entry.name], self._directory, self._options)


def _find_directory(name: str) -> Path:
    """The directory of *name* in which the programs are.

    :raises UsageError: if it has none.
    """
    for directory in (Path(name), Path(name) / _ARCHITECTURE):
        if (directory / LIST).is_file():
            return directory
    raise UsageError(f"{name}: expected a build directory of {SUITE}, with {LIST} or {_ARCHITECTURE}/{LIST} in it")

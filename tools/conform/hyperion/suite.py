# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform hyperion``: the test scripts of a directory, each on machines of its own; a case is a check."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.facilities import installed
from tools.conform.hyperion.script import SUFFIX
from tools.conform.results import Entry
from tools.conform.suites import Unsuitable
from tools.conform.texts import name_of_file
from tools.machines.options import profile as profile_called
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.conform.hyperion.options import HyperionOptions
    from tools.conform.hyperion.running import ScriptJob

_GROUPS: Final = (
    ("zvector", re.compile(r"zvector.*")),
    ("binary floating point", re.compile(r"bfp.*")),
    ("decimal and hexadecimal floating point", re.compile(r"dfp.*|pfpo|csxtr|float")),
    ("cryptography", re.compile(r"k[a-z]+-hw|cipher|digest|prno")),
    ("strings and translation", re.compile(r"(?i)cl?cl.*|cu.*|tr[te]*-?.*|str-.*|srst.*|cmpsc|mvcle")),
)
"""By the names of the scripts, the first that fits."""
_OTHERS: Final = "other"


class HyperionSuite:
    """The scripts of a directory."""

    def __init__(self, options: HyperionOptions) -> None:
        """Find them in the directory that *options* names.

        :raises UsageError: if there is none.
        """
        self._options = options
        self._directory = Path(options.directory)
        self._paths = {name_of_file(path.stem): path for path in sorted(self._directory.glob(f"*{SUFFIX}"))}
        self._entries = [Entry(name, (_group(name),)) for name in self._paths]
        if not self._paths:
            raise UsageError(f"{self._directory}: expected a directory with test scripts, *{SUFFIX}")

    def entries(self) -> list[Entry]:
        """See :meth:`tools.conform.suites.Suite.entries`."""
        return self._entries

    def job(self, entry: Entry) -> ScriptJob:
        """See :meth:`tools.conform.suites.Suite.job`."""
        wanted = self._options
        try:
            facilities = installed(*wanted.facilities(entry, wanted.default_facilities))
        except ValueError as reason:
            raise Unsuitable(str(reason)) from None
        # The machine is loaded with it, which a list of the scripts need not wait for.
        from tools.conform.hyperion.running import ScriptJob

        return ScriptJob(
            entry,
            self._paths[entry.name],
            profile_called(wanted.profile),
            facilities,
            wanted.max_instructions,
            wanted.timeout,
        )


def _group(name: str) -> str:
    return next((group for group, names in _GROUPS if names.fullmatch(name)), _OTHERS)

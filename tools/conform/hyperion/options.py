# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa conform hyperion``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.conform.options import DirectoryOptions, name_of_profile
from tools.machines.options import profile_names
from tools.usage.options import MOST_COUNTED, option


@dataclass(frozen=True, kw_only=True)
class HyperionOptions(DirectoryOptions):
    """Which scripts, and how far their tests may run."""

    max_instructions: int = option(
        1_000_000_000, least=1, most=MOST_COUNTED, metavar="N", help="When a test has run too long."
    )
    timeout: int = option(120, least=1, metavar="SECONDS", help="When a script has taken too long.")
    profile: str = option(
        "off",
        metavar="NAME",
        help="Whose ESSA: zvm (discard faults), kvm, or off.",
        parse=name_of_profile,
        complete=profile_names,
    )

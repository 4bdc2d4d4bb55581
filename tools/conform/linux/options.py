# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa conform linux``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.conform.options import DirectoryOptions
from tools.debian.releases import RELEASES
from tools.usage.options import MOST_COUNTED, one_of, option


@dataclass(frozen=True, kw_only=True)
class LinuxOptions(DirectoryOptions):
    """Which programs, and on what machine."""

    release: str = option(
        next(iter(RELEASES)),
        metavar="NAME",
        help=f"Whose kernel, of what 'essa fetch debian' has fetched: {' or '.join(RELEASES)}.",
        parse=one_of(*RELEASES),
        complete=lambda _: RELEASES,
    )
    memory: str = option("512M", metavar="SIZE", help="Absolute storage, a multiple of 1M; the programs lie in it.")
    cpus: int = option(1, least=1, metavar="N", help="How many CPUs.")
    max_instructions: int = option(
        20_000_000_000, least=1, most=MOST_COUNTED, metavar="N", help="When a program has run too long."
    )
    timeout: int = option(300, least=1, metavar="SECONDS", help="When a program has taken too long.")

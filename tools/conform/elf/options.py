# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa conform elf``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.conform.options import DirectoryOptions
from tools.usage.options import MOST_COUNTED, option


@dataclass(frozen=True, kw_only=True)
class ElfOptions(DirectoryOptions):
    """Which programs, and on what machine."""

    memory: str = option("256M", metavar="SIZE", help="Absolute storage, a multiple of 1M.")
    cpus: int = option(1, least=1, metavar="N", help="How many CPUs.")
    max_instructions: int = option(
        1_000_000_000, least=1, most=MOST_COUNTED, metavar="N", help="When a program has run too long."
    )
    timeout: int = option(60, least=1, metavar="SECONDS", help="When a program has taken too long.")

# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa compare``."""

from __future__ import annotations

from dataclasses import dataclass

from tools.machines.options import BudgetOptions
from tools.usage.options import option


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions(BudgetOptions):
    """What is wanted besides the table of the figures."""

    json: str | None = option(metavar="FILE", help="Write the figures as JSON; - is standard output.")

# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa compare``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.machines.options import BudgetOptions
from tools.usage.errors import UsageError
from tools.usage.options import option

if TYPE_CHECKING:
    from tools.machines.options import MachineOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions(BudgetOptions):
    """What is wanted besides the table of the figures."""

    json: str | None = option(
        metavar="FILE", help="Write the figures as JSON; - is standard output, without the table then."
    )
    plot: str | None = option(
        metavar="FILE", help="Draw the page states of the runs side by side, as .html (--sample-every)."
    )


def refuse_options_of_one_run(options: MachineOptions, wanted: CompareOptions) -> None:
    """Check that nothing is asked for that means something for one run only.

    :raises UsageError: naming the option.
    """
    if options.host is not None and options.host.monitor:
        raise UsageError("--monitor: expected only with one run; here the run with the balloon has it, and no other")
    if options.host is not None and options.host.sample_every is not None and wanted.plot is None:
        raise UsageError("--sample-every: expected only with one run, or with --plot, which shows states over time")

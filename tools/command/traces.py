# SPDX-License-Identifier: GPL-2.0-or-later
"""The subcommands of ``essa trace``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.command.parameters import Subcommands, show_help_without_subcommand

if TYPE_CHECKING:
    import click

    from tools.traces.options import DiffOptions, ExportOptions, ShowOptions, StatsOptions

traces: Final = Subcommands(
    name="trace",
    help="What a run has recorded (essa run --trace FILE): shown, compared, counted, handed on.",
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    callback=show_help_without_subcommand,
)


def _show_options() -> tuple[type, ...]:
    from tools.traces.options import ShowOptions

    return (ShowOptions,)


def _diff_options() -> tuple[type, ...]:
    from tools.traces.options import DiffOptions

    return (DiffOptions,)


def _stats_options() -> tuple[type, ...]:
    from tools.traces.options import StatsOptions

    return (StatsOptions,)


def _export_options() -> tuple[type, ...]:
    from tools.traces.options import ExportOptions

    return (ExportOptions,)


@traces.declare(
    _show_options,
    help="Show a part of a trace, or what is found in it.",
    epilog="Exit status: 0 shown, 1 nothing was found, 2 wrong use, or no trace.",
)
def show(_: click.Context, wanted: ShowOptions) -> int:
    """Show a trace."""
    from tools.traces.show import show as show_trace

    return show_trace(wanted)


@traces.declare(
    _diff_options,
    help="Say where two runs part: traces, or a trace and a log of QEMU.",
    epilog="Exit status: 0 the same as far as both go, 1 they part, 2 wrong use, or no trace.",
)
def diff(_: click.Context, wanted: DiffOptions) -> int:
    """Compare two traces."""
    from tools.traces.diff import diff as compare_traces

    return compare_traces(wanted)


@traces.declare(_stats_options, help="Count what is in a trace: by mnemonic, function, page, request; a flame graph.")
def stats(_: click.Context, wanted: StatsOptions) -> int:
    """Count what is in a trace."""
    from tools.traces.stats import stats as count_trace

    return count_trace(wanted)


@traces.declare(
    _export_options,
    help="Write a trace as JSON lines, Parquet, a timeline for Perfetto, or stacks as of perf script.",
)
def export(_: click.Context, wanted: ExportOptions) -> int:
    """Hand a trace on."""
    from tools.traces.export import export as export_trace

    return export_trace(wanted)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The subcommands of ``essa conform``: one for each suite of the catalogue, and what else there is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tools.command.parameters import Subcommands, show_help_without_subcommand
from tools.conform.catalogue import SUITES

if TYPE_CHECKING:
    import click

    from tools.conform.mutation.options import MutationOptions
    from tools.conform.options import ConformOptions, ListOptions, SavedReportOptions
    from tools.conform.suites import SuiteDeclaration
    from tools.coverage.options import CoverageOptions

_EXIT_STATUSES: Final = (
    "Exit status: 0 all passed or were left out, 1 a program failed, 2 wrong use, 3 stopped by Ctrl-C or SIGTERM."
)

suites: Final = Subcommands(
    name="conform",
    help="Run a conformance suite, and report what it came to.",
    invoke_without_command=True,
    subcommand_metavar="SUITE [ARGS]...",
    callback=show_help_without_subcommand,
)


def _list_options() -> tuple[type, ...]:
    from tools.conform.options import ListOptions

    return (ListOptions,)


@suites.declare(_list_options, name="list", help="List the programs of a suite, without running any.")
def list_(_: click.Context, wanted: ListOptions) -> None:
    """List the programs of a suite."""
    from tools.conform.listing import list_suite

    list_suite(wanted)


def _report_options() -> tuple[type, ...]:
    from tools.conform.options import SavedReportOptions

    return (SavedReportOptions,)


@suites.declare(_report_options, help="Write a report that was saved as JSON in other forms.")
def report(_: click.Context, wanted: SavedReportOptions) -> int:
    """Write a saved report in other forms."""
    from tools.conform.rewriting import rewrite_report

    return rewrite_report(wanted)


def _coverage_options() -> tuple[type, ...]:
    from tools.coverage.options import CoverageOptions

    return (CoverageOptions,)


@suites.declare(
    _coverage_options, help="Add up what --coverage has counted, and show what was exercised of the architecture."
)
def coverage(_: click.Context, wanted: CoverageOptions) -> int:
    """Show coverage."""
    from tools.coverage.command import show_coverage

    return show_coverage(wanted)


def _mutation_options() -> tuple[type, ...]:
    from tools.conform.mutation.options import MutationOptions

    return (MutationOptions,)


@suites.declare(_mutation_options, help="Break rules of the machine one at a time, and see whether the suite notices.")
def mutation(_: click.Context, wanted: MutationOptions) -> int:
    """Break rules of the machine."""
    from tools.conform.mutation.command import run_mutation

    return run_mutation(wanted)


def _kinds(declared: SuiteDeclaration) -> tuple[type, ...]:
    return (declared.options(),)


def _run(declared: SuiteDeclaration, _: click.Context, wanted: ConformOptions) -> int:
    from tools.conform.run import run_suite

    return run_suite(declared, wanted)


for _declared in SUITES:
    suites.declare(partial(_kinds, _declared), name=_declared.name, help=_declared.help, epilog=_EXIT_STATUSES)(
        partial(_run, _declared)
    )

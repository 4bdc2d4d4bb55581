# SPDX-License-Identifier: GPL-2.0-or-later
"""The subcommands of ``essa conform``: one for each suite of the catalogue, and what else there is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import click

from tools.command.parameters import Subcommands, show_help_without_subcommand
from tools.conform.catalogue import SUITES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.conform.mutation.options import MutationOptions
    from tools.conform.options import ConformOptions, ListOptions, SavedReportOptions
    from tools.conform.suites import SuiteDeclaration
    from tools.coverage.options import CoverageOptions

_EXIT_STATUSES: Final = (
    "Exit status: 0 all passed or were left out, 1 a program failed, 2 wrong use, 3 stopped by Ctrl-C or SIGTERM."
)


def _begin() -> None:
    """Let SIGTERM end all of it as Ctrl-C does."""
    from tools.processes.interrupt import sigterm_too

    click.get_current_context().with_resource(sigterm_too())
    show_help_without_subcommand()


suites: Final = Subcommands(
    name="conform",
    help="Run a conformance suite, and report what it came to.",
    invoke_without_command=True,
    subcommand_metavar="SUITE [ARGS]...",
    callback=_begin,
)


def _to_its_end(work: Callable[[], int]) -> int:
    """Do *work*, and give the exit status: it is that of what was found, whether or not somebody has read all of it.

    :raises UsageError: if nothing is wrong but that standard output could not be written.
    """
    from tools.usage.errors import UsageError
    from tools.usage.outputs import LOST_OUTPUT, outliving_output

    with outliving_output() as output:
        status = work()
    if not status and output.reason is not None and not isinstance(output.reason, BrokenPipeError):
        raise UsageError(LOST_OUTPUT.format(output.reason.strerror))
    return status


def _list_options() -> tuple[type, ...]:
    from tools.conform.options import ListOptions

    return (ListOptions,)


@suites.declare(_list_options, name="list", help="List the suites, or the programs of one, without running any.")
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

    def work() -> int:
        from tools.conform.rewriting import rewrite_report

        return rewrite_report(wanted)

    return _to_its_end(work)


def _coverage_options() -> tuple[type, ...]:
    from tools.coverage.options import CoverageOptions

    return (CoverageOptions,)


@suites.declare(
    _coverage_options, help="Add up what --coverage has counted, and show what was exercised of the architecture."
)
def coverage(_: click.Context, wanted: CoverageOptions) -> int:
    """Show coverage."""

    def work() -> int:
        from tools.coverage.command import show_coverage

        return show_coverage(wanted)

    return _to_its_end(work)


def _mutation_options() -> tuple[type, ...]:
    from tools.conform.mutation.options import MutationOptions

    return (MutationOptions,)


@suites.declare(_mutation_options, help="Break rules of the machine one at a time, and see whether the suite notices.")
def mutation(_: click.Context, wanted: MutationOptions) -> int:
    """Break rules of the machine."""

    def work() -> int:
        from tools.conform.mutation.command import run_mutation

        return run_mutation(wanted)

    return _to_its_end(work)


def _kinds(declared: SuiteDeclaration) -> tuple[type, ...]:
    return (declared.options(),)


def _run(declared: SuiteDeclaration, _: click.Context, wanted: ConformOptions) -> int:
    def work() -> int:
        from tools.conform.run import run_suite

        return run_suite(declared, wanted)

    return _to_its_end(work)


for _declared in SUITES:
    suites.declare(partial(_kinds, _declared), name=_declared.name, help=_declared.help, epilog=_EXIT_STATUSES)(
        partial(_run, _declared)
    )

# SPDX-License-Identifier: GPL-2.0-or-later
"""The command ``essa``: its options, and the one place where an error becomes a line and exit status 2."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final, cast

import typer

from emu.errors import ProgramError
from tools import __version__
from tools.command.parameters import given, takes
from tools.comparing.options import CompareOptions
from tools.conform.options import ConformOptions
from tools.debian.options import FetchOptions
from tools.differential.options import DifferOptions
from tools.gdb.options import GdbOptions
from tools.machines.options import MachineOptions
from tools.running.options import RunOptions
from tools.screen.options import ScreenOptions
from tools.stepping.options import StepOptions
from tools.usage.errors import LostRun, UsageError

app: Final = typer.Typer(
    name="essa",
    help="An s390x machine in which guest page hinting (ESSA) works.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    invoke_without_command=True,
)

_EXIT_STATUSES: Final = (
    "Exit status: 0 the guest passed, 1 it failed, 2 wrong use, 3 it stopped in a way nobody asked for, "
    "4 the instruction budget ran out, 5 it asked to be loaded again (reboot)."
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"essa {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before the subcommand; without one, print the help."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command(
    help="Run a program to its end, or carry out a scenario: a name that 'essa scenarios' lists, or a file *.toml.",
    epilog=_EXIT_STATUSES,
)
@takes(MachineOptions, RunOptions)
def run(context: typer.Context, options: MachineOptions, wanted: RunOptions) -> None:
    """Run a program to its end, or carry out a scenario."""
    from tools.scenarios.catalogue import find_scenario

    # As it was typed: "./seed" is a file.
    scenario = find_scenario(context.params["image"])
    if scenario is None:
        from tools.running.run import run_program

        raise typer.Exit(run_program(options, wanted))
    from tools.scenarios.run import run_scenario

    raise typer.Exit(run_scenario(scenario, options, wanted, given(context)))


@app.command(help="Run a program instruction by instruction; 'help' lists the commands.", epilog=_EXIT_STATUSES)
@takes(MachineOptions, StepOptions)
def step(_: typer.Context, options: MachineOptions, wanted: StepOptions) -> None:
    """Run a program instruction by instruction."""
    from tools.stepping.conversation import step_program

    raise typer.Exit(step_program(options, wanted))


@app.command(
    help="The same on the full screen: instructions, registers, low core, and a map of page states; forward and back.",
    epilog=_EXIT_STATUSES,
)
@takes(MachineOptions, ScreenOptions)
def screen(_: typer.Context, options: MachineOptions, wanted: ScreenOptions) -> None:
    """Run a program on the full screen."""
    from tools.screen.show import screen_program

    raise typer.Exit(screen_program(options, wanted))


@app.command(help="Wait for gdb before the first instruction of a program, and let it debug it.", epilog=_EXIT_STATUSES)
@takes(MachineOptions, GdbOptions)
def gdb(_: typer.Context, options: MachineOptions, wanted: GdbOptions) -> None:
    """Debug a program with gdb."""
    from tools.gdb.serve import debug_program

    raise typer.Exit(debug_program(options, wanted))


@app.command(
    help="Run a program or a scenario with hints, without, and with the balloon, and compare the paging.",
    epilog=_EXIT_STATUSES,
)
@takes(MachineOptions, CompareOptions)
def compare(context: typer.Context, options: MachineOptions, wanted: CompareOptions) -> None:
    """Run a program or a scenario with hints, without, and with the balloon, and compare the paging."""
    from tools.scenarios.catalogue import find_scenario

    scenario = find_scenario(context.params["image"])
    if scenario is None:
        from tools.comparing.programs import compare_paging

        raise typer.Exit(compare_paging(options, wanted))
    from tools.comparing.scenarios import compare_scenario

    raise typer.Exit(compare_scenario(scenario, options, wanted, given(context)))


@app.command(help="List the scenarios that ship with it; 'essa run NAME' carries one out.")
def scenarios() -> None:
    """List the scenarios."""
    from tools.scenarios.catalogue import list_scenarios

    list_scenarios()


@app.command(
    help="Fetch a Linux for 'essa run debian': Debian's kernel and busybox for s390x, by the system's package tool.",
)
@takes(FetchOptions)
def fetch(_: typer.Context, wanted: FetchOptions) -> None:
    """Fetch a Linux."""
    from tools.debian.fetch import fetch_and_tell

    fetch_and_tell(wanted)


@app.command(
    help="Run a conformance suite: every program of a build directory of kvm-unit-tests for s390x.",
    epilog="Exit status: 0 all passed or were skipped, 1 a program failed, 2 wrong use, 3 stopped by Ctrl-C.",
)
@takes(ConformOptions)
def conform(_: typer.Context, wanted: ConformOptions) -> None:
    """Run a conformance suite."""
    from tools.conform.suite import run_suite

    raise typer.Exit(run_suite(wanted))


@app.command(
    help="Run random programs freely, stepped, in slices and by the model, and compare all state.",
    epilog="Exit status: 0 no difference, 1 programs that differ, 2 wrong use.",
)
@takes(DifferOptions)
def differ(_: typer.Context, wanted: DifferOptions) -> None:
    """Run random programs in several ways."""
    from tools.differential.differ import differ as try_programs

    raise typer.Exit(try_programs(wanted))


# typer exports only this one of its parser's errors; its base class covers all wrong use.
_ParserError: Final = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])


_INTERRUPTED: Final = 130
"""What typer makes of a KeyboardInterrupt."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command with *arguments*, those of the process by default, and give its exit status."""
    try:
        _open_streams()
        status = app(arguments, prog_name="essa", standalone_mode=False)
    except (UsageError, ProgramError) as reason:
        return _wrong_use(str(reason))
    except _ParserError as reason:
        return _wrong_use(reason.format_message())
    except typer.Abort:
        return _wrong_use("aborted")
    except LostRun as reason:
        return _unasked_stop(str(reason))
    except SystemExit:
        # typer ends the process when the reader of its output has gone: nothing more can be shown.
        return 3
    except OSError as reason:
        return _wrong_use(str(reason))
    except MemoryError:
        return _wrong_use("expected something smaller: this computer cannot give so much memory")
    except KeyboardInterrupt:
        status = _INTERRUPTED
    except _host_failure() as reason:
        return _unasked_stop(str(reason))
    if status == _INTERRUPTED:
        # Before the machine ran, or after it: while it runs, it is a named stop.
        return _unasked_stop("stopped by Ctrl-C")
    return int(status or 0)


def _host_failure() -> type[Exception]:
    """The class of errors that end a run from below; loaded with the machine, not before it."""
    from emu.hypervisor import HostFailure

    return HostFailure


def _open_streams() -> None:
    """Have something to read and to complain to where the caller has closed the standard streams.

    It also keeps their descriptors from the files that are opened here.

    :raises UsageError: if standard output is closed, where everything would be lost.
    """
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - as long as the process lives
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        raise UsageError("standard output: expected to be open")


def _unasked_stop(message: str) -> int:
    print(f"essa: {message}", file=sys.stderr)
    return 3


def _wrong_use(message: str) -> int:
    print("essa: " + " ".join(message.split()), file=sys.stderr)
    return 2

# SPDX-License-Identifier: GPL-2.0-or-later
"""The command ``essa``: its options, and the one place where an error becomes a line and exit status 2."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from emu.errors import ProgramError
from tools import __version__
from tools.command.options import VARIABLE
from tools.command.parameters import Subcommands, given, show_help_without_subcommand
from tools.usage.errors import LostRun, UsageError
from tools.usage.outputs import LOST_OUTPUT, write_nowhere

if TYPE_CHECKING:
    from tools.command.options import CompletionOptions
    from tools.comparing.options import CompareOptions
    from tools.debian.options import FetchOptions
    from tools.differential.options import DifferOptions
    from tools.gdb.options import GdbOptions
    from tools.machines.options import MachineOptions
    from tools.running.options import RunOptions
    from tools.screen.options import ScreenOptions
    from tools.stepping.options import StepOptions

_EXIT_STATUSES: Final = (
    "Exit status: 0 the guest passed, 1 it failed, 2 wrong use, 3 it stopped in a way nobody asked for, "
    "4 the instruction budget ran out, 5 it asked to be loaded again (reboot)."
)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        print(f"essa {__version__}")
        context.exit()


def _help_without_subcommand(version: bool) -> None:  # noqa: ARG001 - click hands it over
    show_help_without_subcommand()


app: Final = Subcommands(
    name="essa",
    help="An s390x machine in which guest page hinting (ESSA) works.",
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    callback=_help_without_subcommand,
    params=[
        click.Option(["--version"], is_flag=True, is_eager=True, callback=_version, help="Print the version and exit.")
    ],
)


# The options of each subcommand, loaded with it


def _run_options() -> tuple[type, ...]:
    from tools.machines.options import MachineOptions
    from tools.running.options import RunOptions

    return MachineOptions, RunOptions


def _step_options() -> tuple[type, ...]:
    from tools.machines.options import MachineOptions
    from tools.stepping.options import StepOptions

    return MachineOptions, StepOptions


def _screen_options() -> tuple[type, ...]:
    from tools.machines.options import MachineOptions
    from tools.screen.options import ScreenOptions

    return MachineOptions, ScreenOptions


def _gdb_options() -> tuple[type, ...]:
    from tools.gdb.options import GdbOptions
    from tools.machines.options import MachineOptions

    return MachineOptions, GdbOptions


def _compare_options() -> tuple[type, ...]:
    from tools.comparing.options import CompareOptions
    from tools.machines.options import MachineOptions

    return MachineOptions, CompareOptions


def _fetch_options() -> tuple[type, ...]:
    from tools.debian.options import FetchOptions

    return (FetchOptions,)


def _differ_options() -> tuple[type, ...]:
    from tools.differential.options import DifferOptions

    return (DifferOptions,)


def _completion_options() -> tuple[type, ...]:
    from tools.command.options import CompletionOptions

    return (CompletionOptions,)


# The subcommands


@app.declare(
    _run_options,
    help="Run a program to its end, or carry out a scenario: a name that 'essa scenarios' lists, or a file *.toml.",
    epilog=_EXIT_STATUSES,
)
def run(context: click.Context, options: MachineOptions, wanted: RunOptions) -> int:
    """Run a program to its end, or carry out a scenario."""
    from tools.scenarios.catalogue import find_scenario

    # As it was typed: "./seed" is a file.
    scenario = find_scenario(context.params["image"])
    if scenario is None:
        from tools.running.run import run_program

        return run_program(options, wanted)
    from tools.scenarios.run import run_scenario

    return run_scenario(scenario, options, wanted, given(context))


@app.declare(
    _step_options, help="Run a program instruction by instruction; 'help' lists the commands.", epilog=_EXIT_STATUSES
)
def step(context: click.Context, options: MachineOptions, wanted: StepOptions) -> int:
    """Run a program instruction by instruction."""
    from tools.stepping.conversation import step_program

    _refuse_scenario(context)
    return step_program(options, wanted)


@app.declare(
    _screen_options,
    help="The same on the full screen: instructions, registers, low core, and a map of page states; forward and back.",
    epilog=_EXIT_STATUSES,
)
def screen(context: click.Context, options: MachineOptions, wanted: ScreenOptions) -> int:
    """Run a program on the full screen."""
    from tools.screen.show import screen_program

    _refuse_scenario(context)
    return screen_program(options, wanted)


@app.declare(
    _gdb_options,
    help="Wait for gdb before the first instruction of a program, and let it debug it.",
    epilog=_EXIT_STATUSES,
)
def gdb(context: click.Context, options: MachineOptions, wanted: GdbOptions) -> int:
    """Debug a program with gdb."""
    from tools.gdb.serve import debug_program

    _refuse_scenario(context)
    return debug_program(options, wanted)


def _refuse_scenario(context: click.Context) -> None:
    """Check that the image is no scenario, as it was typed.

    :raises UsageError: if it is one.
    """
    from tools.scenarios.catalogue import refuse_scenario

    refuse_scenario(context.params["image"], context.info_name or "")


@app.declare(
    _compare_options,
    help="Run a program or a scenario with hints, without, and with the balloon, and compare the paging.",
    epilog=_EXIT_STATUSES,
)
def compare(context: click.Context, options: MachineOptions, wanted: CompareOptions) -> int:
    """Run a program or a scenario with hints, without, and with the balloon, and compare the paging."""
    from tools.scenarios.catalogue import find_scenario

    scenario = find_scenario(context.params["image"])
    if scenario is None:
        from tools.comparing.programs import compare_paging

        return compare_paging(options, wanted)
    from tools.comparing.scenarios import compare_scenario

    return compare_scenario(scenario, options, wanted, given(context))


@app.declare(help="List the scenarios that ship with it; 'essa run NAME' carries one out.")
def scenarios(_: click.Context) -> None:
    """List the scenarios."""
    from tools.scenarios.catalogue import list_scenarios

    list_scenarios()


@app.declare(help="List the programs that ship with it; 'essa run NAME' runs one.")
def programs(_: click.Context) -> None:
    """List the programs."""
    from tools.machines.images import list_programs

    list_programs()


@app.declare(
    _fetch_options,
    help="Fetch a Linux for 'essa run debian': Debian's kernel and busybox for s390x, by the system's package tool.",
)
def fetch(_: click.Context, wanted: FetchOptions) -> None:
    """Fetch a Linux."""
    from tools.debian.fetch import fetch_and_tell

    fetch_and_tell(wanted)


@app.declare(
    _differ_options,
    help="Run random programs freely, stepped, in slices and by the model, and compare all state.",
    epilog="Exit status: 0 no difference, 1 programs that differ, 2 wrong use.",
)
def differ(_: click.Context, wanted: DifferOptions) -> int:
    """Run random programs in several ways."""
    from tools.differential.differ import differ as try_programs

    return try_programs(wanted)


@app.declare(
    _completion_options,
    help="Print what bash, zsh or fish needs to complete commands, options and names: source <(essa completion bash).",
)
def completion(_: click.Context, wanted: CompletionOptions) -> None:
    """Print a script for a shell."""
    from tools.command.completion import script

    print(script(app, wanted.shell))


@app.declare_group("conform")
def conform() -> click.Command:
    """The subcommands of ``essa conform``, loaded with it."""
    from tools.command.conformance import suites

    return suites


@app.declare_group("trace")
def trace() -> click.Command:
    """The subcommands of ``essa trace``, loaded with it."""
    from tools.command.traces import traces

    return traces


def main(arguments: list[str] | None = None) -> int:
    """Run the command with *arguments*, those of the process by default, and give its exit status."""
    status = _carry_out(arguments)
    if sys.stdout is None:
        return status
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = _not_read_on()
    except OSError as reason:
        write_nowhere(sys.stdout)
        status = status or _wrong_use(LOST_OUTPUT.format(reason.strerror))
    return status


def _carry_out(arguments: list[str] | None) -> int:
    try:
        _open_streams()
        if VARIABLE in os.environ:
            from tools.command.completion import answer

            return answer(app, os.environ[VARIABLE])
        with app.make_context("essa", list(sys.argv[1:] if arguments is None else arguments)) as context:
            return app.invoke(context) or 0
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as reason:
        return _wrong_use(reason.format_message())
    except LostRun as reason:
        return _unasked_stop(str(reason))
    except (BrokenPipeError, SystemExit):
        # Rich, which draws tables, ends the process then.
        return _not_read_on()
    except (UsageError, ProgramError, OSError) as reason:
        # Files are named where they are opened; what has no name is what was printed.
        if isinstance(reason, OSError) and reason.filename is None:
            reason = UsageError(LOST_OUTPUT.format(reason.strerror))
        return _wrong_use(str(reason))
    except MemoryError:
        return _wrong_use("expected something smaller: this computer cannot give so much memory")
    except KeyboardInterrupt as pressed:
        # Before the machine ran, or after it: while it runs, it is a named stop.
        return _unasked_stop(f"stopped by {str(pressed) or 'Ctrl-C'}")
    except _host_failure() as reason:
        return _unasked_stop(str(reason))


def _not_read_on() -> int:
    """The exit status if whoever read the output, such as ``head``, has seen enough, which is no failure."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            write_nowhere(stream)
    return 0


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
    if isinstance(sys.stdout, TextIOWrapper):
        # As standard error is: what it has no characters for is escaped.
        sys.stdout.reconfigure(errors="backslashreplace")


def _unasked_stop(message: str) -> int:
    _complain(message)
    return 3


def _wrong_use(message: str) -> int:
    _complain(" ".join(message.split()))
    return 2


def _complain(message: str) -> None:
    """Write *message* on standard error, where somebody may read it or not."""
    try:
        print(f"essa: {message}", file=sys.stderr, flush=True)
    except OSError:
        write_nowhere(sys.stderr)

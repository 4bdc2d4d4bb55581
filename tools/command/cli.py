# SPDX-License-Identifier: GPL-2.0-or-later
"""The command ``essa``: its options, and the one place where an error becomes a line and exit status 2."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

from emu.errors import ProgramError
from emu.hypervisor import HostFailure
from tools import __version__
from tools.command.options import ProfileName, with_machine
from tools.usage.errors import LostRun, UsageError

if TYPE_CHECKING:
    from tools.machines.configuration import Configuration

app: Final = typer.Typer(
    name="essa",
    help="An s390x machine in which guest page hinting (ESSA) works.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

MaxInstructions = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Stop with exit status 4 after N instructions.")
]

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
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before the subcommand."""


@app.command(
    help="Run a program to its end, or carry out a scenario: a name that 'essa scenarios' lists, or a file *.toml.",
    epilog=_EXIT_STATUSES,
)
@with_machine
def run(
    configuration: Configuration,
    context: typer.Context,
    max_instructions: MaxInstructions = None,
    trace: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a line for each instruction; - is standard error.")
    ] = None,
    table: Annotated[bool, typer.Option("--table", help="Print the table of page states at the end.")] = False,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the summary as JSON; - is standard output.")
    ] = None,
    input: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option(metavar="FILE", help="Type what this TOML file says on the console ([[step]] expect, send)."),
    ] = None,
    plot: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw the page states over time, as .svg, .png or .pdf (--sample-every)."),
    ] = None,
) -> None:
    """Run a program to its end, or carry out a scenario."""
    from tools.running.run import Outputs, run_program
    from tools.scenarios.catalogue import find_scenario

    outputs = Outputs(trace, json, table, plot, input)
    # As it was written: "./seed" is a file.
    scenario = find_scenario(context.params["image"])
    if scenario is None:
        raise typer.Exit(run_program(configuration, outputs, max_instructions))
    from tools.scenarios.run import run_scenario

    raise typer.Exit(run_scenario(scenario, configuration, outputs, _given(context)))


@app.command(help="Run a program instruction by instruction; 'help' lists the commands.", epilog=_EXIT_STATUSES)
@with_machine
def step(
    configuration: Configuration,
    max_instructions: MaxInstructions = None,
    script: Annotated[
        str | None, typer.Option(metavar="FILE", help="Take the commands from this file, and echo them.")
    ] = None,
) -> None:
    """Run a program instruction by instruction."""
    from tools.stepping.stepper import step_program

    raise typer.Exit(step_program(configuration, script, max_instructions))


@app.command(
    help="Run a program or a scenario with hints, without, and with the balloon, and compare the paging.",
    epilog=_EXIT_STATUSES,
)
@with_machine
def compare(
    configuration: Configuration,
    context: typer.Context,
    max_instructions: MaxInstructions = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the figures as JSON; - is standard output.")
    ] = None,
) -> None:
    """Run a program or a scenario with hints, without, and with the balloon, and compare the paging."""
    from tools.comparing.programs import compare_paging
    from tools.scenarios.catalogue import find_scenario

    scenario = find_scenario(context.params["image"])
    if scenario is None:
        raise typer.Exit(compare_paging(configuration, json, max_instructions))
    from tools.comparing.scenarios import compare_scenario

    raise typer.Exit(compare_scenario(scenario, configuration, json, _given(context)))


@app.command(help="List the scenarios that ship with it; 'essa run NAME' carries one out.")
def scenarios() -> None:
    """List the scenarios."""
    from tools.scenarios.catalogue import list_scenarios

    list_scenarios()


@app.command(
    help="Fetch a Linux for 'essa run debian': Debian's kernel and busybox for s390x, by the system's package tool.",
)
def fetch(
    what: Annotated[str, typer.Argument(metavar="debian", help="What to fetch.", show_default=False)],
    release: Annotated[str, typer.Option(metavar="NAME", help="Of Debian: bookworm or trixie.")] = "bookworm",
    add: Annotated[
        list[str] | None, typer.Option(metavar="HOST:GUEST", help="Put this file on the RAM disk; may be repeated.")
    ] = None,
    mirror: Annotated[
        str, typer.Option(metavar="URL", help="Where Debian's archive is.")
    ] = "http://deb.debian.org/debian",
) -> None:
    """Fetch a Linux."""
    from tools.debian.fetch import fetch_and_tell

    fetch_and_tell(what, release, add or (), mirror)


@app.command(
    help="Run a conformance suite: every program of a build directory of kvm-unit-tests for s390x.",
    epilog="Exit status: 0 all passed or were skipped, 1 a program failed, 2 wrong use, 3 stopped by Ctrl-C.",
)
def conform(
    suite: Annotated[str, typer.Argument(metavar="kvm-unit-tests", help="Which suite.", show_default=False)],
    directory: Annotated[
        str, typer.Argument(metavar="DIR", help="Where it has been built, with unittests.cfg.", show_default=False)
    ],
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this program or group; may be repeated.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="So many at a time; by default all cores.")
    ] = None,
    max_instructions: Annotated[
        int, typer.Option(metavar="N", min=1, help="When a program has run too long.")
    ] = 40_000_000_000,
    timeout: Annotated[
        int,
        typer.Option(metavar="SECONDS", min=1, help="When it has taken too long; unittests.cfg knows no emulators."),
    ] = 900,
    profile: ProfileName = "kvm",
    junit: Annotated[str | None, typer.Option(metavar="FILE", help="Write the results as JUnit's XML.")] = None,
    json: Annotated[str | None, typer.Option(metavar="FILE", help="Write the results as JSON.")] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Compare with the JSON of an earlier run: only what is worse fails."),
    ] = None,
    logs: Annotated[
        str | None, typer.Option(metavar="DIRECTORY", help="Write the console of each program to a file there.")
    ] = None,
) -> None:
    """Run a conformance suite."""
    from tools.conform.suite import Wanted, conform

    wanted = Wanted(directory, tuple(only or ()), jobs, max_instructions, timeout, profile, junit, json, baseline, logs)
    raise typer.Exit(conform(suite, wanted))


def _given(context: typer.Context) -> list[str]:
    """The parameters of the command that stand on the command line, and are not just their defaults."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


# Of its parser's errors typer exports only this one by name; its base is the class of all wrong use.
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
    except (HostFailure, LostRun) as reason:
        return _unasked_stop(str(reason))
    except SystemExit:
        # The reader of the output has gone, for which typer ends the process: nothing more can be shown.
        return 3
    except OSError as reason:
        return _wrong_use(str(reason))
    if status == _INTERRUPTED:
        # Before the machine ran, or after it: while it runs, it is a named stop.
        return _unasked_stop("stopped by Ctrl-C")
    return int(status or 0)


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


if __name__ == "__main__":
    sys.exit(main())

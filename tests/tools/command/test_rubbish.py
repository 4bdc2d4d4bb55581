# SPDX-License-Identifier: GPL-2.0-or-later
"""Every option of every subcommand with rubbish: one line that says what is wrong and exit status 2, or it is fine.

Most is tried in this process, up to where the machine would be made: what comes then does not depend on what was
typed.  A part is typed at real processes.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.cases import write_cases
from tests.support.command import essa, subcommands, write_program, wrong
from tests.support.elf import ESSA_PROGRAM, ending_program
from tests.support.rubbish import FILES, RUBBISH, make_rubbish_files
from tests.support.small_scenario import SMALL
from tests.support.suite import PASSING, build_directory
from tools.command.cli import main
from tools.command.options import CompletionOptions
from tools.comparing.options import CompareOptions
from tools.conform.architecture.options import ArchitectureOptions
from tools.conform.elf.options import ElfOptions
from tools.conform.hyperion.options import HyperionOptions
from tools.conform.linux.options import LinuxOptions
from tools.conform.mutation.options import MutationOptions
from tools.conform.options import DirectoryOptions, ListOptions, SavedReportOptions
from tools.coverage.options import CoverageOptions
from tools.debian.options import FetchOptions
from tools.differential.options import DifferOptions
from tools.gdb.options import GdbOptions
from tools.machines.options import MachineOptions
from tools.running.options import RunOptions
from tools.screen.options import ScreenOptions
from tools.stepping.options import StepOptions
from tools.usage.options import parameters

_BASES = {
    "run": ("program.elf",),
    "step": ("program.elf",),
    "screen": ("program.elf", "--picture=drawn.svg"),
    "gdb": ("program.elf",),
    "compare": ("program.elf", "--host-memory", "1M"),
    "conform architecture": ("--cases", "cases"),
    "conform kvm-unit-tests": ("suite",),
    "conform elf": ("suite",),
    "conform hyperion": ("suite",),
    "conform linux": ("programs",),
    "conform list": ("kvm-unit-tests", "suite"),
    "conform report": ("report.json",),
    "conform coverage": ("coverage.json",),
    "conform mutation": ("--only", "emu/none.py"),
    "fetch": ("debian",),
    "differ": (),
    "completion": ("bash",),
}
_DECLARED = {
    "run": (MachineOptions, RunOptions),
    "step": (MachineOptions, StepOptions),
    "screen": (MachineOptions, ScreenOptions),
    "gdb": (MachineOptions, GdbOptions),
    "compare": (MachineOptions, CompareOptions),
    "conform architecture": (ArchitectureOptions,),
    "conform kvm-unit-tests": (DirectoryOptions,),
    "conform hyperion": (HyperionOptions,),
    "conform elf": (ElfOptions,),
    "conform linux": (LinuxOptions,),
    "conform list": (ListOptions,),
    "conform report": (SavedReportOptions,),
    "conform coverage": (CoverageOptions,),
    "conform mutation": (MutationOptions,),
    "fetch": (FetchOptions,),
    "differ": (DifferOptions,),
    "completion": (CompletionOptions,),
}
_OPTIONS = [
    (command, each.flag, each.option.is_argument)
    for command, kinds in _DECLARED.items()
    for kind in kinds
    for each in parameters(kind)
    if each.option.kind is not bool
]
_SHARED = frozenset(each.flag for each in parameters(MachineOptions))
_SAMPLE = 7
_NOT_RUN = frozenset({"fetch", "gdb", "differ"})
"""They work for minutes, or wait for somebody."""
_LONG = 4300
"""Digits, of which Python makes no number."""
_ZEROS = ("0", "-0", "00", 33 * "0")
_NOTHING: frozenset[str] = frozenset()
_FINE: dict[str, frozenset[str]] = {
    **dict.fromkeys(("image", "suite", "what", "directory", "--memory", "--cpus", "--initrd", "--profile"), _NOTHING),
    **dict.fromkeys(
        (
            "--uuid",
            "--cases",
            "--guests",
            "--policy",
            "--input",
            "--only",
            "--exclude",
            "--last-failed",
            "--compare",
            "report",
            "files",
            "--baseline",
            "--release",
            "--save-at",
            "--from",
        ),
        _NOTHING,
    ),
    **dict.fromkeys(("--facility", "--no-facility"), frozenset(_ZEROS)),
    **dict.fromkeys(("--sample-every", "--max-instructions"), frozenset({"4095"})),
    **dict.fromkeys(
        ("--jobs", "--timeout", "--most-failures"),
        frozenset(text for text in RUBBISH if text.isdecimal() and len(text) < _LONG),
    ),
    **dict.fromkeys(("--seed", "--programs", "--seconds"), frozenset({"4095", *_ZEROS})),
    "--host-memory": frozenset({"1000K"}),
    "--history": frozenset({"0", "00", "0M", "0T"}),
    "--paging-size": frozenset({"1000K", "2T", "1025G"}),
    **dict.fromkeys(("--plan", "--known"), frozenset({"empty"})),
    "--script": frozenset({"empty", "truncated", *(name for name in FILES if name.startswith(("deep-", "step-")))}),
    "--add": frozenset({"binary:rw"}),
    "--symbols": _NOTHING,
    "--on": _NOTHING,
    **dict.fromkeys(("--listen", "--gdb"), frozenset({"0", "00", "4095"})),
}
"""What is no rubbish as a value of an option; options that are not here take texts, or names of files to be written."""


class _MachineWanted(BaseException):
    """All that was typed has been read, and a machine would be made, or something be fetched."""


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is given."""
    make_rubbish_files(tmp_path)
    write_program(tmp_path, ending_program(ESSA_PROGRAM))
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "one.tst").write_text("")
    build_directory(tmp_path / "suite", "[one]\nfile = one.elf\n", one=PASSING)
    write_cases(tmp_path / "cases", "name='one', code=''")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes long is not done."""

    def wanted(*_: object, **__: object) -> None:
        raise _MachineWanted

    for name in ("emu.machine.Machine", "tools.conform.run.run_side_by_side", "tools.debian.download._Apt"):
        monkeypatch.setattr(name, wanted)


def _typed(command: str, flag: str, text: str, *, is_argument: bool) -> list[str]:
    base = _BASES[command]
    if is_argument:
        place = 1 if command == "conform list" and flag == "directory" else 0
        # Behind the two dashes nothing is an option.
        behind = 2 if command == "conform list" else 1
        return [*command.split(), *base[behind:], "--", *base[:place], text, *base[place + 1 : behind]]
    return [*command.split(), *base, f"{flag}={text}"]


@pytest.mark.usefixtures("no_machine")
@pytest.mark.parametrize(("command", "flag", "is_argument"), _OPTIONS)
def test_rubbish(
    directory: Path, capfd: pytest.CaptureFixture[str], command: str, flag: str, *, is_argument: bool
) -> None:
    # What several subcommands share is tried in full with the first.
    is_shared = command != "run" and flag in _SHARED
    for text in RUBBISH[:: _SAMPLE if is_shared else 1]:
        try:
            status = main(_typed(command, flag, text, is_argument=is_argument))
        except _MachineWanted:
            assert text in _FINE.get(flag, (text,)), f"{text[:99]!r} was expected to be refused"
            capfd.readouterr()
            continue
        captured = capfd.readouterr()
        about = f"{text[:99]!r}: {captured}"
        assert status == 2, about
        assert captured.out == "", about
        assert captured.err.startswith("essa: "), about
        assert captured.err.count("\n") == 1, about
        assert captured.err.endswith("\n"), about


def test_all_subcommands_with_options_are_tried() -> None:
    found = {name for name, command in subcommands().items() if command.params}
    assert {name for name in found if not name.startswith("trace ")} == _DECLARED.keys()


def test_rubbish_at_real_processes(directory: Path) -> None:
    """The same through the whole command, with a machine where it comes to that."""
    chosen = random.Random(1)
    for command, flag, is_argument in chosen.sample([each for each in _OPTIONS if each[0] not in _NOT_RUN], 6):
        text = chosen.choice(RUBBISH)
        done = essa(*_typed(command, flag, text, is_argument=is_argument), directory=directory)
        about = f"{command} {flag} {text[:99]!r}: {done}"
        assert done.returncode in (0, 2), about
        assert "Traceback" not in done.stderr, about
        if done.returncode == 2:
            assert done.stderr.startswith("essa: "), about
            assert done.stderr.count("\n") == 1, about


@pytest.mark.parametrize("flag", ("--disk=binary", "--input=empty", "--trace=-", "--max-instructions=1"))
def test_what_a_scenario_cannot_use_is_refused(directory: Path, capfd: pytest.CaptureFixture[str], flag: str) -> None:
    (directory / "small.toml").write_text(SMALL)
    name, _, _ = flag.partition("=")
    assert wrong(capfd, "run", "small.toml", flag).startswith(f"{name}: expected only with a program")


@pytest.mark.parametrize("flag", ("--monitor", "--sample-every=1"))
@pytest.mark.parametrize("image", ("program.elf", "small.toml"))
def test_what_a_comparison_cannot_use_is_refused(
    directory: Path, capfd: pytest.CaptureFixture[str], image: str, flag: str
) -> None:
    (directory / "small.toml").write_text(SMALL)
    name, _, _ = flag.partition("=")
    assert wrong(capfd, "compare", image, "--host-memory", "1M", flag).startswith(f"{name}: expected only with one run")

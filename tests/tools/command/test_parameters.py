# SPDX-License-Identifier: GPL-2.0-or-later
"""Subcommands made of declared options: what is declared in a field is all that there is to type."""

from __future__ import annotations

from dataclasses import dataclass

import click
import pytest

from tests.support.command import subcommands
from tools.command.parameters import Subcommands, given, subcommand
from tools.comparing.options import CompareOptions
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
from tools.stepping.options import StepOptions
from tools.traces.options import DiffOptions, ExportOptions, ShowOptions, StatsOptions
from tools.usage.options import argument, option, parameters


@dataclass(frozen=True, kw_only=True)
class Greeting:
    name: str = argument(metavar="NAME", help="Who.")
    times: int = option(1, metavar="N", least=1, help="How often.")
    words: list[str] = option(flag="--word", metavar="WORD", help="Another word.", is_repeated=True)
    loud: bool = option(False, help="With a mark.")


@dataclass(frozen=True, kw_only=True)
class Manner:
    bow: int | None = option(kind=int, help="So deep.")


def greet(*arguments: str) -> list[object]:
    """What a command that takes a greeting gets."""
    got: list[object] = []

    def command(context: click.Context, *options: object) -> None:
        got.extend([given(context), *options])

    greeting = subcommand("greet", command, (Greeting, Manner))
    with greeting.make_context("greet", list(arguments)) as context:
        greeting.invoke(context)
    return got


def test_nothing_is_given() -> None:
    assert greet("you") == [{"name"}, Greeting(name="you"), Manner()]


def test_everything_is_given() -> None:
    flags = {"name", "--times", "--word", "--loud", "--bow"}
    typed = ("you", "--times", "2", "--word", "a", "--word", "b", "--loud", "--bow", "3")
    assert greet(*typed) == [flags, Greeting(name="you", times=2, words=["a", "b"], loud=True), Manner(bow=3)]


def test_what_is_given_as_the_default_is_given() -> None:
    assert greet("you", "--times", "1")[0] == {"name", "--times"}


def test_a_limit_is_that_of_the_declaration() -> None:
    with pytest.raises(click.BadParameter, match="0 is not in the range x>=1"):
        greet("you", "--times", "0")


def test_what_is_no_integer_is_called_so() -> None:
    with pytest.raises(click.BadParameter, match=r"'x' is not a valid integer\.$"):
        greet("you", "--times", "x")


def test_a_subcommand_is_made_when_it_is_asked_for() -> None:
    group, made = Subcommands(name="group"), []

    def kinds() -> tuple[type, ...]:
        made.append("it")
        return (Manner,)

    @group.declare(kinds)
    def bow(_: click.Context, manner: Manner) -> int:
        return manner.bow or 0

    with group.make_context("group", ["bow", "--bow", "3"]) as context:
        assert not made
        assert group.invoke(context) == 3
    assert made == ["it"]


def test_a_near_name_is_suggested_for_a_subcommand() -> None:
    group = Subcommands(name="group")

    @group.declare()
    def bend(_: click.Context) -> None: ...

    with group.make_context("group", ["bond"]) as context, pytest.raises(click.NoSuchCommand) as reason:
        group.invoke(context)
    assert reason.value.format_message() == "No such command 'bond'. Did you mean 'bend'?"


@pytest.mark.parametrize(
    ("name", "kinds"),
    (
        ("run", (MachineOptions, RunOptions)),
        ("step", (MachineOptions, StepOptions)),
        ("gdb", (MachineOptions, GdbOptions)),
        ("compare", (MachineOptions, CompareOptions)),
        ("conform elf", (ElfOptions,)),
        ("conform hyperion", (HyperionOptions,)),
        ("conform linux", (LinuxOptions,)),
        ("conform list", (ListOptions,)),
        ("conform report", (SavedReportOptions,)),
        ("conform coverage", (CoverageOptions,)),
        ("conform mutation", (MutationOptions,)),
        ("conform kvm-unit-tests", (DirectoryOptions,)),
        ("fetch", (FetchOptions,)),
        ("differ", (DifferOptions,)),
        ("trace show", (ShowOptions,)),
        ("trace diff", (DiffOptions,)),
        ("trace stats", (StatsOptions,)),
        ("trace export", (ExportOptions,)),
    ),
)
def test_a_subcommand_has_the_declared_options_and_no_others(name: str, kinds: tuple[type, ...]) -> None:
    flags = [each.opts[:1] for each in subcommands()[name].params]
    declared = [[each.flag] for kind in kinds for each in parameters(kind)]
    assert [flag for flag in flags if flag != ["--help"]] == declared

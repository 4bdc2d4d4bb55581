# SPDX-License-Identifier: GPL-2.0-or-later
"""Subcommands made of declared options: what is declared in a field is all that there is to type."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import typer

from tools.command.cli import app
from tools.command.parameters import given, takes
from tools.comparing.options import CompareOptions
from tools.conform.options import ConformOptions
from tools.debian.options import FetchOptions
from tools.differential.options import DifferOptions
from tools.gdb.options import GdbOptions
from tools.machines.options import MachineOptions
from tools.running.options import RunOptions
from tools.stepping.options import StepOptions
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
    greeting = typer.Typer()

    @greeting.command()
    @takes(Greeting, Manner)
    def command(context: typer.Context, *options: object) -> None:
        got.extend([given(context), *options])

    greeting(list(arguments), standalone_mode=False)
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
    with pytest.raises(typer.BadParameter, match="greater than or equal to 1"):
        greet("you", "--times", "0")


@pytest.mark.parametrize(
    ("name", "kinds"),
    (
        ("run", (MachineOptions, RunOptions)),
        ("step", (MachineOptions, StepOptions)),
        ("gdb", (MachineOptions, GdbOptions)),
        ("compare", (MachineOptions, CompareOptions)),
        ("conform", (ConformOptions,)),
        ("fetch", (FetchOptions,)),
        ("differ", (DifferOptions,)),
    ),
)
def test_a_subcommand_has_the_declared_options_and_no_others(name: str, kinds: tuple[type, ...]) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    flags = [each.opts for each in commands[name].params]
    declared = [[each.flag] for kind in kinds for each in parameters(kind)]
    assert [flag for flag in flags if flag != ["--help"]] == declared

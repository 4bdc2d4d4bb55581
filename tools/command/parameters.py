# SPDX-License-Identifier: GPL-2.0-or-later
"""From declared options to the subcommands that have them, as click wants them.

A subcommand is made when it is asked for: whoever runs a program does not load the options of all the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from tools.usage.options import Option, Parameter, parameters, read_options

Command = Callable[..., int | None]
Kinds = Callable[[], tuple[type, ...]]
"""What gives the dataclasses of a subcommand's options."""


def subcommand(name: str, command: Command, kinds: tuple[type, ...], **described: Any) -> click.Command:
    """The subcommand with the options that are declared in *kinds*; *command* gets the context, and an object of each.

    What *command* gives is its exit status.

    :param described: its help and its epilog.
    :raises UsageError: the subcommand, naming the option and what was expected.
    """

    def run(**typed: Any) -> int | None:
        own = ({each.name: _typed(each, typed) for each in parameters(kind)} for kind in kinds)
        return command(click.get_current_context(), *map(read_options, kinds, own))

    made = [_click_parameter(each) for kind in kinds for each in parameters(kind)]
    return click.Command(name, callback=run, params=made, **described)


class Subcommands(click.Group):
    """Subcommands by their names, each made when it is asked for."""

    def __init__(self, **described: Any) -> None:
        """Have none, and what click wants to know of the group."""
        super().__init__(**described)
        self._makers: dict[str, Callable[[], click.Command]] = {}

    def declare_group(self, name: str) -> Callable[[Callable[[], click.Command]], Callable[[], click.Command]]:
        """Declare that the decorated function gives a group of subcommands, which is called *name*."""

        def decorate(make: Callable[[], click.Command]) -> Callable[[], click.Command]:
            self._makers[name] = make
            return make

        return decorate

    def declare(
        self, kinds: Kinds = tuple, *, name: str | None = None, **described: Any
    ) -> Callable[[Command], Command]:
        """Declare the decorated function to be a subcommand, with the options that *kinds* gives.

        :param name: what it is called, if not as the function.
        """

        def decorate(command: Command) -> Command:
            called = name or command.__name__
            self._makers[called] = lambda: subcommand(called, command, kinds(), **described)
            return command

        return decorate

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which they were declared."""
        return list(self._makers)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of this name, or None."""
        if cmd_name in self._makers and cmd_name not in self.commands:
            self.add_command(self._makers[cmd_name]())
        return self.commands.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand that *args* begin with, and the rest of them.

        :raises click.UsageError: if there is none of that name; it says which is near.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as reason:
            raise click.NoSuchCommand(reason.command_name, possibilities=self._makers, ctx=ctx) from None


def given(context: click.Context) -> frozenset[str]:
    """The flags that stand on the command line, and are not just their defaults."""
    sources = {each.opts[0]: context.get_parameter_source(each.name or "") for each in context.command.params}
    return frozenset(flag for flag, source in sources.items() if source is not None and source.name == "COMMANDLINE")


def show_help_without_subcommand() -> None:
    """Show what the subcommands of the present group are, if none was named."""
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        print(context.get_help())


class _LimitedInteger(click.IntRange):
    """An integer with limits, which is called one where it is none."""

    name = "integer"


def _typed(parameter: Parameter, typed: dict[str, Any]) -> Any:
    value = typed[parameter.name]
    return list(value) if parameter.option.is_repeated else value


def _click_parameter(parameter: Parameter) -> click.Parameter:
    declared = parameter.option
    if declared.is_argument:
        return click.Argument(
            [parameter.name],
            metavar=declared.metavar,
            help=declared.help,
            required=not declared.is_optional,
            nargs=-1 if declared.is_repeated else 1,
            shell_complete=_completer(declared),
        )
    if declared.kind is bool:
        return click.Option([parameter.flag, parameter.name], help=declared.help, is_flag=True)
    return click.Option(
        [parameter.flag, parameter.name],
        metavar=declared.metavar,
        help=declared.help,
        type=_kind(declared),
        default=declared.default,
        multiple=declared.is_repeated,
        show_default=declared.default is not None,
        shell_complete=_completer(declared),
    )


def _completer(declared: Option) -> Any:
    """What completes its value for a shell, loaded when that is asked for."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
        from tools.command.completion import completer

        return completer(declared)(context, parameter, incomplete)

    return complete


def _kind(declared: Option) -> Any:
    """What is typed, for click: a type, one with limits, or several."""
    pieces = getattr(declared.kind, "__args__", None)
    if pieces is not None:
        return pieces
    if declared.least is None and declared.most is None:
        return declared.kind
    return _LimitedInteger(declared.least, declared.most)

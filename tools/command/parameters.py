# SPDX-License-Identifier: GPL-2.0-or-later
"""From declared options to the parameters of a subcommand, as typer wants them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from tools.usage.options import Option, Parameter, parameters, read_options

Command = Callable[..., None]


def takes(*kinds: type) -> Callable[[Command], Command]:
    """A subcommand with the options that are declared in *kinds*; it gets the context, and an object of each of them.

    :raises UsageError: the subcommand, naming the option and what was expected.
    """

    def decorate(command: Command) -> Command:
        def run(**typed: Any) -> None:
            context = typed.pop(_CONTEXT)
            own = ({each.name: typed[each.name] for each in parameters(kind)} for kind in kinds)
            command(context, *map(read_options, kinds, own))

        made = [inspect.Parameter(_CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
        made += [_typer_parameter(each) for kind in kinds for each in parameters(kind)]
        run.__signature__ = inspect.Signature(made)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in made}
        # The name of the subcommand.
        run.__name__ = command.__name__
        run.__doc__ = command.__doc__
        return run

    return decorate


_CONTEXT = "context"


def _typer_parameter(parameter: Parameter) -> inspect.Parameter:
    declared = parameter.option
    kind: Any = list[declared.kind] if declared.is_repeated else declared.kind  # type: ignore[name-defined]
    if declared.is_argument:
        about = typer.Argument(metavar=declared.metavar, help=declared.help, show_default=False)
        return _keyword(parameter.name, Annotated[kind, about])
    if declared.default is None:
        kind |= None
    return _keyword(parameter.name, Annotated[kind, _about(parameter.flag, declared)], declared.default)


def _about(flag: str, declared: Option) -> Any:
    return typer.Option(
        flag,
        metavar=declared.metavar,
        help=declared.help,
        min=declared.least,
        max=declared.most,
        rich_help_panel=declared.panel,
    )


def _keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def given(context: typer.Context) -> frozenset[str]:
    """The flags that stand on the command line, and are not just their defaults."""
    sources = {each.opts[0]: context.get_parameter_source(each.name or "") for each in context.command.params}
    return frozenset(flag for flag, source in sources.items() if source is not None and source.name == "COMMANDLINE")

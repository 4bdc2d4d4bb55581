# SPDX-License-Identifier: GPL-2.0-or-later
"""Options of the command, each declared once, as a field of the dataclass that the rest of the tools works with.

The declaration has the option's name on the command line, its default, its help, its limits and what makes the value of
the typed text::

    cpus: int = option(1, metavar="N", help="How many CPUs, 1 to 248.", parse=within(1, 248))

From the fields follow the parameters of a subcommand (:mod:`tools.command.parameters`), the checks with their messages
(:func:`read_options`), and the value.  Whatever has to be loaded to make a value is loaded by its parser only: the
declarations are read whenever the command starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from keyword import iskeyword
from typing import Any, Final, TypeVar

from emu.input_files.near_names import did_you_mean
from tools.usage.errors import UsageError

MOST_COUNTED: Final = 1 << 62
"""Instructions, units of work, or anything else that a machine counts: a limit beyond it does not fit its counters."""
_T = TypeVar("_T")
_OPTION: Final = "option"
_GROUP: Final = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What is declared of a field."""

    help: str
    flag: str | None = None
    """As it is typed, with its dashes; None: it follows from the name of the field."""
    metavar: str | None = None
    """What stands for the value in the help; None for a switch."""
    panel: str | None = None
    """Under which heading the help has it."""
    default: Any = None
    """As it would be typed; None: nothing, which stays None."""
    kind: type = str
    """Of what is typed, or of each if it may be repeated."""
    least: int | None = None
    most: int | None = None
    is_argument: bool = False
    """It has no flag and has to be typed."""
    is_optional: bool = False
    """An argument that need not be typed."""
    is_repeated: bool = False
    """It may be typed several times; what is typed is a list."""
    is_for_programs: bool = False
    """A scenario answers it, or it concerns programs only."""
    parse: Callable[[Any], Any] | None = None
    """The value of what is typed, which may be no text; a ValueError says what was expected."""

    complete: Callable[[str], Iterable[str]] | None = None
    """What may be typed, for a shell that completes it; it is told the subcommand.  A path need not say so."""

    def value(self, flag: str, typed: Any) -> Any:
        """The value of what is *typed* as *flag*.

        :raises UsageError: naming the flag and what was expected.
        """
        if typed is None and self.is_repeated:
            typed = []
        if typed is None or self.parse is None:
            return typed
        try:
            return self.parse(typed)
        except ValueError as reason:
            raise UsageError(f"{flag}: {reason}") from None


@dataclass(frozen=True, slots=True)
class Parameter:
    """An option under its name."""

    name: str
    """Among the parameters of the subcommand."""
    flag: str
    option: Option


def one_of(*names: str) -> Callable[[str], str]:
    """A parser of one of these *names*."""

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(f"expected {', '.join(names)}, not {text!r}")
        return text

    return parse


def some_of(*names: str) -> Callable[[str], frozenset[str]]:
    """A parser of some of these *names*, with commas between them."""

    def parse(text: str) -> frozenset[str]:
        typed = [each.strip() for each in text.split(",")]
        for each in typed:
            if each not in names:
                raise ValueError(f"expected some of {','.join(names)}; not {each!r}")
        return frozenset(typed)

    return parse


def numbers(typed: list[int]) -> frozenset[int] | None:
    """What an option that may be repeated says: these numbers, or nothing."""
    return frozenset(typed) or None


def option(default: Any = None, **declared: Any) -> Any:
    """A field that is an option; what else is *declared* are the fields of :class:`Option`."""
    if default is not None:
        declared.setdefault("kind", type(default))
    made = Option(default=default, **declared)
    return field(default_factory=lambda: made.value("", default), metadata={_OPTION: made})


def argument(**declared: Any) -> Any:
    """A field that is an argument without a flag, which has to be there unless it is declared to be optional."""
    return field(metadata={_OPTION: Option(is_argument=True, **declared)})


def group(kind: type) -> Any:
    """A field with a *kind* of options of its own, or None if none of them is given."""
    return field(default=None, metadata={_GROUP: kind})


def parameters(kind: type) -> Iterator[Parameter]:
    """The options that are declared in *kind*, in their order, those of its groups included."""
    for each in fields(kind):
        if _GROUP in each.metadata:
            yield from parameters(each.metadata[_GROUP])
        else:
            yield _parameter(each)


def _parameter(described: Any) -> Parameter:
    declared: Option = described.metadata[_OPTION]
    flag = declared.flag or "--" + described.name.replace("_", "-")
    name = flag.lstrip("-").replace("-", "_")
    if iskeyword(name):
        name += "_"
    return Parameter(name, name if declared.is_argument else flag, declared)


def read_options(kind: type[_T], typed: Mapping[str, Any]) -> _T:
    """The *kind* of options, a dataclass, of which *typed* has what stands on the command line, by parameters' names.

    :raises UsageError: naming the option and what was expected.
    :raises KeyError: if there is no such parameter.
    """
    unknown = typed.keys() - {each.name for each in parameters(kind)}
    if unknown:
        raise KeyError(f"{kind.__name__}: {', '.join(sorted(unknown))}")
    return _read(kind, typed)


def _read(kind: type[_T], typed: Mapping[str, Any]) -> _T:
    values = {}
    for each in fields(kind):  # type: ignore[arg-type]
        if _GROUP in each.metadata:
            values[each.name] = _read_group(each.metadata[_GROUP], typed)
            continue
        parameter = _parameter(each)
        given = typed.get(parameter.name, parameter.option.default)
        values[each.name] = parameter.option.value(parameter.flag, given)
    return kind(**values)


def _read_group(kind: type[_T], typed: Mapping[str, Any]) -> _T | None:
    found = _read(kind, typed)
    return None if found == kind() else found


def within(least: int, most: int) -> Callable[[int], int]:
    """What takes a number from *least* to *most*."""

    def parse(number: int) -> int:
        if not least <= number <= most:
            raise ValueError(f"expected {least} to {most}, not {number}")
        return number

    return parse


def values_of(members: Callable[[], type[Any]]) -> Callable[[str], list[str]]:
    """What completes the value of a member of an enumeration, which *members* gives."""
    return lambda _: [each.value for each in members()]


def member_of(members: Callable[[], type[Any]]) -> Callable[[str], Any]:
    """What takes the value of a member of an enumeration, which *members* gives."""

    def parse(text: str) -> Any:
        known = {each.value: each for each in members()}
        if text not in known:
            raise ValueError(f"expected {', '.join(known)}, not {text!r}{did_you_mean(text, known)}")
        return known[text]

    return parse

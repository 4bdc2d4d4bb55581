# SPDX-License-Identifier: GPL-2.0-or-later
"""Differences that are known, with verdicts and evidence, as TOML.

[[missing]]                       # what the other machine has not got: no stream has it
machine = "qemu-*"
instructions = "AF B9A2 E390-E397"
verdict = "qemu"
evidence = "an operation exception there"

[[difference]]
machine = "qemu-*"
instructions = "E377"             # left out: any
part = "condition code"           # * and ? stand for anything; several are separated by commas
values = "3 here, 1 there"        # left out: any; several are separated by |
interruption = "0007*"            # what has ended the stream, if that is the same here and there; left out: any
anywhere = true                   # the instruction may be one before the last; left out: it is the last
verdict = "qemu"
evidence = "PoP 7, TEST ...: ..."
stream = '{"seed":1,...}'         # one that shows it; left out in few cases
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from emu.input_files.toml_tables import FieldError, convert, read_toml
from emu.isa.opcodes import Opcode, parse_list
from tools.differential.peers.stream import Stream
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.differential.peers.outcome import Part
    from tools.differential.peers.trial import Divergence

TABLE: Final = Path(__file__).with_name("known.toml")


class WhoIsWrong(Enum):
    """Who is wrong."""

    OURS = "ours"
    """This machine."""
    UNICORN = "unicorn"
    """The engine of this machine, which cannot be helped."""
    QEMU = "qemu"
    HERCULES = "hercules"
    UNDEFINED = "undefined"
    """Nobody: the architecture leaves it open."""


class KnownDifferencesError(FieldError):
    """A table of known differences is not what was expected."""


@dataclass(frozen=True, slots=True)
class MissingInstructions:
    """Instructions that another machine has not got."""

    machine: str
    instructions: str
    verdict: WhoIsWrong
    evidence: str

    def __post_init__(self) -> None:
        """Refuse what is no list of opcodes.

        :raises KnownDifferencesError: then.
        """
        _opcodes(self.instructions)


@dataclass(frozen=True, slots=True)
class KnownDifference:
    """A difference, and who is wrong."""

    machine: str
    part: str
    verdict: WhoIsWrong
    evidence: str
    instructions: str | None = None
    values: str = "*"
    interruption: str = "*"
    anywhere: bool = False
    stream: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no list of opcodes, and what is no stream.

        :raises KnownDifferencesError: then.
        """
        if self.instructions is not None:
            _opcodes(self.instructions)
        if self.stream is not None:
            try:
                Stream.from_line(self.stream)
            except ValueError as reason:
                raise KnownDifferencesError(str(reason), "stream") from None

    def is_of(self, found: Divergence) -> bool:
        """Whether it is about the instruction of *found*."""
        if self.instructions is None:
            return True
        opcodes = _opcodes(self.instructions)
        return found.opcode in opcodes or (self.anywhere and not opcodes.isdisjoint(found.stream.opcodes()))

    def has(self, part: Part) -> bool:
        """Whether it is about *part*."""
        names = [each.strip() for each in self.part.split(",")]
        values = f"{part.here} here, {part.there} there"
        return (
            any(fnmatchcase(part.name, each) for each in names)
            and any(fnmatchcase(values, each.strip()) for each in self.values.split("|"))
            and fnmatchcase(part.interruption, self.interruption)
        )


_Row = TypeVar("_Row", MissingInstructions, KnownDifference)


@dataclass(frozen=True, slots=True)
class KnownDifferences:
    """What is known of one other machine."""

    missing: tuple[MissingInstructions, ...]
    differences: tuple[KnownDifference, ...]

    def missing_opcodes(self) -> frozenset[Opcode]:
        """What no stream has."""
        return frozenset(opcode for each in self.missing for opcode in _opcodes(each.instructions))

    def verdict(self, found: Divergence) -> KnownDifference | None:
        """What is known of *found*: the last row that is needed for it; None if there is something new in it."""
        rows = [each for each in self.differences if each.is_of(found)]
        needed = [next((row for row in rows if row.has(part)), None) for part in found.parts]
        return None if None in needed else needed[-1]


def read_known_differences(path: Path, machine: str) -> KnownDifferences:
    """What the table *path* says of *machine*.

    :raises UsageError: naming the file, the table and the field that is wrong.
    """
    try:
        document = read_toml(path, KnownDifferencesError)
        unknown = sorted(document.content.keys() - {"difference", "missing"})
        if unknown:
            raise document.origin.error_at(unknown[0], f"{unknown[0]}: unknown; expected difference or missing")
        missing = document.all("missing", partial(convert, kind=MissingInstructions, error=KnownDifferencesError))
        rows = document.all("difference", partial(convert, kind=KnownDifference, error=KnownDifferencesError))
    except KnownDifferencesError as reason:
        raise UsageError(f"--known: {reason}") from None
    return KnownDifferences(tuple(_about(missing, machine)), tuple(_about(rows, machine)))


def _about(rows: Iterable[_Row], machine: str) -> list[_Row]:
    return [each for each in rows if fnmatchcase(machine, each.machine)]


def _opcodes(text: str) -> frozenset[Opcode]:
    """The opcodes in *text*.

    :raises KnownDifferencesError: if it is no list of them.
    """
    try:
        return parse_list(text)
    except ValueError as reason:
        raise KnownDifferencesError(f"expected opcodes: {reason}", "instructions") from None

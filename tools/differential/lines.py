# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs and streams as lines of JSON: read, kept in a file, and their fields checked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from emu.instruction_length import instruction_length
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_T = TypeVar("_T")


def read_lines(path: Path, parse: Callable[[str], _T]) -> list[_T]:
    """What *parse* gives for each line of the file *path* that is not empty.

    :raises UsageError: naming the line for which it raises a ValueError, or if there is none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as reason:
        raise UsageError(f"{path}: {reason}") from None
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(parse(line))
            except ValueError as reason:
                raise UsageError(f"{path}:{number}: {reason}") from None
    if not found:
        raise UsageError(f"{path}: expected at least one line that is not empty")
    return found


def check_keeping(path: Path) -> None:
    """See to it that :func:`keep_line` can keep something in *path*.

    :raises UsageError: if that is impossible.
    """
    is_there = path.exists()
    try:
        with path.open("a", encoding="utf-8"):
            pass
        if not is_there:
            path.unlink()
    except OSError as reason:
        raise UsageError(f"--keep: {path} cannot be written: {reason.strerror}") from None


def keep_line(path: Path, line: str) -> None:
    """Put *line* behind what is in the file *path*, which --keep has named.

    :raises UsageError: if that is impossible.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as reason:
        raise UsageError(f"--keep: {path} cannot be written: {reason.strerror}") from None


def from_json(kind: type[_T], line: str, what: str) -> _T:
    """The *kind*, a dataclass, in a line of JSON; *what* it is called in messages.

    :raises ValueError: if there is none in it.
    """
    try:
        read = msgspec.json.decode(line, type=dict[str, Any])
        found = msgspec.convert(read, kind, str_keys=True)
    except msgspec.MsgspecError as reason:
        raise ValueError(f"expected a {what}: {reason}") from None
    for name in sorted(read.keys() - {each.name for each in dataclasses.fields(kind)}):  # type: ignore[arg-type]
        raise ValueError(f"expected a {what}: nothing of one is called {name!r}")
    return found


def require_widths(owner: object, widths: Iterable[tuple[str, int, int]]) -> None:
    """Check fields of *owner*: the name of each, how many values it has, and of how many bits.

    :raises ValueError: naming the field.
    """
    for name, count, width in widths:
        values = getattr(owner, name)
        values = values if isinstance(values, tuple) else (values,)
        if len(values) != count or not all(0 <= each < 1 << width for each in values):
            raise ValueError(f"{name}: expected {count} of {width} bits")


def require_instructions(owner: object, *names: str) -> None:
    """Check fields of *owner*: each of their items is the bytes of one instruction in hexadecimal.

    :raises ValueError: naming the field.
    """
    for name in names:
        for digits in getattr(owner, name):
            try:
                code = bytes.fromhex(digits)
            except ValueError:
                code = b""
            if not code or len(code) != instruction_length(code[0]):
                raise ValueError(f"{name}: expected an instruction in hexadecimal, not {digits!r}")

# SPDX-License-Identifier: GPL-2.0-or-later
"""``unittests.cfg``: which programs kvm-unit-tests has, and how each is run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from emu.input_files.reading import read_whole
from tools.usage.errors import UsageError

_SECTION: Final = re.compile(r"\[(.*)\]")
_PARAMETER: Final = re.compile(r"(\w+) *= *(.*)")
_ALIASES: Final = {"extra_params": "qemu_params"}
_MULTILINE: Final = '"""'
KNOWN_PARAMETERS: Final = frozenset(
    ("file", "smp", "test_args", "qemu_params", "kvmtool_params", "groups")
    + ("accel", "arch", "machine", "timeout", "check", "disabled_if")
)


@dataclass(frozen=True, slots=True)
class CfgSection:
    """One section: a program and its parameters, by name, as they are written."""

    name: str
    line: int
    parameters: dict[str, str] = field(default_factory=dict)

    def get(self, parameter: str) -> str:
        """The text of *parameter*, empty if it is not given."""
        return self.parameters.get(parameter, "")

    @property
    def groups(self) -> frozenset[str]:
        """The groups that it belongs to."""
        return frozenset(self.get("groups").split())


def read_cfg(path: Path) -> list[CfgSection]:
    """The entries of the file *path*, in their order.

    :raises UsageError: if it cannot be read, or a line of it is malformed; the message names the line.
    """
    try:
        text = read_whole(path).decode()
    except OSError as reason:
        raise UsageError(f"{path}: cannot be read: {reason.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: expected text in UTF-8") from None
    entries: list[CfgSection] = []
    lines = enumerate(text.splitlines(), 1)
    for number, whole in lines:
        line = whole.strip()
        if not line or line.startswith("#"):
            continue
        section, parameter = _SECTION.fullmatch(line), _PARAMETER.fullmatch(line)
        if section is not None:
            name = section[1].strip()
            if not name or any(entry.name == name for entry in entries):
                raise UsageError(f"{path}:{number}: expected a name of its own in [{section[1]}]")
            entries.append(CfgSection(name, number))
        elif parameter is None:
            raise UsageError(f"{path}:{number}: expected '[name]' or 'parameter = value', not {line[:40]!r}")
        elif not entries:
            raise UsageError(f"{path}:{number}: expected '[name]' before the first parameter")
        else:
            value = parameter[2]
            if value.startswith(_MULTILINE):
                value = _rest(value[len(_MULTILINE) :], lines)
                if value is None:
                    raise UsageError(f"{path}:{number}: expected {_MULTILINE} at the end of {parameter[1]}")
            entries[-1].parameters[_ALIASES.get(parameter[1], parameter[1])] = value
    if not entries:
        raise UsageError(f"{path}: expected at least one program")
    for entry in entries:
        if not entry.get("file"):
            raise UsageError(f"{path}:{entry.line}: expected 'file = ...' for [{entry.name}]")
    return entries


def _rest(first: str, lines: enumerate[str]) -> str | None:
    """A value of several lines, which begins with *first*; a backslash at the end joins two. None if it has no end."""
    parts = []
    line = first
    while True:
        before, end, _ = line.partition(_MULTILINE)
        if end:
            parts.append(before)
            return "".join(parts).strip()
        parts.append(line[:-1] if line.endswith("\\") else line + "\n")
        following = next(lines, None)
        if following is None:
            return None
        line = following[1]

# SPDX-License-Identifier: GPL-2.0-or-later
"""Test scripts as they are written: lines with their symbols resolved, divided into commands and directives.

A line is a command of the operator's console; one that begins with ``*Word`` is a directive for whoever reads the log;
what else begins with ``*`` or ``#`` is a comment.  Behind a ``#`` that follows a blank, the rest of a command is a
comment, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.input_files.reading import read_whole
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX: Final = ".tst"
_SYMBOL: Final = re.compile(r"\$\(([^)\s]+)\)")
_DIRECTIVE: Final = re.compile(r"\*([A-Za-z]+)(?:\s+(.*))?")
_COMMENT: Final = re.compile(r"\s#.*")
_TESTCASE: Final = "Testcase"


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """A command or a directive."""

    number: int
    verb: str
    """Of a command, as it is written; of a directive, the word behind the asterisk."""
    rest: str
    is_directive: bool = False


@dataclass(slots=True)
class ScriptCase:
    """What belongs to one ``*Testcase``."""

    name: str
    lines: list[ScriptLine] = field(default_factory=list)


def read_script(path: Path) -> list[ScriptCase]:
    """The cases in the file *path*; the first has no name if there are lines before the first ``*Testcase``.

    :raises UsageError: if it cannot be read.
    """
    try:
        text = read_whole(path).decode("latin-1")
    except OSError as reason:
        raise UsageError(f"{path}: cannot be read: {reason.strerror}") from None
    cases = [ScriptCase("")]
    for line in _lines(text, {"testpath": str(path.parent)}):
        if line.is_directive and line.verb == _TESTCASE:
            cases.append(ScriptCase(line.rest))
        else:
            cases[-1].lines.append(line)
    return cases if cases[0].lines else cases[1:]


def _lines(text: str, symbols: dict[str, str]) -> Iterator[ScriptLine]:
    """The lines that mean something; *symbols* get those that are defined on the way."""
    for number, whole in enumerate(text.splitlines(), 1):
        # A symbol that is not defined stands for nothing.
        written = _SYMBOL.sub(lambda found: symbols.get(found[1], ""), whole).strip()
        directive = _DIRECTIVE.fullmatch(written)
        if directive is not None:
            yield ScriptLine(number, directive[1], (directive[2] or "").strip(), is_directive=True)
            continue
        if not written or written[0] in "#*":
            continue
        verb, _, rest = _COMMENT.sub("", written).partition(" ")
        if verb.lower() == "defsym":
            name, _, value = rest.strip().partition(" ")
            symbols[name] = value.strip().strip('"')
        else:
            yield ScriptLine(number, verb, rest.strip())

# SPDX-License-Identifier: GPL-2.0-or-later
"""TOML files, laid out in tables with headings, whose errors name file, line, table, field and what was expected.

The parser of the standard library tells no lines, and no maintained library does, so the lines are found beside it: a
heading or a field is known by how its line begins.  Where a text of several lines or a table within a line makes that
ambiguous, the message names the file only.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, get_type_hints

import msgspec

from emu.input_files.near_names import did_you_mean
from emu.input_files.reading import read_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_T = TypeVar("_T")
_HEADING: Final = re.compile(r"""\s*\[\[?\s*["']?([A-Za-z0-9_-]+)["']?\s*(\.[^\]]*)?\]\]?\s*(?:#.*)?$""")
_FIELD: Final = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")
_PARSERS_LINE: Final = re.compile(r" \(at line ([0-9]+), column [0-9]+\)$")
_AT_FIELD: Final = re.compile(r"(.*) - at `\$\.(\w+)[^`]*`")
_WRONG_MEMBER: Final = "Invalid enum value "
_DEEPEST: Final = 32
"""Tables and lists in each other; what is deeper cannot be what anybody expects, nor be shown in a message."""
_PART: Final = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\[^\n]?)*+"?|'[^'\n]*+'?)"""
"""Of a key: a word, or a text of one line, which ends with the line if nothing else ends it."""
_DOT: Final = r"[ \t]*+\.[ \t]*+"
_TOKEN: Final = re.compile(
    r"""["]{3}(?:[^"\\]|\\[\s\S]?|"(?!""))*+"{0,5}|'{3}(?:[^']|'(?!''))*+'{0,5}|#.*+"""
    rf"|(?P<deep>{_PART}(?:{_DOT}{_PART}){{{_DEEPEST + 1}}})|{_PART}(?:{_DOT}{_PART})*+"
)
"""A text, a comment or a key; the parser takes a time for a key that grows with the square of its parts."""


class FieldError(ValueError):
    """A table is not what was expected; the message is one line.  Each kind of file has its own class of these."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(f"{field}: {text}" if field else text)
        self.text = text
        self.field = field
        """The field that is wrong; empty if it is not a single one."""


_Error = TypeVar("_Error", bound=FieldError)


@dataclass(frozen=True, slots=True)
class Origin(Generic[_Error]):
    """Where tables come from, for messages."""

    name: str
    """Of the file, or what stands for it."""
    error_class: type[_Error]
    lines: Mapping[tuple[str, int], Mapping[str, int]] = field(default_factory=dict)
    """The line of each field by the name and number, from 1, of its table; the field '' is the table's heading.

    What stands before the first heading is table '', number 1.
    """

    def error(self, text: str, table: str, number: int | None = None, field: str = "", what: str = "") -> _Error:
        """The error *text* about *field* of *table*.

        :param number: which of several tables of that name, from 1; None if there is one.
        :param what: tells more about the table.
        """
        lines = self.lines.get((table, number or 1), {})
        which = table if number is None else f"{table} {number}"
        parts = [
            self._place(lines.get(field, lines.get(""))),
            f"{which} ({what})" if what else which,
            *([field] if field else []),
            text,
        ]
        return self.error_class(": ".join(parts))

    def error_at(self, key: str, text: str) -> _Error:
        """The error *text* about all of *key*: a field before the first heading, or every table of that name."""
        line = self.lines.get(("", 1), {}).get(key) or self.lines.get((key, 1), {}).get("")
        return self.error_class(f"{self._place(line)}: {text}")

    def _place(self, line: int | None) -> str:
        return self.name if line is None else f"{self.name}:{line}"


@dataclass(frozen=True, slots=True)
class Document(Generic[_Error]):
    """What a file says."""

    content: dict[str, Any]
    origin: Origin[_Error]

    def one(self, key: str, kind: type[_T]) -> _T:
        """The *kind*, a dataclass, that the table *key* describes."""
        try:
            return convert(self.content[key], kind, self.origin.error_class)
        except self.origin.error_class as reason:
            raise self.origin.error(reason.text, key, None, reason.field) from None

    def all(
        self, key: str, make: Callable[[object], _T], describe: Callable[[object], str] = lambda _: ""
    ) -> tuple[_T, ...]:
        """What *make* makes of each of the tables *key*; there may be none.

        :param describe: tells more about a table, for messages.
        """
        tables = self.content.get(key, [])
        if not isinstance(tables, list):
            raise self.origin.error_at(key, f"{key}: expected [[{key}]] tables")
        made = []
        for number, table in enumerate(tables, 1):
            try:
                made.append(make(table))
            except self.origin.error_class as reason:
                raise self.origin.error(reason.text, key, number, reason.field, describe(table)) from None
        return tuple(made)


def read_toml(path: Path, error: type[_Error]) -> Document[_Error]:
    """The document in the file *path*.

    :raises FieldError: an *error* that names the file, the line if it can be told, and what was expected.
    """
    try:
        data = read_whole(path)
    except OSError as reason:
        raise error(f"{path}: cannot be read: {reason.strerror}") from None
    return decode_toml(data, str(path), error)


def decode_toml(data: bytes, name: str, error: type[_Error]) -> Document[_Error]:
    """The document in *data*; messages call it *name*.

    :raises FieldError: as :func:`read_toml`.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as reason:
        raise error(f"{name}: not TOML: expected UTF-8, found {data[reason.start]:#04x}") from None
    return parse_toml(text, name, error)


def parse_toml(text: str, name: str, error: type[_Error]) -> Document[_Error]:
    """The document *text*; messages call it *name*.

    :raises FieldError: as :func:`read_toml`.
    """
    if any(token["deep"] for token in _TOKEN.finditer(text)):
        raise _too_deep(name, error)
    try:
        content = tomllib.loads(text)
    except RecursionError:
        raise _too_deep(name, error) from None
    except ValueError as reason:
        found = _PARSERS_LINE.search(str(reason))
        where = f"{name}:{found[1]}" if found else name
        raise error(f"{where}: not TOML: {_PARSERS_LINE.sub('', str(reason))}") from None
    if _is_deep(content):
        raise _too_deep(name, error)
    return Document(content, Origin(name, error, _find_lines(text, content)))


def _too_deep(name: str, error: type[_Error]) -> _Error:
    return error(f"{name}: not TOML that can be read: it is nested too deeply")


def _is_deep(content: object) -> bool:
    """Whether *content* has more than :data:`_DEEPEST` tables and lists in each other."""
    layer = [content]
    for _ in range(_DEEPEST + 1):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(each, (dict, list)) for each in layer)


def _find_lines(text: str, content: Mapping[str, Any]) -> dict[tuple[str, int], dict[str, int]]:
    """The lines of the tables and their fields, as far as they are laid out with headings."""
    current: dict[str, int] = {}
    found = {("", 1): current}
    counts: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if heading := _HEADING.match(line):
            name = heading[1]
            if heading[2]:
                # A table in a table: its fields are not those of any table here.
                found.setdefault((name, 1), {"": number})
                current = {}
                continue
            counts[name] = counts.get(name, 0) + 1
            current = found[name, counts[name]] = {"": number}
        elif matched := _FIELD.match(line):
            current.setdefault(matched[1], number)
    for name, tables in content.items():
        if isinstance(tables, list) and counts.get(name, 0) != len(tables):
            # A text looks like a heading, or the tables stand within a line.
            found = {key: lines for key, lines in found.items() if key[0] != name}
    return found


def convert(table: object, kind: type[_T], error: type[FieldError], *, missing: str = "missing") -> _T:
    """The *kind*, a dataclass, whose fields *table* has.

    :param missing: what is said of a field that is needed and not there.
    :raises FieldError: an *error* that names the field.
    """
    if not isinstance(table, dict):
        raise error(f"expected a table, not {table!r}")
    described = fields(kind)  # type: ignore[arg-type]
    names = [each.name for each in described]
    for name in table:
        if name not in names:
            raise error(f"unknown; expected {', '.join(names)}{did_you_mean(name, names)}", name)
    for each in described:
        if each.name not in table and each.default is MISSING and each.default_factory is MISSING:
            raise error(missing, each.name)
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as reason:
        if isinstance(reason.__cause__, error):
            raise reason.__cause__ from None
        raise _explain(str(reason), kind, error) from None


def _explain(text: str, kind: type, error: type[FieldError]) -> FieldError:
    """The error for the message *text* of the library, which has its own way to name a field."""
    found = _AT_FIELD.fullmatch(text)
    what, name = (found[1], found[2]) if found else (text, "")
    what = what.replace("`", "")
    wanted = get_type_hints(kind).get(name)
    if what.startswith(_WRONG_MEMBER) and isinstance(wanted, type) and issubclass(wanted, Enum):
        members = one_of([str(member.value) for member in wanted])
        return error(f"expected {members}, not {what.removeprefix(_WRONG_MEMBER)}", name)
    return error(what[0].lower() + what[1:], name)


def one_of(names: Iterable[str]) -> str:
    """*names* as a message lists them: "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last

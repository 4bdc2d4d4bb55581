# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as TOML files: a description, the tables [machine], [kernel], [host] and [compare], and lists.

    description = "a file is read twice"

    [machine]
    pages = 16_384          # 64 MB

    [[file]]
    name = "data"
    pages = 1000

    [[step]]
    do = "boot"

    [[step]]
    do = "read"
    file = "data"
    times = 2

    [[step]]
    do = "table"
    name = "after reading"

    [[step]]
    do = "expect"
    equal = { disk-reads = 1000 }

Names and meanings of the fields are those of :mod:`guest_kernel.scripted.scenarios.scenario`; ``[[tree]]`` describes
a directory tree.  What is not known is an error.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from guest_kernel.scripted.scenarios.scenario import (
    STEPS,
    CompareSettings,
    File,
    HostSettings,
    KernelSettings,
    MachineSettings,
    Origin,
    Scenario,
    ScenarioError,
    Tree,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from guest_kernel.scripted.scenarios.scenario import Step

_T = TypeVar("_T")
_TABLES: Final = ("machine", "kernel", "host", "compare")
_LISTS: Final = ("file", "tree", "step")
_KEYS: Final = ("description", *_TABLES, *_LISTS)
_HEADER: Final = re.compile(r"""\s*\[\[?\s*["']?([A-Za-z0-9_-]+)["']?\s*\]\]?\s*(?:#.*)?$""")
_FIELD: Final = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")
_TOML_LINE: Final = re.compile(r" \(at line ([0-9]+), column [0-9]+\)$")
_AT_FIELD: Final = re.compile(r"(.*) - at `\$\.(\w+)[^`]*`")


def read_scenario(path: Path) -> Scenario:
    """The scenario in the file *path*.

    :raises ScenarioError: naming the file, the line if it can be told, the table, the field, and what was expected.
    """
    try:
        data = path.read_bytes()
    except OSError as reason:
        raise ScenarioError(f"{path}: cannot be read: {reason.strerror}") from None
    try:
        text = data.decode()
    except UnicodeDecodeError as reason:
        raise ScenarioError(f"{path}: not TOML: expected UTF-8, found {data[reason.start]:#04x}") from None
    return parse_scenario(text, str(path))


def parse_scenario(text: str, name: str = "scenario") -> Scenario:
    """The scenario that the TOML *text* describes; messages call it *name*.

    :raises ScenarioError: as :func:`read_scenario`.
    """
    document = _load(text, name)
    origin = Origin(name, _find_lines(text))
    for key in document:
        if key not in _KEYS:
            raise _error_at_key(origin, key, f"unknown; expected {', '.join(_KEYS)}")
    description = document.get("description")
    if not isinstance(description, str) or not description.isprintable() or not description:
        raise _error_at_key(origin, "description", "expected one line that says what the scenario shows")
    if "machine" not in document:
        raise ScenarioError(f"{name}: machine: missing; expected a [machine] table")
    return Scenario(
        description=description,
        machine=_one(document, "machine", MachineSettings, origin),
        kernel=_one(document, "kernel", KernelSettings, origin) if "kernel" in document else KernelSettings(),
        host=_one(document, "host", HostSettings, origin) if "host" in document else None,
        compare=_one(document, "compare", CompareSettings, origin) if "compare" in document else None,
        files=_all(document, "file", origin, lambda table: _convert(table, File)),
        trees=_all(document, "tree", origin, lambda table: _convert(table, Tree)),
        steps=_all(document, "step", origin, _make_step),
        origin=origin,
    )


def _load(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ScenarioError(f"{name}: not TOML that can be read: it is nested too deeply") from None
    except ValueError as reason:
        found = _TOML_LINE.search(str(reason))
        where = f"{name}:{found[1]}" if found else name
        raise ScenarioError(f"{where}: not TOML: {_TOML_LINE.sub('', str(reason))}") from None


def _error_at_key(origin: Origin, key: str, text: str) -> ScenarioError:
    """The error *text* about a *key* of the document."""
    line = origin.lines.get(("", 1), {}).get(key) or origin.lines.get((key, 1), {}).get("")
    place = origin.name if line is None else f"{origin.name}:{line}"
    return ScenarioError(f"{place}: {key}: {text}")


def _find_lines(text: str) -> dict[tuple[str, int], dict[str, int]]:
    """The lines of the tables and their fields, as far as they are laid out with headings."""
    current: dict[str, int] = {}
    found = {("", 1): current}
    counts: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            name = header[1]
            counts[name] = counts.get(name, 0) + 1
            current = found[name, counts[name]] = {"": number}
        elif field := _FIELD.match(line):
            current.setdefault(field[1], number)
    return found


def _one(document: Mapping[str, Any], key: str, kind: type[_T], origin: Origin) -> _T:
    """The *kind* that the table *key* describes."""
    try:
        return _convert(document[key], kind)
    except ScenarioError as reason:
        raise origin.error(reason.text, key, 1, reason.field) from None


def _all(document: Mapping[str, Any], key: str, origin: Origin, make: Callable[[Any], _T]) -> tuple[_T, ...]:
    """What *make* makes of each table of the list *key*."""
    tables = document.get(key, [])
    if not isinstance(tables, list):
        raise _error_at_key(origin, key, f"expected [[{key}]] tables")
    made = []
    for number, table in enumerate(tables, 1):
        try:
            made.append(make(table))
        except ScenarioError as reason:
            what = table.get("do") if isinstance(table, dict) else ""
            raise origin.error(
                reason.text, key, number, reason.field, what if isinstance(what, str) and what in STEPS else ""
            ) from None
    return tuple(made)


def _make_step(table: object) -> Step:
    """The step that *table* describes.

    :raises ScenarioError: naming the field.
    """
    if not isinstance(table, dict):
        raise ScenarioError(f"expected a table, not {table!r}")
    name = table.get("do")
    if not isinstance(name, str) or name not in STEPS:
        found = "missing" if "do" not in table else f"not {name!r}"
        raise ScenarioError(f"expected {_one_of(STEPS)}, {found}", "do")
    return _convert({field: value for field, value in table.items() if field != "do"}, STEPS[name])


def _convert(table: object, kind: type[_T]) -> _T:
    """The *kind*, a dataclass, whose fields *table* has.

    :raises ScenarioError: naming the field.
    """
    if not isinstance(table, dict):
        raise ScenarioError(f"expected a table, not {table!r}")
    described = fields(kind)  # type: ignore[arg-type]
    names = [each.name for each in described]
    for name in table:
        if name not in names:
            raise ScenarioError(f"unknown; expected {', '.join(names)}", name)
    for each in described:
        if each.name not in table and each.default is MISSING and each.default_factory is MISSING:
            raise ScenarioError("missing", each.name)
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as reason:
        if isinstance(reason.__cause__, ScenarioError):
            raise reason.__cause__ from None
        raise _explain(str(reason)) from None


def _explain(text: str) -> ScenarioError:
    """The error for the message *text* of the library, which has its own way to name a field."""
    found = _AT_FIELD.fullmatch(text)
    what = (found[1] if found else text).replace("`", "")
    return ScenarioError(what[0].lower() + what[1:], found[2] if found else "")


def _one_of(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last

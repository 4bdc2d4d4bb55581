# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans as TOML files: one ``[[step]]`` table for each step, with the fields of its trigger and of its action.

    [[step]]
    label = "squeeze"
    at_work = 2_000_000
    do = "resize"
    size = "2M"             # or: frames = 512

    [[step]]
    at_access = "0x110000"
    count = 3
    do = "fail-write"
    error = "ENOSPC"

Names and meanings of the fields are those of :mod:`host.plan`.  Addresses are integers or hexadecimal strings.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from emu.addresses import PAGE_SIZE
from host.plan import (
    ACTIONS,
    TRIGGERS,
    DeviceError,
    PlanError,
    PlanOrigin,
    PressurePlan,
    PressureStep,
    Resize,
    is_address,
)
from host.sizes import parse_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from host.plan import Action, Trigger

_T = TypeVar("_T")
_STEP: Final = "step"
_STEP_HEADER: Final = re.compile(r"""\s*\[\[\s*["']?step["']?\s*\]\]""")
_FIELD: Final = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")
_TOML_LINE: Final = re.compile(r" \(at line ([0-9]+), column [0-9]+\)$")
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
_AT_FIELD: Final = re.compile(r"(.*) - at `\$\.(\w+)`")
_ADDRESS: Final = re.compile(r"0[xX][0-9a-fA-F]+")


@dataclass(frozen=True, slots=True)
class _Whose:
    """The fields that belong to every step."""

    guest: int = 0
    label: str = ""


def read_plan(path: Path) -> PressurePlan:
    """The plan in the file *path*; what depends on the guests is checked when it is to be carried out.

    :raises PlanError: naming the file, the step with its line if it can be told, the field, and what was expected.
    """
    try:
        data = path.read_bytes()
    except OSError as reason:
        raise PlanError(f"{path}: cannot be read: {reason.strerror}") from None
    try:
        text = data.decode()
    except UnicodeDecodeError as reason:
        raise PlanError(f"{path}: not TOML: expected UTF-8, found {data[reason.start]:#04x}") from None
    return parse_plan(text, str(path))


def parse_plan(text: str, name: str = "plan") -> PressurePlan:
    """The plan that the TOML *text* describes; messages call it *name*.

    :raises PlanError: as :func:`read_plan`.
    """
    tables = _step_tables(text, name)
    origin = PlanOrigin(name, _find_lines(text, len(tables)))
    steps = []
    for number, table in enumerate(tables, 1):
        try:
            steps.append(_make_step(table))
        except PlanError as reason:
            raise origin.error(reason.text, number, reason.field) from None
    return PressurePlan(tuple(steps), origin)


def _step_tables(text: str, name: str) -> list[Any]:
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise PlanError(f"{name}: not TOML that can be read: it is nested too deeply") from None
    except ValueError as reason:
        found = _TOML_LINE.search(str(reason))
        where = f"{name}:{found[1]}" if found else name
        raise PlanError(f"{where}: not TOML: {_TOML_LINE.sub('', str(reason))}") from None
    for key in document:
        if key != _STEP:
            where = _place(name, text, key)
            raise PlanError(f"{where}: {key!r}: unknown; expected nothing but [[step]] tables")
    tables = document.get(_STEP)
    if not isinstance(tables, list) or not tables:
        where = _place(name, text, _STEP)
        raise PlanError(f"{where}: step: expected at least one [[step]] table")
    return tables


def _place(name: str, text: str, key: str) -> str:
    """The file *name*, and the line where its *text* first has *key* at the beginning, as a field or a table."""
    begins_with_it = re.compile(rf"""[\s\["']*{re.escape(key)}(?![A-Za-z0-9_-])""")
    for number, line in enumerate(text.split("\n"), 1):
        if begins_with_it.match(line):
            return f"{name}:{number}"
    return name


def _find_lines(text: str, steps: int) -> tuple[dict[str, int], ...]:
    """The lines of the steps and their fields; nothing if the text is not laid out in ``[[step]]`` tables."""
    found: list[dict[str, int]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if _STEP_HEADER.match(line):
            found.append({"": number})
        elif found and (matched := _FIELD.match(line)):
            found[-1].setdefault(matched[1], number)
    return tuple(found) if len(found) == steps else ()


def _make_step(table: object) -> PressureStep:
    """The step that *table* describes.

    :raises PlanError: naming the field.
    """
    if not isinstance(table, dict):
        raise PlanError(f"expected a table, not {table!r}")
    trigger_class, action_class = _trigger_class(table), _action_class(table)
    described = dict(table)
    belonging = ["do", *_names(trigger_class), *_names(action_class)]
    if action_class is Resize:
        belonging.append("size")
    for name in described:
        if name not in {*belonging, *_names(_Whose)}:
            raise PlanError(_does_not_belong(name, [*belonging, *_names(_Whose)]), name)
    if action_class is Resize and "size" in described:
        described["frames"] = _frames(described)
    whose = _convert(described, _Whose)
    trigger: Trigger = _convert(described, trigger_class)
    action: Action = _convert(described, action_class)
    return PressureStep(trigger, action, whose.guest, whose.label)


def _trigger_class(table: Mapping[str, object]) -> type[Trigger]:
    given = [name for name in TRIGGERS if name in table]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise PlanError(f"expected exactly one trigger, {_one_of(TRIGGERS)}; found {found}", given[-1] if given else "")
    return TRIGGERS[given[0]]


def _action_class(table: Mapping[str, object]) -> type[Action]:
    if "do" not in table:
        raise PlanError(f"missing; expected {_one_of(ACTIONS)}", "do")
    name = table["do"]
    if not isinstance(name, str) or name not in ACTIONS:
        raise PlanError(f"expected {_one_of(ACTIONS)}, not {name!r}", "do")
    return ACTIONS[name]


def _does_not_belong(name: str, belonging: Iterable[str]) -> str:
    known = {"size", *(field for kind in (*TRIGGERS.values(), *ACTIONS.values()) for field in _names(kind))}
    what = "does not belong to this trigger and action" if name in known else "unknown"
    return f"{what}; expected {', '.join(belonging)}"


def _frames(table: Mapping[str, object]) -> int:
    """The frames that the field *size* means."""
    if "frames" in table:
        raise PlanError("expected either frames or size, not both", "size")
    size = table["size"]
    try:
        number = parse_size(size) if isinstance(size, str) else 0
    except ValueError:
        number = 0
    if not number or number % PAGE_SIZE:
        raise PlanError(f'expected a size such as "2M", a multiple of 4K, not {size!r}', "size")
    return number // PAGE_SIZE


def _convert(table: Mapping[str, object], kind: type[_T]) -> _T:
    """The *kind*, a dataclass, that is made of its fields in *table*.

    :raises PlanError: naming the field.
    """
    values = {name: table[name] for name in _names(kind) if name in table}
    for field in fields(kind):  # type: ignore[arg-type]
        if is_address(field) and isinstance(text := values.get(field.name), str):
            values[field.name] = _parse_address(field.name, text)
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as reason:
        if isinstance(reason.__cause__, PlanError):
            raise reason.__cause__ from None
        raise _explain(str(reason)) from None


def _parse_address(name: str, text: str) -> int:
    if not _ADDRESS.fullmatch(text):
        raise PlanError(f'expected an address such as "0x110000", not {text!r}', name)
    return int(text, 16)


def _explain(text: str) -> PlanError:
    """The error for the message *text* of the library, which has its own way to name a field."""
    if missing := _MISSING.match(text):
        return PlanError("missing; this action needs it", missing[1])
    found = _AT_FIELD.fullmatch(text)
    if not found:
        return PlanError(text)
    what = found[1].replace("`", "")
    if what.startswith("Invalid enum value"):
        value = what.removeprefix("Invalid enum value ")
        return PlanError(f"expected {_one_of([each.value for each in DeviceError])}, not {value}", found[2])
    return PlanError(what[0].lower() + what[1:], found[2])


def _names(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]


def _one_of(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last

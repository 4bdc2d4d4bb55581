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
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, TypeVar

from emu.addresses import PAGE_SIZE
from emu.input_files.near_names import did_you_mean
from emu.input_files.sizes import parse_size
from emu.input_files.toml_tables import convert, one_of, parse_toml, read_toml
from host.plan import ACTIONS, TRIGGERS, PlanError, PressurePlan, PressureStep, Resize, is_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from emu.input_files.toml_tables import Document
    from host.plan import Action, Trigger

_T = TypeVar("_T")
_STEP: Final = "step"
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
    return _make_plan(read_toml(path, PlanError))


def parse_plan(text: str, name: str = "plan") -> PressurePlan:
    """The plan that the TOML *text* describes; messages call it *name*.

    :raises PlanError: as :func:`read_plan`.
    """
    return _make_plan(parse_toml(text, name, PlanError))


def _make_plan(document: Document[PlanError]) -> PressurePlan:
    for key in document.content:
        if key != _STEP:
            raise document.origin.error_at(key, f"{key!r}: unknown; expected nothing but [[step]] tables")
    tables = document.content.get(_STEP)
    if not isinstance(tables, list) or not tables:
        raise document.origin.error_at(_STEP, "step: expected at least one [[step]] table")
    return PressurePlan(document.all(_STEP, _make_step), document.origin)


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
    return PressureStep(trigger, action, guest=whose.guest, label=whose.label)


def _trigger_class(table: Mapping[str, object]) -> type[Trigger]:
    given = [name for name in TRIGGERS if name in table]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise PlanError(f"expected exactly one trigger, {one_of(TRIGGERS)}; found {found}", given[-1] if given else "")
    return TRIGGERS[given[0]]


def _action_class(table: Mapping[str, object]) -> type[Action]:
    if "do" not in table:
        raise PlanError(f"missing; expected {one_of(ACTIONS)}", "do")
    name = table["do"]
    if not isinstance(name, str) or name not in ACTIONS:
        raise PlanError(f"expected {one_of(ACTIONS)}, not {name!r}{did_you_mean(str(name), ACTIONS)}", "do")
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
    return convert(values, kind, PlanError, missing="missing; this action needs it")


def _parse_address(name: str, text: str) -> int:
    if not _ADDRESS.fullmatch(text):
        raise PlanError(f'expected an address such as "0x110000", not {text!r}', name)
    return int(text, 16)


def _names(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]

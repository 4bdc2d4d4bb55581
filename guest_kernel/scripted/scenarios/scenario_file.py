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

from typing import TYPE_CHECKING, Final

from emu.input_files.near_names import did_you_mean
from emu.input_files.toml_tables import convert, one_of, parse_toml, read_toml
from guest_kernel.scripted.scenarios.scenario import (
    STEPS,
    CompareSettings,
    File,
    HostSettings,
    KernelSettings,
    MachineSettings,
    Scenario,
    ScenarioError,
    Tree,
)

if TYPE_CHECKING:
    from pathlib import Path

    from emu.input_files.toml_tables import Document
    from guest_kernel.scripted.scenarios.scenario import Step

_KEYS: Final = ("description", "machine", "kernel", "host", "compare", "file", "tree", "step")


def read_scenario(path: Path) -> Scenario:
    """The scenario in the file *path*.

    :raises ScenarioError: naming the file, the line if it can be told, the table, the field, and what was expected.
    """
    return _make_scenario(read_toml(path, ScenarioError))


def parse_scenario(text: str, name: str = "scenario") -> Scenario:
    """The scenario that the TOML *text* describes; messages call it *name*.

    :raises ScenarioError: as :func:`read_scenario`.
    """
    return _make_scenario(parse_toml(text, name, ScenarioError))


def _make_scenario(document: Document[ScenarioError]) -> Scenario:
    content, origin = document.content, document.origin
    for key in content:
        if key not in _KEYS:
            raise origin.error_at(key, f"{key}: unknown; expected {', '.join(_KEYS)}{did_you_mean(key, _KEYS)}")
    description = content.get("description")
    if not isinstance(description, str) or not description.isprintable() or not description:
        text = "description: expected one line that says what the scenario shows"
        raise origin.error_at("description", text)
    if "machine" not in content:
        raise origin.error_at("machine", "machine: missing; expected a [machine] table")
    return Scenario(
        description=description,
        machine=document.one("machine", MachineSettings),
        kernel=document.one("kernel", KernelSettings) if "kernel" in content else KernelSettings(),
        host=document.one("host", HostSettings) if "host" in content else None,
        compare=document.one("compare", CompareSettings) if "compare" in content else None,
        files=document.all("file", lambda table: convert(table, File, ScenarioError)),
        trees=document.all("tree", lambda table: convert(table, Tree, ScenarioError)),
        steps=document.all("step", _make_step, _name_of_step),
        origin=origin,
    )


def _name_of_step(table: object) -> str:
    """The name of the step that *table* describes, as far as it has a right one."""
    name = table.get("do") if isinstance(table, dict) else None
    return name if isinstance(name, str) and name in STEPS else ""


def _make_step(table: object) -> Step:
    """The step that *table* describes.

    :raises ScenarioError: naming the field.
    """
    if not isinstance(table, dict):
        raise ScenarioError(f"expected a table, not {table!r}")
    name = table.get("do")
    if not isinstance(name, str) or name not in STEPS:
        found = "missing" if "do" not in table else f"not {name!r}{did_you_mean(str(name), STEPS)}"
        raise ScenarioError(f"expected {one_of(STEPS)}, {found}", "do")
    return convert({field: value for field, value in table.items() if field != "do"}, STEPS[name], ScenarioError)

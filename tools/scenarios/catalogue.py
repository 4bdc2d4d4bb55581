# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenarios that can be run: those that ship, and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.machines.images import is_file
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.scenario import Scenario

SUFFIX: Final = ".toml"


def list_scenarios() -> None:
    """Print the name and the description of each scenario that ships."""
    from guest_kernel.scripted.scenarios.shipped import shipped_names, shipped_scenario

    names = shipped_names()
    width = max(map(len, names), default=0)
    for name in names:
        print(f"{name:{width}}  {shipped_scenario(name).description}")


def find_scenario(image: str) -> Scenario | None:
    """The scenario that *image* means: a file ``*.toml``, or one that ships; None if it is a program.

    :raises UsageError: naming file, line, table and field.
    """
    from guest_kernel.scripted.scenarios.shipped import shipped_names, shipped_scenario

    is_shipped = image in shipped_names() and not is_file(image)
    if not is_shipped and not image.endswith(SUFFIX):
        return None
    from guest_kernel.scripted.scenarios.scenario import ScenarioError
    from guest_kernel.scripted.scenarios.scenario_file import read_scenario

    try:
        return shipped_scenario(image) if is_shipped else read_scenario(Path(image))
    except ScenarioError as reason:
        raise UsageError(str(reason)) from None

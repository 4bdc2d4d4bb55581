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


def is_scenario(image: str) -> bool:
    """Whether *image* means a scenario: a file ``*.toml``, or one that ships."""
    from guest_kernel.scripted.scenarios.shipped import shipped_names

    return image.endswith(SUFFIX) or (image in shipped_names() and not is_file(image))


def refuse_scenario(image: str, command: str) -> None:
    """Check that *image*, which the subcommand *command* is given, means no scenario.

    :raises UsageError: if it does.
    """
    if is_scenario(image):
        raise UsageError(
            f"{command}: expected a program; {image} is a scenario, which 'essa run' and 'essa compare' carry out"
        )


def find_scenario(image: str) -> Scenario | None:
    """The scenario that *image* means; None if it is a program.

    :raises UsageError: naming file, line, table and field.
    """
    if not is_scenario(image):
        return None
    from guest_kernel.scripted.scenarios.scenario import ScenarioError
    from guest_kernel.scripted.scenarios.scenario_file import read_scenario
    from guest_kernel.scripted.scenarios.shipped import shipped_scenario

    try:
        return read_scenario(Path(image)) if image.endswith(SUFFIX) else shipped_scenario(image)
    except ScenarioError as reason:
        raise UsageError(str(reason)) from None

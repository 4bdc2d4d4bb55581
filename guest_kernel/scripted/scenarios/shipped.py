# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenarios that ship with the kernel, wherever it is installed."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from guest_kernel.scripted.scenarios.scenario import Scenario

_FILES: Final = resources.files("guest_kernel.scripted.scenarios") / "toml"
_SUFFIX: Final = ".toml"


def shipped_names() -> list[str]:
    """The names of the shipped scenarios, sorted."""
    return sorted(each.name.removesuffix(_SUFFIX) for each in _FILES.iterdir() if each.name.endswith(_SUFFIX))


def shipped_scenario(name: str) -> Scenario:
    """The shipped scenario *name*.

    :raises KeyError: if there is none.
    """
    if name not in shipped_names():
        raise KeyError(name)
    # The names are asked for whenever a program starts, which need not load the kernel for it.
    from guest_kernel.scripted.scenarios.scenario_file import parse_scenario

    return parse_scenario((_FILES / f"{name}{_SUFFIX}").read_text(encoding="utf-8"), name)

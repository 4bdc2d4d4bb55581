# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutants that nobody can notice, with their reasons, as TOML: a ``[[survivor]]`` for each reason.

[[survivor]]
mutants = ["emu/access.py:load: ..."]     # their names, as they are printed
reason = "who looks on is told, and the guest sees nothing of that"
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from emu.input_files.toml_tables import FieldError, convert, read_toml
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


class SurvivorsError(FieldError):
    """A file of survivors is not what was expected."""


@dataclass(frozen=True, slots=True)
class ExplainedSurvivors:
    """Mutants that survive, and why."""

    mutants: tuple[str, ...]
    reason: str


def read_survivors(path: Path) -> dict[str, str]:
    """Why mutants survive, by their names, as the file *path* says.

    :raises UsageError: naming the file, the table and the field that is wrong.
    """
    try:
        document = read_toml(path, SurvivorsError)
        unknown = sorted(document.content.keys() - {"survivor"})
        if unknown:
            raise document.origin.error_at(unknown[0], f"{unknown[0]}: unknown; expected survivor")
        found = document.all("survivor", partial(convert, kind=ExplainedSurvivors, error=SurvivorsError))
    except SurvivorsError as reason:
        raise UsageError(f"--explained: {reason}") from None
    return {mutant: each.reason for each in found for mutant in each.mutants}

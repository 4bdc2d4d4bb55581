# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of ``essa completion``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tools.usage.options import argument

VARIABLE: Final = "_ESSA_COMPLETE"
"""The variable of the environment by which a shell asks what may be typed."""
SHELLS: Final = ("bash", "zsh", "fish")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionOptions:
    """For whom it is."""

    shell: str = argument(metavar="SHELL", help="bash, zsh or fish.", complete=lambda _: SHELLS)

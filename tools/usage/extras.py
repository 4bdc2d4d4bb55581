# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages that are not installed with the project, because few need them and they are large."""

from __future__ import annotations

import importlib.util

from tools.usage.errors import UsageError


def require_matplotlib(what: str) -> None:
    """Check that matplotlib is there, which draws *what*.

    :raises UsageError: if it is not: it says what to install.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(f"{what}: drawn by matplotlib, which is not installed; expected pip install matplotlib first")

# SPDX-License-Identifier: GPL-2.0-or-later
"""The command ``essa`` and what it drives: all that prints, reads files and has an exit status."""

from typing import Final

__version__: Final = "0.1.0"

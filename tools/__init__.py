# SPDX-License-Identifier: GPL-2.0-or-later
"""The command ``essa`` and what it drives: all that prints, reads files and has an exit status."""

__version__ = "0.1.0"

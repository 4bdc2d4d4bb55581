# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong use of the command."""

from __future__ import annotations


class UsageError(Exception):
    """The command was used wrongly; the message is one line that names the option or file and what was expected."""

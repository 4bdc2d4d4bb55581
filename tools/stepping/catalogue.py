# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that declare commands, in the order of their topics; a new one is a line here."""

from tools.stepping import (
    asking,  # noqa: F401
    changing,  # noqa: F401
    going,  # noqa: F401
    going_back,  # noqa: F401
    help_command,  # noqa: F401
    register_commands,  # noqa: F401
    stop_commands,  # noqa: F401
    storage_commands,  # noqa: F401
)

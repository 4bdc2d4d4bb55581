# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine under gdb: the server's side of gdb's remote serial protocol."""

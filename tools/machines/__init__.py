# SPDX-License-Identifier: GPL-2.0-or-later
"""From options to machines with the program in them, and the host under them."""

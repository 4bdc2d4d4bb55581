# SPDX-License-Identifier: GPL-2.0-or-later
"""A program from its entry to its end."""

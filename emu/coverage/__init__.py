# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine does with each opcode there can be, found by executing it."""
